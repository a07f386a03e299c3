/*
 * How far a server is behind with accepting. The kernel drops whom the queue has no room for, without a word, and the
 * client tries again only a second later [listen(2), tcp(7)]: who connects faster than a server accepts measures that.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "load.h"

#define LISTENING 0x0a /* TCP_LISTEN [include/net/tcp_states.h] */
#define PATIENCE_NS 10000000000ull

/* Clients that wait to be accepted at this port; listening sockets come first in the table. [proc(5)] */
static unsigned waiting_at(unsigned port) {
  FILE *table = fopen("/proc/net/tcp", "re");
  char line[256];
  unsigned waiting = 0;
  if (table == NULL) return 0;
  while (fgets(line, sizeof line, table) != NULL) {
    unsigned local_port, state, queue;
    if (sscanf(line, " %*d: %*8X:%4X %*8X:%*4X %2X %*8X:%8X", &local_port, &state, &queue) != 3) continue;
    if (state != LISTENING) break;
    if (local_port == port) waiting += queue;
  }
  fclose(table);
  return waiting;
}

void endpoint_await_accepted(const struct endpoint *endpoint, unsigned at_most) {
  if (endpoint->family != AF_INET) return;
  unsigned port = ntohs(((const struct sockaddr_in *)&endpoint->address)->sin_port);
  uint64_t deadline = now_ns() + PATIENCE_NS;
  while (waiting_at(port) > at_most) {
    if (now_ns() > deadline) fail("%u clients wait to be accepted", waiting_at(port));
    usleep(500);
  }
}
