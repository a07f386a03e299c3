#pragma once

#include <link.h>

#include <atomic>
#include <cstdint>
#include <cstring>

// Where the code of the engine lies, once it is loaded.
struct EngineCode {
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};
};

inline int FindEngine(dl_phdr_info* object, size_t, void* data) {
  if (strstr(object->dlpi_name, "socketserver_native") == nullptr) return 0;
  auto* code = static_cast<EngineCode*>(data);
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr)& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
    code->begin = object->dlpi_addr + part.p_vaddr;
    code->end = object->dlpi_addr + part.p_vaddr + part.p_memsz;
  }
  return 1;
}

// Whether an address, that of a function's caller, is in the engine's code.
inline bool IsOfEngine(const void* address) {
  static EngineCode code;
  if (code.end == 0) dl_iterate_phdr(FindEngine, &code);  // dladdr(3) would look through all symbols of Node
  const auto at = reinterpret_cast<uintptr_t>(address);
  return at >= code.begin && at < code.end;
}
