# shellcheck shell=bash disable=SC2154
# Emscripten 3.1.69 from trixie, unpacked into a private prefix. Debian 12's own is 3.1.6, whose libc++
# lacks most of C++20. clang 19 comes from the system; binaryen is linked to a newer C library than
# Debian 12's, so it gets its own copy and runs through that copy's loader.
#
# The settings go to the file beside emcc and not to EM_CONFIG: a later `cmake --build` would not see the
# variable and take the system's wasm-opt.

emscripten_version=3.1.69+dfsg-3

recipe_emscripten() {
  debian_update
  # Variants for threads, workers and sanitizers are four fifths of the package; none is used.
  debian_unpack "$prefix" "emscripten=$emscripten_version" --wildcards --no-anchored \
    --exclude='*-mt.a' --exclude='*-mt-*.a' --exclude='*-ww.a' --exclude='*-ww-*.a' --exclude='*-asan*.a' \
    --exclude='lib/wasm32-emscripten/lto*' --exclude='lib/wasm32-emscripten/pic' --exclude='wasm64-emscripten' \
    --exclude='share/emscripten/test' --exclude='share/doc' --exclude='share/man' --exclude='./usr/bin'
  unpack_binaryen
  # Debian's acorn; found as a Node package by Emscripten's own scripts.
  mkdir -p "$prefix/usr/share/emscripten/node_modules"
  ln -s /usr/share/nodejs/acorn "$prefix/usr/share/emscripten/node_modules/acorn"
  write_configuration
}

unpack_binaryen() {
  local package program
  for package in libc6 libstdc++6 libgcc-s1; do
    debian_unpack "$prefix/binaryen" "$package" --exclude='./usr/share' --exclude='*/gconv'
  done
  debian_unpack "$prefix/binaryen" binaryen --exclude='./usr/share'
  mkdir -p "$prefix/binaryen/bin"
  for program in "$prefix"/binaryen/usr/bin/wasm*; do
    write_wrapper "$(basename "$program")"
  done
}

write_wrapper() {
  cat >"$prefix/binaryen/bin/$1" <<'WRAPPER'
#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
libraries=$(echo "$root"/usr/lib/*-linux-gnu*)
exec "$libraries"/ld-linux-*.so.* --library-path "$libraries" "$root/usr/bin/${0##*/}" "$@"
WRAPPER
  chmod +x "$prefix/binaryen/bin/$1"
}

# The file is Python, read by Emscripten; written so that the prefix may move.
write_configuration() {
  cat >"$prefix/usr/share/emscripten/.emscripten" <<'CONFIG'
import shutil
from tools.utils import path_from_root

LLVM_ROOT = '/usr/bin'
LLVM_ADD_VERSION = '19'
CLANG_ADD_VERSION = '19'
BINARYEN_ROOT = path_from_root('..', '..', '..', 'binaryen')
NODE_JS = shutil.which('node')
FROZEN_CACHE = True
CONFIG
}
