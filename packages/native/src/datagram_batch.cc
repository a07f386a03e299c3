#include "datagram_batch.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cstring>

namespace socketserver {

namespace {

// The kernel takes as many in one message. [linux/udp.h: UDP_MAX_SEGMENTS, before Linux 5.17]
constexpr size_t kMaxJoined = 64;
// A message of the greatest size that UDP has. [RFC 768, RFC 791]
constexpr size_t kMaxJoinedBytes = 65507;
// Datagrams that are joined are not fragmented; these pass every link that IPv6 does. [RFC 8200 5]
constexpr size_t kMaxJoinable = 1232;

}  // namespace

void DatagramBatch::Begin(uint32_t index, const uint8_t* datagram, size_t length) {
  Address& address = addresses[index];
  pieces[index] = {const_cast<uint8_t*>(datagram), length};
  segments[index] = static_cast<uint32_t>(length);
  msghdr& header = messages[index].msg_hdr;
  header = {};
  header.msg_name = &address.storage;
  header.msg_namelen = address.length;
  header.msg_iov = &pieces[index];
  header.msg_iovlen = 1;
}

bool DatagramBatch::Join(uint32_t index, const uint8_t* datagram, size_t length) {
  iovec& piece = pieces[index];
  const size_t segment = segments[index];
  // Only whole ones before it, and side by side in memory.
  if (length == 0 || length > segment || segment > kMaxJoinable || piece.iov_len % segment != 0) return false;
  if (static_cast<const uint8_t*>(piece.iov_base) + piece.iov_len != datagram) return false;
  if (piece.iov_len / segment >= kMaxJoined || piece.iov_len + length > kMaxJoinedBytes) return false;
  piece.iov_len += length;

  msghdr& header = messages[index].msg_hdr;
  if (header.msg_controllen > 0) return true;
  header.msg_control = controls_[index];
  header.msg_controllen = sizeof controls_[index];
  cmsghdr* control = CMSG_FIRSTHDR(&header);
  control->cmsg_level = IPPROTO_UDP;
  control->cmsg_type = UDP_SEGMENT;
  const auto size = static_cast<uint16_t>(segment);
  control->cmsg_len = CMSG_LEN(sizeof size);
  memcpy(CMSG_DATA(control), &size, sizeof size);
  return true;
}

}  // namespace socketserver
