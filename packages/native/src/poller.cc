#include "poller.h"

#include <cerrno>

namespace socketserver {

int Poller::Open() {
  descriptor_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  return descriptor_.IsOpen() ? 0 : -errno;
}

int Poller::Control(int operation, int fd, SlotId id, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = NameOf(id);
  return epoll_ctl(descriptor_.Get(), operation, fd, &event) < 0 ? -errno : 0;
}

int Poller::Add(int fd, SlotId id, uint32_t events) { return Control(EPOLL_CTL_ADD, fd, id, events); }

int Poller::Modify(int fd, SlotId id, uint32_t events) { return Control(EPOLL_CTL_MOD, fd, id, events); }

void Poller::Remove(int fd) { epoll_ctl(descriptor_.Get(), EPOLL_CTL_DEL, fd, nullptr); }

int Poller::Wait() {
  const int count = epoll_wait(descriptor_.Get(), events_, kMaxEvents, 0);
  return count < 0 ? 0 : count;  // EINTR: what is ready stays ready
}

}  // namespace socketserver
