// Connections, as JavaScript calls them. Every function gives a number: 0 or what its comment says, or a negative
// errno.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "arguments.h"
#include "connection.h"
#include "module.h"
#include "socket.h"

namespace socketserver {

// Takes a connected socket in, and answers its slot, generation and descriptor.
SlotId EnterConnection(Environment* environment, Descriptor descriptor, int family) {
  const int fd = descriptor.Get();
  auto connection = std::make_unique<Connection>(environment, std::move(descriptor), family);
  const SlotId id = environment->Insert(std::move(connection), layout::kReadable);
  environment->mailbox().ReplyConnection(id, fd);
  return id;
}

namespace {

// connect(host or path, port or -1): 0 when connected at once, -EINPROGRESS when kConnected or kClosed will
// tell; the reply names the connection in both cases.
napi_value Connect(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  Environment& environment = arguments.environment();
  Address address;
  Descriptor descriptor;
  int status = arguments.ReadAddress(0, &address);
  if (status == 0 && !environment.HasFreeSlot()) status = -ENOMEM;
  if (status == 0) status = OpenSocket(address.Family(), SOCK_STREAM, &descriptor);
  if (status != 0) return arguments.Return(status);
  SendAtOnce(descriptor.Get());
  if (connect(descriptor.Get(), address.Raw(), address.length) < 0) status = -errno;
  if (status != 0 && status != -EINPROGRESS) return arguments.Return(status);
  const SlotId id = EnterConnection(&environment, std::move(descriptor), address.Family());
  if (status == 0) return arguments.Return(0);
  const int waiting = environment.slots().Find<Connection>(id.slot, id.generation)->AwaitConnect();
  if (waiting != 0) environment.Drop(id);  // nothing would ever tell how it went
  return arguments.Return(waiting != 0 ? waiting : status);
}

// adopt(fd, inode or 0): takes a connection over. The inode tells whether the number still means that socket.
napi_value Adopt(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  Environment& environment = arguments.environment();
  const int fd = arguments.Int32(0);
  const int64_t expected = arguments.Int64(1);
  const int64_t inode = SocketInode(fd);
  if (inode < 0) return arguments.Return(inode);
  if (expected != 0 && inode != expected) return arguments.Return(-ESTALE);
  Address local;
  int is_listening = 0;
  int status = environment.HasFreeSlot() ? Claim(fd, SOCK_STREAM) : -ENOMEM;
  if (status == 0) status = GetOption(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening);
  if (status == 0 && is_listening != 0) status = -EINVAL;
  if (status == 0) status = Address::Local(fd, &local);
  if (status != 0) return arguments.Return(status);
  EnterConnection(&environment, Descriptor(fd), local.Family());
  return arguments.Return(0);
}

// inode(fd)
napi_value Inode(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  return arguments.Return(SocketInode(arguments.Int32(0)));
}

// duplicate(fd): a descriptor of our own for a socket that somebody else owns.
napi_value Duplicate(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const int fd = fcntl(arguments.Int32(0), F_DUPFD_CLOEXEC, 3);
  return arguments.Return(fd < 0 ? -errno : fd);
}

// write(slot, generation, bytes): 1 when the memory is the caller's again, 0 when kDrained will say so.
napi_value Write(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  arguments.environment().Flush();  // what was written before
  auto* connection = arguments.Find<Connection>();
  const uint8_t* bytes = nullptr;
  size_t length = 0;
  if (!arguments.Bytes(2, &bytes, &length)) return arguments.Return(-EINVAL);
  bool accepted = true;
  if (connection != nullptr && length > 0) connection->Write(arguments[2], bytes, length, &accepted);
  return arguments.Return(accepted);
}

// sendFile(slot, generation, file, offset, length): kFileSent will tell how many bytes went.
napi_value SendFile(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  arguments.environment().Flush();
  auto* connection = arguments.Find<Connection>();
  if (connection == nullptr) return arguments.Return(-EBADF);
  const int64_t offset = arguments.Int64(3);
  const int64_t length = arguments.Int64(4);
  if (offset < 0 || length < 0 || length > INT64_MAX - offset) return arguments.Return(-EINVAL);
  // A descriptor of our own: the caller may close his before all is sent.
  Descriptor file(fcntl(arguments.Int32(2), F_DUPFD_CLOEXEC, 3));
  if (!file.IsOpen()) return arguments.Return(-errno);
  connection->SendFile(std::move(file), offset, length);
  return arguments.Return(0);
}

// bytesTaken(slot, generation): of those that went out, those that the peer has acknowledged.
napi_value BytesTaken(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* connection = arguments.Find<Connection>();
  return arguments.Return(connection == nullptr ? 0 : connection->BytesTaken());
}

// reset(slot, generation)
napi_value Reset(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* connection = arguments.Find<Connection>();
  if (connection != nullptr) connection->Reset();
  return arguments.Return(0);
}

// release(slot, generation): the descriptor, which is the caller's now. -EBUSY while something waits to be sent.
napi_value Release(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  Environment& environment = arguments.environment();
  environment.Flush();
  auto* connection = arguments.Find<Connection>();
  if (connection == nullptr) return arguments.Return(-EBADF);
  if (connection->HasPendingOutput()) return arguments.Return(-EBUSY);
  const int fd = connection->Release();
  environment.Drop(connection->id());
  return arguments.Return(fd);
}

// localAddress(slot, generation), remoteAddress(slot, generation): into the reply.
napi_value LocalAddress(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const Source* source = arguments.FindAny();
  Address address;
  const int status = source == nullptr ? -EBADF : Address::Local(source->fd(), &address);
  if (status == 0) arguments.environment().mailbox().ReplyAddress(address);
  return arguments.Return(status);
}

napi_value RemoteAddress(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const Source* source = arguments.FindAny();
  Address address;
  const int status = source == nullptr ? -EBADF : Address::Remote(source->fd(), &address);
  if (status == 0) arguments.environment().mailbox().ReplyAddress(address);
  return arguments.Return(status);
}

// peerCredentials(slot, generation): pid, uid and gid in the words of a reply's slot, generation and fd.
napi_value Credentials(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* connection = arguments.Find<Connection>();
  if (connection == nullptr) return arguments.Return(-EBADF);
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(connection->fd(), SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return arguments.Return(-errno);
  arguments.environment().mailbox().ReplyConnection(
      {static_cast<uint32_t>(peer.pid), static_cast<uint32_t>(peer.uid)}, static_cast<int>(peer.gid));
  return arguments.Return(0);
}

// setNoDelay(slot, generation, on)
napi_value SetNoDelay(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* connection = arguments.Find<Connection>();
  if (connection == nullptr) return arguments.Return(-EBADF);
  return arguments.Return(SetOption(connection->fd(), IPPROTO_TCP, TCP_NODELAY, arguments.Int32(2)));
}

// setKeepAlive(slot, generation, on, initial delay in seconds)
napi_value SetKeepAlive(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* connection = arguments.Find<Connection>();
  if (connection == nullptr) return arguments.Return(-EBADF);
  int status = SetOption(connection->fd(), SOL_SOCKET, SO_KEEPALIVE, arguments.Int32(2));
  const int32_t seconds = arguments.Int32(3);
  if (status == 0 && seconds > 0) status = SetOption(connection->fd(), IPPROTO_TCP, TCP_KEEPIDLE, seconds);
  return arguments.Return(status);
}

}  // namespace

void AddConnectionFunctions(std::vector<napi_property_descriptor>* functions) {
  AddFunctions(
      {
      {"connect", Connect},
      {"adopt", Adopt},
      {"inode", Inode},
      {"duplicate", Duplicate},
      {"write", Write},
      {"sendFile", SendFile},
      {"bytesTaken", BytesTaken},
      {"reset", Reset},
      {"release", Release},
      {"localAddress", LocalAddress},
      {"remoteAddress", RemoteAddress},
      {"peerCredentials", Credentials},
      {"setNoDelay", SetNoDelay},
      {"setKeepAlive", SetKeepAlive},
      },
      functions);
}

}  // namespace socketserver
