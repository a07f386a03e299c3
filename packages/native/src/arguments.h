#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "address.h"
#include "environment.h"
#include "socket.h"

namespace socketserver {

// What JavaScript called a function of the binding with. A value of the wrong type reads as zero, so that every
// number still meets the checks of its user.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info);

  Environment& environment() const { return *environment_; }
  napi_value operator[](size_t index) const { return values_[index]; }

  int32_t Int32(size_t index) const;
  int64_t Int64(size_t index) const;
  double Double(size_t index) const;
  std::string Text(size_t index) const;
  // The memory of a Uint8Array; valid until JavaScript runs again.
  bool Bytes(size_t index, const uint8_t** bytes, size_t* length) const;

  // A host and a port, or a Unix path and -1, in two arguments. Gives 0 or a negative errno.
  int ReadAddress(size_t first, Address* address) const;
  // What a socket is bound with, in the first six arguments: an address, and reuseAddress, reusePort, ipv6Only, and mode
  // or -1. Gives 0 or a negative errno, also where no slot is free for that socket.
  int ReadBinding(Address* address, BindOptions* options) const;

  // The source that arguments 0 and 1 name by slot and generation, or null.
  template <typename T>
  T* Find() const {
    return environment_->slots().Find<T>(static_cast<uint32_t>(Int32(0)), static_cast<uint32_t>(Int32(1)));
  }
  Source* FindAny() const {
    return environment_->slots().Find(static_cast<uint32_t>(Int32(0)), static_cast<uint32_t>(Int32(1)));
  }

  napi_value Return(int64_t number) const;

 private:
  static constexpr size_t kMaxValues = 8;
  napi_env env_;
  Environment* environment_ = nullptr;
  napi_value values_[kMaxValues];
};

}  // namespace socketserver
