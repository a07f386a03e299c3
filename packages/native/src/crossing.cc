#include "crossing.h"

#include <iterator>
#include <unordered_map>
#include <utility>

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

void Crossing::Join(std::shared_ptr<Doorbell> bell) {
  const std::lock_guard<std::mutex> lock(mutex_);
  bell_ = std::move(bell);
  if (!waiting_.empty()) bell_->Ring();
}

void Crossing::Take(std::vector<Passenger>* arrived) {
  const std::lock_guard<std::mutex> lock(mutex_);
  arrived->insert(arrived->end(), std::make_move_iterator(waiting_.begin()),
                  std::make_move_iterator(waiting_.end()));
  waiting_.clear();
}

}  // namespace socketserver
