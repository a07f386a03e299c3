#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "descriptor.h"

namespace socketserver {

// Calls a thread to what others have left for it. Only one that sleeps in epoll costs its caller a system call:
// whoever is awake looks by itself before it sleeps.
class Doorbell {
 public:
  // Gives 0 or a negative errno.
  int Open() {
    descriptor_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    return descriptor_.IsOpen() ? 0 : -errno;
  }

  // To be watched edge-triggered, since nobody reads it.
  int fd() const { return descriptor_.Get(); }

  // Any thread calls this, after it has left something.
  void Ring() {
    has_rung_.store(true);
    if (!is_asleep_.exchange(false)) return;
    const uint64_t one = 1;
    // It fails only where 2^64 rings went unread.
    if (write(fd(), &one, sizeof one) < 0) return;
  }

  // The thread is about to sleep. Gives false where somebody has rung: then it must not.
  bool LieDown() {
    is_asleep_.store(true);
    if (!has_rung_.load()) return true;
    is_asleep_.store(false);
    return false;
  }

  // The thread is at work, and will lie down before it sleeps again: nobody need wake it.
  void GetUp() { is_asleep_.store(false, std::memory_order_relaxed); }

  bool HasRung() const { return has_rung_.load(std::memory_order_relaxed); }

  // Whether somebody has rung since this was last asked: what was left before is there to be taken.
  bool Answer() { return HasRung() && has_rung_.exchange(false); }

 private:
  Descriptor descriptor_;
  std::atomic<bool> has_rung_{false};
  std::atomic<bool> is_asleep_{false};
};

}  // namespace socketserver
