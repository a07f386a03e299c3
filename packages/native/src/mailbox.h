#pragma once

#include <node_api.h>

#include <cstdint>

#include "address.h"
#include "layout.h"
#include "source.h"

namespace socketserver {

struct Event {
  layout::EventKind kind;
  SlotId id;
  int32_t a;
  int32_t b;
};

struct Command {
  int32_t kind;
  SlotId id;
  uint32_t offset;
  uint32_t length;
  uint32_t host;
  uint16_t port;
  uint32_t from_host;
};

// The memory that C++ and JavaScript share, so that an event or a small write costs no call between them.
// JavaScript makes the arrays, never shows them to its callers, and they are pinned here; what is read from
// them is checked like any argument.
class Mailbox {
 public:
  // Each gives false if the value is not an array of the agreed type and size.
  bool AttachHeader(napi_env env, napi_value array);
  bool AttachEvents(napi_env env, napi_value array);
  bool AttachCommands(napi_env env, napi_value array);
  bool AttachOutgoing(napi_env env, napi_value array);
  bool AttachNames(napi_env env, napi_value array);
  bool AttachDatagrams(napi_env env, napi_value array);
  // Called again whenever the table has grown.
  bool AttachSlots(napi_env env, napi_value array);
  void Detach(napi_env env);

  int32_t& Header(layout::HeaderWord word) { return header_[word]; }
  void WriteEvent(uint32_t index, const Event& event);

  // The commands that wait, at most kMaxCommands; TakeCommands makes the room free again.
  uint32_t CommandCount() const;
  // False when the bytes that the command names are not all in the outgoing buffer.
  bool ReadCommand(uint32_t index, Command* command) const;
  void TakeCommands();
  const uint8_t* Outgoing() const { return outgoing_; }

  uint32_t SlotCapacity() const { return slot_capacity_; }
  // Valid until the next AttachSlots; `slot` is one that Slots gave out.
  int32_t& Slot(uint32_t slot, layout::SlotWord word) { return slots_[slot * layout::kSlotWords + word]; }

  void ReplyConnection(SlotId id, int fd);
  void ReplyAddress(const Address& address);
  int32_t* Datagram(uint32_t index) { return datagrams_ + index * layout::kDatagramWords; }

 private:
  int32_t* header_ = nullptr;
  int32_t* events_ = nullptr;
  int32_t* commands_ = nullptr;
  int32_t* datagrams_ = nullptr;
  int32_t* slots_ = nullptr;
  uint8_t* outgoing_ = nullptr;
  uint8_t* names_ = nullptr;
  uint32_t slot_capacity_ = 0;
  napi_ref pins_[7] = {};
};

}  // namespace socketserver
