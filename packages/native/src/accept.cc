#include "accept.h"

#include <sys/socket.h>

#include <cerrno>

namespace socketserver {

namespace {

// The client was gone before it was accepted; the next one may be there. [accept(2), Error handling]
bool IsPassing(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

constexpr int kMaxPassing = 64;

}  // namespace

int AcceptFrom(int fd, Descriptor* connection, Address* remote) {
  for (int attempt = 0; attempt < kMaxPassing; attempt++) {
    *remote = Address{};
    const int accepted = accept4(fd, remote->Raw(), &remote->length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      *connection = Descriptor(accepted);
      return 0;
    }
    if (!IsPassing(errno)) return -errno;
  }
  return -EAGAIN;
}

}  // namespace socketserver
