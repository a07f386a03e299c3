#!/bin/sh
# Runs the package's tests on an addon built with AddressSanitizer and UndefinedBehaviorSanitizer. All happens in
# a copy of the package, so the ordinary build stays in use. Arguments are test files; all of them by default.
set -eu
cd "$(dirname "$0")/.."
copy=build/sanitized
rm -rf "$copy"
mkdir -p "$copy"
cp -r binding.gyp lib package.json scripts src test "$copy"
cd "$copy"

sanitizers='-fsanitize=address,undefined'
CXXFLAGS="$sanitizers -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g -O1" \
  LDFLAGS="$sanitizers" node-gyp rebuild

# Node itself is not built with them, so their library must come first. V8 and OpenSSL keep some memory to the end.
[ "$#" -gt 0 ] || set -- test/*.test.ts
LD_PRELOAD="$(g++ -print-file-name=libasan.so)" \
  ASAN_OPTIONS=detect_leaks=1:detect_odr_violation=0:exitcode=99 \
  LSAN_OPTIONS="suppressions=$PWD/scripts/leaks.supp:print_suppressions=0" \
  UBSAN_OPTIONS=print_stacktrace=1 \
  node --test --test-timeout=120000 "$@"
