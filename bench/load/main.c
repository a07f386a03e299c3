/*
 * A closed-loop load generator for the benchmark: every connection keeps exactly one batch under way.
 *
 * The walk: options.c reads the command line; one file a mode (echo.c, datagrams.c, connect.c, transfer.c,
 * idle.c) opens its connections, warms up, says "ready", and measures; the result is one line of JSON.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "load.h"

/* No run outlives its phases by more than this, whatever the server does. */
#define GRACE_SECONDS 120

static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static void run(const struct options *options, struct result *result) {
  switch (options->mode) {
    case ECHO:
      if (options->transport == UDP) run_datagrams(options, result);
      else run_echo(options, result);
      return;
    case CONNECT: run_connect(options, result); return;
    case DOWNLOAD: run_download(options, result); return;
    case UPLOAD: run_upload(options, result); return;
    case IDLE: run_idle(options, result); return;
  }
}

int main(int argc, char **argv) {
  static struct result result;
  struct options options = parse_options(argc, argv);

  signal(SIGPIPE, SIG_IGN);
  alarm((unsigned)(options.seconds + options.warmup) + GRACE_SECONDS);
  raise_descriptor_limit();
  run(&options, &result);
  return 0;
}

void fail(const char *format, ...) {
  int code = errno;
  va_list arguments;
  va_start(arguments, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fprintf(stderr, code != 0 ? ": %s\n" : "\n", strerror(code));
  exit(1);
}
