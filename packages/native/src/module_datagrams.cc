// Datagram ports, as JavaScript calls them. Every function gives 0 or what its comment says, or a negative errno.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "arguments.h"
#include "datagram_port.h"
#include "module.h"
#include "multicast.h"
#include "socket.h"

namespace socketserver {

namespace {

constexpr int32_t kMaxPacketSize = 16 * 1024 * 1024;
int Enter(Environment& environment, Descriptor descriptor, int32_t max_packet_size, int32_t batch_size) {
  Address address;
  const int fd = descriptor.Get();
  const int status = Address::Local(fd, &address);
  if (status != 0) return status;
  if (max_packet_size < 1 || max_packet_size > kMaxPacketSize) return -EINVAL;
  batch_size = std::clamp<int32_t>(batch_size, 1, layout::kMaxDatagrams);
  auto port = std::make_unique<DatagramPort>(&environment, std::move(descriptor), address.Family(),
                                             static_cast<uint32_t>(max_packet_size), static_cast<uint32_t>(batch_size));
  DatagramPort* watched = port.get();
  watched->TellLocalIfAny(address);
  const SlotId id = environment.Insert(std::move(port), 0);
  const int watching = watched->Watch();
  if (watching != 0) {
    if (watching == -EEXIST) watched->LetGo();  // another port has it
    environment.Drop(id);
    return watching;
  }
  environment.mailbox().ReplyConnection(id, fd);
  environment.mailbox().ReplyAddress(address);
  return 0;
}

// bindDatagram(host or path, port or -1, reuseAddress, reusePort, ipv6Only, mode or -1, maxPacketSize, batch size).
napi_value BindDatagram(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  Environment& environment = arguments.environment();
  Address address;
  BindOptions options;
  int status = arguments.ReadBinding(&address, &options);
  if (status != 0) return arguments.Return(status);
  Descriptor descriptor;
  status = OpenBound(SOCK_DGRAM, address, options, &descriptor);
  if (status == 0) status = Enter(environment, std::move(descriptor), arguments.Int32(6), arguments.Int32(7));
  return arguments.Return(status);
}

// adoptDatagram(fd, maxPacketSize, batch size)
napi_value AdoptDatagram(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  Environment& environment = arguments.environment();
  const int fd = arguments.Int32(0);
  const int status = environment.HasFreeSlot() ? Claim(fd, SOCK_DGRAM) : -ENOMEM;
  if (status != 0) return arguments.Return(status);
  return arguments.Return(Enter(environment, Descriptor(fd), arguments.Int32(1), arguments.Int32(2)));
}

size_t Align(size_t offset) { return (offset + 7) & ~static_cast<size_t>(7); }

// Writes a record per datagram, and its bytes, with the names of the source and of our address behind them, into `bytes` from `offset` on.
void CopyOut(Mailbox* mailbox, const DatagramBatch& batch, int count, uint8_t* bytes, size_t offset) {
  for (int i = 0; i < count; i++) {
    const mmsghdr& message = batch.messages[i];
    const Address& source = batch.addresses[i];
    const std::string name = source.Name();
    const Address& local = batch.locals[i];
    const std::string local_name = local.Name();
    memcpy(bytes + offset, batch.pieces[i].iov_base, message.msg_len);
    memcpy(bytes + offset + message.msg_len, name.data(), name.size());
    memcpy(bytes + offset + message.msg_len + name.size(), local_name.data(), local_name.size());
    int32_t* record = mailbox->Datagram(static_cast<uint32_t>(i));
    record[layout::kBytesOffset] = static_cast<int32_t>(offset);
    record[layout::kBytesLength] = static_cast<int32_t>(message.msg_len);
    record[layout::kTruncated] = (message.msg_hdr.msg_flags & MSG_TRUNC) != 0;
    record[layout::kFamily] = source.Family() == AF_INET    ? layout::kIPv4
                              : source.Family() == AF_INET6 ? layout::kIPv6
                                                            : layout::kUnix;
    record[layout::kSourceHost] = static_cast<int32_t>(source.Host());
    record[layout::kSourcePort] = source.Port();
    record[layout::kNameOffset] = static_cast<int32_t>(offset + message.msg_len);
    record[layout::kSourceNameLength] = static_cast<int32_t>(name.size());
    record[layout::kLocalHost] = static_cast<int32_t>(local.Host());
    record[layout::kLocalNameLength] = static_cast<int32_t>(local_name.size());
    offset = Align(offset + message.msg_len + name.size() + local_name.size());
  }
}

// receive(slot, generation): the number of datagrams whose bytes are in the slab; or a buffer of its own with the
// bytes, and the number in the reply's slot word.
napi_value Receive(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  Environment& environment = arguments.environment();
  auto* port = arguments.Find<DatagramPort>();
  if (port == nullptr) return arguments.Return(0);
  const DatagramBatch& batch = environment.datagrams();
  const int count = port->Receive(&environment.datagrams());
  if (count <= 0) return arguments.Return(count);

  size_t total = 0;
  for (int i = 0; i < count; i++) {
    const size_t names = batch.addresses[i].Name().size() + batch.locals[i].Name().size();
    total = Align(total + batch.messages[i].msg_len + names);
  }
  Inbox& inbox = environment.inbox();
  inbox.Refresh(env);
  if (total <= inbox.SlabRoom()) {
    uint8_t* slab = inbox.SlabEnd();
    const size_t offset = inbox.KeepInSlab(total);
    CopyOut(&environment.mailbox(), batch, count, slab - offset, offset);
    return arguments.Return(count);
  }
  void* bytes = nullptr;
  napi_value buffer = nullptr;
  if (napi_create_buffer(env, total, &bytes, &buffer) != napi_ok) return arguments.Return(-ENOMEM);
  CopyOut(&environment.mailbox(), batch, count, static_cast<uint8_t*>(bytes), 0);
  environment.mailbox().Header(layout::kReplySlot) = count;
  return buffer;
}

// sendTo(slot, generation, bytes, host or path, port or -1, host of ours or ''): -EAGAIN when the kernel has no room.
napi_value SendTo(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  arguments.environment().Flush();  // what was sent before
  auto* port = arguments.Find<DatagramPort>();
  if (port == nullptr) return arguments.Return(-EBADF);
  const uint8_t* bytes = nullptr;
  size_t length = 0;
  if (!arguments.Bytes(2, &bytes, &length)) return arguments.Return(-EINVAL);
  Address address;
  Address from;
  const std::string own = arguments.Text(5);
  int status = arguments.ReadAddress(3, &address);
  if (status == 0 && !own.empty()) status = Address::ParseInet(own, 0, &from);
  if (status != 0) return arguments.Return(status);
  if (port->family() == AF_INET6 && address.Family() == AF_INET) {
    address = Address::IPv4Mapped(address.Host(), address.Port());
  }
  return arguments.Return(port->Send(bytes, length, address, &from));
}

// setSocketOption(slot, generation, name, value): 'broadcast', 'receiveBuffer', 'sendBuffer', 'multicastTTL',
// 'multicastLoopback'.
napi_value SetSocketOption(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* port = arguments.Find<DatagramPort>();
  if (port == nullptr) return arguments.Return(-EBADF);
  const std::string name = arguments.Text(2);
  const int value = arguments.Int32(3);
  int status = -EINVAL;
  if (name == "broadcast") status = SetOption(port->fd(), SOL_SOCKET, SO_BROADCAST, value);
  if (name == "receiveBuffer") status = SetOption(port->fd(), SOL_SOCKET, SO_RCVBUF, value);
  if (name == "sendBuffer") status = SetOption(port->fd(), SOL_SOCKET, SO_SNDBUF, value);
  if (name == "multicastTTL") status = SetMulticastTTL(port->fd(), port->family(), value);
  if (name == "multicastLoopback") status = SetMulticastLoopback(port->fd(), port->family(), value != 0);
  return arguments.Return(status);
}

// setMembership(slot, generation, join, group, interface)
napi_value SetMembership(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* port = arguments.Find<DatagramPort>();
  if (port == nullptr) return arguments.Return(-EBADF);
  return arguments.Return(ChangeMembership(port->fd(), port->family(), arguments.Int32(2) != 0, arguments.Text(3),
                                           arguments.Text(4)));
}

// leavePort(slot, generation)
napi_value LeavePort(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  arguments.environment().Flush();  // nothing can be sent afterwards
  auto* port = arguments.Find<DatagramPort>();
  if (port == nullptr) return arguments.Return(-EBADF);
  return arguments.Return(port->LeavePort());
}

// setMulticastInterface(slot, generation, interface)
napi_value SetInterface(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* port = arguments.Find<DatagramPort>();
  if (port == nullptr) return arguments.Return(-EBADF);
  return arguments.Return(SetMulticastInterface(port->fd(), port->family(), arguments.Text(2)));
}

// notify(path, bytes): sends one datagram to a Unix socket and forgets about it. [sd_notify(3)]
napi_value Notify(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  Address address;
  Descriptor descriptor;
  const uint8_t* bytes = nullptr;
  size_t length = 0;
  if (!arguments.Bytes(1, &bytes, &length)) return arguments.Return(-EINVAL);
  int status = Address::ParseUnix(arguments.Text(0), &address);
  if (status == 0) status = OpenSocket(AF_UNIX, SOCK_DGRAM, &descriptor);
  if (status != 0) return arguments.Return(status);
  const ssize_t sent = sendto(descriptor.Get(), bytes, length, MSG_NOSIGNAL, address.Raw(), address.length);
  return arguments.Return(sent < 0 ? -errno : 0);
}

}  // namespace

void AddDatagramFunctions(std::vector<napi_property_descriptor>* functions) {
  AddFunctions(
      {
      {"bindDatagram", BindDatagram},
      {"adoptDatagram", AdoptDatagram},
      {"receive", Receive},
      {"sendTo", SendTo},
      {"setSocketOption", SetSocketOption},
      {"setMembership", SetMembership},
      {"leavePort", LeavePort},
      {"setMulticastInterface", SetInterface},
      {"notify", Notify},
      },
      functions);
}

}  // namespace socketserver
