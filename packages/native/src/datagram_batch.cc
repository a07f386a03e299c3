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

// `header` has the room, of which msg_controllen is used.
template <typename Data>
void AddControl(msghdr* header, int level, int type, const Data& data) {
  auto* control = reinterpret_cast<cmsghdr*>(static_cast<uint8_t*>(header->msg_control) + header->msg_controllen);
  control->cmsg_level = level;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN(sizeof data);
  memcpy(CMSG_DATA(control), &data, sizeof data);
  header->msg_controllen += CMSG_SPACE(sizeof data);
}

}  // namespace

void AddLocal(msghdr* header, const Address& from) {
  uint32_t host;
  if (from.AsIPv4Host(&host)) {
    in_pktinfo local{};
    local.ipi_spec_dst.s_addr = htonl(host);
    AddControl(header, IPPROTO_IP, IP_PKTINFO, local);
  } else if (from.Family() == AF_INET6) {
    const auto& own = reinterpret_cast<const sockaddr_in6&>(from.storage);
    in6_pktinfo local{};
    local.ipi6_addr = own.sin6_addr;
    // A link-local address means nothing without its link, and any other leaves by the link that routes say. [RFC 4007 6]
    if (IN6_IS_ADDR_LINKLOCAL(&own.sin6_addr)) local.ipi6_ifindex = own.sin6_scope_id;
    AddControl(header, IPPROTO_IPV6, IPV6_PKTINFO, local);
  }
}

void DatagramBatch::AskForLocal(uint32_t index) {
  messages[index].msg_hdr.msg_control = controls_[index];
  messages[index].msg_hdr.msg_controllen = sizeof controls_[index];
}

void DatagramBatch::ReadLocal(uint32_t index, int family) {
  msghdr& header = messages[index].msg_hdr;
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      in_pktinfo local;
      memcpy(&local, CMSG_DATA(control), sizeof local);
      // Not ipi_addr, which may be a group or a broadcast address. [ip(7): IP_PKTINFO]
      const uint32_t host = ntohl(local.ipi_spec_dst.s_addr);
      if (host == INADDR_ANY) return;  // came before it was asked for
      locals[index] = family == AF_INET6 ? Address::IPv4Mapped(host, 0) : Address::IPv4(host, 0);
      return;
    }
    if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo local;
      memcpy(&local, CMSG_DATA(control), sizeof local);
      // IPv4 has a message of its own, and nothing can leave from a group. [RFC 4291 2.7]
      if (IN6_IS_ADDR_V4MAPPED(&local.ipi6_addr) || IN6_IS_ADDR_MULTICAST(&local.ipi6_addr)) continue;
      locals[index] = Address::IPv6(local.ipi6_addr, local.ipi6_ifindex);
      return;
    }
  }
}

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
  if (locals[index].Family() == AF_UNSPEC) return;
  header.msg_control = controls_[index];
  AddLocal(&header, locals[index]);
}

bool DatagramBatch::Join(uint32_t index, const uint8_t* datagram, size_t length) {
  iovec& piece = pieces[index];
  const size_t segment = segments[index];
  // Only whole ones before it, and side by side in memory.
  if (length == 0 || length > segment || segment > kMaxJoinable || piece.iov_len % segment != 0) return false;
  if (static_cast<const uint8_t*>(piece.iov_base) + piece.iov_len != datagram) return false;
  if (piece.iov_len / segment >= kMaxJoined || piece.iov_len + length > kMaxJoinedBytes) return false;
  const bool is_first = !IsJoined(index);
  piece.iov_len += length;
  if (!is_first) return true;
  messages[index].msg_hdr.msg_control = controls_[index];
  AddControl(&messages[index].msg_hdr, IPPROTO_UDP, UDP_SEGMENT, static_cast<uint16_t>(segment));
  return true;
}

}  // namespace socketserver
