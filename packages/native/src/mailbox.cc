#include "mailbox.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace socketserver {

namespace {

struct View {
  napi_typedarray_type type;
  size_t length;
  void* bytes;
};

// Keeps the array alive in `pin`, in place of what was there.
bool Pin(napi_env env, napi_value array, View* view, napi_ref* pin) {
  bool is_typed_array = false;
  if (napi_is_typedarray(env, array, &is_typed_array) != napi_ok || !is_typed_array) return false;
  if (napi_get_typedarray_info(env, array, &view->type, &view->length, &view->bytes, nullptr, nullptr) != napi_ok) {
    return false;
  }
  napi_ref made;
  if (napi_create_reference(env, array, 1, &made) != napi_ok) return false;
  if (*pin != nullptr) napi_delete_reference(env, *pin);
  *pin = made;
  return true;
}

bool PinWords(napi_env env, napi_value array, size_t length, int32_t** words, napi_ref* pin) {
  View view;
  if (!Pin(env, array, &view, pin) || view.type != napi_int32_array || view.length != length) return false;
  *words = static_cast<int32_t*>(view.bytes);
  return true;
}

bool PinBytes(napi_env env, napi_value array, size_t length, uint8_t** bytes, napi_ref* pin) {
  View view;
  if (!Pin(env, array, &view, pin) || view.type != napi_uint8_array || view.length != length) return false;
  *bytes = static_cast<uint8_t*>(view.bytes);
  return true;
}

}  // namespace

bool Mailbox::AttachHeader(napi_env env, napi_value array) {
  return PinWords(env, array, layout::kHeaderWords, &header_, &pins_[0]);
}

bool Mailbox::AttachEvents(napi_env env, napi_value array) {
  return PinWords(env, array, layout::kMaxEvents * layout::kEventWords, &events_, &pins_[1]);
}

bool Mailbox::AttachCommands(napi_env env, napi_value array) {
  return PinWords(env, array, layout::kMaxCommands * layout::kCommandWords, &commands_, &pins_[2]);
}

bool Mailbox::AttachOutgoing(napi_env env, napi_value array) {
  return PinBytes(env, array, layout::kOutgoingBytes, &outgoing_, &pins_[3]);
}

bool Mailbox::AttachNames(napi_env env, napi_value array) {
  return PinBytes(env, array, layout::kNameBytes, &names_, &pins_[4]);
}

bool Mailbox::AttachDatagrams(napi_env env, napi_value array) {
  return PinWords(env, array, layout::kMaxDatagrams * layout::kDatagramWords, &datagrams_, &pins_[5]);
}

bool Mailbox::AttachSlots(napi_env env, napi_value array) {
  View view;
  napi_ref old = pins_[6];
  napi_ref made = nullptr;
  if (!Pin(env, array, &view, &made)) return false;
  const uint32_t capacity = static_cast<uint32_t>(view.length / layout::kSlotWords);
  if (view.type != napi_int32_array || capacity < slot_capacity_) {
    napi_delete_reference(env, made);
    return false;
  }
  if (old != nullptr) napi_delete_reference(env, old);
  pins_[6] = made;
  slots_ = static_cast<int32_t*>(view.bytes);
  slot_capacity_ = capacity;
  return true;
}

void Mailbox::Detach(napi_env env) {
  for (napi_ref& pin : pins_) {
    if (pin != nullptr) napi_delete_reference(env, pin);
    pin = nullptr;
  }
}

void Mailbox::WriteEvent(uint32_t index, const Event& event) {
  int32_t* words = events_ + index * layout::kEventWords;
  words[0] = event.kind;
  words[1] = static_cast<int32_t>(event.id.slot);
  words[2] = static_cast<int32_t>(event.id.generation);
  words[3] = event.a;
  words[4] = event.b;
}

uint32_t Mailbox::CommandCount() const {
  return std::min(static_cast<uint32_t>(header_[layout::kCommandCount]), layout::kMaxCommands);
}

bool Mailbox::ReadCommand(uint32_t index, Command* command) const {
  const int32_t* words = commands_ + index * layout::kCommandWords;
  command->kind = words[layout::kKind];
  command->id = {static_cast<uint32_t>(words[layout::kSlot]), static_cast<uint32_t>(words[layout::kGeneration])};
  command->offset = static_cast<uint32_t>(words[layout::kOffset]);
  command->length = static_cast<uint32_t>(words[layout::kLength]);
  command->host = static_cast<uint32_t>(words[layout::kHost]);
  command->port = static_cast<uint16_t>(words[layout::kPort]);
  command->from_host = static_cast<uint32_t>(words[layout::kFromHost]);
  if (command->kind != layout::kSend && command->kind != layout::kSendTo) return true;
  return static_cast<uint64_t>(command->offset) + command->length <= layout::kOutgoingBytes;
}

void Mailbox::TakeCommands() {
  header_[layout::kCommandCount] = 0;
  header_[layout::kOutgoingUsed] = 0;
}

void Mailbox::ReplyConnection(SlotId id, int fd) {
  header_[layout::kReplySlot] = static_cast<int32_t>(id.slot);
  header_[layout::kReplyGeneration] = static_cast<int32_t>(id.generation);
  header_[layout::kReplyFd] = fd;
}

void Mailbox::ReplyAddress(const Address& address) {
  const int family = address.Family();
  header_[layout::kReplyFamily] =
      family == AF_INET ? layout::kIPv4 : family == AF_INET6 ? layout::kIPv6 : layout::kUnix;
  header_[layout::kReplyHost] = static_cast<int32_t>(address.Host());
  header_[layout::kReplyPort] = address.Port();
  header_[layout::kReplyNameLength] = 0;
  if (family == AF_INET) return;
  const std::string name = address.Name();
  const size_t length = std::min<size_t>(name.size(), layout::kNameBytes);
  memcpy(names_, name.data(), length);
  header_[layout::kReplyNameLength] = static_cast<int32_t>(length);
}

}  // namespace socketserver
