#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "address.h"
#include "datagram_batch.h"
#include "source.h"

namespace socketserver {

// A bound datagram socket. It is watched level-triggered, and for input no longer once a datagram has come that
// nobody waits for.
class DatagramPort final : public Source {
 public:
  static constexpr Kind kKind = Kind::kDatagramPort;
  // sendmmsg(2) of the commands from `index` on that are for one port. Gives the index of the first that is not.
  static uint32_t SendBatch(Environment* environment, uint32_t index, uint32_t count);

  // `batch_size` bounds what is read ahead of the handlers.
  DatagramPort(Environment* environment, Descriptor descriptor, int family, uint32_t max_packet_size,
               uint32_t batch_size);

  // Gives 0 or a negative errno.
  int Watch();
  void OnEvents(uint32_t events) override;
  void OnResume() override;
  void OnTurn() override {}

  // Reads a batch into `batch`. Gives the number of datagrams, 0 when none waits, or a negative errno.
  int Receive(DatagramBatch* batch);

  // Sends one now, from an address of ours where `from` has a family; where that has gone since, takes the family from it,
  // and sends from the one that the system picks. Gives 0 or a negative errno; on -EAGAIN kWritable will tell when to try
  // again, except on a Unix socket, where nothing tells that a receiver's queue has room.
  int Send(const uint8_t* bytes, size_t length, const Address& address, Address* from);

  // Has each datagram tell the address that it was sent to, where the socket is bound to any.
  void TellLocalIfAny(const Address& bound);

  // Has other sockets of the port get what comes from now on. Gives 0 or a negative errno.
  int LeavePort();

  int family() const { return family_; }

 private:
  struct Waiting {
    Address address;
    Address from;
    std::vector<uint8_t> bytes;
  };
  void WatchFor(uint32_t events);

  // datagram_port_output.cc
  bool CanJoin();
  void SendOrKeep(DatagramBatch* batch, uint32_t count);
  void SendApart(DatagramBatch* batch, uint32_t index);
  void Keep(const DatagramBatch& batch, uint32_t index);
  void SendWaiting();

  std::deque<Waiting> waiting_;  // what the kernel did not take
  uint32_t max_packet_size_;
  uint32_t batch_size_;
  uint32_t watched_ = 0;
  int family_;
  bool tells_local_ = false;
  enum class Joining : uint8_t { kUntried, kWorks, kFails } joining_ = Joining::kUntried;
};

}  // namespace socketserver
