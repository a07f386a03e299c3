#pragma once

#include <uv.h>

#include <cstdint>

#include "connection.h"
#include "poller.h"
#include "slots.h"
#include "vigil.h"

namespace socketserver {

// The connection that alone had news, while others are idle: most likely it is the next one that has some.
class LoneConnection {
 public:
  explicit LoneConnection(const Slots* slots) : slots_(slots) {}

  // Epoll was asked, and told so many events.
  void Look(const epoll_event* events, int count);
  void Received(size_t bytes) { received_ += bytes; }

  // Has it read in this round, which spares epoll_wait(2). What epoll has to say stays there: an edge is dropped only once
  // nothing is behind it any more. Gives false where epoll is to be asked, at times for the others' sake.
  bool Guess();

  // Where that is cheaper, awaits its next bytes here rather than asleep in libuv, when that has nothing else to do. Gives
  // whether epoll has news. libuv's other handles have their turn after each wait, and without news there is no second one.
  bool AwaitAwake(const uv_loop_t* loop, const Poller& poller);

 private:
  Connection* Find() const { return slots_->Find<Connection>(id_.slot, id_.generation); }

  const Slots* slots_;
  SlotId id_;
  int times_ = 0;          // how many times in a row it was alone
  int guesses_left_ = 0;
  bool had_news_ = false;  // since it was last awaited
  uint64_t received_ = 0;  // bytes, of all connections
  Vigil vigil_;            // whether its next bytes are awaited awake
};

}  // namespace socketserver
