# The web side of dependencies.cmake: everything comes from the cached WebAssembly prefix.

parley_deps_path(web PARLEY_PREFIX)

parley_dep_static(sodium ${PARLEY_PREFIX}/lib/libsodium.a ${PARLEY_PREFIX}/include)
parley_dep_static(sqlite ${PARLEY_PREFIX}/lib/libsqlite3.a ${PARLEY_PREFIX}/include)
parley_dep_static(imgui ${PARLEY_PREFIX}/lib/libimgui.a ${PARLEY_PREFIX}/include/imgui)
target_link_options(dep::imgui INTERFACE -sMIN_WEBGL_VERSION=2 -sMAX_WEBGL_VERSION=2)

foreach(header_only IN ITEMS cereal json)
  parley_dep(${header_only})
  target_include_directories(dep::${header_only} INTERFACE ${PARLEY_PREFIX}/include)
endforeach()
