#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "load.h"

void result_reset(struct result *result) {
  memset(result, 0, sizeof *result);
}

void result_print(const struct result *result) {
  printf("{\"requests\":%" PRIu64 ",\"seconds\":%.6f,\"errors\":%" PRIu64 ",\"bytes\":%" PRIu64
         ",\"latencyMicros\":{\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f}}\n",
         result->requests, result->seconds, result->errors, result->bytes, histogram_micros(&result->latency, 0.5),
         histogram_micros(&result->latency, 0.99), histogram_micros(&result->latency, 0.999));
  fflush(stdout);
}
