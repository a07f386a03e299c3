// Preloaded into a process, has system calls fail, of the engine and of nobody else. FAILING_CALLS says which, with what:
// `accept4=103,71 recv=4,0,0` has accept4(2) fail with 103, then with 71, go through, and so on; and recv(2) fail with 4, then
// go through three times, and so on. At its end the process adds to the file that FAILED_CALLS names how often each has failed.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine-code.h"

namespace {

constexpr int kMaxErrors = 128;

struct Call {
  const char* name;
  int errors[kMaxErrors];
  int count = 0;
  std::atomic<unsigned> calls{0};
  std::atomic<unsigned> failed{0};

  explicit Call(const char* called) : name(called) {
    const char* all = getenv("FAILING_CALLS");
    const size_t length = strlen(name);
    for (; all != nullptr; all = strchr(all, ' ')) {
      while (*all == ' ') all++;
      if (strncmp(all, name, length) != 0 || all[length] != '=') continue;
      char* at = const_cast<char*>(all + length);
      while ((*at == '=' || *at == ',') && count < kMaxErrors) {
        errors[count++] = static_cast<int>(strtol(at + 1, &at, 10));
      }
    }
  }

  ~Call() {
    const char* file = getenv("FAILED_CALLS");
    const int fd = file == nullptr || failed == 0 ? -1 : open(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0) return;
    dprintf(fd, "%s %u\n", name, failed.load());
    close(fd);
  }

  // Sets errno and gives true where this call is to fail.
  bool Fails(void* caller) {
    if (count == 0 || !IsOfEngine(caller)) return false;
    const unsigned turn = calls++ % static_cast<unsigned>(count + 1);
    if (turn == static_cast<unsigned>(count) || errors[turn] == 0) return false;
    failed++;
    errno = errors[turn];
    return true;
  }
};

}  // namespace

// Defines the function `name`, with these parameters, called with those arguments.
#define FAILING(result, name, parameters, arguments)                                    \
  extern "C" result name parameters {                                                   \
    static Call call(#name);                                                            \
    static const auto next = reinterpret_cast<result(*) parameters>(dlsym(RTLD_NEXT, #name)); \
    return call.Fails(__builtin_return_address(0)) ? -1 : next arguments;               \
  }

FAILING(int, accept4, (int fd, sockaddr* address, socklen_t* length, int flags), (fd, address, length, flags))
FAILING(ssize_t, recv, (int fd, void* bytes, size_t length, int flags), (fd, bytes, length, flags))
FAILING(ssize_t, recvmsg, (int fd, msghdr* message, int flags), (fd, message, flags))
FAILING(int, recvmmsg, (int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout),
        (fd, messages, count, flags, timeout))
FAILING(ssize_t, send, (int fd, const void* bytes, size_t length, int flags), (fd, bytes, length, flags))
FAILING(ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags))
FAILING(int, sendmmsg, (int fd, mmsghdr* messages, unsigned count, int flags), (fd, messages, count, flags))
FAILING(ssize_t, sendfile64, (int to, int from, off64_t* offset, size_t count), (to, from, offset, count))
FAILING(int, epoll_wait, (int epoll, epoll_event* events, int most, int timeout), (epoll, events, most, timeout))
FAILING(int, poll, (pollfd* asked, nfds_t count, int timeout), (asked, count, timeout))
FAILING(int, waitid, (idtype_t type, id_t id, siginfo_t* end, int options), (type, id, end, options))
