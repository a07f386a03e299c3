#include "connection.h"

#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "environment.h"
#include "socket.h"

namespace socketserver {

namespace {

constexpr uint32_t kInputEvents = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET;
constexpr size_t kMaxPieces = 64;
// Large reads that bring less than this are copied to the slab instead of spending a buffer of their own.
constexpr size_t kLargeRead = 16 * 1024;

// What one takes that waits for bytes, with its part of tables that may be half empty. test/idle-memory.test.ts weighs it.
static_assert(sizeof(Connection) + 2 * (Slots::kBytesPerSlot + layout::kSlotWords * sizeof(int32_t)) <= 128,
              "an idle connection takes at most 128 bytes of native memory");

}  // namespace

Connection::Connection(Environment* environment, Descriptor descriptor, int family)
    : Source(kKind, std::move(descriptor)),
      environment_(environment),
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

bool Connection::IsWanted() const {
  return (environment_->mailbox().Slot(id().slot, layout::kSlotState) & layout::kWanted) != 0;
}

void Connection::SetReadable(bool readable) {
  int32_t& state = environment_->mailbox().Slot(id().slot, layout::kSlotState);
  state = readable ? state | layout::kReadable : state & ~layout::kReadable;
}

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

// A handler that is busy, or waits for something else, learns of a reset only here. Bytes that came before it
// are still the handler's: then the next read tells.
void Connection::NoticeFailureWhileStopped() {
  int waiting = 0;
  if (ioctl(fd(), FIONREAD, &waiting) < 0 || waiting > 0) return;
  int error = 0;
  if (GetOption(fd(), SOL_SOCKET, SO_ERROR, &error) == 0 && error != 0) Fail(-error, layout::kRead);
}

void Connection::OnResume() {
  if (!read_ended_ && !is_connecting_) Schedule();
}

bool Connection::Expect() {
  if (!IsWanted() || read_ended_ || is_connecting_ || registered_ == 0) return false;
  SetReadable(true);
  Schedule();
  return true;
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

bool Connection::Read() {
  Inbox& inbox = environment_->inbox();
  uint8_t* spare = reads_large_ ? inbox.Spare() : nullptr;
  uint8_t* target = spare != nullptr ? spare : inbox.SlabEnd();
  const size_t room = spare != nullptr ? layout::kSpareBytes : inbox.SlabRoom();

  iovec piece{target, room};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  ssize_t count;
  do {
    // recvmsg(2) tells when descriptors came along (and were dropped), at which a Unix stream stops short.
    count = is_unix_ ? recvmsg(fd(), &message, MSG_CMSG_CLOEXEC) : recv(fd(), target, room, 0);
  } while (count < 0 && errno == EINTR);

  if (count < 0) {
    if (errno != EAGAIN) return Fail(-errno, layout::kRead);
    SetReadable(false);
    return Register((registered_ & EPOLLOUT) != 0);
  }
  if (count == 0) {
    ReceivedEnd();
    return true;
  }
  const size_t length = static_cast<size_t>(count);
  environment_->Received(length);
  reads_large_ = length == room || length >= kLargeRead;
  if (spare == nullptr) {
    environment_->Emit(layout::kBytes, id(), static_cast<int32_t>(inbox.KeepInSlab(length)), count);
  } else if (length < kLargeRead && length <= inbox.SlabRoom()) {
    memcpy(inbox.SlabEnd(), spare, length);
    environment_->Emit(layout::kBytes, id(), static_cast<int32_t>(inbox.KeepInSlab(length)), count);
  } else {
    environment_->Emit(layout::kLargeBytes, id(), static_cast<int32_t>(inbox.KeepSpare(environment_->env())), count);
  }

  const bool has_more = length == room || !trusts_short_ || (is_unix_ && (message.msg_flags & MSG_CTRUNC) != 0);
  // Unwatched, it comes back to be read, if it still is wanted when the sink has had these bytes.
  if (has_more || registered_ == 0) {
    Schedule();
  } else {
    SetReadable(false);
  }
  return true;
}

void Connection::ReceivedEnd() {
  read_ended_ = true;
  SetReadable(false);
  environment_->Emit(layout::kEnded, id(), 0, 0);
  if (write_ended_) environment_->End(id(), 0, layout::kNoOperation);
}

void Connection::Gather(uint32_t index, uint32_t* next) {
  next[index] = kNone;
  if (first_gathered_ == kNone) {
    first_gathered_ = index;
  } else {
    next[last_gathered_] = index;
  }
  last_gathered_ = index;
}

// Of the room in the socket's buffer epoll tells. Of memory, which a Unix socket may be without, nobody tells, so it is
// tried again in the next turn. [send(2): EAGAIN, ENOBUFS]
bool Connection::MayGoLater(int error) {
  if (error == ENOBUFS) Schedule();
  return error == EAGAIN || error == ENOBUFS;
}

bool Connection::SendGathered(const uint32_t* next) {
  uint32_t index = std::exchange(first_gathered_, kNone);
  if (index == kNone) return true;
  last_gathered_ = kNone;
  if (end_wanted_ || close_wanted_) return true;

  const Mailbox& mailbox = environment_->mailbox();
  iovec pieces[kMaxPieces];
  while (index != kNone) {
    size_t count = 0;
    size_t total = 0;
    for (; index != kNone && count < kMaxPieces; index = next[index]) {
      Command command;
      if (!mailbox.ReadCommand(index, &command)) continue;
      pieces[count++] = {const_cast<uint8_t*>(mailbox.Outgoing()) + command.offset, command.length};
      total += command.length;
    }
    ssize_t sent = 0;
    if (out_ == nullptr && !is_connecting_) {
      do {
        if (count == 1) {
          sent = send(fd(), pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
        } else {
          msghdr message{};
          message.msg_iov = pieces;
          message.msg_iovlen = count;
          sent = sendmsg(fd(), &message, MSG_NOSIGNAL);
        }
      } while (sent < 0 && errno == EINTR);
      if (sent < 0) {
        if (!MayGoLater(errno)) return Fail(-errno, layout::kWrite);
        sent = 0;
      }
    }
    bytes_sent_ += sent;
    if (static_cast<size_t>(sent) == total) continue;
    size_t skip = static_cast<size_t>(sent);
    for (size_t i = 0; i < count; i++) {
      const size_t taken = std::min(skip, pieces[i].iov_len);
      skip -= taken;
      if (taken < pieces[i].iov_len) {
        Out().AppendCopy(static_cast<uint8_t*>(pieces[i].iov_base) + taken, pieces[i].iov_len - taken);
      }
    }
  }
  if (out_ != nullptr) return OutputBlocked();
  PublishQueued();
  return true;
}

bool Connection::Write(napi_value bytes, const uint8_t* memory, size_t length, bool* accepted) {
  *accepted = true;
  if (end_wanted_ || close_wanted_) return true;
  ssize_t sent = 0;
  if (out_ == nullptr && !is_connecting_) {
    do {
      sent = send(fd(), memory, length, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
      if (!MayGoLater(errno)) return Fail(-errno, layout::kWrite);
      sent = 0;
    }
  }
  bytes_sent_ += sent;
  const size_t rest = length - static_cast<size_t>(sent);
  if (rest == 0) return true;
  if (Out().Bytes() + rest <= kCopyLimit) {
    Out().AppendCopy(memory + sent, rest);
  } else if (Out().AppendHeld(bytes, static_cast<size_t>(sent), rest)) {
    *accepted = false;
    drain_wanted_ = true;
  } else {
    return Fail(-ENOMEM, layout::kWrite);
  }
  return OutputBlocked();
}

bool Connection::SendFile(Descriptor file, off_t offset, int64_t length) {
  const bool was_idle = out_ == nullptr;
  Out().AppendFile(std::move(file), offset, length);
  return was_idle && !is_connecting_ ? Pump() : OutputBlocked();
}

// The kernel's buffer is emptied by acknowledgements, of a Unix socket by reads. [tcp(7), unix(7): SIOCOUTQ]
int64_t Connection::BytesTaken() const {
  int waiting = 0;
  if (ioctl(fd(), SIOCOUTQ, &waiting) < 0) return bytes_sent_;
  return bytes_sent_ - waiting;
}

OutBuffer& Connection::Out() {
  if (out_ == nullptr) out_ = std::make_unique<OutBuffer>(environment_->env());
  return *out_;
}

bool Connection::Pump() {
  if (is_connecting_) return true;
  std::vector<int64_t> files_sent;
  OutBuffer::Failure failure;
  const OutBuffer::Progress progress = out_->Send(fd(), &bytes_sent_, &files_sent, &failure);
  for (const int64_t bytes : files_sent) {
    environment_->Emit(layout::kFileSent, id(), static_cast<int32_t>(bytes), static_cast<int32_t>(bytes >> 32));
  }
  switch (progress) {
    case OutBuffer::Progress::kFailed:
      return Fail(failure.error, failure.operation);
    case OutBuffer::Progress::kEmpty:
      out_.reset();
      return OutputDone();
    case OutBuffer::Progress::kUnfinished:
    case OutBuffer::Progress::kNoMemory:
      PublishQueued();
      Schedule();
      return true;
    case OutBuffer::Progress::kBlocked:
      return OutputBlocked();
  }
  return true;
}

bool Connection::OutputBlocked() {
  PublishQueued();
  return is_connecting_ || Register(true);
}

bool Connection::OutputDone() {
  PublishQueued();
  if (drain_wanted_) {
    drain_wanted_ = false;
    environment_->Emit(layout::kDrained, id(), 0, 0);
  }
  if (close_wanted_) return CloseWhenSent();
  if (end_wanted_) return EndWrite();
  return true;
}

// JavaScript stops handing over copies at kCopyLimit.
void Connection::PublishQueued() {
  const size_t bytes = out_ == nullptr ? 0 : std::max<size_t>(out_->Bytes(), 1);
  environment_->mailbox().Slot(id().slot, layout::kSlotQueued) =
      static_cast<int32_t>(std::min<size_t>(bytes, INT32_MAX));
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

// Closing with unread bytes makes TCP send a reset and drop what is still to be sent, and a Unix socket reset its
// peer. [RFC 1122 4.2.2.13]
bool Connection::DiscardInput() {
  const int32_t state = environment_->mailbox().Slot(id().slot, layout::kSlotState);
  if (read_ended_ || is_connecting_ || (state & layout::kReadable) == 0) return true;
  constexpr size_t kEnough = 256 * 1024;
  uint8_t scratch[16 * 1024];
  for (size_t discarded = 0; discarded < kEnough;) {
    const ssize_t count = is_unix_ ? recv(fd(), scratch, sizeof scratch, 0)
                                   : recv(fd(), nullptr, kEnough, MSG_TRUNC);  // [tcp(7)]
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      read_ended_ = count == 0;
      SetReadable(false);
      return true;
    }
    discarded += static_cast<size_t>(count);
  }
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
