#!/bin/sh
# Installs what the benchmark measures against: from Debian, from npm, and Ranch from its repository.
# Each part is optional; the benchmark skips what is not there. Run as root (for apt-get), in any folder.
set -u
bench=$(cd "$(dirname "$0")" && pwd)
ranch_version=2.2.0
packages="gcc libc6-dev golang-go openssl python3 python3-uvloop redis-server redis-tools erlang-base erlang-ssl
  ca-certificates git openssh-server openssh-client"

export DEBIAN_FRONTEND=noninteractive
apt-get update || echo "setup: the lists of packages are as old as they were"
# One by one: a package that one system lacks does not cost it the others.
for package in $packages; do
  apt-get install -y --no-install-recommends "$package" || echo "setup: $package could not be installed from Debian"
done

npm install --prefix "$bench" --ignore-scripts --no-package-lock --no-audit --no-fund ||
  echo "setup: Bun and ssh2 could not be installed from npm"

# Debian has no Ranch: build it, and our peer on it, into build/ranch/ebin.
install_ranch() {
  sources=$bench/build/ranch/source
  ebin=$bench/build/ranch/ebin
  mkdir -p "$ebin"
  [ -d "$sources" ] ||
    git clone --quiet --depth 1 --branch "$ranch_version" https://github.com/ninenines/ranch "$sources" || return 1
  erlc -o "$ebin" "$sources"/src/ranch_transport.erl "$sources"/src/ranch_protocol.erl || return 1
  erlc -pa "$ebin" -o "$ebin" "$sources"/src/*.erl "$bench"/peers/ranch_echo.erl || return 1
  cp "$sources"/ebin/ranch.app "$ebin"/
}
install_ranch || echo "setup: Ranch could not be built"
