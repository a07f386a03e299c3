#include "children.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "environment.h"
#include "process_start.h"

namespace socketserver {

struct Children::Child {
  uv_poll_t poll;
  Children* children;
  Descriptor process;
  napi_ref exited = nullptr;
  napi_async_context context = nullptr;
};

namespace {

// Reaps processes whose thread is gone, each when it ends, in a thread that does nothing else.
void* ReapAll(void* data) {
  const std::unique_ptr<std::vector<Descriptor>> processes(static_cast<std::vector<Descriptor>*>(data));
  std::vector<pollfd> waiting;
  for (const Descriptor& process : *processes) waiting.push_back({process.Get(), POLLIN, 0});
  for (size_t left = waiting.size(); left > 0;) {
    const int count = poll(waiting.data(), waiting.size(), -1);
    if (count < 0 && errno != EINTR) break;
    for (size_t i = 0; count > 0 && i < waiting.size(); i++) {
      if (waiting[i].revents == 0) continue;
      int code;
      int signal;
      ReapProcess((*processes)[i], &code, &signal);
      (*processes)[i].Close();
      waiting[i].fd = -1;  // poll(2) passes over it
      left--;
    }
  }
  return nullptr;
}

// Where there can be no thread they stay zombies until this process ends.
void ReapElsewhere(std::vector<Descriptor> processes) {
  auto data = std::make_unique<std::vector<Descriptor>>(std::move(processes));
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the threads that expect them
  if (pthread_create(&thread, &attributes, ReapAll, data.get()) == 0) data.release();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
}

}  // namespace

int Children::Watch(Descriptor* process, napi_value exited) {
  napi_env env = environment_->env();
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return -EINVAL;
  auto child = std::make_unique<Child>();
  const int status = uv_poll_init(loop, &child->poll, process->Get());
  if (status != 0) return status;
  environment_->HandleOpened();
  child->poll.data = child.get();
  child->children = this;
  child->process = std::move(*process);
  napi_value name;
  napi_value resource;
  napi_create_string_utf8(env, "socketserver.process", NAPI_AUTO_LENGTH, &name);
  napi_create_object(env, &resource);
  napi_async_init(env, resource, name, &child->context);
  napi_create_reference(env, exited, 1, &child->exited);
  uv_poll_start(&child->poll, UV_READABLE, OnReadable);
  children_.insert(child.release());
  return 0;
}

void Children::OnReadable(uv_poll_t* poll, int, int) {
  auto* child = static_cast<Child*>(poll->data);
  int code;
  int signal;
  const int status = ReapProcess(child->process, &code, &signal);
  // Where somebody else has reaped it nobody knows how it ended; but it has.
  if (status == 1 || status == -ECHILD) child->children->Ended(child, code, signal);
}

void Children::Ended(Child* child, int code, int signal) {
  napi_env env = environment_->env();
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  napi_value exited;
  napi_value receiver;
  napi_value arguments[2];
  napi_get_reference_value(env, child->exited, &exited);
  napi_create_object(env, &receiver);
  napi_create_int32(env, code, &arguments[0]);
  napi_create_int32(env, signal, &arguments[1]);
  napi_async_context context = child->context;
  child->context = nullptr;
  Forget(child);
  const napi_status status = napi_make_callback(env, context, receiver, exited, 2, arguments, nullptr);
  if (status == napi_pending_exception) {
    napi_value error;
    if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
  }
  napi_async_destroy(env, context);
  napi_close_handle_scope(env, scope);
}

void Children::Forget(Child* child) {
  children_.erase(child);
  napi_delete_reference(environment_->env(), child->exited);
  if (child->context != nullptr) napi_async_destroy(environment_->env(), child->context);
  uv_close(reinterpret_cast<uv_handle_t*>(&child->poll), OnClosed);
  child->process.Close();
}

void Children::OnClosed(uv_handle_t* poll) {
  const std::unique_ptr<Child> child(static_cast<Child*>(poll->data));
  child->children->environment_->HandleClosed();
}

void Children::Leave() {
  std::vector<Descriptor> processes;
  while (!children_.empty()) {
    Child* child = *children_.begin();
    processes.push_back(std::move(child->process));
    Forget(child);
  }
  if (!processes.empty()) ReapElsewhere(std::move(processes));
}

}  // namespace socketserver
