#include "crossing.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "accept.h"
#include "socket.h"

namespace socketserver {

namespace {

// The crossings of this process that are open.
struct Registry {
  std::mutex mutex;
  std::unordered_map<uint32_t, std::shared_ptr<Crossing>> open;
  uint32_t last_number = 0;
};

// Never destroyed: threads may still run when the process exits.
Registry& TheRegistry() {
  static auto* registry = new Registry;
  return *registry;
}

}  // namespace

uint32_t Crossing::Open(std::shared_ptr<Crossing>* crossing) {
  *crossing = std::make_shared<Crossing>();
  Registry& registry = TheRegistry();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  const uint32_t number = ++registry.last_number;
  registry.open.emplace(number, *crossing);
  return number;
}

std::shared_ptr<Crossing> Crossing::Find(uint32_t number) {
  Registry& registry = TheRegistry();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  const auto found = registry.open.find(number);
  return found == registry.open.end() ? nullptr : found->second;
}

void Crossing::Close(uint32_t number) {
  const std::shared_ptr<Crossing> crossing = Find(number);
  if (crossing == nullptr) return;
  crossing->TakeBack();
  {
    Registry& registry = TheRegistry();
    const std::lock_guard<std::mutex> lock(registry.mutex);
    registry.open.erase(number);
  }
  std::vector<Passenger> stranded;
  crossing->Take(&stranded);
  for (const Passenger& passenger : stranded) DiscardOnClose(passenger.descriptor.Get());
}

void Crossing::Send(Passenger passenger) {
  std::shared_ptr<Doorbell> bell;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.push_back(std::move(passenger));
    bell = bell_;
  }
  if (bell != nullptr) bell->Ring();
}

void Crossing::Join(std::shared_ptr<Doorbell> bell, int epoll, uint64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  bell_ = std::move(bell);
  epoll_ = epoll;
  watch_id_ = id;
  pthread_getcpuclockid(pthread_self(), &clock_);
  if (!waiting_.empty()) bell_->Ring();
}

void Crossing::Leave() {
  const std::lock_guard<std::mutex> lock(mutex_);
  EndLoan();
  epoll_ = -1;
}

void Crossing::Take(std::vector<Passenger>* arrived) {
  const std::lock_guard<std::mutex> lock(mutex_);
  arrived->insert(arrived->end(), std::make_move_iterator(waiting_.begin()),
                  std::make_move_iterator(waiting_.end()));
  waiting_.clear();
}

int Crossing::Lend(Loan loan) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (epoll_ < 0) return -EPIPE;
  if (loan_.fd >= 0) return -EALREADY;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = watch_id_;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, loan.fd, &event) < 0) return -errno;
  loan_ = std::move(loan);
  is_at_quota_ = knows_quota_ = false;
  return 0;
}

void Crossing::TakeBack() {
  const std::lock_guard<std::mutex> lock(mutex_);
  EndLoan();
}

// Under the lock.
void Crossing::EndLoan() {
  if (loan_.fd < 0) return;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, loan_.fd, nullptr);
  loan_ = Loan{};
}

LoanState Crossing::Look(std::vector<Guest>* guests, double* cpu_ms) {
  const std::lock_guard<std::mutex> lock(mutex_);
  guests->insert(guests->end(), guests_.begin(), guests_.end());
  guests_.clear();
  timespec had{};
  if (epoll_ >= 0) clock_gettime(clock_, &had);
  *cpu_ms = static_cast<double>(had.tv_sec) * 1e3 + static_cast<double>(had.tv_nsec) / 1e6;
  return loan_.fd < 0 ? LoanState::kNone : is_at_quota_ ? LoanState::kAtQuota : LoanState::kOut;
}

int Crossing::AcceptLent(uint32_t connections, Passenger* passenger) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (loan_.fd < 0) return -EAGAIN;
  if (!knows_quota_) {
    loan_.quota += connections;
    knows_quota_ = true;
  }
  is_at_quota_ = connections >= loan_.quota;
  if (is_at_quota_) return -EAGAIN;
  Address remote;
  const int status = AcceptFrom(loan_.fd, &passenger->descriptor, &remote);
  if (status == -EAGAIN) return status;
  if (status < 0) {
    EndLoan();
    return status;
  }
  if (loan_.accepts_without) SendAtOnce(passenger->descriptor.Get());
  const int64_t number = loan_.number->fetch_add(1);
  passenger->family = remote.Family();
  passenger->host = remote.Host();
  passenger->port = remote.Port();
  passenger->notes[0] = -static_cast<double>(number);
  passenger->notes[1] = static_cast<double>(number);
  passenger->notes[2] = loan_.after;
  guests_.push_back({number, passenger->host, passenger->port});
  return 0;
}

}  // namespace socketserver
