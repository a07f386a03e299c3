#include "process_start.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "clone_into.h"

namespace socketserver {

namespace {

// Of the functions below, and of what they call; a signal handler never runs there.
constexpr size_t kStackBytes = 64 * 1024;
constexpr char kShell[] = "/bin/sh";
// On all architectures; older headers lack them.
constexpr long kSendSignal = 424;  // pidfd_send_signal(2)
constexpr long kCloseRange = 436;  // close_range(2)
constexpr unsigned kCloseOnExec = 1u << 2;                       // CLOSE_RANGE_CLOEXEC, Linux 5.11
constexpr size_t kSignalSetBytes = 8;                         // of 64 signals. [rt_sigaction(2)]
constexpr idtype_t kByDescriptor = static_cast<idtype_t>(3);  // P_PIDFD

// What the child reads, and where it leaves why it could not: it writes to the memory of the thread that waits for it.
struct Start {
  const ProcessPlan& plan;
  std::string group_file;  // where it joins its control group; empty where it is in it already, or there is none
  StartStep step = StartStep::kClone;
  int error = 0;
};

// All that follows, down to the next line like this one, runs in the child: in the memory of this process, on a stack of its
// own, while its other threads go on. So it allocates nothing, takes no lock, and calls only what a signal handler may.
// [signal-safety(7)] The sanitizers know nothing of such a stack. ----------------------------------------------------
#define IN_CHILD __attribute__((no_sanitize("address", "undefined")))

IN_CHILD [[noreturn]] void Fail(Start* start, StartStep step) {
  start->error = errno;
  start->step = step;
  _exit(127);
}

// All signals are blocked until here, so that none finds a handler of this process's in the child. The kernel is asked without
// sigaction(2) of a library: one that is preloaded, or a sanitizer's, notes in this process's memory what each signal does.
IN_CHILD void TakeDefaultSignals() {
  const uint64_t by_default[4] = {};  // as the kernel reads it, on x64 and arm64: handler, flags, restorer, mask
  for (int signal = 1; signal < _NSIG; signal++) syscall(SYS_rt_sigaction, signal, by_default, nullptr, kSignalSetBytes);
}

IN_CHILD bool JoinGroup(const char* file) {
  const int fd = open(file, O_WRONLY | O_CLOEXEC);
  return fd >= 0 && write(fd, "0", 1) == 1;
}

IN_CHILD bool TakeStdio(const int (&wanted)[3]) {
  int sources[3];
  // First out of the way of those that they become.
  for (int fd = 0; fd < 3; fd++) {
    sources[fd] = wanted[fd] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : wanted[fd];
    if (sources[fd] >= 0 && sources[fd] < 3) sources[fd] = fcntl(sources[fd], F_DUPFD_CLOEXEC, 3);
    if (sources[fd] < 0) return false;
  }
  for (int fd = 0; fd < 3; fd++) {
    if (dup2(sources[fd], fd) < 0) return false;
  }
  return syscall(kCloseRange, 3, ~0u, kCloseOnExec) == 0;
}

IN_CHILD bool LimitFiles(int wanted) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  limit.rlim_cur = static_cast<rlim_t>(wanted) < limit.rlim_max ? static_cast<rlim_t>(wanted) : limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

// Errors that say that a path names no program, so that the next one is tried. [exec(3)]
IN_CHILD bool IsNoProgram(int error) {
  return error == ENOENT || error == ENOTDIR || error == ESTALE || error == ENODEV || error == ETIMEDOUT ||
         error == EACCES;
}

// Returns where none of them can be executed.
IN_CHILD void Execute(const ProcessPlan& plan) {
  auto** argv = const_cast<char**>(plan.argv.data());
  auto* const* environment = const_cast<char* const*>(plan.environment.data());
  int error = ENOENT;
  for (const char* program : plan.programs) {
    execve(program, argv + 1, environment);
    if (errno == ENOEXEC) {
      // A script that does not say of what: a shell's. [exec(3)]
      argv[0] = const_cast<char*>(kShell);
      argv[1] = const_cast<char*>(program);
      execve(kShell, argv, environment);
      return;
    }
    if (errno == EACCES || !IsNoProgram(errno)) error = errno;
    if (!IsNoProgram(errno)) break;
  }
  errno = error;
}

IN_CHILD void RunInChild(void* data) {
  auto* start = static_cast<Start*>(data);
  const ProcessPlan& plan = start->plan;
  setsid();
  TakeDefaultSignals();
  if (!start->group_file.empty() && !JoinGroup(start->group_file.c_str())) Fail(start, StartStep::kGroup);
  if (!TakeStdio(plan.stdio)) Fail(start, StartStep::kStdio);
  if (plan.open_files != ProcessPlan::kKept && !LimitFiles(plan.open_files)) Fail(start, StartStep::kLimit);
  if (plan.mask != ProcessPlan::kKept) umask(static_cast<mode_t>(plan.mask));
  if (chdir(plan.folder) != 0) Fail(start, StartStep::kFolder);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  Execute(plan);
  Fail(start, StartStep::kProgram);
}

// In the child until here. -------------------------------------------------------------------------------------------

// Some systems let a process have a control group and not clone into it: older ones, and containers that filter system
// calls. There the child joins by itself.
int CloneFor(Start* start, const VforkedChild& child, int* descriptor) {
  const char* group = start->plan.group;
  if (group == nullptr) return Clone(child, descriptor);
  Descriptor folder(open(group, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.IsOpen()) {
    start->step = StartStep::kGroup;
    return -errno;
  }
  const int pid = CloneIntoGroup(child, folder.Get(), descriptor);
  if (pid >= 0) return pid;
  start->group_file = std::string(group) + "/cgroup.procs";
  return Clone(child, descriptor);
}

void AwaitEnd(const Descriptor& process) {
  siginfo_t end;
  while (waitid(kByDescriptor, static_cast<id_t>(process.Get()), &end, WEXITED) < 0 && errno == EINTR) {
  }
}

}  // namespace

int StartProcess(const ProcessPlan& plan, Descriptor* process, StartStep* step) {
  const std::unique_ptr<char[]> stack(new char[kStackBytes]);
  Start start{plan, {}};
  const VforkedChild child{RunInChild, &start, stack.get(), kStackBytes};
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int descriptor = -1;
  const int pid = CloneFor(&start, child, &descriptor);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) {
    *step = start.step;
    return pid;
  }
  *process = Descriptor(descriptor);
  if (start.error == 0) return pid;
  AwaitEnd(*process);
  *step = start.step;
  return -start.error;
}

void KillProcess(const Descriptor& process) {
  syscall(kSendSignal, process.Get(), SIGKILL, nullptr, 0);
  AwaitEnd(process);
}

int ReapProcess(const Descriptor& process, int* code, int* signal) {
  siginfo_t end;
  *code = -1;
  *signal = 0;
  int waited;
  do {
    end.si_pid = 0;
    waited = waitid(kByDescriptor, static_cast<id_t>(process.Get()), &end, WEXITED | WNOHANG);
  } while (waited < 0 && errno == EINTR);
  if (waited < 0) return -errno;
  if (end.si_pid == 0) return 0;
  if (end.si_code == CLD_EXITED) *code = end.si_status;
  else *signal = end.si_status;
  return 1;
}

}  // namespace socketserver
