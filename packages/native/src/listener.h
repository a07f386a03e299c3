#pragma once

#include <cstdint>

#include "address.h"
#include "source.h"

namespace socketserver {

class Environment;

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

 private:
  int Watch();
  bool IsWanted() const;
  void SetReadable(bool readable);
  void TellReady();
  int AcceptNow(Descriptor* connection, Address* remote);

  Environment* environment_;
  bool is_watched_ = false;
  bool is_listening_ = false;
  bool accepts_without_ = false;  // those that wait already have inherited nothing from us
  bool has_ahead_ = false;
  int ahead_status_ = 0;
  Descriptor ahead_;
  Address ahead_remote_;
};

}  // namespace socketserver
