#include "multicast.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "address.h"
#include "socket.h"

namespace socketserver {

namespace {

int FindInterface(const std::string& zone, unsigned* index) {
  *index = 0;
  if (zone.empty()) return 0;
  Address address;
  const int status = Address::ParseInet(zone, 0, &address);
  if (status != 0) return status;
  if (address.Family() != AF_INET6) return -EINVAL;
  *index = reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_scope_id;
  return 0;
}

int ParseIPv4(const std::string& text, in_addr* address) {
  if (text.empty()) return 0;
  return inet_pton(AF_INET, text.c_str(), address) == 1 ? 0 : -EINVAL;
}

}  // namespace

int ChangeMembership(int fd, int family, bool join, const std::string& group, const std::string& interface) {
  if (family == AF_INET) {
    ip_mreqn request{};
    int status = ParseIPv4(group, &request.imr_multiaddr);
    if (status == 0) status = ParseIPv4(interface, &request.imr_address);
    if (status != 0 || group.empty()) return -EINVAL;
    const int name = join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP;
    return setsockopt(fd, IPPROTO_IP, name, &request, sizeof request) < 0 ? -errno : 0;
  }
  ipv6_mreq request{};
  if (inet_pton(AF_INET6, group.c_str(), &request.ipv6mr_multiaddr) != 1) return -EINVAL;
  const int status = FindInterface(interface, &request.ipv6mr_interface);
  if (status != 0) return status;
  const int name = join ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP;
  return setsockopt(fd, IPPROTO_IPV6, name, &request, sizeof request) < 0 ? -errno : 0;
}

int SetMulticastInterface(int fd, int family, const std::string& interface) {
  if (family == AF_INET) {
    ip_mreqn request{};
    const int status = ParseIPv4(interface, &request.imr_address);
    if (status != 0) return status;
    return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) < 0 ? -errno : 0;
  }
  unsigned index = 0;
  const int status = FindInterface(interface, &index);
  return status != 0 ? status : SetOption(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(index));
}

int SetMulticastTTL(int fd, int family, int ttl) {
  return family == AF_INET ? SetOption(fd, IPPROTO_IP, IP_MULTICAST_TTL, ttl)
                           : SetOption(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, ttl);
}

int SetMulticastLoopback(int fd, int family, bool on) {
  return family == AF_INET ? SetOption(fd, IPPROTO_IP, IP_MULTICAST_LOOP, on)
                           : SetOption(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, on);
}

}  // namespace socketserver
