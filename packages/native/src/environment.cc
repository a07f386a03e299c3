#include "environment.h"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "connection.h"

namespace socketserver {

namespace {

// Rounds before libuv's other handles have their turn.
constexpr int kMaxRounds = 4;
// What reading one source may tell: its bytes, its end, its close.
constexpr size_t kEventsPerSource = 4;

// Times that a lone connection is read without asking epoll, before epoll is asked again for the others' sake.
constexpr int kMaxGuesses = 8;

void OnIdle(uv_idle_t*) {}

}  // namespace

Environment::Environment(napi_env env) : env_(env), inbox_(&mailbox_), children_(this), crossings_(this) {}

Environment* Environment::Create(napi_env env) {
  auto* environment = new Environment(env);
  // Asynchronous, because libuv tells only later that a handle is closed.
  napi_add_async_cleanup_hook(env, OnCleanup, environment, &environment->cleanup_hook_);
  return environment;
}

int Environment::Open(napi_value dispatch) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) return -EINVAL;
  int status = poller_.Open();
  if (status == 0) status = uv_poll_init(loop, &poll_, poller_.fd());
  if (status != 0) return status;
  uv_prepare_init(loop, &prepare_);
  uv_idle_init(loop, &idle_);
  poll_.data = prepare_.data = idle_.data = this;
  open_handles_ += 3;
  is_open_ = true;

  uv_poll_start(&poll_, UV_READABLE, OnReadable);
  uv_prepare_start(&prepare_, OnPrepare);
  // Only open sockets, and work that is left over, keep the process alive.
  uv_unref(reinterpret_cast<uv_handle_t*>(&poll_));
  uv_unref(reinterpret_cast<uv_handle_t*>(&prepare_));

  napi_value name;
  napi_value receiver;
  napi_create_string_utf8(env_, "socketserver", NAPI_AUTO_LENGTH, &name);
  napi_create_object(env_, &receiver);
  napi_async_init(env_, receiver, name, &async_context_);
  napi_create_reference(env_, receiver, 1, &receiver_);
  napi_create_reference(env_, dispatch, 1, &dispatch_);
  next_command_.resize(layout::kMaxCommands);
  return 0;
}

DatagramBatch& Environment::datagrams() {
  if (datagrams_ == nullptr) datagrams_ = std::make_unique<DatagramBatch>();
  return *datagrams_;
}

SlotId Environment::Insert(std::unique_ptr<Source> source, int32_t slot_state) {
  const SlotId id = slots_.Insert(std::move(source));
  mailbox_.Slot(id.slot, layout::kSlotState) = slot_state;
  mailbox_.Slot(id.slot, layout::kSlotQueued) = 0;
  mailbox_.Header(layout::kSlotsInUse) = static_cast<int32_t>(slots_.InUse());
  if (slots_.Open() == 1) uv_ref(reinterpret_cast<uv_handle_t*>(&poll_));
  return id;
}

void Environment::SourceClosed() {
  mailbox_.Header(layout::kSlotsInUse) = static_cast<int32_t>(slots_.InUse());
  if (slots_.Open() == 0) uv_unref(reinterpret_cast<uv_handle_t*>(&poll_));
}

void Environment::Emit(layout::EventKind kind, SlotId id, int32_t a, int32_t b) {
  queue_.push_back({kind, id, a, b});
  if (!in_turn_) uv_idle_start(&idle_, OnIdle);
}

void Environment::MarkReady(SlotId id) {
  ready_.push_back(id);
  if (!in_turn_) uv_idle_start(&idle_, OnIdle);
}

void Environment::End(SlotId id, int error, layout::Operation operation) {
  slots_.Remove(id);
  Emit(layout::kClosed, id, error, operation);
  SourceClosed();
}

void Environment::Drop(SlotId id) {
  slots_.Remove(id);
  slots_.Recycle(id.slot);
  SourceClosed();
}

void Environment::OnReadable(uv_poll_t* handle, int, int) {
  auto* environment = static_cast<Environment*>(handle->data);
  environment->has_events_ = true;
  environment->Turn();
}

void Environment::OnPrepare(uv_prepare_t* handle) {
  auto* environment = static_cast<Environment*>(handle->data);
  if (environment->HasWork()) environment->Turn();
  if (!environment->HasWork()) uv_idle_stop(&environment->idle_);
  if (environment->WaitAwake()) uv_idle_start(&environment->idle_, OnIdle);  // back here before any sleep
  if (!environment->crossings_.LieDown()) uv_idle_start(&environment->idle_, OnIdle);
}

bool Environment::HasWork() {
  return mailbox_.CommandCount() > 0 || !queue_.empty() || !ready_.empty() || crossings_.HasNews();
}

void Environment::Turn() {
  if (in_turn_) return;
  in_turn_ = true;
  napi_handle_scope scope;
  napi_open_handle_scope(env_, &scope);

  crossings_.GetUp();
  bool has_guessed = Guess();
  if (has_events_ && !has_guessed) TakeEvents();
  for (int round = 0; round < kMaxRounds; round++) {
    Flush();
    RunReady();
    if (queue_.empty() && has_guessed) {
      TakeEvents();
      RunReady();
    }
    has_guessed = false;
    const bool has_arrivals = crossings_.Take();
    if ((queue_.empty() && !has_arrivals) || !Dispatch()) break;
  }
  Flush();

  napi_close_handle_scope(env_, scope);
  in_turn_ = false;
  if (HasWork()) {
    uv_idle_start(&idle_, OnIdle);
  } else {
    uv_idle_stop(&idle_);
  }
}

void Environment::TakeEvents() {
  has_events_ = false;
  const int count = poller_.Wait();
  const bool is_lone = count == 1 && poller_.events()[0].events == EPOLLIN;
  const SlotId first = is_lone ? Poller::IdOf(poller_.events()[0]) : SlotId{};
  const bool is_same = first.slot == lone_.slot && first.generation == lone_.generation;
  lone_times_ = is_lone && is_same ? lone_times_ + 1 : 0;
  lone_had_news_ = lone_times_ > 0;
  guesses_left_ = lone_times_ > 1 ? kMaxGuesses : 0;
  if (lone_times_ == 0) vigil_.Interrupt();
  lone_ = first;
  for (int i = 0; i < count; i++) {
    const epoll_event& event = poller_.events()[i];
    const SlotId id = Poller::IdOf(event);
    Source* source = slots_.Find(id.slot, id.generation);
    if (source != nullptr) {
      source->OnEvents(event.events);
    } else if (Crossings::IsLoan(id)) {
      crossings_.AcceptLent();
    }
  }
}

// One busy connection among idle ones is most likely the one with news, so it is read at once, which spares
// epoll_wait(2). What epoll has to say stays there: an edge is dropped only once nothing is behind it any more.
bool Environment::Guess() {
  if (!has_events_ || guesses_left_ == 0 || HasWork()) return false;
  guesses_left_--;
  auto* connection = slots_.Find<Connection>(lone_.slot, lone_.generation);
  lone_had_news_ = connection != nullptr && connection->Expect();
  return lone_had_news_;
}

// Where that is cheaper, the next bytes of a lone busy connection are awaited here rather than asleep in libuv, when that
// has nothing else to do. After each such wait its other handles have their turn, and without news there is no second one.
bool Environment::WaitAwake() {
  if (!std::exchange(lone_had_news_, false) || lone_times_ < 2) return false;
  if (uv_backend_timeout(poll_.loop) == 0) return false;
  if (slots_.Find<Connection>(lone_.slot, lone_.generation) == nullptr || !vigil_.IsAwake(received_)) return false;
  pollfd asked{poller_.fd(), POLLIN, 0};
  const uint64_t until = uv_hrtime() + Vigil::kLongestWaitNanos;
  int found;
  do found = poll(&asked, 1, 0);
  while (found == 0 && uv_hrtime() < until);
  if (found <= 0) {
    vigil_.WaitedInVain();
    return false;
  }
  has_events_ = true;
  Turn();
  return true;
}

void Environment::RunReady() {
  if (ready_.empty()) return;
  running_.swap(ready_);
  inbox_.Refresh(env_);
  size_t done = 0;
  while (done < running_.size() && inbox_.HasRoom() && queue_.size() + kEventsPerSource <= layout::kMaxEvents) {
    const SlotId id = running_[done++];
    Source* source = slots_.Find(id.slot, id.generation);
    if (source != nullptr) source->OnTurn();
  }
  // Who found no room comes first in the next round.
  ready_.insert(ready_.begin(), running_.begin() + static_cast<ptrdiff_t>(done), running_.end());
  running_.clear();
}

// Gives false when JavaScript can no longer run, as in a thread that is being terminated.
bool Environment::Dispatch() {
  const size_t count = std::min<size_t>(queue_.size(), layout::kMaxEvents);
  for (size_t i = 0; i < count; i++) mailbox_.WriteEvent(static_cast<uint32_t>(i), queue_[i]);
  mailbox_.Header(layout::kEventCount) = static_cast<int32_t>(count);
  mailbox_.Header(layout::kArrivalCount) = static_cast<int32_t>(crossings_.Enter());
  batch_.assign(queue_.begin(), queue_.begin() + static_cast<ptrdiff_t>(count));
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<ptrdiff_t>(count));

  napi_value dispatch;
  napi_value receiver;
  napi_get_reference_value(env_, dispatch_, &dispatch);
  napi_get_reference_value(env_, receiver_, &receiver);
  // Microtasks run at its end, so handlers that wait for these events have gone on when it returns.
  const napi_status status = napi_make_callback(env_, async_context_, receiver, dispatch, 0, nullptr, nullptr);

  for (const Event& event : batch_) {
    if (event.kind == layout::kClosed) slots_.Recycle(event.id.slot);
  }
  mailbox_.Header(layout::kSlotsInUse) = static_cast<int32_t>(slots_.InUse());
  if (status == napi_pending_exception) {
    napi_value error;
    if (napi_get_and_clear_last_exception(env_, &error) == napi_ok) napi_fatal_exception(env_, error);
  }
  return status == napi_ok;
}

void Environment::Flush() {
  const uint32_t count = mailbox_.CommandCount();
  if (count == 0 || in_flush_) return;
  in_flush_ = true;
  for (uint32_t index = 0; index < count;) {
    Command command;
    if (!mailbox_.ReadCommand(index, &command)) {
      index++;
    } else if (command.kind == layout::kSendTo) {
      index = DatagramPort::SendBatch(this, index, count);
    } else {
      RunCommand(index++, command, &gathered_);
    }
  }
  for (const SlotId id : gathered_) {
    auto* connection = slots_.Find<Connection>(id.slot, id.generation);
    if (connection != nullptr) connection->SendGathered(next_command_.data());
  }
  gathered_.clear();
  mailbox_.TakeCommands();
  in_flush_ = false;
}

void Environment::RunCommand(uint32_t index, const Command& command, std::vector<SlotId>* gathered) {
  if (command.kind == layout::kResume) {
    Source* source = slots_.Find(command.id.slot, command.id.generation);
    if (source != nullptr) source->OnResume();
    return;
  }
  auto* connection = slots_.Find<Connection>(command.id.slot, command.id.generation);
  if (connection == nullptr) return;
  if (command.kind == layout::kSend) {
    if (!connection->HasGathered()) gathered->push_back(command.id);
    connection->Gather(index, next_command_.data());
    return;
  }
  if (!connection->SendGathered(next_command_.data())) return;
  if (command.kind == layout::kEndWrite) connection->EndWrite();
  if (command.kind == layout::kClose) connection->CloseWhenSent();
}

void Environment::OnCleanup(napi_async_cleanup_hook_handle, void* data) {
  static_cast<Environment*>(data)->Close();
}

// Nothing of this thread's outlives it: not a descriptor, not a handle in its loop.
void Environment::Close() {
  crossings_.Clear(env_);
  slots_.Clear();
  inbox_.Detach(env_);
  mailbox_.Detach(env_);
  children_.Leave();
  HandleOpened();
  is_closing_ = true;
  if (is_open_) CloseEngine();
  HandleClosed();
}

void Environment::CloseEngine() {
  napi_delete_reference(env_, dispatch_);
  napi_delete_reference(env_, receiver_);
  napi_async_destroy(env_, async_context_);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), OnHandleClosed);
  uv_close(reinterpret_cast<uv_handle_t*>(&prepare_), OnHandleClosed);
  uv_close(reinterpret_cast<uv_handle_t*>(&idle_), OnHandleClosed);
  poller_.Close();
}

void Environment::OnHandleClosed(uv_handle_t* handle) { static_cast<Environment*>(handle->data)->HandleClosed(); }

void Environment::HandleClosed() {
  if (--open_handles_ > 0 || !is_closing_) return;
  napi_remove_async_cleanup_hook(cleanup_hook_);
  delete this;
}

}  // namespace socketserver
