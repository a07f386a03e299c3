#pragma once

#include <sys/epoll.h>

#include <cstdint>

#include "descriptor.h"
#include "source.h"

namespace socketserver {

// One epoll instance. [epoll(7)]
class Poller {
 public:
  // Bounds what one turn takes on before libuv's other handles have theirs.
  static constexpr int kMaxEvents = 512;

  // Gives 0 or a negative errno, as do Add and Modify.
  int Open();
  void Close() { descriptor_.Close(); }
  int fd() const { return descriptor_.Get(); }

  int Add(int fd, SlotId id, uint32_t events);
  int Modify(int fd, SlotId id, uint32_t events);
  // Needed only where the descriptor lives on: closing the last one unregisters it. [epoll(7) Q6]
  void Remove(int fd);

  // Never blocks. Gives the number of events in events().
  int Wait();
  const epoll_event* events() const { return events_; }
  static uint64_t NameOf(SlotId id) { return static_cast<uint64_t>(id.generation) << 32 | id.slot; }
  static SlotId IdOf(const epoll_event& event) {
    return {static_cast<uint32_t>(event.data.u64), static_cast<uint32_t>(event.data.u64 >> 32)};
  }

 private:
  int Control(int operation, int fd, SlotId id, uint32_t events);
  Descriptor descriptor_;
  epoll_event events_[kMaxEvents];
};

}  // namespace socketserver
