#pragma once

#include <cstddef>

namespace socketserver {

// A child that shares this process's memory, and that runs before this thread goes on: until it executes a program or
// ends. [clone(2): CLONE_VM, CLONE_VFORK] `run` never returns.
struct VforkedChild {
  void (*run)(void* data);
  void* data;
  char* stack;
  size_t stack_bytes;
};

// Each gives the number of the process, or a negative errno; and a descriptor for it. [clone(2): CLONE_PIDFD]
int Clone(const VforkedChild& child, int* descriptor);
// In the control group whose folder is open as `group` from its first moment on: to join one later makes the kernel wait
// for all other processors. [clone(2): CLONE_INTO_CGROUP, Linux 5.7]
int CloneIntoGroup(const VforkedChild& child, int group, int* descriptor);

}  // namespace socketserver
