# What the library is built from; the names of Debian's packages are in tools/packages. A user's project finds the same in
# cormorant-config.cmake.in.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(simdjson 3 REQUIRED)
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
find_package(Stemmer REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(bson REQUIRED IMPORTED_TARGET libbson-1.0>=1.23)
if(CORMORANT_MONGO)
  find_package(Boost 1.81 REQUIRED COMPONENTS context)
  find_package(OpenSSL REQUIRED)
  pkg_check_modules(mongoc REQUIRED IMPORTED_TARGET libmongoc-1.0>=1.23)
endif()

# What the public headers include.
set(cormorant_public_dependencies Boost::headers fmt::fmt Threads::Threads)
