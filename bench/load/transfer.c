/*
 * One way: a download asks for `bytes` with a decimal number and a newline, and reads until the server ends
 * the connection; an upload writes `bytes`, ends its side, and reads how many arrived, as a decimal number.
 * A request is one transfer. The warm-up is a transfer of a sixteenth.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "load.h"

#define CHUNK_BYTES (256 * 1024)
#define STALL_SECONDS 30

static uint8_t chunk[CHUNK_BYTES];

static int open_blocking(const struct options *options) {
  struct endpoint endpoint = endpoint_of(options);
  struct timeval stall = {.tv_sec = STALL_SECONDS};
  int fd;
  endpoint_connect_all(&endpoint, SOCK_STREAM, &fd, 1);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &stall, sizeof stall);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &stall, sizeof stall);
  return fd;
}

/* MSG_TRUNC drops TCP's bytes without copying them [tcp(7)], so the reader stays ahead of any server. */
static bool download(const struct options *options, uint64_t bytes) {
  int fd = open_blocking(options);
  int flags = options->transport == TCP ? MSG_TRUNC : 0;
  uint64_t received = 0;
  ssize_t count;
  char order[32];
  int length = snprintf(order, sizeof order, "%" PRIu64 "\n", bytes);
  bool ordered = send(fd, order, (size_t)length, MSG_NOSIGNAL) == length;
  while (ordered && (count = recv(fd, chunk, sizeof chunk, flags)) > 0) received += (uint64_t)count;
  close(fd);
  return received == bytes;
}

static bool upload(const struct options *options, uint64_t bytes) {
  int fd = open_blocking(options);
  uint64_t sent = 0;
  char answer[32] = {0};
  size_t length = 0;
  ssize_t count;
  while (sent < bytes) {
    size_t wanted = bytes - sent < sizeof chunk ? (size_t)(bytes - sent) : sizeof chunk;
    if ((count = send(fd, chunk, wanted, MSG_NOSIGNAL)) <= 0) break;
    sent += (uint64_t)count;
  }
  shutdown(fd, SHUT_WR);
  while (length < sizeof answer - 1 && (count = recv(fd, answer + length, sizeof answer - 1 - length, 0)) > 0) {
    length += (size_t)count;
  }
  close(fd);
  return strtoull(answer, NULL, 10) == bytes;
}

static void run_transfers(const struct options *options, struct result *result,
                          bool (*transfer)(const struct options *, uint64_t)) {
  uint64_t count = options->requests > 0 ? options->requests : 1;
  memset(chunk, 'x', sizeof chunk);
  if (options->warmup > 0 && !transfer(options, options->bytes / 16)) fail("the warm-up transfer was cut short");
  result_reset(result);
  step_ready(options);
  uint64_t start = now_ns();
  for (uint64_t i = 0; i < count; i++) {
    uint64_t began = now_ns();
    if (!transfer(options, options->bytes)) {
      result->errors++;
      continue;
    }
    histogram_add(&result->latency, now_ns() - began);
    result->requests++;
    result->bytes += options->bytes;
  }
  result->seconds = (double)(now_ns() - start) / 1e9;
  result_print(result);
  step_end(options);
}

void run_download(const struct options *options, struct result *result) {
  run_transfers(options, result, download);
}

void run_upload(const struct options *options, struct result *result) {
  run_transfers(options, result, upload);
}
