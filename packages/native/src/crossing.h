#pragma once

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
  // Has the bell ring for all that is sent, what is here already included.
  void Join(std::shared_ptr<Doorbell> bell);
  // Appends all that waits, in order.
  void Take(std::vector<Passenger>* arrived);

 private:
  std::mutex mutex_;
  std::vector<Passenger> waiting_;
  std::shared_ptr<Doorbell> bell_;
};

}  // namespace socketserver
