# CMAKE_TOOLCHAIN_FILE of the preset `web`: finds the cached Emscripten and hands over to its own file.
execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/../deps path emscripten
  OUTPUT_VARIABLE PARLEY_EMSCRIPTEN OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(EMSCRIPTEN_ROOT_PATH ${PARLEY_EMSCRIPTEN})
include(${PARLEY_EMSCRIPTEN}/cmake/Modules/Platform/Emscripten.cmake)
