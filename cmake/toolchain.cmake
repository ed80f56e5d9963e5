# Flags for our own code only: nothing of this reaches a user of the library.

add_library(cormorant_project_options INTERFACE)
target_compile_features(cormorant_project_options INTERFACE cxx_std_20)
target_compile_definitions(cormorant_project_options INTERFACE BOOST_ASIO_NO_DEPRECATED)
target_compile_options(cormorant_project_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wno-sign-conversion
  -Wnon-virtual-dtor
  # GCC 12, when it optimises, takes the operator delete of a coroutine's frame for a mismatch.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
# What GCC 12 says of std::string and std::function once it has inlined them is wrong.
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13 AND NOT CMAKE_CXX_FLAGS_${build_type} MATCHES "-O0")
  target_compile_options(cormorant_project_options INTERFACE -Wno-array-bounds -Wno-maybe-uninitialized -Wno-restrict
    -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(CORMORANT_WERROR)
  target_compile_options(cormorant_project_options INTERFACE -Werror)
endif()

# As a flag and not as a property, which differs between libraries and programs: both use one precompiled header.
if(BUILD_SHARED_LIBS)
  add_compile_options(-fPIC)
endif()

if(CORMORANT_SANITIZE)
  add_compile_options(-fsanitize=${CORMORANT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CORMORANT_SANITIZE})
  if(CORMORANT_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan) # Asio uses fences, which TSan of GCC does not model
  endif()
endif()

# ccache has to see what a precompiled header was made of.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(cormorant_project_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
else()
  target_compile_options(cormorant_project_options INTERFACE -fpch-preprocess)
endif()

if(PROJECT_IS_TOP_LEVEL)
  find_program(CORMORANT_CCACHE ccache)
  if(CORMORANT_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CORMORANT_CCACHE})
  endif()
  find_program(CORMORANT_MOLD mold)
  if(CORMORANT_MOLD)
    add_link_options(-fuse-ld=mold)
  endif()
endif()
