# Headers, the library and a CMake package: the component "cpp". A plain install puts them
# under the prefix; a wheel carries all of them in lamina/cpp.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
if(SKBUILD)
  set(LAMINA_PREFIX lamina/cpp/)
  set(LAMINA_LIBDIR lib)
else()
  set(LAMINA_PREFIX "")
  set(LAMINA_LIBDIR ${CMAKE_INSTALL_LIBDIR})
endif()
set(LAMINA_CMAKEDIR ${LAMINA_PREFIX}${LAMINA_LIBDIR}/cmake/lamina)

install(TARGETS lamina EXPORT laminaTargets
  ARCHIVE DESTINATION ${LAMINA_PREFIX}${LAMINA_LIBDIR} COMPONENT cpp
  LIBRARY DESTINATION ${LAMINA_PREFIX}${LAMINA_LIBDIR} COMPONENT cpp
  INCLUDES DESTINATION ${LAMINA_PREFIX}include)
install(DIRECTORY cpp/include/lamina DESTINATION ${LAMINA_PREFIX}include COMPONENT cpp)
install(EXPORT laminaTargets NAMESPACE lamina:: DESTINATION ${LAMINA_CMAKEDIR} COMPONENT cpp)
configure_package_config_file(cmake/laminaConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/laminaConfig.cmake INSTALL_DESTINATION ${LAMINA_CMAKEDIR})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/laminaConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/laminaConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/laminaConfigVersion.cmake
  DESTINATION ${LAMINA_CMAKEDIR} COMPONENT cpp)
