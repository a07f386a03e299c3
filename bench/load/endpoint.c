#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "load.h"

#define CONNECTING_AT_ONCE 64
#define MOST_WAITING 512 /* half of every server's backlog */
#define CONNECT_TIMEOUT_MS 10000
#define SOURCE_ADDRESSES 200

struct endpoint endpoint_of(const struct options *options) {
  struct endpoint endpoint = {0};
  if (options->transport == UNIX) {
    struct sockaddr_un *address = (struct sockaddr_un *)&endpoint.address;
    address->sun_family = AF_UNIX;
    if (strlen(options->path) >= sizeof address->sun_path) fail("the path is too long: %s", options->path);
    strcpy(address->sun_path, options->path);
    endpoint.length = sizeof *address;
  } else {
    struct sockaddr_in *address = (struct sockaddr_in *)&endpoint.address;
    address->sin_family = AF_INET;
    address->sin_port = htons((uint16_t)options->port);
    if (inet_pton(AF_INET, options->host, &address->sin_addr) != 1) fail("not an IPv4 address: %s", options->host);
    endpoint.length = sizeof *address;
  }
  endpoint.family = endpoint.address.ss_family;
  return endpoint;
}

static bool is_loopback(const struct endpoint *endpoint) {
  const struct sockaddr_in *address = (const struct sockaddr_in *)&endpoint->address;
  return endpoint->family == AF_INET && ntohl(address->sin_addr.s_addr) >> 24 == 127;
}

/* IP_BIND_ADDRESS_NO_PORT leaves the port to connect(2), which may share it between destinations [ip(7)]. */
static void bind_next_source(int socket) {
  static unsigned turn;
  struct sockaddr_in source = {.sin_family = AF_INET};
  int on = 1;
  source.sin_addr.s_addr = htonl(0x7f000002u + turn++ % SOURCE_ADDRESSES);
  setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind(socket, (struct sockaddr *)&source, sizeof source) != 0) fail("cannot bind a source address");
}

int endpoint_connect(const struct endpoint *endpoint, int type) {
  int on = 1;
  int fd = socket(endpoint->family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (type == SOCK_STREAM && is_loopback(endpoint)) bind_next_source(fd);
  if (type == SOCK_STREAM && endpoint->family == AF_INET) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, (const struct sockaddr *)&endpoint->address, endpoint->length) == 0) return fd;
  if (errno == EINPROGRESS) return fd;
  int code = errno;
  close(fd);
  errno = code;
  return -1;
}

/* A Unix socket's connect does not wait for room in the backlog: it fails with EAGAIN [connect(2)]. */
static int connect_patiently(const struct endpoint *endpoint, int type) {
  uint64_t deadline = now_ns() + CONNECT_TIMEOUT_MS * 1000000ull;
  for (;;) {
    int fd = endpoint_connect(endpoint, type);
    if (fd >= 0 || errno != EAGAIN || now_ns() > deadline) return fd;
    usleep(1000);
  }
}

static void wait_until_connected(int fd) {
  struct pollfd poller = {.fd = fd, .events = POLLOUT};
  socklen_t length = sizeof errno;
  if (poll(&poller, 1, CONNECT_TIMEOUT_MS) != 1) fail("a connection took more than %d ms", CONNECT_TIMEOUT_MS);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &errno, &length) != 0 || errno != 0) fail("cannot connect");
}

void endpoint_connect_all(const struct endpoint *endpoint, int type, int *sockets, int count) {
  for (int first = 0; first < count; first += CONNECTING_AT_ONCE) {
    int end = first + CONNECTING_AT_ONCE < count ? first + CONNECTING_AT_ONCE : count;
    if (type == SOCK_STREAM && first > 0) endpoint_await_accepted(endpoint, MOST_WAITING);
    for (int i = first; i < end; i++) {
      sockets[i] = connect_patiently(endpoint, type);
      if (sockets[i] < 0) fail("cannot connect socket %d", i);
    }
    for (int i = first; i < end; i++) wait_until_connected(sockets[i]);
  }
}
