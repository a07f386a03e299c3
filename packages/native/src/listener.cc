#include "listener.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "accept.h"
#include "environment.h"
#include "socket.h"

namespace socketserver {

Listener::Listener(Environment* environment, Descriptor descriptor)
    : Source(kKind, environment, std::move(descriptor)) {}

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
  const int status = AcceptFrom(fd(), connection, remote);
  if (status == 0 && accepts_without_) SendAtOnce(connection->Get());
  return status;
}

int Listener::Lend(const std::shared_ptr<Crossing>& crossing, int64_t next, double after, uint32_t quota) {
  if (!is_listening_ || has_ahead_) return -EAGAIN;
  Address address;
  const int named = Address::Local(fd(), &address);
  if (named != 0) return named;
  if (address.Family() != AF_INET) return -EAFNOSUPPORT;
  if (lent_number_ == nullptr) lent_number_ = std::make_shared<std::atomic<int64_t>>();
  if (borrowers_.empty()) lent_number_->store(next);
  const int status = crossing->Lend({fd(), accepts_without_, lent_number_, after, quota});
  if (status == 0) borrowers_.push_back(crossing);
  return status;
}

int64_t Listener::TakeBack(const std::shared_ptr<Crossing>& crossing) {
  crossing->TakeBack();
  borrowers_.erase(std::remove(borrowers_.begin(), borrowers_.end(), crossing), borrowers_.end());
  return lent_number_ == nullptr ? 0 : lent_number_->load();
}

void Listener::TakeBackAll() {
  for (const auto& crossing : borrowers_) crossing->TakeBack();
  borrowers_.clear();
}

bool Listener::HasClients() const {
  pollfd asked{fd(), POLLIN, 0};
  return poll(&asked, 1, 0) > 0;
}

void Listener::DropAhead() {
  if (!ahead_.IsOpen()) return;
  DiscardOnClose(ahead_.Get());
  ahead_.Close();
}

}  // namespace socketserver
