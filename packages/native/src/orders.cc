#include "orders.h"

#include "connection.h"
#include "environment.h"

namespace socketserver {

void Orders::CarryOut() {
  Mailbox& mailbox = environment_->mailbox();
  const uint32_t count = mailbox.CommandCount();
  if (count == 0 || is_running_) return;
  is_running_ = true;
  for (uint32_t index = 0; index < count;) {
    Command command;
    if (!mailbox.ReadCommand(index, &command)) {
      index++;
    } else if (command.kind == layout::kSendTo) {
      index = DatagramPort::SendBatch(environment_, index, count);
    } else {
      Run(index++, command);
    }
  }
  for (const SlotId id : gathered_) {
    auto* connection = environment_->slots().Find<Connection>(id.slot, id.generation);
    if (connection != nullptr) connection->SendGathered(next_command_.data());
  }
  gathered_.clear();
  mailbox.TakeCommands();
  is_running_ = false;
}

void Orders::Run(uint32_t index, const Command& command) {
  Slots& slots = environment_->slots();
  if (command.kind == layout::kResume) {
    Source* source = slots.Find(command.id.slot, command.id.generation);
    if (source != nullptr) source->OnResume();
    return;
  }
  auto* connection = slots.Find<Connection>(command.id.slot, command.id.generation);
  if (connection == nullptr) return;
  if (command.kind == layout::kSend) {
    if (!connection->HasGathered()) gathered_.push_back(command.id);
    connection->Gather(index, next_command_.data());
    return;
  }
  if (!connection->SendGathered(next_command_.data())) return;
  if (command.kind == layout::kEndWrite) connection->EndWrite();
  if (command.kind == layout::kClose) connection->CloseWhenSent();
}

}  // namespace socketserver
