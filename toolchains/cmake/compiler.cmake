# Language, warnings, sanitizers, linker and cache for every target; included once by the top CMakeLists.
# Own targets link `parley_flags`; programs run by node also link `parley_node` (web preset), and
# libFuzzer targets link `parley_fuzzer` (fuzz preset).

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})

option(PARLEY_WERROR "Treat warnings as errors" ON)
option(PARLEY_FUZZ "Instrument everything for libFuzzer (clang only)" OFF)
set(PARLEY_SANITIZE "" CACHE STRING "Sanitizers: address,undefined or thread")

# --- Warnings: the set on which gcc 12 and clang 19 agree, so that a clean build is clean in both ------
add_library(parley_flags INTERFACE)
target_compile_options(parley_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wold-style-cast -Wcast-qual
  -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi -Wimplicit-fallthrough -Wformat=2
  # Designated initialisers may leave fields at their defaults.
  -Wno-missing-field-initializers
  $<$<BOOL:${PARLEY_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12's flow analysis is wrong about inlined std::string, variant and coroutine frames: shown, not fatal.
  target_compile_options(parley_flags INTERFACE
    -Wno-restrict -Wno-error=maybe-uninitialized -Wno-error=array-bounds
    -Wno-error=stringop-overflow -Wno-error=stringop-overread -Wno-error=free-nonheap-object)
else()
  # gcc does not say these; the last is about EM_ASM and EM_JS.
  target_compile_options(parley_flags INTERFACE -Wno-missing-designated-field-initializers
    -Wno-gnu-zero-variadic-macro-arguments -Wno-dollar-in-identifier-extension)
endif()

# --- Build types -----------------------------------------------------------------------------------
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
if(NOT EMSCRIPTEN)
  # Cheap checks that turn memory errors into a stop, in what is shipped too.
  add_compile_definitions(_GLIBCXX_ASSERTIONS $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
  add_compile_options(-fstack-protector-strong)
endif()

# --- WebAssembly -----------------------------------------------------------------------------------
if(EMSCRIPTEN)
  # Native exceptions must be chosen when compiling and when linking; Emscripten's own stack is 64 KiB.
  add_compile_options(-msimd128 -fwasm-exceptions)
  add_link_options(-fwasm-exceptions -sSTACK_SIZE=1MB)
  add_library(parley_node INTERFACE)
  target_link_options(parley_node INTERFACE
    -sENVIRONMENT=node -sNODERAWFS=1 -sEXIT_RUNTIME=1 -sALLOW_MEMORY_GROWTH=1 -sSTACK_SIZE=4MB
    "SHELL:--pre-js ${CMAKE_CURRENT_LIST_DIR}/node_environment.js")
endif()

# --- Sanitizers and fuzzing ------------------------------------------------------------------------
if(PARLEY_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "PARLEY_FUZZ needs clang; use the preset 'fuzz'")
  endif()
  set(PARLEY_SANITIZE "address,undefined")
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_library(parley_fuzzer INTERFACE)
  target_link_options(parley_fuzzer INTERFACE -fsanitize=fuzzer)
endif()
if(PARLEY_SANITIZE)
  add_compile_options(-fsanitize=${PARLEY_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${PARLEY_SANITIZE})
  if(PARLEY_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

# --- Speed of the build ----------------------------------------------------------------------------
find_program(PARLEY_CCACHE ccache)
if(PARLEY_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${PARLEY_CCACHE})
  # Paths below the checkout count as relative, so that a second checkout finds what the first compiled.
  # Precompiled headers carry time stamps, which ccache must be told to tolerate.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
    CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${PARLEY_CCACHE})
  add_compile_options("$<$<COMPILE_LANG_AND_ID:CXX,Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endif()
find_program(PARLEY_MOLD mold)
if(PARLEY_MOLD AND NOT EMSCRIPTEN)
  add_link_options(-fuse-ld=mold)
endif()
