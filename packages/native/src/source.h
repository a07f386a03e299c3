#pragma once

#include <cstdint>

#include "descriptor.h"

namespace socketserver {

class Environment;

// Names an open socket to JavaScript and to epoll. The generation tells a socket from the one that had its slot
// before, so that late news or a late order never reaches the wrong one.
struct SlotId {
  uint32_t slot = 0;
  uint32_t generation = 0;
};

// A socket with a slot: a listener, a connection or a datagram port.
class Source {
 public:
  enum class Kind : uint8_t { kListener, kConnection, kDatagramPort };

  Source(Kind kind, Environment* environment, Descriptor descriptor)
      : environment_(environment), descriptor_(static_cast<Descriptor&&>(descriptor)), kind_(kind) {}
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // epoll reports; `this` may be gone afterwards.
  virtual void OnEvents(uint32_t events) = 0;
  // JavaScript wants news and kReadable was set.
  virtual void OnResume() = 0;
  // The source put itself on the ready list; `this` may be gone afterwards.
  virtual void OnTurn() = 0;

  Kind kind() const { return kind_; }
  int fd() const { return descriptor_.Get(); }
  SlotId id() const { return id_; }
  void set_id(SlotId id) { id_ = id; }
  // The descriptor stays open: it is somebody else's.
  void LetGo() { descriptor_.Release(); }

 protected:
  // What its slot says: whether JavaScript waits for news, and whether there may be some that it was not told.
  bool IsWanted() const;
  void SetReadable(bool readable);
  // Tells JavaScript, once, that it may pull.
  void TellReady();

  Environment* environment_;
  Descriptor descriptor_;

 private:
  SlotId id_;
  Kind kind_;
};

}  // namespace socketserver
