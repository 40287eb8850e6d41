#!/bin/sh
# Makes sure the system libraries that Swirl builds against are there.
#
# On Debian and Ubuntu the missing packages are installed when this runs as root, and named in one
# `apt-get` line when it does not. Elsewhere it only says what is missing. Silent when nothing is.
set -eu

need_swift=6.2

fail() {
  echo "setup: $*" >&2
  exit 1
}

command -v swift >/dev/null 2>&1 ||
  fail "no 'swift' on the PATH; install Swift $need_swift or newer from https://www.swift.org/install"

# `swift --version` starts a compiler and takes half a second; the answer is kept for each binary.
stamp=.build/swift-version
swift_path=$(command -v swift)
if ! { [ -f "$stamp" ] && [ "$stamp" -nt "$swift_path" ] && grep -qxF "$swift_path" "$stamp"; }; then
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
  if [ -n "$version" ]; then
    older=$(printf '%s\n%s\n' "$version" "$need_swift" | sort -t. -k1,1n -k2,2n | head -n 1)
    [ "$older" = "$need_swift" ] || fail "Swift $version is too old; Swirl needs $need_swift or newer"
  fi
  mkdir -p .build && echo "$swift_path" >"$stamp"
fi

has_header() {
  for folder in /usr/include /usr/include/*-linux-gnu* /usr/local/include /opt/homebrew/opt/openblas/include \
    /usr/local/opt/openblas/include; do
    [ -e "$folder/$1" ] && return 0
  done
  return 1
}

missing=""
command -v pkg-config >/dev/null 2>&1 || missing="$missing pkg-config"
if command -v pkg-config >/dev/null 2>&1 && pkg-config --exists openblas; then
  :
elif ! has_header cblas.h; then
  missing="$missing libopenblas-dev"
fi

# Version 2.4, for the package trait Box2D; version 3 has other headers.
has_header box2d/b2_world.h || missing="$missing libbox2d-dev"

# For the package trait Viewer; films need ffmpeg, which is looked for when one is made.
if ! command -v pkg-config >/dev/null 2>&1 || ! pkg-config --exists cairo; then
  missing="$missing libcairo2-dev"
fi
if ! command -v pkg-config >/dev/null 2>&1 || ! pkg-config --exists sdl2; then
  missing="$missing libsdl2-dev"
fi
command -v ffmpeg >/dev/null 2>&1 || missing="$missing ffmpeg"

[ -n "$missing" ] || exit 0
missing=${missing# }

if ! command -v apt-get >/dev/null 2>&1; then
  if command -v brew >/dev/null 2>&1; then
    fail "missing: $missing; run: brew install openblas pkg-config box2d cairo sdl2 ffmpeg (Box2D" \
      "must be 2.4; with another version, build with: swift build --disable-default-traits)"
  fi
  fail "missing: $missing; install it, with its C and C++ headers, with your system's package manager"
fi

line="sudo apt-get update && sudo apt-get install -y $missing"
if [ "$(id -u)" -ne 0 ]; then
  echo "setup: Swirl needs packages that this machine lacks; run this line, then make again:" >&2
  echo "  $line" >&2
  exit 1
fi

echo "setup: installing $missing with apt-get"
export DEBIAN_FRONTEND=noninteractive
# The lists may be old or absent (a fresh container has none), so they are read first.
apt-get update -qq || fail "'apt-get update' failed; see its message above"
# shellcheck disable=SC2086 # one word a package
apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
  fail "apt-get could not install $missing; see its message above"
