#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "address.h"
#include "crossing.h"
#include "source.h"

namespace socketserver {

// A listening socket from which connections are pulled one at a time; whom nobody asks for stays in the kernel's
// queue. At most one connection is taken ahead, since only accept4(2) tells for sure that there is one: another
// process may share the queue, and a client may be gone again.
//
// epoll watches it level-triggered, and is told to stop only when a client comes while nobody waits: a server
// that asks again before the next client costs no epoll_ctl(2).
class Listener final : public Source {
 public:
  static constexpr Kind kKind = Kind::kListener;

  Listener(Environment* environment, Descriptor descriptor);
  ~Listener() override { TakeBackAll(); }

  void OnEvents(uint32_t events) override;
  void OnResume() override;
  void OnTurn() override {}

  // Gives 0 or a negative errno.
  int Listen(int backlog);
  // For an inherited socket that listens already. Gives 0 or a negative errno: -EEXIST where another source has it.
  int WatchInherited();

  // Whether Accept would give a connection or an error.
  bool IsReady();
  // Gives 0, -EAGAIN when nobody waits, or what accept4(2) failed with.
  int Accept(Descriptor* connection, Address* remote);

  // Ends a connection that was taken ahead as the kernel ends those in its queue: with a reset.
  void DropAhead();

  // Lets the thread at the far end of a crossing accept clients of IPv4 until TakeBack. Several may: the first of the clients
  // of all gets the number `next`. Gives 0 or a negative errno: -EAGAIN where a client was taken ahead.
  int Lend(const std::shared_ptr<Crossing>& crossing, int64_t next, double after, uint32_t quota);
  // Gives the number that the next client gets.
  int64_t TakeBack(const std::shared_ptr<Crossing>& crossing);
  // Whether somebody waits in the kernel's queue.
  bool HasClients() const;

 private:
  void TakeBackAll();
  int Watch();
  int AcceptNow(Descriptor* connection, Address* remote);

  bool is_watched_ = false;
  bool is_listening_ = false;
  bool accepts_without_ = false;  // those that wait already have inherited nothing from us
  bool has_ahead_ = false;
  int ahead_status_ = 0;
  Descriptor ahead_;
  Address ahead_remote_;
  std::vector<std::shared_ptr<Crossing>> borrowers_;
  std::shared_ptr<std::atomic<int64_t>> lent_number_;
};

}  // namespace socketserver
