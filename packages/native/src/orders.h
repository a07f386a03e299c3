#pragma once

#include <cstdint>
#include <vector>

#include "mailbox.h"
#include "source.h"

namespace socketserver {

// Carries out the commands that JavaScript has left in the mailbox. Those to send to one connection go with one call.
class Orders {
 public:
  explicit Orders(Environment* environment) : environment_(environment) {}

  void Open() { next_command_.resize(layout::kMaxCommands); }
  void CarryOut();

 private:
  void Run(uint32_t index, const Command& command);

  Environment* environment_;
  std::vector<SlotId> gathered_;        // connections that have some to send
  std::vector<uint32_t> next_command_;  // by index, the next one for the same connection
  bool is_running_ = false;
};

}  // namespace socketserver
