#include "news.h"

#include <algorithm>
#include <cstdint>

namespace socketserver {

void News::Open(napi_env env, napi_value dispatch) {
  env_ = env;
  napi_value name;
  napi_value receiver;
  napi_create_string_utf8(env_, "socketserver", NAPI_AUTO_LENGTH, &name);
  napi_create_object(env_, &receiver);
  napi_async_init(env_, receiver, name, &async_context_);
  napi_create_reference(env_, receiver, 1, &receiver_);
  napi_create_reference(env_, dispatch, 1, &dispatch_);
}

void News::Close() {
  napi_delete_reference(env_, dispatch_);
  napi_delete_reference(env_, receiver_);
  napi_async_destroy(env_, async_context_);
}

void News::Write(Mailbox* mailbox) {
  const size_t count = std::min<size_t>(queue_.size(), layout::kMaxEvents);
  for (size_t i = 0; i < count; i++) mailbox->WriteEvent(static_cast<uint32_t>(i), queue_[i]);
  mailbox->Header(layout::kEventCount) = static_cast<int32_t>(count);
  const auto end = queue_.begin() + static_cast<ptrdiff_t>(count);
  told_.assign(queue_.begin(), end);
  queue_.erase(queue_.begin(), end);
}

bool News::Tell() {
  napi_value dispatch;
  napi_value receiver;
  napi_get_reference_value(env_, dispatch_, &dispatch);
  napi_get_reference_value(env_, receiver_, &receiver);
  // Microtasks run at its end, so handlers that wait for these events have gone on when it returns.
  const napi_status status = napi_make_callback(env_, async_context_, receiver, dispatch, 0, nullptr, nullptr);
  if (status == napi_pending_exception) {
    napi_value error;
    if (napi_get_and_clear_last_exception(env_, &error) == napi_ok) napi_fatal_exception(env_, error);
  }
  return status == napi_ok;
}

}  // namespace socketserver
