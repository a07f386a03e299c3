/*
 * Echo over a byte stream: every connection writes a batch, reads the same bytes back, and begins again.
 * A request is one message; a latency is one batch's, from the write to the last byte of the answer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load.h"

#define EVENTS_AT_ONCE 256
#define BUFFER_BYTES (256 * 1024)
#define DRAIN_NS 5000000000ull

struct connection {
  int socket;
  bool awaits_room; /* EPOLLOUT is on */
  size_t sent;      /* bytes of the batch */
  size_t received;
  uint64_t began;
};

struct echo {
  const struct options *options;
  struct batch batch;
  struct connection *connections;
  int epoll;
  int open;       /* connections that live */
  int under_way;  /* connections whose answer is incomplete */
  uint64_t begun; /* requests, in this phase */
  uint64_t limit;
  uint64_t deadline;
  struct result *result;
};

static void watch(struct echo *echo, struct connection *connection, int operation) {
  struct epoll_event event = {.events = EPOLLIN | (connection->awaits_room ? EPOLLOUT : 0), .data.ptr = connection};
  if (epoll_ctl(echo->epoll, operation, connection->socket, &event) != 0) fail("epoll_ctl");
}

static void lose(struct echo *echo, struct connection *connection) {
  close(connection->socket);
  connection->socket = -1;
  echo->result->errors++;
  echo->open--;
  echo->under_way--;
}

static void send_rest(struct echo *echo, struct connection *connection) {
  const uint8_t *bytes = echo->batch.bytes + connection->sent;
  ssize_t count = send(connection->socket, bytes, echo->batch.length - connection->sent, MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN) {
    lose(echo, connection);
    return;
  }
  if (count > 0) {
    connection->sent += (size_t)count;
    echo->result->bytes += (uint64_t)count;
  }
  bool awaits_room = connection->sent < echo->batch.length;
  if (awaits_room == connection->awaits_room) return;
  connection->awaits_room = awaits_room;
  watch(echo, connection, EPOLL_CTL_MOD);
}

static void begin(struct echo *echo, struct connection *connection, uint64_t now) {
  connection->sent = 0;
  connection->received = 0;
  connection->began = now;
  echo->under_way++;
  echo->begun += (uint64_t)echo->options->pipeline;
  send_rest(echo, connection);
}

static void complete(struct echo *echo, struct connection *connection) {
  uint64_t now = now_ns();
  histogram_add(&echo->result->latency, now - connection->began);
  echo->result->requests += (uint64_t)echo->options->pipeline;
  echo->under_way--;
  if (now < echo->deadline && echo->begun < echo->limit) begin(echo, connection, now);
}

static void receive(struct echo *echo, struct connection *connection) {
  static uint8_t buffer[BUFFER_BYTES];
  ssize_t count = recv(connection->socket, buffer, sizeof buffer, 0);
  if (count < 0 && errno == EAGAIN) return;
  size_t room = echo->batch.length - connection->received;
  if (count <= 0 || (size_t)count > room ||
      memcmp(buffer, echo->batch.bytes + connection->received, (size_t)count) != 0) {
    lose(echo, connection);
    return;
  }
  connection->received += (size_t)count;
  echo->result->bytes += (uint64_t)count;
  if (connection->received == echo->batch.length) complete(echo, connection);
}

static void run_phase(struct echo *echo, double seconds, uint64_t requests) {
  struct epoll_event events[EVENTS_AT_ONCE];
  uint64_t start = now_ns();
  result_reset(echo->result);
  echo->begun = 0;
  echo->limit = requests > 0 ? requests : UINT64_MAX;
  echo->deadline = start + (uint64_t)(seconds * 1e9);

  for (int i = 0; i < echo->options->connections; i++) {
    if (echo->connections[i].socket >= 0) begin(echo, &echo->connections[i], now_ns());
  }
  while (echo->under_way > 0) {
    int count = epoll_wait(echo->epoll, events, EVENTS_AT_ONCE, 100);
    for (int i = 0; i < count; i++) {
      struct connection *connection = events[i].data.ptr;
      if (events[i].events & EPOLLOUT) send_rest(echo, connection);
      if (connection->socket >= 0 && (events[i].events & ~(uint32_t)EPOLLOUT)) receive(echo, connection);
    }
    if (now_ns() > echo->deadline + DRAIN_NS) break;
  }
  echo->result->errors += (uint64_t)echo->under_way;
  echo->result->seconds = (double)(now_ns() - start) / 1e9;
}

static void open_connections(struct echo *echo) {
  int count = echo->options->connections;
  int *sockets = calloc((size_t)count, sizeof *sockets);
  struct endpoint endpoint = endpoint_of(echo->options);
  echo->connections = calloc((size_t)count, sizeof *echo->connections);
  echo->epoll = epoll_create1(EPOLL_CLOEXEC);
  echo->open = count;
  endpoint_connect_all(&endpoint, SOCK_STREAM, sockets, count);
  for (int i = 0; i < count; i++) {
    echo->connections[i].socket = sockets[i];
    watch(echo, &echo->connections[i], EPOLL_CTL_ADD);
  }
  free(sockets);
}

void run_echo(const struct options *options, struct result *result) {
  struct echo echo = {.options = options, .batch = batch_of(options), .result = result};
  open_connections(&echo);
  if (options->warmup > 0) {
    run_phase(&echo, options->warmup, 0);
    if (result->errors > 0) fail("%llu errors while warming up", (unsigned long long)result->errors);
  }
  step_ready(options);
  run_phase(&echo, options->seconds, options->requests);
  result_print(result);
  step_end(options);
}
