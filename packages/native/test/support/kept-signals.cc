// Preloaded into a process, says on its standard error when the engine asks the C library to change what a signal does: what
// else is preloaded, as libjsig, would note that in the memory of the process that it thinks it is in.
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>

#include "engine-code.h"

extern "C" int sigaction(int signal, const struct sigaction* action, struct sigaction* before) {
  using Call = int (*)(int, const struct sigaction*, struct sigaction*);
  static const Call next = reinterpret_cast<Call>(dlsym(RTLD_NEXT, "sigaction"));
  if (action != nullptr && IsOfEngine(__builtin_return_address(0))) {
    constexpr char kSaid[] = "the engine changes a signal\n";
    if (write(2, kSaid, strlen(kSaid)) < 0) return -1;
  }
  return next(signal, action, before);
}
