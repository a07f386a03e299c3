#include "datagram_port.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "environment.h"
#include "socket.h"

namespace socketserver {

namespace {

// The way does not take joined datagrams, as without checksums in the interface (EIO) or with a small MTU (EINVAL, and
// EMSGSIZE where it was found to be small later). [Linux: udp_send_skb()]
bool IsOfTheWay(int error) { return error == EIO || error == EINVAL || error == EMSGSIZE; }

// The address to leave from may be ours no longer: IPv4 says ENETUNREACH, IPv6 EINVAL, or ENODEV where its link has gone.
// [Linux: ip_route_output_key_hash_rcu(), ip6_datagram_send_ctl()]
bool MayBeOfTheSource(int error, const Address& from) {
  return from.Family() != AF_UNSPEC && (error == ENETUNREACH || error == EINVAL || error == ENODEV);
}

}  // namespace

DatagramPort::DatagramPort(Environment* environment, Descriptor descriptor, int family, uint32_t max_packet_size,
                           uint32_t batch_size)
    : Source(kKind, std::move(descriptor)),
      environment_(environment),
      max_packet_size_(max_packet_size),
      batch_size_(batch_size),
      family_(family) {}

bool DatagramPort::IsWanted() const {
  return (environment_->mailbox().Slot(id().slot, layout::kSlotState) & layout::kWanted) != 0;
}

void DatagramPort::SetReadable(bool readable) {
  int32_t& state = environment_->mailbox().Slot(id().slot, layout::kSlotState);
  state = readable ? state | layout::kReadable : state & ~layout::kReadable;
}

int DatagramPort::Watch() {
  watched_ = EPOLLIN;
  return environment_->poller().Add(fd(), id(), watched_);
}

void DatagramPort::WatchFor(uint32_t events) {
  if (events == watched_) return;
  watched_ = events;
  environment_->poller().Modify(fd(), id(), events);
}

void DatagramPort::OnEvents(uint32_t events) {
  if ((events & EPOLLERR) != 0) {
    int error = 0;
    GetOption(fd(), SOL_SOCKET, SO_ERROR, &error);  // clears it; each datagram's own error comes from its call
  }
  if ((events & EPOLLOUT) != 0) SendWaiting();
  if ((events & EPOLLIN) == 0) return;
  if (!IsWanted()) {
    WatchFor(watched_ & ~static_cast<uint32_t>(EPOLLIN));
    SetReadable(true);
    return;
  }
  environment_->mailbox().Slot(id().slot, layout::kSlotState) &= ~layout::kWanted;
  environment_->Emit(layout::kReady, id(), 0, 0);
}

void DatagramPort::OnResume() {
  SetReadable(false);
  WatchFor(watched_ | EPOLLIN);
}

int DatagramPort::Receive(DatagramBatch* batch) {
  const uint32_t most = std::max<uint32_t>(layout::kMaxBatchBytes / max_packet_size_, 1);
  const uint32_t count = std::min(batch_size_, most);
  const size_t needed = static_cast<size_t>(count) * max_packet_size_;
  if (batch->capacity < needed) {
    batch->bytes.reset(new uint8_t[needed]);  // not cleared: pages that nothing reaches cost no memory
    batch->capacity = needed;
  }
  for (uint32_t i = 0; i < count; i++) {
    batch->pieces[i] = {batch->bytes.get() + static_cast<size_t>(i) * max_packet_size_, max_packet_size_};
    batch->addresses[i].storage.ss_family = AF_UNSPEC;
    msghdr& header = batch->messages[i].msg_hdr;
    header = {};
    header.msg_name = &batch->addresses[i].storage;
    header.msg_namelen = sizeof(sockaddr_storage);
    header.msg_iov = &batch->pieces[i];
    header.msg_iovlen = 1;
    batch->locals[i].storage.ss_family = AF_UNSPEC;
    if (tells_local_) batch->AskForLocal(i);
  }
  int received;
  do {
    received = recvmmsg(fd(), batch->messages, count, MSG_CMSG_CLOEXEC, nullptr);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return errno == EAGAIN ? 0 : -errno;
  for (int i = 0; i < received; i++) {
    Address& address = batch->addresses[i];
    address.length = std::min<socklen_t>(batch->messages[i].msg_hdr.msg_namelen, sizeof(sockaddr_storage));
    if (tells_local_) batch->ReadLocal(static_cast<uint32_t>(i), family_);
    if (address.length == 0) address.storage.ss_family = static_cast<sa_family_t>(family_);  // unnamed [unix(7)]
  }
  return received;
}

int DatagramPort::Send(const uint8_t* bytes, size_t length, const Address& address, Address* from) {
  iovec piece{const_cast<uint8_t*>(bytes), length};
  alignas(cmsghdr) uint8_t control[kLocalSpace] = {};
  msghdr header{};
  header.msg_name = const_cast<sockaddr*>(address.Raw());
  header.msg_namelen = address.length;
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control;
  AddLocal(&header, *from);
  ssize_t sent;
  do {
    sent = sendmsg(fd(), &header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return 0;
  // Without memory it waits as it does without room. [send(2): ENOBUFS]
  const int status = errno == ENOBUFS ? -EAGAIN : -errno;
  if (MayBeOfTheSource(-status, *from)) {
    from->storage.ss_family = AF_UNSPEC;
    return Send(bytes, length, address, from);
  }
  if (status == -EAGAIN && family_ != AF_UNIX) WatchFor(watched_ | EPOLLOUT);
  return status;
}

void DatagramPort::TellLocalIfAny(const Address& bound) {
  if (family_ == AF_UNIX || !bound.IsAny()) return;
  tells_local_ = SetOption(fd(), IPPROTO_IP, IP_PKTINFO, 1) == 0;
  if (family_ == AF_INET6 && SetOption(fd(), IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) == 0) tells_local_ = true;
}

int DatagramPort::LeavePort() {
  Address own;
  const int status = Address::Local(fd(), &own);
  if (status != 0) return status;
  // A connected socket gets nothing of what others send, where unconnected ones have its port too; and nobody else has
  // its own address. [Linux: reuseport_select_sock()]
  own.NameLoopbackIfAny();
  return connect(fd(), own.Raw(), own.length) < 0 ? -errno : 0;
}

uint32_t DatagramPort::SendBatch(Environment* environment, uint32_t index, uint32_t count) {
  const Mailbox& mailbox = environment->mailbox();
  DatagramBatch& batch = environment->datagrams();
  Command command;
  if (!mailbox.ReadCommand(index, &command)) return index + 1;
  const SlotId id = command.id;
  auto* port = environment->slots().Find<DatagramPort>(id.slot, id.generation);
  if (port == nullptr) return index + 1;

  uint32_t gathered = 0;
  Command last{};
  for (; index < count && gathered < layout::kMaxDatagrams; index++) {
    if (!mailbox.ReadCommand(index, &command)) continue;
    if (command.kind != layout::kSendTo || command.id.slot != id.slot || command.id.generation != id.generation) {
      break;
    }
    const uint8_t* bytes = mailbox.Outgoing() + command.offset;
    // Answers to a burst of one host's follow one another.
    const bool is_next = gathered > 0 && command.host == last.host && command.port == last.port &&
                         command.from_host == last.from_host;
    if (is_next && port->CanJoin() && batch.Join(gathered - 1, bytes, command.length)) continue;
    Address& address = batch.addresses[gathered];
    if (port->family_ == AF_INET6) {
      address = Address::IPv4Mapped(command.host, command.port);
    } else {
      address = Address::IPv4(command.host, command.port);
    }
    if (command.from_host == 0) {
      batch.locals[gathered].storage.ss_family = AF_UNSPEC;
    } else {
      batch.locals[gathered] = Address::IPv4(command.from_host, 0);
    }
    batch.Begin(gathered++, bytes, command.length);
    last = command;
  }
  port->SendOrKeep(&batch, gathered);
  return index;
}

// A kernel that does not know how would send them as one. [Linux 4.18]
bool DatagramPort::CanJoin() {
  if (joining_ == Joining::kUntried) {
    int segment = 0;
    const bool is_known = GetOption(fd(), IPPROTO_UDP, UDP_SEGMENT, &segment) == 0;
    joining_ = is_known ? Joining::kWorks : Joining::kFails;
  }
  return joining_ == Joining::kWorks;
}

void DatagramPort::SendOrKeep(DatagramBatch* batch, uint32_t count) {
  uint32_t sent = 0;
  while (sent < count && waiting_.empty()) {
    const int result = sendmmsg(fd(), batch->messages + sent, count - sent, MSG_NOSIGNAL);
    if (result > 0) {
      sent += static_cast<uint32_t>(result);
    } else if (errno == EAGAIN || errno == ENOBUFS) {
      break;
    } else if (errno != EINTR) {
      // An error is reported only if it hit the first of them. [sendmmsg(2)]
      if (batch->IsJoined(sent)) {
        if (IsOfTheWay(errno)) joining_ = Joining::kFails;
        SendApart(batch, sent);
      } else if (MayBeOfTheSource(errno, batch->locals[sent])) {
        SendApart(batch, sent);
      } else {
        environment_->Emit(layout::kSendFailed, id(), -errno, 0);
      }
      sent++;
    }
  }
  for (; sent < count; sent++) Keep(*batch, sent);
  if (waiting_.empty()) return;
  environment_->mailbox().Slot(id().slot, layout::kSlotQueued) = static_cast<int32_t>(waiting_.size());
  WatchFor(watched_ | EPOLLOUT);
}

// Whatever kept joined datagrams from going out, single ones may go. The first finds out whether their source has gone.
void DatagramPort::SendApart(DatagramBatch* batch, uint32_t index) {
  batch->TakeApart(index, [&](const uint8_t* datagram, size_t length) {
    const Address& address = batch->addresses[index];
    Address& from = batch->locals[index];
    const int status = waiting_.empty() ? Send(datagram, length, address, &from) : -EAGAIN;
    if (status == -EAGAIN) {
      waiting_.push_back({address, from, {datagram, datagram + length}});
    } else if (status != 0) {
      environment_->Emit(layout::kSendFailed, id(), status, 0);
    }
  });
}

void DatagramPort::Keep(const DatagramBatch& batch, uint32_t index) {
  batch.TakeApart(index, [&](const uint8_t* datagram, size_t length) {
    waiting_.push_back({batch.addresses[index], batch.locals[index], {datagram, datagram + length}});
  });
}

void DatagramPort::SendWaiting() {
  while (!waiting_.empty()) {
    Waiting& first = waiting_.front();
    const int status = Send(first.bytes.data(), first.bytes.size(), first.address, &first.from);
    if (status == -EAGAIN) return;
    if (status != 0) environment_->Emit(layout::kSendFailed, id(), status, 0);
    waiting_.pop_front();
  }
  environment_->mailbox().Slot(id().slot, layout::kSlotQueued) = 0;
  WatchFor(watched_ & ~static_cast<uint32_t>(EPOLLOUT));
  environment_->Emit(layout::kWritable, id(), 0, 0);
}

}  // namespace socketserver
