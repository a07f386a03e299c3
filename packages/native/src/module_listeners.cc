// Listeners, as JavaScript calls them. Every function gives a number: 0 or what its comment says, or a negative
// errno.
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "arguments.h"
#include "connection.h"
#include "datagram_port.h"
#include "listener.h"
#include "module.h"
#include "socket.h"

namespace socketserver {

namespace {

// bindStream(host or path, port or -1, reuseAddress, reusePort, ipv6Only, mode or -1); the reply names it.
napi_value BindStream(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  Environment& environment = arguments.environment();
  Address address;
  BindOptions options;
  int status = arguments.ReadBinding(&address, &options);
  if (status != 0) return arguments.Return(status);
  Descriptor descriptor;
  status = OpenBound(SOCK_STREAM, address, options, &descriptor);
  if (status == 0) status = Address::Local(descriptor.Get(), &address);
  if (status != 0) return arguments.Return(status);
  const int fd = descriptor.Get();
  const SlotId id = environment.Insert(std::make_unique<Listener>(&environment, std::move(descriptor)), 0);
  environment.mailbox().ReplyConnection(id, fd);
  environment.mailbox().ReplyAddress(address);
  return arguments.Return(0);
}

// adoptListener(fd): takes an inherited socket, which may listen already.
napi_value AdoptListener(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  Environment& environment = arguments.environment();
  const int fd = arguments.Int32(0);
  Address address;
  int is_listening = 0;
  int status = environment.HasFreeSlot() ? Claim(fd, SOCK_STREAM) : -ENOMEM;
  if (status == 0) status = Address::Local(fd, &address);
  if (status == 0) status = GetOption(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening);
  if (status != 0) return arguments.Return(status);
  auto listener = std::make_unique<Listener>(&environment, Descriptor(fd));
  Listener* watched = listener.get();
  const SlotId id = environment.Insert(std::move(listener), 0);
  if (is_listening != 0) status = watched->WatchInherited();
  if (status != 0) {
    watched->LetGo();
    environment.Drop(id);
    return arguments.Return(status);
  }
  environment.mailbox().ReplyConnection(id, fd);
  environment.mailbox().ReplyAddress(address);
  return arguments.Return(0);
}

// listen(slot, generation, backlog)
napi_value Listen(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* listener = arguments.Find<Listener>();
  return arguments.Return(listener == nullptr ? -EBADF : listener->Listen(arguments.Int32(2)));
}

// isReady(slot, generation): 1 or 0.
napi_value IsReady(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* listener = arguments.Find<Listener>();
  return arguments.Return(listener != nullptr && listener->IsReady());
}

// accept(slot, generation): -EAGAIN when nobody waits; the reply names the connection and its remote address.
napi_value Accept(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  Environment& environment = arguments.environment();
  auto* listener = arguments.Find<Listener>();
  if (listener == nullptr) return arguments.Return(-EAGAIN);
  if (!environment.HasFreeSlot()) return arguments.Return(-ENOMEM);
  Descriptor descriptor;
  Address remote;
  const int status = listener->Accept(&descriptor, &remote);
  if (status != 0) return arguments.Return(status);
  EnterConnection(&environment, std::move(descriptor), remote.Family());
  environment.mailbox().ReplyAddress(remote);
  return arguments.Return(0);
}

// closeSource(slot, generation): ends a listener or a datagram port.
napi_value CloseSource(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* listener = arguments.Find<Listener>();
  Source* source = listener != nullptr ? static_cast<Source*>(listener) : arguments.Find<DatagramPort>();
  if (source == nullptr) return arguments.Return(-EBADF);
  arguments.environment().Flush();  // datagrams that were sent before
  if (listener != nullptr) listener->DropAhead();
  arguments.environment().Drop(source->id());
  return arguments.Return(0);
}

}  // namespace

void AddListenerFunctions(std::vector<napi_property_descriptor>* functions) {
  AddFunctions(
      {
      {"bindStream", BindStream},
      {"adoptListener", AdoptListener},
      {"listen", Listen},
      {"isReady", IsReady},
      {"accept", Accept},
      {"closeSource", CloseSource},
      },
      functions);
}

}  // namespace socketserver
