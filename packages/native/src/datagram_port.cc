#include "datagram_port.h"

#include <netinet/in.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "environment.h"
#include "socket.h"

namespace socketserver {

DatagramPort::DatagramPort(Environment* environment, Descriptor descriptor, int family, uint32_t max_packet_size,
                           uint32_t batch_size)
    : Source(kKind, environment, std::move(descriptor)),
      max_packet_size_(max_packet_size),
      batch_size_(batch_size),
      family_(family) {}

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
  TellReady();
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

}  // namespace socketserver
