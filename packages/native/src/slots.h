#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "source.h"

namespace socketserver {

// The table of open sockets. A slot is free again only after JavaScript has heard of its end (Recycle).
class Slots {
 public:
  // Takes the lowest slot that was freed last, so that tables stay short and warm.
  SlotId Insert(std::unique_ptr<Source> source);

  // Null for a slot that does not exist, and for one that has another socket by now.
  Source* Find(uint32_t slot, uint32_t generation) const;

  template <typename T>
  T* Find(uint32_t slot, uint32_t generation) const {
    Source* source = Find(slot, generation);
    return source != nullptr && source->kind() == T::kKind ? static_cast<T*>(source) : nullptr;
  }

  // Ends the socket. Its number stays taken until Recycle.
  void Remove(SlotId id);
  void Recycle(uint32_t slot);
  void Clear();

  uint32_t InUse() const { return static_cast<uint32_t>(entries_.size() - free_.size()); }
  uint32_t Open() const { return open_; }

 private:
  struct Entry {
    std::unique_ptr<Source> source;
    uint32_t generation = 1;
  };
  std::vector<Entry> entries_;
  std::vector<uint32_t> free_;
  uint32_t open_ = 0;

 public:
  // Of both tables, for each socket.
  static constexpr size_t kBytesPerSlot = sizeof(Entry) + sizeof(uint32_t);
};

}  // namespace socketserver
