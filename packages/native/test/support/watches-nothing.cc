// Preloaded into a process, refuses what epoll refuses to a user who watches as many descriptors as it may: connections,
// which are the ones that are watched for their edges. [epoll(7): max_user_watches]
#include <dlfcn.h>
#include <sys/epoll.h>

#include <cerrno>

extern "C" int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
  if (operation == EPOLL_CTL_ADD && (event->events & EPOLLET) != 0 && (event->events & EPOLLPRI) != 0) {
    errno = ENOSPC;
    return -1;
  }
  using Call = int (*)(int, int, int, epoll_event*);
  static const Call next = reinterpret_cast<Call>(dlsym(RTLD_NEXT, "epoll_ctl"));
  return next(epoll, operation, fd, event);
}
