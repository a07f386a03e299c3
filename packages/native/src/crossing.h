#pragma once

#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "descriptor.h"
#include "doorbell.h"

namespace socketserver {

// An accepted, unread connection on its way from one thread to another.
struct Passenger {
  static constexpr int kNotes = 3;

  Descriptor descriptor;
  int family = 0;
  // The remote address: of IPv4 the host as a number, else a host or a path in text.
  uint32_t host = 0;
  uint16_t port = 0;
  std::string name;
  // What the sender has to say of it: numbers that mean something to JavaScript alone.
  double notes[kNotes] = {};
};

// A listening socket on loan: the far thread accepts its clients itself, as passengers that it has sent to itself.
struct Loan {
  // The lender's, which takes the loan back before it closes it.
  int fd = -1;
  // Whom it accepts inherits nothing from us.
  bool accepts_without = false;
  // Of the next client, by whichever thread it is accepted.
  std::shared_ptr<std::atomic<int64_t>> number;
  // Messages that the sender had sent before.
  double after = 0;
  // Connections that the thread may have more than when it got the loan.
  uint32_t quota = 0;
};

// A client that was accepted on loan, as the lender is told of it.
struct Guest {
  int64_t number = 0;
  uint32_t host = 0;
  uint16_t port = 0;
};

// How a loan goes.
enum class LoanState : uint8_t { kNone, kOut, kAtQuota };

// A one-way way for connections between two threads of this process. Nothing is duplicated, and no message is made of
// them: the descriptor changes its owner, which at any time is the sender's engine, this queue, or the receiver's engine.
//
// The sender opens a crossing and closes it; the receiver joins it by its number, and may be gone at any time: what it has
// not taken stays here until the sender closes.
class Crossing {
 public:
  // Gives a number that names the crossing in this process, and no other one ever.
  static uint32_t Open(std::shared_ptr<Crossing>* crossing);
  // Null where it is closed.
  static std::shared_ptr<Crossing> Find(uint32_t number);
  // Ends with a reset what nobody has taken.
  static void Close(uint32_t number);

  void Send(Passenger passenger);
  // The receiver calls this. Has the bell ring for all that is sent, what is here already included. A listener on loan is
  // watched by `epoll`, under `id`.
  void Join(std::shared_ptr<Doorbell> bell, int epoll, uint64_t id);
  // The receiver takes nothing any more.
  void Leave();
  // Appends all that waits, in order.
  void Take(std::vector<Passenger>* arrived);

  // From the return of Lend to the call of TakeBack the receiver may accept; not a moment longer. Lend gives 0 or a negative
  // errno: -EPIPE where nobody has joined, -EALREADY for a second loan.
  int Lend(Loan loan);
  void TakeBack();
  // Who was accepted since the last look; and for how many milliseconds the receiver had a core so far.
  LoanState Look(std::vector<Guest>* guests, double* cpu_ms);

  // For the receiver, who has so many connections: accepts one. Gives 0, -EAGAIN where nobody waits or nobody may be
  // accepted now, or what accept4(2) failed with, and then the loan has ended.
  int AcceptLent(uint32_t connections, Passenger* passenger);

 private:
  void EndLoan();

  std::mutex mutex_;
  std::vector<Passenger> waiting_;
  std::shared_ptr<Doorbell> bell_;
  int epoll_ = -1;
  clockid_t clock_ = 0;
  uint64_t watch_id_ = 0;
  Loan loan_;
  bool is_at_quota_ = false;
  bool knows_quota_ = false;
  std::vector<Guest> guests_;
};

}  // namespace socketserver
