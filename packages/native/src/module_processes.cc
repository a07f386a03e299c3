#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "arguments.h"
#include "module.h"

namespace socketserver {

namespace {

// A signal that nothing else uses, and that JavaScript cannot listen to. Those below are the C library's.
const int kParentDied = SIGRTMIN + 7;

// One a process, since signals and parents are: made once, and there until it ends.
timer_t end_timer;
itimerspec grace;

// The timer ends the process also while JavaScript blocks. [signal-safety(7): timer_settime]
void OnParentDied(int) {
  const int error = errno;
  timer_settime(end_timer, 0, &grace, nullptr);
  errno = error;
}

int EndWithParent(int parent, int grace_ms) {
  static bool is_made = false;
  if (is_made) return -EALREADY;
  sigevent kill{};
  kill.sigev_notify = SIGEV_SIGNAL;
  kill.sigev_signo = SIGKILL;
  if (timer_create(CLOCK_MONOTONIC, &kill, &end_timer) != 0) return -errno;
  is_made = true;
  grace.it_value = {grace_ms / 1000, grace_ms % 1000 * 1'000'000L};
  struct sigaction action {};
  action.sa_handler = OnParentDied;
  action.sa_flags = SA_RESTART;
  if (sigaction(kParentDied, &action, nullptr) != 0) return -errno;
  if (prctl(PR_SET_PDEATHSIG, kParentDied) != 0) return -errno;
  // It may have died before it was asked for. [prctl(2): PR_SET_PDEATHSIG]
  if (getppid() != parent) OnParentDied(0);
  return 0;
}

// endWithParent(parent, graceMs): kills this process so long after its parent.
napi_value EndWithParent(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const int grace_ms = arguments.Int32(1);
  if (grace_ms <= 0) return arguments.Return(-EINVAL);
  return arguments.Return(EndWithParent(arguments.Int32(0), grace_ms));
}

}  // namespace

void AddProcessFunctions(std::vector<napi_property_descriptor>* functions) {
  AddFunctions({{"endWithParent", EndWithParent}}, functions);
}

}  // namespace socketserver
