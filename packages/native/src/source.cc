#include "source.h"

#include "environment.h"

namespace socketserver {

bool Source::IsWanted() const {
  return (environment_->mailbox().Slot(id_.slot, layout::kSlotState) & layout::kWanted) != 0;
}

void Source::SetReadable(bool readable) {
  int32_t& state = environment_->mailbox().Slot(id_.slot, layout::kSlotState);
  state = readable ? state | layout::kReadable : state & ~layout::kReadable;
}

void Source::TellReady() {
  environment_->mailbox().Slot(id_.slot, layout::kSlotState) &= ~layout::kWanted;
  environment_->Emit(layout::kReady, id_, 0, 0);
}

}  // namespace socketserver
