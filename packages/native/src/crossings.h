#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "crossing.h"
#include "source.h"

namespace socketserver {

class Environment;

// The crossings of one thread: those that it has opened, to send by, and the one that it has joined, to take from.
class Crossings {
 public:
  explicit Crossings(Environment* environment) : environment_(environment) {}

  uint32_t Open();
  // Null where this thread has not opened it, or has closed it.
  std::shared_ptr<Crossing> Find(uint32_t number) const;
  void Close(uint32_t number);

  // Gives 0 or a negative errno. Arrivals are written to `records`, a Float64Array, and told with the next events.
  int Join(napi_env env, uint32_t number, napi_value records);

  // Whether something has arrived, and nobody was told.
  bool HasNews() const { return next_ < arrived_.size() || (bell_ != nullptr && bell_->HasRung()); }
  // Takes what was sent. Gives HasNews().
  bool Take();
  // Under this name epoll tells that clients wait at a listener on loan.
  static bool IsLoan(SlotId id) { return id.slot == kNobodysSlot && id.generation == kLoanGeneration; }
  // Accepts some of them: they have arrived.
  void AcceptLent();
  // The thread is about to sleep. Gives false where it must not.
  bool LieDown() { return bell_ == nullptr || bell_->LieDown(); }

  // The thread is at work again.
  void GetUp() {
    if (bell_ != nullptr) bell_->GetUp();
  }

  // Takes arrivals into the engine as far as there are slots, and writes a record of each. Gives their number.
  size_t Enter();
  // The name of an address that is not IPv4's, by the index of its record.
  const std::string& NameOf(size_t index) const;

  void Clear(napi_env env);

 private:
  // No source has this slot.
  static constexpr uint32_t kNobodysSlot = UINT32_MAX;
  static constexpr uint32_t kLoanGeneration = 1;

  void ForgetTold();

  Environment* environment_;
  std::map<uint32_t, std::shared_ptr<Crossing>> opened_;
  std::shared_ptr<Crossing> joined_;
  std::shared_ptr<Doorbell> bell_;
  napi_ref pin_ = nullptr;
  double* records_ = nullptr;
  std::vector<Passenger> arrived_;
  size_t told_ = 0;  // the first that the records are about
  size_t next_ = 0;  // the first of whom nobody was told
};

}  // namespace socketserver
