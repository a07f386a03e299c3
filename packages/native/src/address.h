#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace socketserver {

// A socket address of any family that we serve, in the kernel's form.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* Raw() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* Raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int Family() const { return storage.ss_family; }

  static Address IPv4(uint32_t host, uint16_t port);
  static Address IPv6(const in6_addr& host, uint32_t scope);
  // The same host as a socket of the IPv6 family sees it. [RFC 4291 2.5.5.2]
  static Address IPv4Mapped(uint32_t host, uint16_t port);

  // Each gives 0 or a negative errno.
  static int ParseInet(const std::string& host, uint16_t port, Address* address);
  static int ParseUnix(const std::string& path, Address* address);
  static int Local(int fd, Address* address);
  static int Remote(int fd, Address* address);

  // Whether this is no host's address: that of any interface, or none at all.
  bool IsAny() const;
  // An IPv4 host in either form. False for others.
  bool AsIPv4Host(uint32_t* host) const;
  // Replaces the address of any interface by the loopback's, under which a socket reaches itself.
  void NameLoopbackIfAny();

  // The parts that JavaScript is told.
  uint32_t Host() const;
  uint16_t Port() const;
  // An IPv6 host in text, with its zone if it is link-local; or a Unix name without the padding.
  std::string Name() const;
};

}  // namespace socketserver
