# shellcheck shell=bash disable=SC2154
# Libraries compiled to WebAssembly, and header-only ones copied beside them (the system's include folder
# must never be on Emscripten's search path).

recipe_web() {
  local emscripten flags
  emscripten=$(path_of emscripten)
  flags=(-msimd128 -fwasm-exceptions)
  export AR=$emscripten/emar
  mkdir -p "$prefix/include" "$prefix/lib"
  debian_update
  web_imgui
  web_sodium
  web_sqlite
  web_catch2
  web_headers
}

web_imgui() {
  debian_source "$work/imgui" imgui 1.90.1
  install_imgui_headers "$work/imgui" "$prefix" opengl3
  compile_archive "$prefix/lib/libimgui.a" "$emscripten/em++" -std=c++20 -O2 -DNDEBUG "${flags[@]}" "-I$work/imgui" -- \
    "$work"/imgui/*.cpp "$work"/imgui/misc/cpp/*.cpp "$work/imgui/backends/imgui_impl_opengl3.cpp"
}

# randombytes.c is compiled as for any other system: its Emscripten branch ignores
# randombytes_set_implementation() and makes one call into JavaScript for every byte.
web_sodium() {
  local source=$work/sodium/src/libsodium sources=()
  debian_source "$work/sodium" libsodium 1.0.18
  sed -e 's/@VERSION@/1.0.18/' -e 's/@SODIUM_LIBRARY_VERSION_MAJOR@/10/' \
    -e 's/@SODIUM_LIBRARY_VERSION_MINOR@/3/' -e '/@SODIUM_LIBRARY_MINIMAL_DEF@/d' \
    "$source/include/sodium/version.h.in" >"$source/include/sodium/version.h"
  cp "$toolchains"/recipes/randombytes_getentropy.[ch] "$source/randombytes/"
  sed -i -e '1i #undef __EMSCRIPTEN__' "$source/randombytes/randombytes.c"
  mapfile -t sources < <(find "$source" -name '*.c' | sort)
  compile_archive "$prefix/lib/libsodium.a" "$emscripten/emcc" -O3 "${flags[@]}" -w \
    -DCONFIGURED=1 -DNATIVE_LITTLE_ENDIAN=1 -DRANDOMBYTES_CUSTOM_IMPLEMENTATION \
    "-DRANDOMBYTES_DEFAULT_IMPLEMENTATION=(&randombytes_getentropy)" \
    -include "$source/randombytes/randombytes_getentropy.h" \
    "-I$source/include/sodium" "-I$source/include" -- "${sources[@]}"
  (cd "$source/include" && find . -name '*.h' ! -path '*/private/*' -exec cp --parents {} "$prefix/include/" \;)
}

web_sqlite() {
  debian_source "$work/sqlite" sqlite3 3.46.1
  mkdir "$work/sqlite-build"
  (cd "$work/sqlite-build" && "$work/sqlite/configure" --disable-tcl && make sqlite3.c)
  compile_archive "$prefix/lib/libsqlite3.a" "$emscripten/emcc" -Os "${flags[@]}" -w \
    -DSQLITE_ENABLE_FTS5 -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DQS=0 -DSQLITE_TEMP_STORE=2 \
    -DSQLITE_OMIT_DEPRECATED -DSQLITE_DEFAULT_MEMSTATUS=0 -- "$work/sqlite-build/sqlite3.c"
  cp "$work/sqlite-build/sqlite3.h" "$prefix/include/"
}

web_catch2() {
  debian_source "$work/catch2" catch2 3.7.1
  install_catch2 "$work/catch2" "$emscripten/emcmake" cmake "-DCMAKE_CXX_FLAGS=${flags[*]}"
}

web_headers() {
  cp -r /usr/include/cereal /usr/include/nlohmann "$prefix/include/"
}
