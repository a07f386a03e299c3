/*
 * Echo over UDP: every socket keeps `pipeline` datagrams under way. A datagram carries when it was sent and
 * its number:
 *
 *   0        8        16          size
 *   | sent ns | number | letters ... |
 *
 * What does not come back within 250 ms of silence counts as an error and is replaced.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "load.h"

#define MOST_UNDER_WAY 64
#define SILENCE_NS 250000000ull

struct source {
  int socket;
  int under_way;
  uint64_t next;     /* number of the next datagram */
  uint64_t oldest;   /* numbers below this were given up */
  uint64_t heard_at; /* time of the last answer */
};

struct flood {
  const struct options *options;
  struct source *sources;
  int epoll;
  uint64_t begun;
  uint64_t limit;
  uint64_t deadline;
  uint8_t *buffers; /* MOST_UNDER_WAY of `size` bytes */
  struct iovec vectors[MOST_UNDER_WAY];
  struct mmsghdr messages[MOST_UNDER_WAY];
  struct result *result;
};

static void stamp(uint8_t *datagram, uint64_t now, uint64_t number) {
  memcpy(datagram, &now, sizeof now);
  memcpy(datagram + 8, &number, sizeof number);
}

static void send_some(struct flood *flood, struct source *source, int count) {
  uint64_t now = now_ns();
  if (now >= flood->deadline || flood->begun >= flood->limit) return;
  for (int i = 0; i < count; i++) {
    stamp(flood->buffers + (size_t)i * flood->options->size, now, source->next++);
    flood->vectors[i].iov_len = flood->options->size;
  }
  int sent = sendmmsg(source->socket, flood->messages, (unsigned)count, 0);
  if (sent < 0) sent = 0;
  flood->result->errors += (uint64_t)(count - sent);
  flood->result->bytes += (uint64_t)sent * flood->options->size;
  flood->begun += (uint64_t)count;
  source->under_way += count; /* unsent ones are given up like lost ones */
}

/* Whether an answer is one that is still waited for; notes its latency. */
static bool accept_answer(struct flood *flood, struct source *source, int index, uint64_t now) {
  const uint8_t *datagram = flood->vectors[index].iov_base;
  uint64_t sent_at, number;
  if (flood->messages[index].msg_len != flood->options->size) {
    flood->result->errors++;
    return false;
  }
  memcpy(&sent_at, datagram, sizeof sent_at);
  memcpy(&number, datagram + 8, sizeof number);
  if (number < source->oldest) return false;
  histogram_add(&flood->result->latency, now - sent_at);
  flood->result->requests++;
  flood->result->bytes += flood->options->size;
  return true;
}

static void receive_some(struct flood *flood, struct source *source) {
  int answered = 0;
  for (int i = 0; i < flood->options->pipeline; i++) flood->vectors[i].iov_len = flood->options->size;
  int count = recvmmsg(source->socket, flood->messages, (unsigned)flood->options->pipeline, MSG_DONTWAIT, NULL);
  uint64_t now = now_ns();
  for (int i = 0; i < count; i++) {
    if (accept_answer(flood, source, i, now)) answered++;
  }
  source->heard_at = now;
  source->under_way -= answered;
  if (answered > 0) send_some(flood, source, answered);
}

static void give_up_silent_ones(struct flood *flood, uint64_t now) {
  for (int i = 0; i < flood->options->connections; i++) {
    struct source *source = &flood->sources[i];
    if (source->under_way == 0 || now - source->heard_at < SILENCE_NS) continue;
    int lost = source->under_way;
    flood->result->errors += (uint64_t)lost;
    source->under_way = 0;
    source->oldest = source->next;
    source->heard_at = now;
    send_some(flood, source, lost);
  }
}

static int count_under_way(const struct flood *flood) {
  int total = 0;
  for (int i = 0; i < flood->options->connections; i++) total += flood->sources[i].under_way;
  return total;
}

static void run_phase(struct flood *flood, double seconds, uint64_t requests) {
  struct epoll_event events[64];
  uint64_t start = now_ns();
  uint64_t checked_at = start;
  result_reset(flood->result);
  flood->begun = 0;
  flood->limit = requests > 0 ? requests : UINT64_MAX;
  flood->deadline = start + (uint64_t)(seconds * 1e9);

  for (int i = 0; i < flood->options->connections; i++) {
    flood->sources[i].heard_at = now_ns();
    send_some(flood, &flood->sources[i], flood->options->pipeline);
  }
  for (;;) {
    int count = epoll_wait(flood->epoll, events, 64, 100);
    for (int i = 0; i < count; i++) receive_some(flood, events[i].data.ptr);
    uint64_t now = now_ns();
    if (now - checked_at > SILENCE_NS / 5) {
      checked_at = now;
      give_up_silent_ones(flood, now);
    }
    if (now >= flood->deadline || flood->begun >= flood->limit) {
      if (count_under_way(flood) == 0) break;
    }
  }
  flood->result->seconds = (double)(now_ns() - start) / 1e9;
}

static void open_sources(struct flood *flood) {
  int count = flood->options->connections;
  int *sockets = calloc((size_t)count, sizeof *sockets);
  struct endpoint endpoint = endpoint_of(flood->options);
  flood->sources = calloc((size_t)count, sizeof *flood->sources);
  flood->epoll = epoll_create1(EPOLL_CLOEXEC);
  endpoint_connect_all(&endpoint, SOCK_DGRAM, sockets, count);
  for (int i = 0; i < count; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &flood->sources[i]};
    flood->sources[i].socket = sockets[i];
    if (epoll_ctl(flood->epoll, EPOLL_CTL_ADD, sockets[i], &event) != 0) fail("epoll_ctl");
  }
  free(sockets);
}

static void prepare_buffers(struct flood *flood) {
  size_t size = flood->options->size;
  flood->buffers = malloc(size * MOST_UNDER_WAY);
  memset(flood->buffers, 'u', size * MOST_UNDER_WAY);
  for (int i = 0; i < MOST_UNDER_WAY; i++) {
    flood->vectors[i] = (struct iovec){flood->buffers + (size_t)i * size, size};
    flood->messages[i].msg_hdr.msg_iov = &flood->vectors[i];
    flood->messages[i].msg_hdr.msg_iovlen = 1;
  }
}

void run_datagrams(const struct options *options, struct result *result) {
  static struct flood flood;
  flood.options = options;
  flood.result = result;
  errno = 0;
  if (options->pipeline > MOST_UNDER_WAY) fail("--pipeline must be at most %d for UDP", MOST_UNDER_WAY);
  prepare_buffers(&flood);
  open_sources(&flood);
  if (options->warmup > 0) run_phase(&flood, options->warmup, 0);
  step_ready(options);
  run_phase(&flood, options->seconds, options->requests);
  result_print(result);
  step_end(options);
}
