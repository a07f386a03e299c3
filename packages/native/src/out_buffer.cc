#include "out_buffer.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace socketserver {

namespace {

constexpr size_t kSendBudget = 1024 * 1024;
constexpr size_t kMaxPieces = 16;

}  // namespace

OutBuffer::~OutBuffer() {
  while (!segments_.empty()) PopFront();
}

void OutBuffer::AppendCopy(const uint8_t* bytes, size_t length) {
  bytes_ += length;
  if (!segments_.empty() && segments_.back().kind == Kind::kCopy) {
    Segment& last = segments_.back();
    last.copy.insert(last.copy.end(), bytes, bytes + length);
    last.end += static_cast<int64_t>(length);
    return;
  }
  Segment segment{};
  segment.kind = Kind::kCopy;
  segment.copy.assign(bytes, bytes + length);
  segment.end = static_cast<int64_t>(length);
  segments_.push_back(std::move(segment));
}

bool OutBuffer::AppendHeld(napi_value bytes, size_t offset, size_t length) {
  Segment segment{};
  segment.kind = Kind::kHeld;
  if (napi_create_reference(env_, bytes, 1, &segment.held) != napi_ok) return false;
  segment.offset = static_cast<int64_t>(offset);
  segment.end = static_cast<int64_t>(offset + length);
  segments_.push_back(std::move(segment));
  bytes_ += length;
  return true;
}

void OutBuffer::AppendFile(Descriptor file, off_t offset, int64_t length) {
  Segment segment{};
  segment.kind = Kind::kFile;
  segment.file = std::move(file);
  segment.offset = offset;
  segment.end = offset + length;
  segments_.push_back(std::move(segment));
}

OutBuffer::Progress OutBuffer::Send(int fd, int64_t* sent, std::vector<int64_t>* files_sent, Failure* failure) {
  size_t budget = kSendBudget;
  while (!segments_.empty()) {
    if (budget == 0) return Progress::kUnfinished;
    const size_t before = budget;
    const Progress progress = segments_.front().kind == Kind::kFile ? SendFile(fd, &budget, files_sent, failure)
                                                                    : SendMemory(fd, &budget, failure);
    *sent += static_cast<int64_t>(before - budget);
    if (progress != Progress::kUnfinished) return progress;
  }
  return Progress::kEmpty;
}

// Asked anew each time: the caller could have detached the memory meanwhile, by transferring it to a thread.
const uint8_t* OutBuffer::MemoryOf(const Segment& segment) const {
  if (segment.kind == Kind::kCopy) return segment.copy.data();
  napi_value bytes = nullptr;
  void* memory = nullptr;
  size_t length = 0;
  if (napi_get_reference_value(env_, segment.held, &bytes) != napi_ok || bytes == nullptr) return nullptr;
  if (napi_get_typedarray_info(env_, bytes, nullptr, &length, &memory, nullptr, nullptr) != napi_ok) return nullptr;
  return static_cast<int64_t>(length) < segment.end ? nullptr : static_cast<const uint8_t*>(memory);
}

OutBuffer::Progress OutBuffer::SendMemory(int fd, size_t* budget, Failure* failure) {
  iovec pieces[kMaxPieces];
  size_t count = 0;
  size_t total = 0;
  napi_handle_scope scope;
  napi_open_handle_scope(env_, &scope);
  for (const Segment& segment : segments_) {
    if (count == kMaxPieces || total >= *budget || segment.kind == Kind::kFile) break;
    const uint8_t* memory = MemoryOf(segment);
    if (memory == nullptr) {
      napi_close_handle_scope(env_, scope);
      *failure = {-EFAULT, layout::kWrite};
      return Progress::kFailed;
    }
    const size_t length = std::min(static_cast<size_t>(segment.end - segment.offset), *budget - total);
    pieces[count++] = {const_cast<uint8_t*>(memory) + segment.offset, length};
    total += length;
  }
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = count;
  ssize_t sent;
  do {
    sent = sendmsg(fd, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  const int error = errno;
  napi_close_handle_scope(env_, scope);
  if (sent < 0) {
    if (error == EAGAIN) return Progress::kBlocked;
    if (error == ENOBUFS) return Progress::kNoMemory;
    *failure = {-error, layout::kWrite};
    return Progress::kFailed;
  }
  Advance(static_cast<size_t>(sent));
  *budget -= static_cast<size_t>(sent);
  return static_cast<size_t>(sent) < total ? Progress::kBlocked : Progress::kUnfinished;
}

OutBuffer::Progress OutBuffer::SendFile(int fd, size_t* budget, std::vector<int64_t>* files_sent, Failure* failure) {
  Segment& segment = segments_.front();
  const size_t length = std::min(static_cast<size_t>(segment.end - segment.offset), *budget);
  off_t offset = segment.offset;
  ssize_t sent = 0;
  if (length > 0) {
    do {
      sent = sendfile(fd, segment.file.Get(), &offset, length);
    } while (sent < 0 && errno == EINTR);
  }
  if (sent < 0) {
    if (errno == EAGAIN) return Progress::kBlocked;
    if (errno == ENOBUFS) return Progress::kNoMemory;
    *failure = {-errno, layout::kSendFile};
    return Progress::kFailed;
  }
  segment.offset += sent;
  segment.sent += sent;
  *budget -= static_cast<size_t>(sent);
  // Nothing sent is the end of the file. [sendfile(2)]
  if (sent == 0 || segment.offset == segment.end) {
    files_sent->push_back(segment.sent);
    PopFront();
  }
  return Progress::kUnfinished;
}

void OutBuffer::Advance(size_t bytes) {
  bytes_ -= bytes;
  while (bytes > 0) {
    Segment& segment = segments_.front();
    const size_t step = std::min(static_cast<size_t>(segment.end - segment.offset), bytes);
    segment.offset += static_cast<int64_t>(step);
    bytes -= step;
    if (segment.offset == segment.end) PopFront();
  }
}

void OutBuffer::PopFront() {
  if (segments_.front().held != nullptr) napi_delete_reference(env_, segments_.front().held);
  segments_.pop_front();
}

}  // namespace socketserver
