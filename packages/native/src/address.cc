#include "address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace socketserver {

namespace {

const sockaddr_in& AsIPv4(const Address& address) {
  return reinterpret_cast<const sockaddr_in&>(address.storage);
}
const sockaddr_in6& AsIPv6(const Address& address) {
  return reinterpret_cast<const sockaddr_in6&>(address.storage);
}
const sockaddr_un& AsUnix(const Address& address) {
  return reinterpret_cast<const sockaddr_un&>(address.storage);
}

std::string IPv6Name(const sockaddr_in6& address) {
  char text[INET6_ADDRSTRLEN];
  if (inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof text) == nullptr) return "";
  std::string name = text;
  // A link-local address means nothing without its link. [RFC 4007 11]
  char interface[IF_NAMESIZE];
  if (IN6_IS_ADDR_LINKLOCAL(&address.sin6_addr) && if_indextoname(address.sin6_scope_id, interface) != nullptr) {
    name.append("%").append(interface);
  }
  return name;
}

std::string UnixName(const sockaddr_un& address, socklen_t length) {
  constexpr size_t kPathOffset = offsetof(sockaddr_un, sun_path);
  if (length <= kPathOffset) return "";  // an unnamed socket [unix(7)]
  const size_t bytes = length - kPathOffset;
  // An abstract name counts all its bytes; a path ends at its first zero byte. [unix(7)]
  if (address.sun_path[0] == '\0') return std::string(address.sun_path, bytes);
  return std::string(address.sun_path, strnlen(address.sun_path, bytes));
}

int Query(int result, Address* address) {
  if (result < 0) return -errno;
  if (address->length > sizeof(sockaddr_storage)) address->length = sizeof(sockaddr_storage);
  return 0;
}

}  // namespace

Address Address::IPv4(uint32_t host, uint16_t port) {
  Address address;
  auto& in = reinterpret_cast<sockaddr_in&>(address.storage);
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  in.sin_addr.s_addr = htonl(host);
  address.length = sizeof in;
  return address;
}

Address Address::IPv6(const in6_addr& host, uint32_t scope) {
  Address address;
  auto& in = reinterpret_cast<sockaddr_in6&>(address.storage);
  in.sin6_family = AF_INET6;
  in.sin6_addr = host;
  in.sin6_scope_id = scope;
  address.length = sizeof in;
  return address;
}

Address Address::IPv4Mapped(uint32_t host, uint16_t port) {
  Address address;
  auto& in = reinterpret_cast<sockaddr_in6&>(address.storage);
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  in.sin6_addr.s6_addr[10] = in.sin6_addr.s6_addr[11] = 0xff;
  const uint32_t network_order = htonl(host);
  memcpy(&in.sin6_addr.s6_addr[12], &network_order, sizeof network_order);
  address.length = sizeof in;
  return address;
}

int Address::ParseInet(const std::string& host, uint16_t port, Address* address) {
  in_addr four;
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) {
    *address = IPv4(ntohl(four.s_addr), port);
    return 0;
  }
  // getaddrinfo(3) knows zones (`fe80::1%eth0`), which inet_pton(3) does not; it asks no name server here.
  addrinfo hints{};
  hints.ai_family = AF_INET6;
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return -EINVAL;
  *address = Address{};
  memcpy(&address->storage, found->ai_addr, found->ai_addrlen);
  address->length = found->ai_addrlen;
  freeaddrinfo(found);
  reinterpret_cast<sockaddr_in6&>(address->storage).sin6_port = htons(port);
  return 0;
}

int Address::ParseUnix(const std::string& path, Address* address) {
  *address = Address{};
  auto& un = reinterpret_cast<sockaddr_un&>(address->storage);
  un.sun_family = AF_UNIX;
  const bool is_abstract = !path.empty() && path[0] == '\0';
  // A path keeps its final zero byte, an abstract name has none, an empty one asks for autobind. [unix(7)]
  const size_t bytes = path.empty() ? 0 : path.size() + (is_abstract ? 0 : 1);
  if (bytes > sizeof un.sun_path) return -ENAMETOOLONG;
  if (!is_abstract && path.find('\0') != std::string::npos) return -EINVAL;
  memcpy(un.sun_path, path.c_str(), bytes);
  address->length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + bytes);
  return 0;
}

int Address::Local(int fd, Address* address) {
  *address = Address{};
  return Query(getsockname(fd, address->Raw(), &address->length), address);
}

int Address::Remote(int fd, Address* address) {
  *address = Address{};
  return Query(getpeername(fd, address->Raw(), &address->length), address);
}

bool Address::IsAny() const {
  if (Family() == AF_INET) return AsIPv4(*this).sin_addr.s_addr == htonl(INADDR_ANY);
  if (Family() == AF_INET6) return IN6_IS_ADDR_UNSPECIFIED(&AsIPv6(*this).sin6_addr);
  return true;
}

bool Address::AsIPv4Host(uint32_t* host) const {
  if (Family() == AF_INET) {
    *host = Host();
    return true;
  }
  if (Family() != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&AsIPv6(*this).sin6_addr)) return false;
  uint32_t network_order;
  memcpy(&network_order, &AsIPv6(*this).sin6_addr.s6_addr[12], sizeof network_order);
  *host = ntohl(network_order);
  return true;
}

void Address::NameLoopbackIfAny() {
  if (Family() == AF_INET) {
    auto& in = reinterpret_cast<sockaddr_in&>(storage);
    if (in.sin_addr.s_addr == htonl(INADDR_ANY)) in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else if (Family() == AF_INET6) {
    auto& in = reinterpret_cast<sockaddr_in6&>(storage);
    if (IN6_IS_ADDR_UNSPECIFIED(&in.sin6_addr)) in.sin6_addr = in6addr_loopback;
  }
}

uint32_t Address::Host() const {
  return Family() == AF_INET ? ntohl(AsIPv4(*this).sin_addr.s_addr) : 0;
}

uint16_t Address::Port() const {
  if (Family() == AF_INET) return ntohs(AsIPv4(*this).sin_port);
  if (Family() == AF_INET6) return ntohs(AsIPv6(*this).sin6_port);
  return 0;
}

std::string Address::Name() const {
  if (Family() == AF_INET6) return IPv6Name(AsIPv6(*this));
  if (Family() == AF_UNIX) return UnixName(AsUnix(*this), length);
  return "";
}

}  // namespace socketserver
