# Builds the library from modules: one folder of lib/ each, compiled as an object library of its own.

# cormorant_pch(NAME HEADERS...): a set of precompiled headers, for REUSE_FROM
function(cormorant_pch name)
  add_library(${name} OBJECT ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
  target_precompile_headers(${name} PRIVATE <algorithm> <array> <chrono> <functional> <map> <memory> <optional> <span> <string>
    <string_view> <unordered_map> <variant> <vector> <fmt/format.h> <boost/system/system_error.hpp> ${ARGN})
  target_link_libraries(${name} PRIVATE cormorant_project_options ${cormorant_public_dependencies})
endfunction()
cormorant_pch(cormorant_pch_plain)
cormorant_pch(cormorant_pch_asio <boost/asio.hpp> <boost/asio/any_completion_handler.hpp>)

# cormorant_module(NAME [ASIO] SOURCES a.cpp... [LINK targets...])
# ASIO: the sources use Boost.Asio (another precompiled header).
function(cormorant_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "ASIO" "" "SOURCES;LINK")
  set(target cormorant_${name})
  add_library(${target} OBJECT ${arg_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/lib)
  target_link_libraries(${target} PRIVATE cormorant_project_options ${arg_LINK} PUBLIC ${cormorant_public_dependencies})
  if(arg_ASIO)
    target_precompile_headers(${target} REUSE_FROM cormorant_pch_asio)
  else()
    target_precompile_headers(${target} REUSE_FROM cormorant_pch_plain)
  endif()
  target_sources(cormorant PRIVATE $<TARGET_OBJECTS:${target}>)
  target_link_libraries(cormorant PRIVATE ${arg_LINK})
endfunction()
