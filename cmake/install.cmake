# `cmake --install`: the headers, the library and what find_package(cormorant) needs.

include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/cormorant)
install(TARGETS cormorant EXPORT cormorant FILE_SET HEADERS)
install(EXPORT cormorant FILE cormorant-targets.cmake NAMESPACE cormorant:: DESTINATION ${package_folder})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/cormorant-config.cmake.in cormorant-config.cmake
  INSTALL_DESTINATION ${package_folder} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Before 1.0 a minor version may break what uses it.
write_basic_package_version_file(cormorant-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/FindStemmer.cmake ${PROJECT_BINARY_DIR}/cormorant-config.cmake ${PROJECT_BINARY_DIR}/cormorant-config-version.cmake DESTINATION ${package_folder})
