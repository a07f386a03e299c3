#include "vigil.h"

#include <ctime>

namespace socketserver {

namespace {

uint64_t ThreadCpuNanos() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

bool Vigil::IsAwake(uint64_t received) {
  if (phase_ == Phase::kTryAsleep && times_ == 0) Begin(Phase::kTryAsleep, received);
  times_++;
  switch (phase_) {
    case Phase::kTryAsleep:
      if (times_ <= kTried) break;
      asleep_ = CostOfByte(received);
      is_awake_ = true;
      Begin(Phase::kTryAwake, received);
      break;
    case Phase::kTryAwake:
      if (times_ <= kTried) break;
      is_awake_ = CostOfByte(received) < asleep_;
      Begin(Phase::kDecided, received);
      break;
    case Phase::kDecided:
      if (times_ > kDecidedFor) Interrupt();
      break;
  }
  return is_awake_;
}

void Vigil::WaitedInVain() {
  // A peer that takes its time is not tried again soon: each wait in vain is time that nobody asked for.
  if (++in_vain_ <= kInVain + times_ / kInVain) return;
  is_awake_ = false;
  Begin(Phase::kDecided, received_);
}

void Vigil::Interrupt() {
  phase_ = Phase::kTryAsleep;
  is_awake_ = false;
  times_ = 0;
}

void Vigil::Begin(Phase phase, uint64_t received) {
  phase_ = phase;
  times_ = in_vain_ = 0;
  began_ = ThreadCpuNanos();
  received_ = received;
}

double Vigil::CostOfByte(uint64_t received) const {
  const double bytes = static_cast<double>(received - received_);
  return static_cast<double>(ThreadCpuNanos() - began_) / (bytes > 0 ? bytes : 1);
}

}  // namespace socketserver
