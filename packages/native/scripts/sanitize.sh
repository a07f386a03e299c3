#!/usr/bin/env bash
# Runs tests on an addon built with AddressSanitizer and UndefinedBehaviorSanitizer, or with ThreadSanitizer:
#
#   sanitize.sh [thread] [all | ARGUMENT...]
#
# Those of this package, or with the word `all` those of every package and example, or what the arguments tell
# `node --test`: files, and options such as --test-name-pattern. It is a build of its own, which node-gyp-build is pointed
# to, so the ordinary one stays in use; it is kept until what it is made of changes. Child processes and worker threads of
# the tests run on it too: a report of any of them fails the run, even where its test expected the process to die.
set -euo pipefail
package=$(cd "$(dirname "$0")/.." && pwd)
repository=$(cd "$package/../.." && pwd)
export PATH="$repository/node_modules/.bin:$PATH"

if [ "${1:-}" = thread ]; then
  shift
  sanitizers=thread library=tsan
else
  sanitizers=address,undefined library=asan
fi
build=$package/build/sanitized-$library

make_build() {
  rm -rf "$build"
  mkdir -p "$build/bin"
  cp -r "$package"/{binding.gyp,package.json,scripts,src} "$build"
  (
    cd "$build"
    export CXXFLAGS="-fsanitize=$sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer -g -O1"
    export LDFLAGS="-fsanitize=$sanitizers" JOBS=max
    node scripts/build.js >build.log 2>&1
    [ -e build/Release/socketserver_native.node ] || { cat build.log >&2; exit 1; }
  )
  # Node itself is not built with the sanitizers, so their library must come before all others, and a copy of Node is made to
  # ask for it. LD_PRELOAD would bring it into the other programs that tests start, of which some (curl, pkill) never end.
  g++ -x c -shared -fPIC -DBUILD="\"$build\"" -o "$build/bin/sanitized-node.so" "$package/scripts/sanitized-node.c"
  cp "$(node --print process.execPath)" "$build/bin/node"
  patchelf --add-needed "$(basename "$(readlink "$(g++ "-print-file-name=lib$library.so")")")" "$build/bin/node"
  patchelf --add-needed "$build/bin/sanitized-node.so" "$build/bin/node"
}

made_of=$({ node --version && g++ --version && cat "$package"/{binding.gyp,package.json,scripts/*,src/*}; } | sha256sum)
if [ "$made_of" != "$(cat "$build/made-of" 2>/dev/null)" ]; then
  make_build
  echo "$made_of" >"$build/made-of"
fi

cd "$repository"
case "${1:-}" in
  '') set -- packages/native/test/*.test.ts ;;
  # The consumer's tests install packages of their own, and rcmd's tests of processes start everything but the engine.
  all) mapfile -t files < <(find packages/*/test examples/test -name '*.test.ts' \
      -not -path '*/consumer/*' -not -path 'packages/rcmd/test/process/*' | sort)
    set -- "${files[@]}" ;;
esac

rm -rf "$build/reports"
mkdir "$build/reports"
# Also of a process that was to die, or that nobody looked at.
tell_reports() {
  local status=$?
  if [ -n "$(ls "$build/reports")" ]; then
    cat "$build/reports"/* >&2
    echo "$(ls "$build/reports" | wc -l) processes were reported by the sanitizers" >&2
    status=1
  fi
  exit "$status"
}
trap tell_reports EXIT

export PATH="$build/bin:$PATH"
node --input-type=module -e "
  import { readFileSync } from 'node:fs';
  const { createNativeEngine } = await import('@socketserver/native');
  createNativeEngine();
  const maps = readFileSync('/proc/self/maps', 'utf8');
  if (!maps.includes('$build/build') || !maps.includes('lib$library')) throw new Error('The sanitized addon is not in use');
"
node --test --test-timeout=600000 "$@"
