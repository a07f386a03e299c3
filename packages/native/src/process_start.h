#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <vector>

#include "descriptor.h"

namespace socketserver {

// What a process is started with. The strings are somebody else's, and stay where they are until it runs.
struct ProcessPlan {
  // The value of a number that leaves things as they are in this process.
  static constexpr int kKept = -1;

  const char* folder = nullptr;            // its working directory
  const char* group = nullptr;             // the folder of its control group; null for that of this process
  std::vector<const char*> programs;       // paths: the first that can be executed is the one
  std::vector<const char*> argv;           // from argv[1] on, and null: the first place is for a shell
  std::vector<const char*> environment;    // and null
  int stdio[3] = {kKept, kKept, kKept};    // what become descriptors 0, 1 and 2; kKept is /dev/null
  int open_files = kKept;                  // soft limit, at most the hard one
  int mask = kKept;                        // of the files that it makes
};

// Where a start failed. The order is that of `steps` in lib/processes.ts.
enum class StartStep : int { kClone, kGroup, kStdio, kLimit, kFolder, kProgram };

// Starts a process, in a session and a process group of its own, with no signal blocked or ignored, and no other
// descriptor than 0, 1 and 2.
//
// The child runs in this process's memory until it executes the program, so nothing is copied, however large this
// process is. [vfork(2)] Gives the number of the process, and a descriptor that becomes readable at its end
// [pidfd_open(2)]; or a negative errno, with nothing started, and the step that failed.
int StartProcess(const ProcessPlan& plan, Descriptor* process, StartStep* step);

// Reaps a process that has ended. Gives 1, or 0 where it still runs, or a negative errno. Of `code` and `signal` one is
// set, the other one is -1 or 0. [waitid(2): P_PIDFD]
int ReapProcess(const Descriptor& process, int* code, int* signal);

// Kills a process and reaps it.
void KillProcess(const Descriptor& process);

}  // namespace socketserver
