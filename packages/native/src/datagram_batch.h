#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "address.h"
#include "layout.h"

namespace socketserver {

// What recvmmsg(2) and sendmmsg(2) work on; one for all ports of a thread.
struct DatagramBatch {
  mmsghdr messages[layout::kMaxDatagrams];
  iovec pieces[layout::kMaxDatagrams];
  Address addresses[layout::kMaxDatagrams];

  // Receiving: the memory that `pieces` refer to.
  std::unique_ptr<uint8_t[]> bytes;
  size_t capacity = 0;

  // Sending: a message may hold several datagrams to one host, all of this size but for the last, which the kernel
  // takes apart behind its routing. [udp(7): UDP_SEGMENT]
  uint32_t segments[layout::kMaxDatagrams];

  // Makes message `index` one datagram to `addresses[index]`.
  void Begin(uint32_t index, const uint8_t* datagram, size_t length);
  // Adds another datagram to the same host. Gives false where it must go by itself.
  bool Join(uint32_t index, const uint8_t* datagram, size_t length);
  bool IsJoined(uint32_t index) const { return messages[index].msg_hdr.msg_controllen > 0; }

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
  alignas(cmsghdr) uint8_t controls_[layout::kMaxDatagrams][CMSG_SPACE(sizeof(uint16_t))];
};

}  // namespace socketserver
