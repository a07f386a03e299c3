/*
 * Connect, one request, close: `connections` slots each open a connection, write one message, read it back,
 * close, and begin again. A request is one such connection; its latency runs from connect to the last byte.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load.h"

#define EVENTS_AT_ONCE 256
#define DRAIN_NS 5000000000ull
#define RETRY_MICROS 1000

struct slot {
  int socket;
  size_t sent;
  size_t received;
  uint64_t began;
};

struct visits {
  const struct options *options;
  struct endpoint endpoint;
  struct batch batch;
  struct slot *slots;
  int epoll;
  int under_way;
  uint64_t begun;
  uint64_t limit;
  uint64_t deadline;
  struct result *result;
};

static void leave(struct visits *visits, struct slot *slot) {
  close(slot->socket);
  slot->socket = -1;
  visits->under_way--;
}

static void lose(struct visits *visits, struct slot *slot) {
  leave(visits, slot);
  visits->result->errors++;
}

/* On loopback the handshake is usually over when connect(2) returns, so the first send mostly succeeds. */
static void send_rest(struct visits *visits, struct slot *slot) {
  ssize_t count =
      send(slot->socket, visits->batch.bytes + slot->sent, visits->batch.length - slot->sent, MSG_NOSIGNAL);
  if (count > 0) {
    slot->sent += (size_t)count;
    visits->result->bytes += (uint64_t)count;
  } else if (errno != EAGAIN && errno != ENOTCONN) {
    lose(visits, slot);
  }
}

static void begin(struct visits *visits, struct slot *slot) {
  *slot = (struct slot){.socket = -1, .began = now_ns()};
  if (slot->began >= visits->deadline || visits->begun >= visits->limit) return;
  slot->socket = endpoint_connect(&visits->endpoint, SOCK_STREAM);
  if (slot->socket < 0) {
    if (errno != EAGAIN) visits->result->errors++;
    return; /* the phase's loop tries again */
  }
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = slot};
  if (epoll_ctl(visits->epoll, EPOLL_CTL_ADD, slot->socket, &event) != 0) fail("epoll_ctl");
  visits->under_way++;
  visits->begun++;
  send_rest(visits, slot);
}

static void receive(struct visits *visits, struct slot *slot) {
  static uint8_t buffer[64 * 1024];
  ssize_t count = recv(slot->socket, buffer, sizeof buffer, 0);
  if (count < 0 && errno == EAGAIN) return;
  size_t room = visits->batch.length - slot->received;
  if (count <= 0 || (size_t)count > room ||
      memcmp(buffer, visits->batch.bytes + slot->received, (size_t)count) != 0) {
    lose(visits, slot);
    return;
  }
  slot->received += (size_t)count;
  visits->result->bytes += (uint64_t)count;
  if (slot->received < visits->batch.length) return;
  histogram_add(&visits->result->latency, now_ns() - slot->began);
  visits->result->requests++;
  leave(visits, slot);
}

static void progress(struct visits *visits, struct slot *slot, uint32_t events) {
  if (slot->sent < visits->batch.length) send_rest(visits, slot);
  if (slot->socket >= 0 && (events & ~(uint32_t)EPOLLOUT)) receive(visits, slot);
  if (slot->socket < 0) begin(visits, slot);
}

static void run_phase(struct visits *visits, double seconds, uint64_t requests) {
  struct epoll_event events[EVENTS_AT_ONCE];
  uint64_t start = now_ns();
  result_reset(visits->result);
  visits->begun = 0;
  visits->limit = requests > 0 ? requests : UINT64_MAX;
  visits->deadline = start + (uint64_t)(seconds * 1e9);

  for (;;) {
    bool over = now_ns() >= visits->deadline || visits->begun >= visits->limit;
    if (!over && visits->under_way < visits->options->connections) {
      for (int i = 0; i < visits->options->connections; i++) {
        if (visits->slots[i].socket < 0) begin(visits, &visits->slots[i]);
      }
      if (visits->under_way == 0) usleep(RETRY_MICROS);
    }
    if (over && visits->under_way == 0) break;
    int count = epoll_wait(visits->epoll, events, EVENTS_AT_ONCE, 100);
    for (int i = 0; i < count; i++) progress(visits, events[i].data.ptr, events[i].events);
    if (now_ns() > visits->deadline + DRAIN_NS) break;
  }
  visits->result->errors += (uint64_t)visits->under_way;
  visits->result->seconds = (double)(now_ns() - start) / 1e9;
}

void run_connect(const struct options *options, struct result *result) {
  struct visits visits = {
      .options = options, .endpoint = endpoint_of(options), .batch = batch_of(options), .result = result};
  visits.epoll = epoll_create1(EPOLL_CLOEXEC);
  visits.slots = calloc((size_t)options->connections, sizeof *visits.slots);
  for (int i = 0; i < options->connections; i++) visits.slots[i].socket = -1;
  if (options->warmup > 0) run_phase(&visits, options->warmup, 0);
  step_ready(options);
  run_phase(&visits, options->seconds, options->requests);
  result_print(result);
  step_end(options);
}
