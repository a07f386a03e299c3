#include "clone_into.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

// Older headers lack what the kernel has.
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

namespace socketserver {

namespace {

constexpr int kFlags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
constexpr long kClone3 = 435;  // on all architectures

// As the kernel reads it. [clone(2)]
struct alignas(8) CloneArguments {
  uint64_t flags;
  uint64_t pidfd;
  uint64_t child_tid;
  uint64_t parent_tid;
  uint64_t exit_signal;
  uint64_t stack;
  uint64_t stack_size;
  uint64_t tls;
  uint64_t set_tid;
  uint64_t set_tid_size;
  uint64_t cgroup;
};

// The C library has no function for clone3(2), and its syscall(2) would return in the child, on a stack that nobody has
// called it on. So the child's first instructions are here.
long Clone3(CloneArguments* arguments, const VforkedChild& child) {
#if defined(__x86_64__)
  long result;
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "mov %[data], %%rdi\n\t"
      "call *%[run]\n\t"
      "hlt\n"
      "1:"
      : "=a"(result)
      : "a"(kClone3), "D"(arguments), "S"(sizeof *arguments), [run] "r"(child.run), [data] "r"(child.data)
      : "rcx", "r11", "cc", "memory");
  return result;
#elif defined(__aarch64__)
  register long result __asm__("x0") = reinterpret_cast<long>(arguments);
  register long size __asm__("x1") = sizeof *arguments;
  register long number __asm__("x8") = kClone3;
  __asm__ volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x0, %[data]\n\t"
      "blr %[run]\n\t"
      "brk #0\n"
      "1:"
      : "+r"(result)
      : "r"(size), "r"(number), [run] "r"(child.run), [data] "r"(child.data)
      : "x30", "cc", "memory");
  return result;
#else
  static_cast<void>(arguments);
  static_cast<void>(child);
  return -ENOSYS;
#endif
}

int RunChild(void* child) {
  const auto* that = static_cast<const VforkedChild*>(child);
  that->run(that->data);
  return 0;
}

}  // namespace

int Clone(const VforkedChild& child, int* descriptor) {
  // It begins at the top of its stack. clone(2) of the C library aligns that.
  char* top = child.stack + child.stack_bytes;
  const int pid = clone(RunChild, top, kFlags | SIGCHLD, const_cast<VforkedChild*>(&child), descriptor);
  return pid < 0 ? -errno : pid;
}

int CloneIntoGroup(const VforkedChild& child, int group, int* descriptor) {
  CloneArguments arguments{};
  arguments.flags = kFlags | CLONE_INTO_CGROUP;
  arguments.pidfd = reinterpret_cast<uint64_t>(descriptor);
  arguments.exit_signal = SIGCHLD;
  arguments.stack = reinterpret_cast<uint64_t>(child.stack);
  arguments.stack_size = child.stack_bytes & ~size_t{15};
  arguments.cgroup = static_cast<uint64_t>(group);
  return static_cast<int>(Clone3(&arguments, child));
}

}  // namespace socketserver
