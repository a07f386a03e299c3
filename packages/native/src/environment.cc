#include "environment.h"

#include <cerrno>
#include <utility>

namespace socketserver {

namespace {

// Rounds before libuv's other handles have their turn.
constexpr int kMaxRounds = 4;

void OnIdle(uv_idle_t*) {}

}  // namespace

Environment::Environment(napi_env env)
    : env_(env), inbox_(&mailbox_), children_(this), crossings_(this), orders_(this), lone_(&slots_) {}

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

  news_.Open(env_, dispatch);
  orders_.Open();
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
  news_.Add({kind, id, a, b});
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
  if (environment->lone_.AwaitAwake(handle->loop, environment->poller_)) {
    environment->has_events_ = true;
    environment->Turn();
    uv_idle_start(&environment->idle_, OnIdle);  // back here before any sleep
  }
  if (!environment->crossings_.LieDown()) uv_idle_start(&environment->idle_, OnIdle);
}

bool Environment::HasWork() {
  return mailbox_.CommandCount() > 0 || !news_.IsEmpty() || !ready_.empty() || crossings_.HasNews();
}

void Environment::Turn() {
  if (in_turn_) return;
  in_turn_ = true;
  napi_handle_scope scope;
  napi_open_handle_scope(env_, &scope);

  crossings_.GetUp();
  bool has_guessed = has_events_ && !HasWork() && lone_.Guess();
  if (has_events_ && !has_guessed) TakeEvents();
  for (int round = 0; round < kMaxRounds; round++) {
    Flush();
    RunReady();
    if (news_.IsEmpty() && has_guessed) {
      TakeEvents();
      RunReady();
    }
    has_guessed = false;
    const bool has_arrivals = crossings_.Take();
    if ((news_.IsEmpty() && !has_arrivals) || !Dispatch()) break;
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
  lone_.Look(poller_.events(), count);
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

void Environment::RunReady() {
  if (ready_.empty()) return;
  running_.swap(ready_);
  inbox_.Refresh(env_);
  size_t done = 0;
  while (done < running_.size() && inbox_.HasRoom() && news_.HasRoom()) {
    const SlotId id = running_[done++];
    Source* source = slots_.Find(id.slot, id.generation);
    if (source != nullptr) source->OnTurn();
  }
  // Who found no room comes first in the next round.
  ready_.insert(ready_.begin(), running_.begin() + static_cast<ptrdiff_t>(done), running_.end());
  running_.clear();
}

// Gives false when JavaScript can no longer run.
bool Environment::Dispatch() {
  news_.Write(&mailbox_);
  mailbox_.Header(layout::kArrivalCount) = static_cast<int32_t>(crossings_.Enter());
  const bool runs = news_.Tell();
  for (const Event& event : news_.Told()) {
    if (event.kind == layout::kClosed) slots_.Recycle(event.id.slot);
  }
  mailbox_.Header(layout::kSlotsInUse) = static_cast<int32_t>(slots_.InUse());
  return runs;
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
  news_.Close();
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
