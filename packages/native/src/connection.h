#pragma once

#include <node_api.h>

#include <cstdint>
#include <memory>

#include "layout.h"
#include "out_buffer.h"
#include "source.h"

namespace socketserver {

// One byte stream.
//
// epoll watches it edge-triggered, so that a request costs no epoll_ctl(2) and a stopped reader no spinning; the
// price is to remember what an edge has said (kReadable) until the kernel has nothing more. [epoll(7)]
//
// Methods that give a bool give false when the connection has ended, and with it this object.
class Connection final : public Source {
 public:
  static constexpr Kind kKind = Kind::kConnection;
  static constexpr size_t kCopyLimit = 64 * 1024;

  Connection(Environment* environment, Descriptor descriptor, int family);
  ~Connection() override;

  void OnEvents(uint32_t events) override;
  void OnResume() override;
  void OnTurn() override;

  // Reads in this round, although epoll was not asked. Gives false where nobody wants bytes.
  bool Expect();

  // For a socket whose connect(2) is on its way: the first events tell how it ended. Gives 0 or a negative errno.
  int AwaitConnect();

  // Links a kSend command to those of this flush before it; SendGathered sends them with one call.
  void Gather(uint32_t index, uint32_t* next);
  bool HasGathered() const { return first_gathered_ != kNone; }
  bool SendGathered(const uint32_t* next);

  // Sends a large piece from the caller's memory. `accepted` is false while that is still needed.
  bool Write(napi_value bytes, const uint8_t* memory, size_t length, bool* accepted);
  bool SendFile(Descriptor file, off_t offset, int64_t length);
  int64_t BytesTaken() const;
  bool EndWrite();
  bool CloseWhenSent();
  void Reset();

  // Gives the descriptor away, unregistered; the object is only good for its destructor then.
  int Release();
  bool HasPendingOutput() const { return out_ != nullptr; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  void Schedule();
  bool Register(bool for_output);
  void FinishConnect();
  bool Fail(int error, layout::Operation operation);

  // connection_input.cc
  bool Read();
  void ReceivedEnd();
  void NoticeFailureWhileStopped();
  // Throws away what has come, a bounded amount at once. Gives whether nothing is left.
  bool DiscardInput();

  // connection_output.cc
  OutBuffer& Out();
  bool MayGoLater(int error);
  bool Pump();
  bool OutputBlocked();
  bool OutputDone();
  void PublishQueued();

  std::unique_ptr<OutBuffer> out_;  // only while the kernel takes no more
  int64_t bytes_sent_ = 0;          // what the kernel took
  uint32_t registered_ = 0;         // epoll events asked for
  uint32_t first_gathered_ = kNone;
  uint32_t last_gathered_ = kNone;
  bool is_unix_ : 1;
  bool is_connecting_ : 1;
  bool is_scheduled_ : 1;   // on the ready list
  bool reads_large_ : 1;    // the last read filled what it was given
  bool trusts_short_ : 1;   // a read that does not fill its buffer has emptied the kernel's
  bool read_ended_ : 1;
  bool write_ended_ : 1;    // shutdown(2) was called
  bool end_wanted_ : 1;
  bool close_wanted_ : 1;
  bool drain_wanted_ : 1;
};

}  // namespace socketserver
