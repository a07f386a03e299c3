#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "address.h"
#include "descriptor.h"

namespace socketserver {

// What is set on a socket before bind(2). `mode` is -1 to leave a path's permissions to the umask.
struct BindOptions {
  bool reuse_address = false;
  bool reuse_port = false;
  bool ipv6_only = false;
  int mode = -1;
};

// Every function gives 0 (or what it says) or a negative errno, and leaves nothing open on failure.

int OpenSocket(int family, int type, Descriptor* descriptor);
int OpenBound(int type, const Address& address, const BindOptions& options, Descriptor* descriptor);

// Makes an inherited or handed-over descriptor ours: a socket of that type, non-blocking, closed on exec.
int Claim(int fd, int type);

int SetOption(int fd, int level, int name, int value);
int GetOption(int fd, int level, int name, int* value);

// Has TCP send small pieces without waiting for acknowledgements; sockets of other kinds know no such delay. Writes of one
// turn go together as it is, and of a large one only the tail would wait: for 40 ms, where the peer holds its
// acknowledgement back until it has the whole message. [RFC 1122 4.2.3.2, 4.2.3.4]
void SendAtOnce(int fd);

// A number that no other open socket of this machine has, for recognising a descriptor that was handed over.
int64_t SocketInode(int fd);

// Makes close(2) discard unsent bytes and, on TCP, send a reset. [socket(7) SO_LINGER]
void DiscardOnClose(int fd);

}  // namespace socketserver
