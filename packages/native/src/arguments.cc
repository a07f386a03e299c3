#include "arguments.h"

#include <cerrno>

namespace socketserver {

Arguments::Arguments(napi_env env, napi_callback_info info) : env_(env) {
  size_t count = kMaxValues;
  void* environment = nullptr;
  // Values that were not passed read as undefined.
  napi_get_cb_info(env, info, &count, values_, nullptr, &environment);
  environment_ = static_cast<Environment*>(environment);
}

int32_t Arguments::Int32(size_t index) const {
  int32_t number = 0;
  napi_get_value_int32(env_, values_[index], &number);
  return number;
}

int64_t Arguments::Int64(size_t index) const {
  int64_t number = 0;
  napi_get_value_int64(env_, values_[index], &number);
  return number;
}

double Arguments::Double(size_t index) const {
  double number = 0;
  napi_get_value_double(env_, values_[index], &number);
  return number;
}

std::string Arguments::Text(size_t index) const {
  size_t length = 0;
  if (napi_get_value_string_utf8(env_, values_[index], nullptr, 0, &length) != napi_ok) return "";
  std::string text(length, '\0');
  napi_get_value_string_utf8(env_, values_[index], text.data(), length + 1, &length);
  return text;
}

bool Arguments::Bytes(size_t index, const uint8_t** bytes, size_t* length) const {
  napi_typedarray_type type;
  void* memory = nullptr;
  bool is_typed_array = false;
  if (napi_is_typedarray(env_, values_[index], &is_typed_array) != napi_ok || !is_typed_array) return false;
  if (napi_get_typedarray_info(env_, values_[index], &type, length, &memory, nullptr, nullptr) != napi_ok) {
    return false;
  }
  *bytes = static_cast<const uint8_t*>(memory);
  return type == napi_uint8_array;
}

int Arguments::ReadAddress(size_t first, Address* address) const {
  constexpr int kUnixPort = -1;
  const std::string text = Text(first);
  const int32_t port = Int32(first + 1);
  if (port == kUnixPort) return Address::ParseUnix(text, address);
  if (port < 0 || port > UINT16_MAX) return -EINVAL;
  return Address::ParseInet(text, static_cast<uint16_t>(port), address);
}

int Arguments::ReadBinding(Address* address, BindOptions* options) const {
  *options = {Int32(2) != 0, Int32(3) != 0, Int32(4) != 0, Int32(5)};
  const int status = ReadAddress(0, address);
  return status == 0 && !environment_->HasFreeSlot() ? -ENOMEM : status;
}

napi_value Arguments::Return(int64_t number) const {
  napi_value value;
  napi_create_int64(env_, number, &value);
  return value;
}

}  // namespace socketserver
