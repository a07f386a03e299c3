#pragma once

#include <cstdint>
#include <string>

namespace socketserver {

// Multicast options of a socket of either family. `interface` is as in node:dgram: an IPv4 address of the
// machine, or for IPv6 a zone (`::%eth0`); empty leaves the choice to the system. Each gives 0 or a negative
// errno.
int ChangeMembership(int fd, int family, bool join, const std::string& group, const std::string& interface);
int SetMulticastInterface(int fd, int family, const std::string& interface);
int SetMulticastTTL(int fd, int family, int ttl);
int SetMulticastLoopback(int fd, int family, bool on);

}  // namespace socketserver
