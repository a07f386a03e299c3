#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "arguments.h"
#include "module.h"
#include "process_start.h"

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

// The numbers of startProcess(), in their order; lib/processes.ts writes them.
enum Number : size_t { kPrograms, kArguments, kVariables, kStdin, kStdout, kStderr, kOpenFiles, kMask, kNumbers };

// Reads a plan from its texts, each of which ends with NUL: the folder, the control group's (or none), the programs, the
// arguments, the variables. Gives whether they are as many as the numbers say.
bool ReadPlan(const char* texts, size_t length, const int32_t* numbers, ProcessPlan* plan) {
  const char* const end = texts + length;
  if (length == 0 || end[-1] != '\0') return false;
  const auto next = [&texts, end]() -> const char* {
    if (texts == end) return nullptr;
    const char* text = texts;
    texts += strlen(text) + 1;
    return text;
  };
  const auto take = [&next](int32_t count, std::vector<const char*>* list) {
    for (int32_t i = 0; i < count; i++) list->push_back(next());
    return count <= 0 || list->back() != nullptr;
  };
  plan->folder = next();
  plan->group = next();
  plan->argv.push_back(nullptr);
  if (plan->group == nullptr || !take(numbers[kPrograms], &plan->programs)) return false;
  if (!take(numbers[kArguments], &plan->argv) || !take(numbers[kVariables], &plan->environment)) return false;
  if (texts != end || numbers[kArguments] < 1) return false;
  if (*plan->group == '\0') plan->group = nullptr;
  plan->argv.push_back(nullptr);
  plan->environment.push_back(nullptr);
  std::copy_n(numbers + kStdin, 3, plan->stdio);
  plan->open_files = numbers[kOpenFiles];
  plan->mask = numbers[kMask];
  return true;
}

// startProcess(texts, numbers, exited): the number of the process. Where it fails, numbers[0] is the step that did.
napi_value Start(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const uint8_t* texts = nullptr;
  size_t length = 0;
  napi_typedarray_type type = napi_uint8_array;
  size_t count = 0;
  void* memory = nullptr;
  const bool has_numbers =
      napi_get_typedarray_info(env, arguments[1], &type, &count, &memory, nullptr, nullptr) == napi_ok &&
      type == napi_int32_array && count >= kNumbers;
  if (!has_numbers || !arguments.Bytes(0, &texts, &length)) return arguments.Return(-EINVAL);
  auto* numbers = static_cast<int32_t*>(memory);
  ProcessPlan plan;
  const bool is_read = ReadPlan(reinterpret_cast<const char*>(texts), length, numbers, &plan);
  Descriptor process;
  StartStep step = StartStep::kClone;
  const int pid = is_read ? StartProcess(plan, &process, &step) : -EINVAL;
  numbers[0] = static_cast<int32_t>(step);
  if (pid < 0) return arguments.Return(pid);
  const int status = arguments.environment().children().Watch(&process, arguments[2]);
  if (status < 0) KillProcess(process);  // nobody would ever hear of it
  return arguments.Return(status < 0 ? status : pid);
}

}  // namespace

void AddProcessFunctions(std::vector<napi_property_descriptor>* functions) {
  AddFunctions({{"endWithParent", EndWithParent}, {"startProcess", Start}}, functions);
}

}  // namespace socketserver
