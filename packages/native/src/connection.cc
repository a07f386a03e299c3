#include "connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <utility>

#include "environment.h"
#include "socket.h"

namespace socketserver {

namespace {

constexpr uint32_t kInputEvents = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET;

// What one takes that waits for bytes, with its part of tables that may be half empty. test/idle-memory.test.ts weighs it.
static_assert(sizeof(Connection) + 2 * (Slots::kBytesPerSlot + layout::kSlotWords * sizeof(int32_t)) <= 128,
              "an idle connection takes at most 128 bytes of native memory");

}  // namespace

Connection::Connection(Environment* environment, Descriptor descriptor, int family)
    : Source(kKind, environment, std::move(descriptor)),
      is_unix_(family == AF_UNIX),
      is_connecting_(false),
      is_scheduled_(false),
      reads_large_(false),
      trusts_short_(true),
      read_ended_(false),
      write_ended_(false),
      end_wanted_(false),
      close_wanted_(false),
      drain_wanted_(false) {}

Connection::~Connection() = default;

void Connection::Schedule() {
  if (is_scheduled_) return;
  is_scheduled_ = true;
  environment_->MarkReady(id());
}

// Output is watched only from the first full socket buffer on. A Unix socket reports every piece that the peer
// takes, so there it is watched only while something waits; TCP reports only after a send has failed.
bool Connection::Register(bool for_output) {
  const uint32_t events = kInputEvents | (for_output ? static_cast<uint32_t>(EPOLLOUT) : 0u);
  if (registered_ == events) return true;
  if (registered_ == 0) {
    // ENOSPC where the user watches as many descriptors as it may, or ENOMEM: nothing would ever be told of it.
    const int status = environment_->poller().Add(fd(), id(), events);
    if (status < 0) return Fail(status, layout::kRead);
  } else {
    environment_->poller().Modify(fd(), id(), events);  // takes no memory
  }
  registered_ = events;
  return true;
}

void Connection::OnEvents(uint32_t events) {
  // After urgent data, an end or an error a short read says nothing about what follows.
  if ((events & (EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR)) != 0) trusts_short_ = false;
  if (is_connecting_) return FinishConnect();
  if ((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) SetReadable(true);
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0 && out_ != nullptr && !Pump()) return;
  if ((events & EPOLLOUT) != 0 && is_unix_ && out_ == nullptr && !Register(false)) return;
  if ((events & ~static_cast<uint32_t>(EPOLLOUT)) == 0) return;
  if (IsWanted() || close_wanted_) return Schedule();
  if ((events & EPOLLERR) != 0) NoticeFailureWhileStopped();
}

void Connection::OnResume() {
  if (!read_ended_ && !is_connecting_) Schedule();
}

void Connection::OnTurn() {
  is_scheduled_ = false;
  if (out_ != nullptr && !Pump()) return;
  // A peer that sends everything before it reads anything must come to read our last bytes.
  if (close_wanted_) {
    if (!DiscardInput()) Schedule();
    return;
  }
  const int32_t state = environment_->mailbox().Slot(id().slot, layout::kSlotState);
  constexpr int32_t kBoth = layout::kWanted | layout::kReadable;
  if ((state & kBoth) != kBoth || read_ended_ || is_connecting_) return;
  // A fresh connection is read until nothing is there, and only then watched: its first bytes usually are, and often so is
  // its end, once the other connections of the turn have had their answers. Then it never costs an epoll_ctl(2).
  Read();
}

bool Connection::EndWrite() {
  end_wanted_ = true;
  if (out_ != nullptr || is_connecting_ || write_ended_) return true;
  write_ended_ = true;
  shutdown(fd(), SHUT_WR);  // ENOTCONN after a reset, of which the next read tells
  if (!read_ended_) return true;
  environment_->End(id(), 0, layout::kNoOperation);
  return false;
}

bool Connection::CloseWhenSent() {
  close_wanted_ = true;
  int32_t& state = environment_->mailbox().Slot(id().slot, layout::kSlotState);
  state &= ~layout::kWanted;
  if (out_ != nullptr) {
    Schedule();
    return true;
  }
  DiscardInput();
  environment_->End(id(), 0, layout::kNoOperation);
  return false;
}

void Connection::Reset() {
  DiscardOnClose(fd());
  environment_->End(id(), 0, layout::kNoOperation);
}

int Connection::Release() {
  if (registered_ != 0) environment_->poller().Remove(fd());
  registered_ = 0;
  return descriptor_.Release();
}

int Connection::AwaitConnect() {
  constexpr uint32_t kEvents = kInputEvents | EPOLLOUT;
  const int status = environment_->poller().Add(fd(), id(), kEvents);
  if (status != 0) return status;
  is_connecting_ = true;
  registered_ = kEvents;
  return 0;
}

void Connection::FinishConnect() {
  int error = 0;
  const int status = GetOption(fd(), SOL_SOCKET, SO_ERROR, &error);
  if (status != 0 || error != 0) {
    Fail(status != 0 ? status : -error, layout::kConnect);
    return;
  }
  is_connecting_ = false;
  environment_->Emit(layout::kConnected, id(), 0, 0);
  SetReadable(true);
  if (out_ != nullptr) {
    Pump();
  } else {
    OutputDone();
  }
}

bool Connection::Fail(int error, layout::Operation operation) {
  environment_->End(id(), error, operation);
  return false;
}

}  // namespace socketserver
