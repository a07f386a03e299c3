#!/usr/bin/env bash
# Runs tests on an addon built with AddressSanitizer and UndefinedBehaviorSanitizer: those of this package, or the files
# given, or with the word `all` those of every package and example. It is a build of its own, which node-gyp-build is
# pointed to, so the ordinary one stays in use. Child processes and worker threads of the tests run on it too: a report of
# any of them fails the run, even where its test expected the process to die.
set -euo pipefail
package=$(cd "$(dirname "$0")/.." && pwd)
repository=$(cd "$package/../.." && pwd)
copy=$package/build/sanitized
rm -rf "$copy"
mkdir -p "$copy/reports"
cp -r "$package"/{binding.gyp,package.json,scripts,src} "$copy"

sanitizers='-fsanitize=address,undefined'
(
  cd "$copy"
  export CXXFLAGS="$sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer -g -O1" LDFLAGS="$sanitizers" JOBS=max
  node scripts/build.js >build.log 2>&1
  [ -e build/Release/socketserver_native.node ] || { cat build.log >&2; exit 1; }
)

cd "$repository"
case "${1:-}" in
  '') set -- packages/native/test/*.test.ts ;;
  # The consumer's tests install packages of their own, and rcmd's tests of processes start everything but the engine.
  all) mapfile -t files < <(find packages/*/test examples/test -name '*.test.ts' \
      -not -path '*/consumer/*' -not -path 'packages/rcmd/test/process/*' | sort)
    # What measures memory would measure that of the sanitizers.
    set -- --test-skip-pattern='/keeps its memory bounded|stays where it is while/' "${files[@]}" ;;
esac

# The library that all programs get here stops pkill, which tests use, for ever: so it goes without.
mkdir "$copy/bin"
pkill=$(command -v pkill || true)
if [ -n "$pkill" ]; then
  printf '#!/bin/sh\nunset LD_PRELOAD\nexec %s "$@"\n' "$pkill" >"$copy/bin/pkill"
  chmod +x "$copy/bin/pkill"
fi

# Node itself is not built with the sanitizers, so their library must come first. Leaks are looked for in Node alone, not in
# the other programs that tests run.
sanitized() {
  env PATH="$copy/bin:$PATH" "@SOCKETSERVER/NATIVE_PREBUILD=$copy" \
    LD_PRELOAD="$(g++ -print-file-name=libasan.so)" \
    ASAN_OPTIONS="detect_leaks=0:detect_odr_violation=0:exitcode=99:halt_on_error=1:quarantine_size_mb=8:log_path=$copy/reports/report:include_if_exists=$package/scripts/sanitizer-options.%b" \
    LSAN_OPTIONS="suppressions=$package/scripts/leaks.supp:print_suppressions=0" \
    UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:log_path=$copy/reports/report" \
    "$@"
}

sanitized node --input-type=module -e "
  import { readFileSync } from 'node:fs';
  const { createNativeEngine } = await import('@socketserver/native');
  createNativeEngine();
  const maps = readFileSync('/proc/self/maps', 'utf8');
  if (!maps.includes('$copy/') || !maps.includes('libasan')) throw new Error('The sanitized addon is not in use');
"
status=0
sanitized node --test --test-timeout=600000 "$@" || status=$?
if [ -n "$(ls "$copy/reports")" ]; then
  cat "$copy"/reports/* >&2
  echo "$(ls "$copy/reports" | wc -l) processes were reported by the sanitizers" >&2
  status=1
fi
exit "$status"
