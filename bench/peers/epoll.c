/*
 * The limit: what C pays with one thread, epoll and nothing else. Streams (echo, source, sink, burn) and
 * UDP echo through recvmmsg/sendmmsg.
 *
 *   epoll --transport tcp|udp|unix --port <n> | --path <path> --workload echo|source|sink|burn
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES (64 * 1024)
#define EVENTS_AT_ONCE 256
#define DATAGRAMS_AT_ONCE 64
#define DATAGRAM_BYTES 2048

enum workload { ECHO, SOURCE, SINK, BURN };

struct connection {
  int socket;
  bool ended;       /* the peer has sent everything */
  size_t pending;   /* bytes of `held` that wait for room */
  uint64_t counter; /* source: bytes left to send; sink: bytes received */
  uint8_t *held;
};

static int epoll;
static enum workload workload;
static uint8_t buffer[BUFFER_BYTES];

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void watch(struct connection *connection, uint32_t events, int operation) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  if (epoll_ctl(epoll, operation, connection->socket, &event) != 0) die("epoll_ctl");
}

static void end(struct connection *connection) {
  close(connection->socket);
  free(connection->held);
  free(connection);
}

/* Sends what it can; keeps the rest and waits for room. False when the connection is over. */
static bool send_or_hold(struct connection *connection, const uint8_t *bytes, size_t length) {
  ssize_t sent = send(connection->socket, bytes, length, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return false;
  if (sent < 0) sent = 0;
  size_t rest = length - (size_t)sent;
  if (rest == 0) return true;
  if (connection->held == NULL) connection->held = malloc(BUFFER_BYTES);
  memmove(connection->held, bytes + sent, rest);
  connection->pending = rest;
  return true;
}

static void burn_five_milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  int64_t until = time.tv_sec * 1000000000ll + time.tv_nsec + 5000000;
  do clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  while (time.tv_sec * 1000000000ll + time.tv_nsec < until);
}

static bool serve_echo(struct connection *connection) {
  ssize_t count = recv(connection->socket, buffer, sizeof buffer, 0);
  if (count < 0) return errno == EAGAIN;
  if (count == 0) return false;
  if (workload == BURN) burn_five_milliseconds();
  if (!send_or_hold(connection, buffer, (size_t)count)) return false;
  if (connection->pending > 0) watch(connection, EPOLLOUT, EPOLL_CTL_MOD);
  return true;
}

static bool serve_source(struct connection *connection) {
  if (connection->counter == 0) {
    ssize_t count = recv(connection->socket, buffer, sizeof buffer - 1, 0);
    if (count <= 0) return false;
    buffer[count] = 0;
    connection->counter = strtoull((char *)buffer, NULL, 10);
    watch(connection, EPOLLOUT, EPOLL_CTL_MOD);
  }
  size_t length = connection->counter < BUFFER_BYTES ? connection->counter : BUFFER_BYTES;
  ssize_t sent = send(connection->socket, buffer, length, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN;
  connection->counter -= (uint64_t)sent;
  return connection->counter > 0;
}

static bool serve_sink(struct connection *connection) {
  char answer[32];
  ssize_t count = recv(connection->socket, buffer, sizeof buffer, 0);
  if (count < 0) return errno == EAGAIN;
  connection->counter += (uint64_t)count;
  if (count > 0) return true;
  int length = snprintf(answer, sizeof answer, "%llu", (unsigned long long)connection->counter);
  send(connection->socket, answer, (size_t)length, MSG_NOSIGNAL);
  return false;
}

static bool serve(struct connection *connection, uint32_t events) {
  if (workload == SOURCE) return serve_source(connection);
  if (workload == SINK) return serve_sink(connection);
  if (!(events & EPOLLOUT)) return serve_echo(connection);
  size_t length = connection->pending;
  connection->pending = 0;
  if (!send_or_hold(connection, connection->held, length)) return false;
  if (connection->pending == 0) watch(connection, EPOLLIN, EPOLL_CTL_MOD);
  return true;
}

static void accept_all(int listener) {
  int on = 1;
  int socket;
  while ((socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    struct connection *connection = calloc(1, sizeof *connection);
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection->socket = socket;
    watch(connection, EPOLLIN, EPOLL_CTL_ADD);
  }
}

static void serve_streams(int listener) {
  struct epoll_event events[EVENTS_AT_ONCE];
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0) die("epoll_ctl");
  for (;;) {
    int count = epoll_wait(epoll, events, EVENTS_AT_ONCE, -1);
    for (int i = 0; i < count; i++) {
      struct connection *connection = events[i].data.ptr;
      if (connection == NULL) accept_all(listener);
      else if (!serve(connection, events[i].events)) end(connection);
    }
  }
}

static void serve_datagrams(int socket) {
  static uint8_t datagrams[DATAGRAMS_AT_ONCE][DATAGRAM_BYTES];
  static struct sockaddr_storage senders[DATAGRAMS_AT_ONCE];
  struct iovec vectors[DATAGRAMS_AT_ONCE];
  struct mmsghdr messages[DATAGRAMS_AT_ONCE];
  for (;;) {
    for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
      vectors[i] = (struct iovec){datagrams[i], DATAGRAM_BYTES};
      messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &senders[i],
                                                 .msg_namelen = sizeof senders[i],
                                                 .msg_iov = &vectors[i],
                                                 .msg_iovlen = 1}};
    }
    int count = recvmmsg(socket, messages, DATAGRAMS_AT_ONCE, MSG_WAITFORONE, NULL);
    for (int i = 0; i < count; i++) vectors[i].iov_len = messages[i].msg_len;
    for (int sent = 0; sent < count;) {
      int accepted = sendmmsg(socket, messages + sent, (unsigned)(count - sent), 0);
      sent += accepted > 0 ? accepted : 1;
    }
  }
}

static int bind_unix(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  unlink(path);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) die("bind");
  return fd;
}

static int bind_inet(int type, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int on = 1;
  int fd = socket(AF_INET, type | (type == SOCK_STREAM ? SOCK_NONBLOCK : 0), 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) die("bind");
  return fd;
}

static enum workload workload_named(const char *name) {
  static const char *const names[] = {"echo", "source", "sink", "burn"};
  for (int i = 0; i < 4; i++) {
    if (strcmp(names[i], name) == 0) return (enum workload)i;
  }
  fprintf(stderr, "epoll does not serve %s\n", name);
  exit(2);
}

int main(int argc, char **argv) {
  static const struct option names[] = {{"transport", required_argument, NULL, 't'},
                                        {"port", required_argument, NULL, 'p'},
                                        {"path", required_argument, NULL, 'u'},
                                        {"workload", required_argument, NULL, 'w'},
                                        {NULL, 0, NULL, 0}};
  const char *transport = "tcp", *path = "";
  int port = 0, found;
  while ((found = getopt_long(argc, argv, "", names, NULL)) != -1) {
    if (found == 't') transport = optarg;
    else if (found == 'p') port = atoi(optarg);
    else if (found == 'u') path = optarg;
    else if (found == 'w') workload = workload_named(optarg);
    else return 2;
  }
  bool is_unix = strcmp(transport, "unix") == 0, is_udp = strcmp(transport, "udp") == 0;
  int fd = is_unix ? bind_unix(path) : bind_inet(is_udp ? SOCK_DGRAM : SOCK_STREAM, port);
  struct sockaddr_in bound;
  socklen_t length = sizeof bound;
  epoll = epoll_create1(EPOLL_CLOEXEC);
  if (!is_udp && listen(fd, 1024) != 0) die("listen");
  if (is_unix) printf("listening %s\n", path);
  else if (getsockname(fd, (struct sockaddr *)&bound, &length) == 0) printf("listening %d\n", ntohs(bound.sin_port));
  fflush(stdout);
  if (is_udp) serve_datagrams(fd);
  else serve_streams(fd);
}
