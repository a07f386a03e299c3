#include "crossings.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "environment.h"
#include "module.h"

namespace socketserver {

namespace {

// Its events mean nothing but that the thread is to wake.
constexpr uint32_t kBellGeneration = 0;

// Clients at a listener on loan that are accepted before what others have sent is looked at. A turn's own cost is shared by them,
// and those who have connections wait for so many accept4(2) at most.
constexpr uint32_t kMaxLent = 16;

layout::AddressFamily FamilyOf(int family) {
  return family == AF_INET ? layout::kIPv4 : family == AF_INET6 ? layout::kIPv6 : layout::kUnix;
}

}  // namespace

uint32_t Crossings::Open() {
  std::shared_ptr<Crossing> crossing;
  const uint32_t number = Crossing::Open(&crossing);
  opened_.emplace(number, std::move(crossing));
  return number;
}

std::shared_ptr<Crossing> Crossings::Find(uint32_t number) const {
  const auto found = opened_.find(number);
  return found == opened_.end() ? nullptr : found->second;
}

void Crossings::Close(uint32_t number) {
  if (opened_.erase(number) > 0) Crossing::Close(number);
}

int Crossings::Join(napi_env env, uint32_t number, napi_value records) {
  if (joined_ != nullptr) return -EALREADY;
  napi_typedarray_type type = napi_uint8_array;
  size_t length = 0;
  void* memory = nullptr;
  const napi_status status = napi_get_typedarray_info(env, records, &type, &length, &memory, nullptr, nullptr);
  if (status != napi_ok || type != napi_float64_array || length != layout::kMaxArrivals * layout::kArrivalWords) {
    return -EINVAL;
  }
  std::shared_ptr<Crossing> crossing = Crossing::Find(number);
  if (crossing == nullptr) return -ENOENT;
  auto bell = std::make_shared<Doorbell>();
  int opened = bell->Open();
  if (opened == 0) opened = environment_->poller().Add(bell->fd(), {kNobodysSlot, kBellGeneration}, EPOLLIN | EPOLLET);
  if (opened != 0) return opened;
  if (napi_create_reference(env, records, 1, &pin_) != napi_ok) return -ENOMEM;
  records_ = static_cast<double*>(memory);
  bell_ = std::move(bell);
  joined_ = std::move(crossing);
  joined_->Join(bell_, environment_->poller().fd(), Poller::NameOf({kNobodysSlot, kLoanGeneration}));
  return 0;
}

bool Crossings::Take() {
  if (bell_ != nullptr && bell_->Answer()) {
    ForgetTold();
    joined_->Take(&arrived_);
  }
  return next_ < arrived_.size();
}

void Crossings::AcceptLent() {
  if (joined_ == nullptr) return;
  ForgetTold();
  const auto connections = environment_->slots().InUse() + static_cast<uint32_t>(arrived_.size() - next_);
  for (uint32_t count = 0; count < kMaxLent; count++) {
    Passenger passenger;
    if (joined_->AcceptLent(connections + count, &passenger) != 0) return;
    arrived_.push_back(std::move(passenger));
  }
}

// Makes room in front, where nobody waits.
void Crossings::ForgetTold() {
  if (next_ < arrived_.size()) return;
  arrived_.clear();
  told_ = next_ = 0;
}

size_t Crossings::Enter() {
  told_ = next_;
  while (next_ < arrived_.size() && next_ - told_ < layout::kMaxArrivals && environment_->HasFreeSlot()) {
    Passenger& passenger = arrived_[next_];
    const int fd = passenger.descriptor.Get();
    const SlotId id = EnterConnection(environment_, std::move(passenger.descriptor), passenger.family);
    double* record = records_ + (next_ - told_) * layout::kArrivalWords;
    record[layout::kArrivalSlot] = id.slot;
    record[layout::kArrivalGeneration] = id.generation;
    record[layout::kArrivalFd] = fd;
    record[layout::kArrivalFamily] = FamilyOf(passenger.family);
    record[layout::kArrivalHost] = passenger.host;
    record[layout::kArrivalPort] = passenger.port;
    for (int note = 0; note < Passenger::kNotes; note++) record[layout::kArrivalNotes + note] = passenger.notes[note];
    next_++;
  }
  return next_ - told_;
}

const std::string& Crossings::NameOf(size_t index) const {
  static const std::string nobody;
  return index < next_ - told_ ? arrived_[told_ + index].name : nobody;
}

void Crossings::Clear(napi_env env) {
  arrived_.clear();
  told_ = next_ = 0;
  if (joined_ != nullptr) joined_->Leave();
  joined_.reset();
  bell_.reset();
  if (pin_ != nullptr) napi_delete_reference(env, pin_);
  pin_ = nullptr;
  records_ = nullptr;
  for (const auto& [number, crossing] : opened_) Crossing::Close(number);
  opened_.clear();
}

}  // namespace socketserver
