#pragma once

#include <node_api.h>
#include <uv.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "children.h"
#include "crossings.h"
#include "datagram_port.h"
#include "inbox.h"
#include "lone_connection.h"
#include "mailbox.h"
#include "news.h"
#include "orders.h"
#include "poller.h"
#include "slots.h"

namespace socketserver {

// The engine of one thread: its sockets, its epoll instance, and the turns in which they move.
//
// A turn begins when libuv finds the epoll instance readable, or with work left over before libuv would sleep:
// take events, read a bounded amount from each ready socket, tell JavaScript all of it in one call, send what
// handlers wrote in the meantime. The last three repeat a few times, since a reply often makes the next request
// readable at once.
class Environment {
 public:
  // Lives until the environment's clean-up; deletes itself then.
  static Environment* Create(napi_env env);

  // Gives 0 or a negative errno. `dispatch` is called with the events of each round in the mailbox.
  int Open(napi_value dispatch);
  bool IsOpen() const { return is_open_; }

  napi_env env() const { return env_; }
  Poller& poller() { return poller_; }
  Slots& slots() { return slots_; }
  Mailbox& mailbox() { return mailbox_; }
  Inbox& inbox() { return inbox_; }
  Children& children() { return children_; }
  DatagramBatch& datagrams();
  Crossings& crossings() { return crossings_; }

  // JavaScript grows the slot table before it is full.
  bool HasFreeSlot() const { return slots_.InUse() < mailbox_.SlotCapacity(); }
  SlotId Insert(std::unique_ptr<Source> source, int32_t slot_state);

  void Emit(layout::EventKind kind, SlotId id, int32_t a, int32_t b);
  void Received(size_t bytes) { lone_.Received(bytes); }
  // The source gets OnTurn() in the next round.
  void MarkReady(SlotId id);
  // Ends a connection and tells JavaScript with what. Its object is gone afterwards.
  void End(SlotId id, int error, layout::Operation operation);
  // Ends a source of whose end JavaScript knows.
  void Drop(SlotId id);

  // Carries out the commands that JavaScript has left in the mailbox.
  void Flush() { orders_.CarryOut(); }

  // Of this thread's loop there are handles open: it lives until the last of them is closed.
  void HandleOpened() { open_handles_++; }
  void HandleClosed();

 private:
  explicit Environment(napi_env env);
  ~Environment() = default;

  static void OnReadable(uv_poll_t* handle, int status, int events);
  static void OnPrepare(uv_prepare_t* handle);
  static void OnCleanup(napi_async_cleanup_hook_handle hook, void* environment);
  static void OnHandleClosed(uv_handle_t* handle);

  bool HasWork();
  void Turn();
  void TakeEvents();
  void RunReady();
  bool Dispatch();
  void SourceClosed();
  void Close();
  void CloseEngine();

  napi_env env_;
  napi_async_cleanup_hook_handle cleanup_hook_ = nullptr;

  Poller poller_;
  Slots slots_;
  Mailbox mailbox_;
  Inbox inbox_;
  Children children_;
  Crossings crossings_;
  std::unique_ptr<DatagramBatch> datagrams_;  // made with the first port
  News news_;
  Orders orders_;
  LoneConnection lone_;
  std::vector<SlotId> ready_;        // sources with work in the next round
  std::vector<SlotId> running_;

  uv_poll_t poll_;
  uv_prepare_t prepare_;             // work left over, before libuv sleeps
  uv_idle_t idle_;                   // keeps libuv from sleeping while there is some
  int open_handles_ = 0;
  bool is_open_ = false;
  bool is_closing_ = false;
  bool has_events_ = false;          // libuv found the epoll instance readable
  bool in_turn_ = false;
};

}  // namespace socketserver
