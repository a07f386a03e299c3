#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

#include "layout.h"
#include "mailbox.h"

namespace socketserver {

// Where received bytes land. The handler owns what it is given, so memory is never written twice: small pieces
// are laid one after another into the slab, of which JavaScript hands out views; large ones take a spare buffer
// each. JavaScript supplies both, and supplies anew what was used up at the end of each batch.
class Inbox {
 public:
  explicit Inbox(Mailbox* mailbox) : mailbox_(mailbox) {}

  bool SetSlab(napi_env env, napi_value buffer);
  bool SetSpare(napi_env env, uint32_t index, napi_value buffer);
  void Detach(napi_env env);

  // Looks where the slab is now. Handlers hold views of it, and could have taken its memory away with
  // ArrayBuffer.prototype.transfer() since the last round.
  void Refresh(napi_env env);

  uint8_t* SlabEnd() { return slab_ + used_; }
  size_t SlabRoom() const { return slab_ == nullptr ? 0 : layout::kSlabBytes - used_; }
  bool HasRoom() const { return SlabRoom() >= layout::kMinSlabRoom; }
  // Gives the offset of `length` bytes that were written at SlabEnd().
  uint32_t KeepInSlab(size_t length);

  // Null when all are used up until the next batch.
  uint8_t* Spare() { return next_spare_ < layout::kSpares ? spares_[next_spare_].bytes : nullptr; }
  // Gives the index of the spare whose bytes go to JavaScript.
  uint32_t KeepSpare(napi_env env);

 private:
  struct Buffer {
    napi_ref pin = nullptr;
    uint8_t* bytes = nullptr;
  };
  void FindSpare();

  Mailbox* mailbox_;
  napi_ref slab_pin_ = nullptr;
  uint8_t* slab_ = nullptr;
  uint32_t used_ = 0;
  Buffer spares_[layout::kSpares];
  uint32_t next_spare_ = layout::kSpares;
};

}  // namespace socketserver
