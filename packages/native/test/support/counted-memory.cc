// Preloaded into a process, counts the bytes that the engine's C++ has allocated and not freed, and nobody else's: in the first
// eight bytes of the file that COUNTED_MEMORY names, which may be read at any time.
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "engine-code.h"

namespace {

std::atomic<int64_t>* Counter() {
  static auto* counter = [] {
    const char* file = getenv("COUNTED_MEMORY");
    const int fd = file == nullptr ? -1 : open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(int64_t)) != 0) abort();
    void* memory = mmap(nullptr, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) abort();
    return static_cast<std::atomic<int64_t>*>(memory);
  }();
  return counter;
}

void Count(void* caller, int64_t bytes) {
  if (IsOfEngine(caller)) *Counter() += bytes;
}

int64_t SizeOf(void* memory) { return static_cast<int64_t>(malloc_usable_size(memory)); }

}  // namespace

// What comes next may be a sanitizer's, which wants back from its `delete` what its `new` gave.
template <typename Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

void* operator new(size_t size) {
  static const auto next = Next<void* (*)(size_t)>("_Znwm");
  void* memory = next(size);
  Count(__builtin_return_address(0), SizeOf(memory));
  return memory;
}

void operator delete(void* memory) noexcept {
  static const auto next = Next<void (*)(void*)>("_ZdlPv");
  Count(__builtin_return_address(0), -SizeOf(memory));
  next(memory);
}

void operator delete(void* memory, size_t size) noexcept {
  static const auto next = Next<void (*)(void*, size_t)>("_ZdlPvm");
  Count(__builtin_return_address(0), -SizeOf(memory));
  next(memory, size);
}
