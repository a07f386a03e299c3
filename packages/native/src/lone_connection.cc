#include "lone_connection.h"

#include <poll.h>
#include <sys/epoll.h>

#include <utility>

namespace socketserver {

namespace {

// Times that it is read without asking epoll, before epoll is asked again for the others' sake.
constexpr int kMaxGuesses = 8;

}  // namespace

void LoneConnection::Look(const epoll_event* events, int count) {
  const bool is_lone = count == 1 && events[0].events == EPOLLIN;
  const SlotId first = is_lone ? Poller::IdOf(events[0]) : SlotId{};
  const bool is_same = first.slot == id_.slot && first.generation == id_.generation;
  times_ = is_lone && is_same ? times_ + 1 : 0;
  had_news_ = times_ > 0;
  guesses_left_ = times_ > 1 ? kMaxGuesses : 0;
  if (times_ == 0) vigil_.Interrupt();
  id_ = first;
}

bool LoneConnection::Guess() {
  if (guesses_left_ == 0) return false;
  guesses_left_--;
  Connection* connection = Find();
  had_news_ = connection != nullptr && connection->Expect();
  return had_news_;
}

bool LoneConnection::AwaitAwake(const uv_loop_t* loop, const Poller& poller) {
  if (!std::exchange(had_news_, false) || times_ < 2) return false;
  if (uv_backend_timeout(loop) == 0) return false;
  if (Find() == nullptr || !vigil_.IsAwake(received_)) return false;
  pollfd asked{poller.fd(), POLLIN, 0};
  const uint64_t until = uv_hrtime() + Vigil::kLongestWaitNanos;
  int found;
  do found = poll(&asked, 1, 0);
  while (found == 0 && uv_hrtime() < until);
  if (found > 0) return true;
  vigil_.WaitedInVain();
  return false;
}

}  // namespace socketserver
