#include "listener.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "environment.h"
#include "socket.h"

namespace socketserver {

namespace {

// The client was gone before it was accepted; the next one may be there. [accept(2), Error handling]
bool IsPassing(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

constexpr int kMaxPassing = 64;

}  // namespace

Listener::Listener(Environment* environment, Descriptor descriptor)
    : Source(kKind, std::move(descriptor)), environment_(environment) {}

bool Listener::IsWanted() const {
  return (environment_->mailbox().Slot(id().slot, layout::kSlotState) & layout::kWanted) != 0;
}

void Listener::SetReadable(bool readable) {
  int32_t& state = environment_->mailbox().Slot(id().slot, layout::kSlotState);
  state = readable ? state | layout::kReadable : state & ~layout::kReadable;
}

int Listener::Listen(int backlog) {
  SendAtOnce(fd());  // whom it accepts inherits that
  return listen(fd(), backlog) < 0 ? -errno : Watch();
}

int Listener::WatchInherited() {
  accepts_without_ = true;
  return Watch();
}

int Listener::Watch() {
  if (is_listening_) return 0;
  const int status = environment_->poller().Add(fd(), id(), EPOLLIN);
  is_listening_ = is_watched_ = status == 0;
  return status;
}

void Listener::OnEvents(uint32_t) {
  if (!is_watched_) return;
  if (!IsWanted()) {
    // Edge-triggered without EPOLLIN: silent, also where EPOLLHUP would be reported again and again.
    environment_->poller().Modify(fd(), id(), EPOLLET);
    is_watched_ = false;
    SetReadable(true);
  } else if (IsReady()) {
    TellReady();
  }
}

void Listener::OnResume() {
  if (!is_listening_ || !IsWanted()) return;
  if (has_ahead_) return TellReady();
  SetReadable(false);
  if (is_watched_) return;
  is_watched_ = true;
  environment_->poller().Modify(fd(), id(), EPOLLIN);
}

void Listener::TellReady() {
  environment_->mailbox().Slot(id().slot, layout::kSlotState) &= ~layout::kWanted;
  environment_->Emit(layout::kReady, id(), 0, 0);
}

bool Listener::IsReady() {
  if (has_ahead_) return true;
  if (!is_listening_) return false;
  const int status = AcceptNow(&ahead_, &ahead_remote_);
  if (status == -EAGAIN) return false;
  ahead_status_ = status;
  has_ahead_ = true;
  SetReadable(true);
  return true;
}

int Listener::Accept(Descriptor* connection, Address* remote) {
  if (!is_listening_) return -EAGAIN;
  if (!has_ahead_) return AcceptNow(connection, remote);
  has_ahead_ = false;
  if (is_watched_) SetReadable(false);
  *connection = std::move(ahead_);
  *remote = ahead_remote_;
  return ahead_status_;
}

int Listener::AcceptNow(Descriptor* connection, Address* remote) {
  for (int attempt = 0; attempt < kMaxPassing; attempt++) {
    *remote = Address{};
    const int accepted = accept4(fd(), remote->Raw(), &remote->length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      *connection = Descriptor(accepted);
      if (accepts_without_) SendAtOnce(accepted);
      return 0;
    }
    if (!IsPassing(errno)) return -errno;
  }
  return -EAGAIN;
}

void Listener::DropAhead() {
  if (!ahead_.IsOpen()) return;
  DiscardOnClose(ahead_.Get());
  ahead_.Close();
}

}  // namespace socketserver
