#pragma once

#include <node_api.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "descriptor.h"
#include "layout.h"

namespace socketserver {

// What a connection has yet to send because the kernel took no more: copies of small writes, the caller's own
// memory for large ones, and stretches of files, in order.
class OutBuffer {
 public:
  enum class Progress { kEmpty, kBlocked, kUnfinished, kNoMemory, kFailed };

  struct Failure {
    int error = 0;
    layout::Operation operation = layout::kNoOperation;
  };

  explicit OutBuffer(napi_env env) : env_(env) {}
  ~OutBuffer();
  OutBuffer(const OutBuffer&) = delete;
  OutBuffer& operator=(const OutBuffer&) = delete;

  void AppendCopy(const uint8_t* bytes, size_t length);
  // Sends `bytes` (a Uint8Array) from `offset` on, from where it lies, and keeps it alive until then.
  bool AppendHeld(napi_value bytes, size_t offset, size_t length);
  void AppendFile(Descriptor file, off_t offset, int64_t length);

  // Sends as much as the kernel takes, up to a bound that leaves others their turn (kUnfinished), or until it has no memory
  // (kNoMemory), of whose return nothing tells. The lengths of files that were sent to their end are appended to
  // `files_sent`; all bytes are added to `sent`.
  Progress Send(int fd, int64_t* sent, std::vector<int64_t>* files_sent, Failure* failure);

  bool IsEmpty() const { return segments_.empty(); }
  // Bytes of memory that wait; files do not count.
  size_t Bytes() const { return bytes_; }

 private:
  enum class Kind : uint8_t { kCopy, kHeld, kFile };
  struct Segment {
    Kind kind;
    std::vector<uint8_t> copy;
    napi_ref held = nullptr;
    Descriptor file;
    int64_t offset = 0;  // of the next byte to send
    int64_t end = 0;
    int64_t sent = 0;
  };

  const uint8_t* MemoryOf(const Segment& segment) const;
  Progress SendMemory(int fd, size_t* budget, Failure* failure);
  Progress SendFile(int fd, size_t* budget, std::vector<int64_t>* files_sent, Failure* failure);
  void Advance(size_t bytes);
  void PopFront();

  napi_env env_;
  std::deque<Segment> segments_;
  size_t bytes_ = 0;
};

}  // namespace socketserver
