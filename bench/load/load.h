/* The load generator's shared nouns. See main.c for the walk. */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* ---- options.c: the command line ---- */

enum transport { TCP, UDP, UNIX };
enum mode { ECHO, CONNECT, DOWNLOAD, UPLOAD, IDLE };
enum framing { NONE, LINE, LENGTH };

struct options {
  enum transport transport;
  enum mode mode;
  enum framing framing;
  const char *host;
  int port;
  const char *path;
  int connections;
  size_t size;       /* bytes of one message, without its length prefix */
  int pipeline;      /* messages one write carries; for UDP, datagrams under way per socket */
  double seconds;    /* of the measured phase */
  double warmup;     /* seconds, over the same connections, before it */
  uint64_t requests; /* ends the measured phase early; 0 is no limit */
  uint64_t bytes;    /* of one download or upload */
  bool touch;        /* idle mode: one echo on each connection before it idles */
  bool steps;        /* wait for a line on stdin before the measured phase and before the end */
};

struct options parse_options(int argc, char **argv);

/* ---- histogram.c: latencies, within 1.6 % ---- */

#define HISTOGRAM_SLOTS (64 * 64)

struct histogram {
  uint64_t total;
  uint64_t counts[HISTOGRAM_SLOTS];
};

void histogram_add(struct histogram *histogram, uint64_t nanoseconds);
double histogram_micros(const struct histogram *histogram, double quantile);

/* ---- result.c: what a measured phase found ---- */

struct result {
  uint64_t requests;
  uint64_t errors;
  uint64_t bytes; /* sent and received */
  double seconds;
  struct histogram latency;
};

void result_reset(struct result *result);
void result_print(const struct result *result);

/* ---- clock.c ---- */

uint64_t now_ns(void);

/* ---- endpoint.c: sockets ---- */

struct endpoint {
  int family;
  socklen_t length;
  struct sockaddr_storage address;
};

struct endpoint endpoint_of(const struct options *options);

/* Opens a non-blocking socket and begins to connect it; -1 with errno when that fails. TCP clients take
 * turns at 127.0.0.2 to 127.0.0.201, so that ports in TIME_WAIT never run out. */
int endpoint_connect(const struct endpoint *endpoint, int type);

/* Opens `count` connected sockets, at most 64 on their way at a time. Exits with a message when it cannot. */
void endpoint_connect_all(const struct endpoint *endpoint, int type, int *sockets, int count);

/* ---- accept_queue.c ---- */

/* Waits until at most so many clients wait for the server to accept them, where the kernel says so: over TCP. Exits with
 * a message when that takes more than 10 s. */
void endpoint_await_accepted(const struct endpoint *endpoint, unsigned at_most);

/* ---- message.c: what one write carries ---- */

struct batch {
  uint8_t *bytes;
  size_t length;
};

struct batch batch_of(const struct options *options);

/* ---- steps.c: taking turns with the harness ---- */

void step_ready(const struct options *options); /* prints "ready", waits for a line */
void step_end(const struct options *options);   /* waits for a line */

/* ---- one file a mode ---- */

void run_echo(const struct options *options, struct result *result);
void run_datagrams(const struct options *options, struct result *result);
void run_connect(const struct options *options, struct result *result);
void run_download(const struct options *options, struct result *result);
void run_upload(const struct options *options, struct result *result);
void run_idle(const struct options *options, struct result *result);

/* Prints `load: ` and the message, with errno's text when it is set, and exits with 1. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
