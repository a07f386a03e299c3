#include <stdio.h>

#include "load.h"

static void wait_for_line(void) {
  int byte;
  while ((byte = getchar()) != EOF && byte != '\n') continue;
}

void step_ready(const struct options *options) {
  if (!options->steps) return;
  puts("ready");
  fflush(stdout);
  wait_for_line();
}

void step_end(const struct options *options) {
  if (options->steps) wait_for_line();
}
