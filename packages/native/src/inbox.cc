#include "inbox.h"

namespace socketserver {

namespace {

uint8_t* BytesOf(napi_env env, napi_value buffer, size_t length) {
  void* bytes = nullptr;
  size_t actual = 0;
  bool is_buffer = false;
  if (napi_is_buffer(env, buffer, &is_buffer) != napi_ok || !is_buffer) return nullptr;
  if (napi_get_buffer_info(env, buffer, &bytes, &actual) != napi_ok || actual != length) return nullptr;
  return static_cast<uint8_t*>(bytes);
}

}  // namespace

bool Inbox::SetSlab(napi_env env, napi_value buffer) {
  uint8_t* bytes = BytesOf(env, buffer, layout::kSlabBytes);
  napi_ref pin;
  if (bytes == nullptr || napi_create_reference(env, buffer, 1, &pin) != napi_ok) return false;
  if (slab_pin_ != nullptr) napi_delete_reference(env, slab_pin_);
  slab_pin_ = pin;
  slab_ = bytes;
  used_ = 0;
  mailbox_->Header(layout::kSlabUsed) = 0;
  return true;
}

bool Inbox::SetSpare(napi_env env, uint32_t index, napi_value buffer) {
  uint8_t* bytes = BytesOf(env, buffer, layout::kSpareBytes);
  if (bytes == nullptr || index >= layout::kSpares || spares_[index].pin != nullptr) return false;
  if (napi_create_reference(env, buffer, 1, &spares_[index].pin) != napi_ok) return false;
  spares_[index].bytes = bytes;
  FindSpare();
  return true;
}

void Inbox::Detach(napi_env env) {
  if (slab_pin_ != nullptr) napi_delete_reference(env, slab_pin_);
  slab_pin_ = nullptr;
  slab_ = nullptr;
  for (Buffer& spare : spares_) {
    if (spare.pin != nullptr) napi_delete_reference(env, spare.pin);
    spare = Buffer{};
  }
}

void Inbox::Refresh(napi_env env) {
  napi_value buffer = nullptr;
  if (slab_pin_ == nullptr || napi_get_reference_value(env, slab_pin_, &buffer) != napi_ok || buffer == nullptr) {
    slab_ = nullptr;
    return;
  }
  slab_ = BytesOf(env, buffer, layout::kSlabBytes);
  // JavaScript replaces a slab that counts as full.
  if (slab_ == nullptr) mailbox_->Header(layout::kSlabUsed) = layout::kSlabBytes;
}

uint32_t Inbox::KeepInSlab(size_t length) {
  const uint32_t offset = used_;
  used_ += static_cast<uint32_t>(length);
  // Eight bytes apart: handlers copy from here.
  used_ = (used_ + 7u) & ~7u;
  if (used_ > layout::kSlabBytes) used_ = layout::kSlabBytes;
  mailbox_->Header(layout::kSlabUsed) = static_cast<int32_t>(used_);
  return offset;
}

uint32_t Inbox::KeepSpare(napi_env env) {
  const uint32_t index = next_spare_;
  napi_delete_reference(env, spares_[index].pin);
  spares_[index] = Buffer{};
  FindSpare();
  return index;
}

void Inbox::FindSpare() {
  next_spare_ = 0;
  while (next_spare_ < layout::kSpares && spares_[next_spare_].bytes == nullptr) next_spare_++;
}

}  // namespace socketserver
