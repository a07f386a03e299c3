#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "address.h"
#include "layout.h"

namespace socketserver {

// The room that an address of ours takes among the control messages.
constexpr size_t kLocalSpace = CMSG_SPACE(sizeof(in6_pktinfo));
// Has a message leave from `from`, by a control message behind those that it has. Does nothing where that has no family.
void AddLocal(msghdr* header, const Address& from);

// What recvmmsg(2) and sendmmsg(2) work on; one for all ports of a thread.
struct DatagramBatch {
  mmsghdr messages[layout::kMaxDatagrams];
  iovec pieces[layout::kMaxDatagrams];
  Address addresses[layout::kMaxDatagrams];
  // The address of ours that a datagram was sent to, or leaves from; of no family where nobody says.
  Address locals[layout::kMaxDatagrams];

  // Receiving: the memory that `pieces` refer to.
  std::unique_ptr<uint8_t[]> bytes;
  size_t capacity = 0;

  // Sending: a message may hold several datagrams to one host, all of this size but for the last, which the kernel
  // takes apart behind its routing. [udp(7): UDP_SEGMENT]
  uint32_t segments[layout::kMaxDatagrams];

  // Asks for the address that message `index` was sent to.
  void AskForLocal(uint32_t index);
  // Writes it into `locals[index]`, once the message has come to a socket of this family.
  void ReadLocal(uint32_t index, int family);

  // Makes message `index` one datagram to `addresses[index]`, from `locals[index]`.
  void Begin(uint32_t index, const uint8_t* datagram, size_t length);
  // Adds another datagram to the same host. Gives false where it must go by itself.
  bool Join(uint32_t index, const uint8_t* datagram, size_t length);
  bool IsJoined(uint32_t index) const { return pieces[index].iov_len > segments[index]; }

  // Calls `take` with each datagram of a message.
  template <typename Take>
  void TakeApart(uint32_t index, Take take) const {
    const auto* datagram = static_cast<const uint8_t*>(pieces[index].iov_base);
    size_t left = pieces[index].iov_len;
    do {
      const size_t length = IsJoined(index) && left > segments[index] ? segments[index] : left;
      take(datagram, length);
      datagram += length;
      left -= length;
    } while (left > 0);
  }

 private:
  // Two kinds of control messages at most: both families' addresses, or one of them and the size of segments.
  alignas(cmsghdr) uint8_t
      controls_[layout::kMaxDatagrams][CMSG_SPACE(sizeof(in_pktinfo)) + CMSG_SPACE(sizeof(in6_pktinfo))];
};

}  // namespace socketserver
