#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "connection.h"
#include "environment.h"

namespace socketserver {

namespace {

// Of the commands of one flush, as many go with one call.
constexpr size_t kMaxPieces = 64;

}  // namespace

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

}  // namespace socketserver
