# shellcheck shell=bash disable=SC2154
# Steps that several recipes share.

# compile_archive ARCHIVE COMPILER FLAGS... -- SOURCES...: a static library, as parallel as the machine.
# Object names keep the source's folder, so equal base names do not collide; the scratch folder's name
# stays out of what assert() prints.
compile_archive() {
  local archive=$1 flags=() objects
  shift
  while [[ $1 != -- ]]; do
    flags+=("$1")
    shift
  done
  shift
  objects=$(mktemp -d)
  # shellcheck disable=SC2016
  printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -I '{}' bash -c \
    'source=$1 objects=$2; shift 2; exec "$@" -c "$source" -o "$objects/${source//\//_}.o"' \
    compile '{}' "$objects" "${flags[@]}" "-ffile-prefix-map=$work/="
  rm -f "$archive"
  "${AR:-ar}" rcs "$archive" "$objects"/*.o
  rm -r "$objects"
}

# install_imgui_headers SOURCE PREFIX BACKEND...: flat include/imgui. Options that must be the same for
# the library and everyone who includes it go into imconfig.h, in the source too.
install_imgui_headers() {
  local source=$1 target=$2/include/imgui backend
  shift 2
  cat >>"$source/imconfig.h" <<'CONFIG'

// Parley: code points above the basic plane, and no names that a later ImGui will drop.
#define IMGUI_USE_WCHAR32
#define IMGUI_DISABLE_OBSOLETE_FUNCTIONS
CONFIG
  mkdir -p "$target"
  cp "$source"/im*.h "$source/misc/cpp/imgui_stdlib.h" "$target/"
  for backend in "$@"; do
    cp "$source/backends/imgui_impl_$backend.h" "$target/"
  done
}

# install_catch2 SOURCE CMAKE...: builds and installs with the given start of a cmake command.
install_catch2() {
  local source=$1 build
  shift
  build=$(mktemp -d)
  "$@" -G Ninja -S "$source" -B "$build" -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_STANDARD=20 -DCMAKE_UNITY_BUILD=ON \
    -DCATCH_INSTALL_DOCS=OFF -DCATCH_DEVELOPMENT_BUILD=OFF -DBUILD_TESTING=OFF
  cmake --build "$build"
  cmake --install "$build"
  rm -r "$build"
}
