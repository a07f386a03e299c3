// What the Node of sanitize.sh knows by itself, since some tests give a process no environment: which addon it loads, and the
// sanitizers' options. BUILD is the folder of that addon. The sanitizers' libraries have functions of the same names, so this
// one comes before them.
#include <stdlib.h>

#define COMMON "exitcode=99:halt_on_error=1:log_path=" BUILD "/reports/report"

__attribute__((constructor)) static void ChooseAddon(void) { setenv("@SOCKETSERVER/NATIVE_PREBUILD", BUILD, 1); }

const char* __asan_default_options(void) {
  return COMMON ":verify_asan_link_order=0:detect_odr_violation=0:quarantine_size_mb=8";
}

const char* __lsan_default_options(void) { return "print_suppressions=0:suppressions=" BUILD "/scripts/leaks.supp"; }

// V8 and libuv are not built for ThreadSanitizer: what they do to memory looks like races to it, but it sees their locks. It
// takes a child that shares our memory until it runs a program (process_start.cc) for a fork of ours.
const char* __tsan_default_options(void) { return COMMON ":ignore_noninstrumented_modules=1:history_size=7:die_after_fork=0"; }

const char* __ubsan_default_options(void) { return COMMON ":print_stacktrace=1"; }
