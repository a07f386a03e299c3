#pragma once

#include <node_api.h>

#include <cstddef>
#include <vector>

#include "layout.h"
#include "mailbox.h"

namespace socketserver {

// What JavaScript is yet to be told, and the one call that tells it all.
class News {
 public:
  // `dispatch` is called with the events in the mailbox.
  void Open(napi_env env, napi_value dispatch);
  void Close();

  void Add(const Event& event) { queue_.push_back(event); }
  bool IsEmpty() const { return queue_.empty(); }
  // Whether one more call can bring all that another source may have to tell.
  bool HasRoom() const { return queue_.size() + kEventsPerSource <= layout::kMaxEvents; }

  // Puts as much as one call brings into the mailbox.
  void Write(Mailbox* mailbox);
  // Calls. Gives false when JavaScript can no longer run, as in a thread that is being terminated.
  bool Tell();
  // What that call brought.
  const std::vector<Event>& Told() const { return told_; }

 private:
  // What reading one source may tell: its bytes, its end, its close.
  static constexpr size_t kEventsPerSource = 4;

  napi_env env_ = nullptr;
  napi_async_context async_context_ = nullptr;
  napi_ref dispatch_ = nullptr;
  napi_ref receiver_ = nullptr;
  std::vector<Event> queue_;
  std::vector<Event> told_;
};

}  // namespace socketserver
