#include "slots.h"

#include <utility>

namespace socketserver {

SlotId Slots::Insert(std::unique_ptr<Source> source) {
  uint32_t slot;
  if (free_.empty()) {
    slot = static_cast<uint32_t>(entries_.size());
    entries_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Entry& entry = entries_[slot];
  entry.source = std::move(source);
  const SlotId id{slot, entry.generation};
  entry.source->set_id(id);
  open_++;
  return id;
}

Source* Slots::Find(uint32_t slot, uint32_t generation) const {
  if (slot >= entries_.size() || entries_[slot].generation != generation) return nullptr;
  return entries_[slot].source.get();
}

void Slots::Remove(SlotId id) {
  if (Find(id.slot, id.generation) == nullptr) return;
  Entry& entry = entries_[id.slot];
  entry.source.reset();
  // Kept within 31 bits: JavaScript reads it from an Int32Array.
  entry.generation = entry.generation % 0x7fffffff + 1;
  open_--;
}

void Slots::Recycle(uint32_t slot) { free_.push_back(slot); }

void Slots::Clear() {
  entries_.clear();
  free_.clear();
  open_ = 0;
}

}  // namespace socketserver
