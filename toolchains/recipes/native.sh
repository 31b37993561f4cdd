# shellcheck shell=bash disable=SC2154
# Native libraries that Debian does not have in the form needed: Dear ImGui and Catch2.
# The calling script gives $work (scratch) and $prefix (to be filled).

recipe_native() {
  debian_update
  debian_source "$work/imgui" imgui 1.90.1
  debian_source "$work/catch2" catch2 3.7.1
  build_imgui
  install_catch2 "$work/catch2" cmake
}

build_imgui() {
  install_imgui_headers "$work/imgui" "$prefix" glfw opengl3
  mkdir -p "$prefix/lib"
  compile_archive "$prefix/lib/libimgui.a" g++ -std=c++20 -O2 -g1 -fPIC "-I$work/imgui" -- \
    "$work"/imgui/*.cpp "$work"/imgui/misc/cpp/*.cpp \
    "$work"/imgui/backends/imgui_impl_{glfw,opengl3}.cpp
}
