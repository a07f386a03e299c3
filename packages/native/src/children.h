#pragma once

#include <node_api.h>
#include <uv.h>

#include <unordered_set>

#include "descriptor.h"

namespace socketserver {

class Environment;

// The processes that this thread has started and that have not ended. While there are any, the event loop is kept alive.
class Children {
 public:
  explicit Children(Environment* environment) : environment_(environment) {}

  // Calls `exited` with the code and the signal of a process [ReapProcess()] when it has ended. Gives 0 or a negative errno:
  // then `process` is the caller's still.
  int Watch(Descriptor* process, napi_value exited);

  // The thread ends before them. They go on, and are reaped all the same.
  void Leave();

 private:
  struct Child;

  static void OnReadable(uv_poll_t* poll, int status, int events);
  static void OnClosed(uv_handle_t* poll);
  void Ended(Child* child, int code, int signal);
  void Forget(Child* child);

  Environment* environment_;
  std::unordered_set<Child*> children_;
};

}  // namespace socketserver
