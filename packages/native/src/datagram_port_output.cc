#include <netinet/udp.h>
#include <sys/epoll.h>

#include <cerrno>

#include "datagram_port.h"
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
