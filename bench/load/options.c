#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

static const char *const usage =
    "load --port <n> | --path <path> [options]\n"
    "  --transport tcp|udp|unix     default tcp\n"
    "  --mode echo|connect|download|upload|idle\n"
    "  --framing none|line|length   how messages are told apart (echo mode), default none\n"
    "  --host <address>             default 127.0.0.1\n"
    "  --connections <n>            default 1\n"
    "  --size <bytes>               of one message, default 64\n"
    "  --pipeline <n>               messages a write (UDP: datagrams under way a socket), default 1\n"
    "  --seconds <s> --warmup <s>   default 1 and 0\n"
    "  --requests <n>               ends earlier, after about n requests\n"
    "  --bytes <n>                  of one download or upload\n"
    "  --touch                      idle mode: one echo on each connection first\n"
    "  --steps                      print \"ready\" and wait for a line on stdin, before measuring; and before the end\n";

static int choice(const char *name, const char *value, const char *const *choices) {
  for (int i = 0; choices[i] != NULL; i++) {
    if (strcmp(choices[i], value) == 0) return i;
  }
  fail("--%s cannot be %s", name, value);
}

static double number(const char *name, const char *text, double least) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end != '\0' || value < least) {
    errno = 0;
    fail("--%s must be a number of at least %g, got %s", name, least, text);
  }
  return value;
}

static void check(const struct options *options) {
  errno = 0;
  if (options->transport == UNIX ? options->path == NULL : options->port == 0) fail("no address\n%s", usage);
  if (options->transport == UDP && options->mode != ECHO) fail("UDP has only the echo mode");
  if (options->transport == UDP && options->size < 16) fail("--size must be at least 16 for UDP");
  if (options->transport == UDP && options->size > 65507) fail("--size must be at most 65507 for UDP");
}

struct options parse_options(int argc, char **argv) {
  static const char *const transports[] = {"tcp", "udp", "unix", NULL};
  static const char *const modes[] = {"echo", "connect", "download", "upload", "idle", NULL};
  static const char *const framings[] = {"none", "line", "length", NULL};
  static const struct option names[] = {
      {"transport", required_argument, NULL, 't'},  {"mode", required_argument, NULL, 'm'},
      {"framing", required_argument, NULL, 'f'},    {"host", required_argument, NULL, 'h'},
      {"port", required_argument, NULL, 'p'},       {"path", required_argument, NULL, 'u'},
      {"connections", required_argument, NULL, 'c'}, {"size", required_argument, NULL, 's'},
      {"pipeline", required_argument, NULL, 'n'},   {"seconds", required_argument, NULL, 'd'},
      {"warmup", required_argument, NULL, 'w'},     {"requests", required_argument, NULL, 'r'},
      {"bytes", required_argument, NULL, 'b'},      {"touch", no_argument, NULL, 'i'},
      {"steps", no_argument, NULL, 'x'},            {NULL, 0, NULL, 0},
  };
  struct options options = {
      .host = "127.0.0.1", .connections = 1, .size = 64, .pipeline = 1, .seconds = 1, .bytes = 1 << 20};
  int index, found;
  while ((found = getopt_long(argc, argv, "", names, &index)) != -1) {
    const char *name = found == '?' ? "" : names[index].name;
    switch (found) {
      case 't': options.transport = (enum transport)choice(name, optarg, transports); break;
      case 'm': options.mode = (enum mode)choice(name, optarg, modes); break;
      case 'f': options.framing = (enum framing)choice(name, optarg, framings); break;
      case 'h': options.host = optarg; break;
      case 'p': options.port = (int)number(name, optarg, 1); break;
      case 'u': options.path = optarg; break;
      case 'c': options.connections = (int)number(name, optarg, 1); break;
      case 's': options.size = (size_t)number(name, optarg, 1); break;
      case 'n': options.pipeline = (int)number(name, optarg, 1); break;
      case 'd': options.seconds = number(name, optarg, 0); break;
      case 'w': options.warmup = number(name, optarg, 0); break;
      case 'r': options.requests = (uint64_t)number(name, optarg, 1); break;
      case 'b': options.bytes = (uint64_t)number(name, optarg, 1); break;
      case 'i': options.touch = true; break;
      case 'x': options.steps = true; break;
      default: fputs(usage, stderr); exit(2);
    }
  }
  check(&options);
  return options;
}
