#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "connection.h"
#include "environment.h"
#include "socket.h"

namespace socketserver {

namespace {

// Large reads that bring less than this are copied to the slab instead of spending a buffer of their own.
constexpr size_t kLargeRead = 16 * 1024;

}  // namespace

bool Connection::Expect() {
  if (!IsWanted() || read_ended_ || is_connecting_ || registered_ == 0) return false;
  SetReadable(true);
  Schedule();
  return true;
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

// A handler that is busy, or waits for something else, learns of a reset only here. Bytes that came before it
// are still the handler's: then the next read tells.
void Connection::NoticeFailureWhileStopped() {
  int waiting = 0;
  if (ioctl(fd(), FIONREAD, &waiting) < 0 || waiting > 0) return;
  int error = 0;
  if (GetOption(fd(), SOL_SOCKET, SO_ERROR, &error) == 0 && error != 0) Fail(-error, layout::kRead);
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

}  // namespace socketserver
