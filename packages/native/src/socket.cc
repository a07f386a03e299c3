#include "socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace socketserver {

namespace {

int Configure(int fd, int family, const BindOptions& options) {
  int status = 0;
  if (family != AF_UNIX && options.reuse_address) status = SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (status == 0 && family != AF_UNIX && options.reuse_port) status = SetOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (status == 0 && family == AF_INET6) status = SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6_only);
  return status;
}

}  // namespace

int OpenSocket(int family, int type, Descriptor* descriptor) {
  *descriptor = Descriptor(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return descriptor->IsOpen() ? 0 : -errno;
}

int OpenBound(int type, const Address& address, const BindOptions& options, Descriptor* descriptor) {
  Descriptor opened;
  int status = OpenSocket(address.Family(), type, &opened);
  if (status == 0) status = Configure(opened.Get(), address.Family(), options);
  if (status != 0) return status;
  if (bind(opened.Get(), address.Raw(), address.length) < 0) return -errno;
  const std::string path = address.Family() == AF_UNIX ? address.Name() : "";
  // Before listen(2), so that nobody connects with the umask's permissions.
  if (options.mode >= 0 && !path.empty() && path[0] != '\0' && chmod(path.c_str(), options.mode) < 0) {
    status = -errno;
    unlink(path.c_str());
    return status;
  }
  *descriptor = std::move(opened);
  return 0;
}

int Claim(int fd, int type) {
  int actual = 0;
  const int status = GetOption(fd, SOL_SOCKET, SO_TYPE, &actual);
  if (status != 0) return status;
  if (actual != type) return -EPROTOTYPE;
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return -errno;
  return 0;
}

int SetOption(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) < 0 ? -errno : 0;
}

int GetOption(int fd, int level, int name, int* value) {
  socklen_t length = sizeof *value;
  return getsockopt(fd, level, name, value, &length) < 0 ? -errno : 0;
}

void SendAtOnce(int fd) { SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1); }

int64_t SocketInode(int fd) {
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  return S_ISSOCK(status.st_mode) ? static_cast<int64_t>(status.st_ino) : -ENOTSOCK;
}

void DiscardOnClose(int fd) {
  const linger now{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace socketserver
