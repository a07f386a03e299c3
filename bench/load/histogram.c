/* Log-linear buckets: 64 per power of two, so a slot is at most 1.6 % wide. */
#include "load.h"

static unsigned slot_of(uint64_t value) {
  if (value < 64) return (unsigned)value;
  unsigned exponent = 63 - (unsigned)__builtin_clzll(value);
  unsigned shift = exponent - 6;
  unsigned slot = (shift + 1) * 64 + (unsigned)((value >> shift) - 64);
  return slot < HISTOGRAM_SLOTS ? slot : HISTOGRAM_SLOTS - 1;
}

static double value_of(unsigned slot) {
  if (slot < 64) return slot;
  unsigned shift = slot / 64 - 1;
  return (double)((uint64_t)(64 + slot % 64) << shift) + (double)(1ull << shift) / 2;
}

void histogram_add(struct histogram *histogram, uint64_t nanoseconds) {
  histogram->total++;
  histogram->counts[slot_of(nanoseconds)]++;
}

double histogram_micros(const struct histogram *histogram, double quantile) {
  uint64_t rank = (uint64_t)((double)histogram->total * quantile);
  uint64_t seen = 0;
  for (unsigned slot = 0; slot < HISTOGRAM_SLOTS; slot++) {
    seen += histogram->counts[slot];
    if (seen > rank) return value_of(slot) / 1000;
  }
  return 0;
}
