# Every library used, as `dep::NAME`, with one set of names in the native and the web build.
# toolchains/deps installs them; `deps path` tells where the cached ones are.

set(PARLEY_DEPS ${CMAKE_CURRENT_LIST_DIR}/../deps)
file(GLOB PARLEY_RECIPES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/../recipes/*)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${PARLEY_DEPS} ${CMAKE_CURRENT_LIST_DIR}/../sources.txt ${PARLEY_RECIPES})

function(parley_deps_path name result)
  execute_process(COMMAND ${PARLEY_DEPS} path ${name} OUTPUT_VARIABLE path ERROR_VARIABLE error
    RESULT_VARIABLE status OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${error}")
  endif()
  set(${result} ${path} PARENT_SCOPE)
endfunction()

# dep::NAME as another name for targets that exist already, or for headers found on the usual path.
function(parley_dep name)
  add_library(dep::${name} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(dep::${name} INTERFACE ${ARGN})
endfunction()

# dep::NAME as a static library of a cached prefix.
function(parley_dep_static name archive include_folder)
  add_library(dep::${name} STATIC IMPORTED GLOBAL)
  set_target_properties(dep::${name} PROPERTIES IMPORTED_LOCATION ${archive}
    INTERFACE_INCLUDE_DIRECTORIES ${include_folder})
endfunction()

function(parley_dep_pkgconfig name module)
  pkg_check_modules(PARLEY_${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  parley_dep(${name} PkgConfig::PARLEY_${name})
endfunction()

# Folder of the cut fonts: Inter-{Regular,Medium,Bold,Italic}, Mono-Regular, Icons-full.ttf, icons.txt.
parley_deps_path(fonts PARLEY_FONTS)

if(EMSCRIPTEN)
  include(dependencies_web)
else()
  include(dependencies_native)
endif()

# Catch2 brings catch_discover_tests().
unset(Catch2_DIR CACHE)
find_package(Catch2 3.7.1 EXACT REQUIRED CONFIG PATHS ${PARLEY_PREFIX}/lib/cmake/Catch2
  NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
parley_dep(catch2 Catch2::Catch2WithMain)
include(Catch)
