#pragma once

#include <cstdint>

namespace socketserver {

// Decides whether a thread waits awake or asleep for the next bytes of a connection that alone is busy.
//
// Falling asleep and being woken costs both ends of a ping-pong, on a virtual machine more than the request itself; waiting
// awake costs the time of the wait, and may find fewer bytes. What is more hangs on the machine and on the peer, so both
// are tried in turns, by the CPU time that this thread uses for a byte, and what was cheaper goes on for a while.
class Vigil {
 public:
  // A wait that finds nothing for so long ends asleep.
  static constexpr uint64_t kLongestWaitNanos = 25'000;

  // Asked once for each time that the connection had news, before the thread would sleep. `received`: its bytes so far.
  bool IsAwake(uint64_t received);
  void WaitedInVain();
  // Others were heard of as well: what was counted says nothing.
  void Interrupt();

 private:
  enum class Phase : uint8_t { kTryAsleep, kTryAwake, kDecided };
  static constexpr uint32_t kTried = 64;
  static constexpr uint32_t kDecidedFor = 4096;
  static constexpr uint32_t kInVain = 8;  // so many waits, and one in so many

  void Begin(Phase phase, uint64_t received);
  double CostOfByte(uint64_t received) const;

  Phase phase_ = Phase::kTryAsleep;
  bool is_awake_ = false;
  uint32_t times_ = 0;    // asked in this phase
  uint32_t in_vain_ = 0;  // of these
  uint64_t began_ = 0;    // CPU time at the start of this phase
  uint64_t received_ = 0;
  double asleep_ = 0;     // nanoseconds of CPU time for a byte
};

}  // namespace socketserver
