# The native side of dependencies.cmake: Debian's packages, and the cached prefix for ImGui and Catch2.

parley_deps_path(native PARLEY_PREFIX)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

parley_dep_pkgconfig(sodium libsodium)
parley_dep_pkgconfig(sqlite sqlite3)
parley_dep_pkgconfig(glfw glfw3)

# Sanitizers bring their own allocator.
if(PARLEY_SANITIZE)
  parley_dep(jemalloc)
else()
  parley_dep_pkgconfig(jemalloc jemalloc)
endif()
parley_dep_pkgconfig(pango pangocairo)

find_package(nlohmann_json REQUIRED)
parley_dep(json nlohmann_json::nlohmann_json)

# Headers in the compiler's own search path; nothing to link.
find_path(PARLEY_CEREAL_HEADERS cereal/cereal.hpp REQUIRED)
parley_dep(cereal)

# Beast, Asio and JSON (through boost/json/src.hpp in one file) are headers; Asio needs threads.
find_package(Boost 1.81 REQUIRED)
parley_dep(boost Boost::headers Threads::Threads)
target_compile_definitions(dep::boost INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_REGEX)

find_package(OpenSSL REQUIRED)
parley_dep(ssl OpenSSL::SSL OpenSSL::Crypto)
find_package(fmt REQUIRED)
parley_dep(fmt fmt::fmt)
find_package(spdlog REQUIRED)
parley_dep(spdlog spdlog::spdlog)
find_package(CLI11 REQUIRED)
parley_dep(cli11 CLI11::CLI11)
find_package(tomlplusplus REQUIRED)
parley_dep(toml tomlplusplus::tomlplusplus)
find_package(ZLIB REQUIRED)
parley_dep(zlib ZLIB::ZLIB)
pkg_check_modules(PARLEY_BROTLI REQUIRED IMPORTED_TARGET GLOBAL libbrotlienc libbrotlidec)
parley_dep(brotli PkgConfig::PARLEY_BROTLI)

set(OpenGL_GL_PREFERENCE LEGACY)
find_package(OpenGL REQUIRED)
parley_dep(opengl OpenGL::GL)

parley_dep_static(imgui ${PARLEY_PREFIX}/lib/libimgui.a ${PARLEY_PREFIX}/include/imgui)
target_link_libraries(dep::imgui INTERFACE dep::glfw dep::opengl ${CMAKE_DL_LIBS})
