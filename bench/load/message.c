/*
 * The bytes of one write: `pipeline` messages of `size` bytes. No two messages of a batch are alike, so a
 * server that loses, doubles or swaps one is found out.
 *
 *   none    size bytes
 *   line    size - 1 letters, then a newline
 *   length  size as 4 bytes, big-endian, then size bytes
 */
#include <stdlib.h>

#include "load.h"

static uint8_t letter(int message, size_t at) {
  return (uint8_t)('a' + ((size_t)message * 7 + at + at / 251) % 26);
}

struct batch batch_of(const struct options *options) {
  size_t prefix = options->framing == LENGTH ? 4 : 0;
  size_t length = (prefix + options->size) * (size_t)options->pipeline;
  struct batch batch = {malloc(length), length};
  uint8_t *at = batch.bytes;
  if (at == NULL) fail("no memory for a batch of %zu bytes", length);

  for (int message = 0; message < options->pipeline; message++) {
    for (size_t i = 0; i < prefix; i++) *at++ = (uint8_t)(options->size >> (8 * (prefix - 1 - i)));
    for (size_t i = 0; i < options->size; i++) *at++ = letter(message, i);
    if (options->framing == LINE) at[-1] = '\n';
  }
  return batch;
}
