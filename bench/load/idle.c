/* Opens `connections`, after `ready`, and keeps them open until told to end. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

#define ANSWER_TIMEOUT_MS 10000

static bool echo_once(int fd, const struct batch *batch) {
  static uint8_t buffer[64 * 1024];
  struct pollfd poller = {.fd = fd, .events = POLLIN};
  size_t received = 0;
  if (send(fd, batch->bytes, batch->length, MSG_NOSIGNAL) != (ssize_t)batch->length) return false;
  while (received < batch->length) {
    if (poll(&poller, 1, ANSWER_TIMEOUT_MS) != 1) return false;
    ssize_t count = recv(fd, buffer, sizeof buffer, 0);
    if (count <= 0) return false;
    received += (size_t)count;
  }
  return received == batch->length;
}

void run_idle(const struct options *options, struct result *result) {
  struct endpoint endpoint = endpoint_of(options);
  struct batch batch = batch_of(options);
  int *sockets = calloc((size_t)options->connections, sizeof *sockets);
  result_reset(result);
  step_ready(options);
  uint64_t start = now_ns();
  endpoint_connect_all(&endpoint, SOCK_STREAM, sockets, options->connections);
  endpoint_await_accepted(&endpoint, 0);
  for (int i = 0; i < options->connections; i++) {
    if (options->touch && !echo_once(sockets[i], &batch)) result->errors++;
    else result->requests++;
  }
  result->seconds = (double)(now_ns() - start) / 1e9;
  result_print(result);
  step_end(options);
}
