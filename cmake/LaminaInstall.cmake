# Headers, the static library and a CMake package. In a wheel all of it lies in lamina/cpp.
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
  ARCHIVE DESTINATION ${LAMINA_PREFIX}${LAMINA_LIBDIR} COMPONENT cpp)
install(DIRECTORY cpp/include/lamina DESTINATION ${LAMINA_PREFIX}include COMPONENT cpp)
install(EXPORT laminaTargets NAMESPACE lamina:: DESTINATION ${LAMINA_CMAKEDIR} COMPONENT cpp)
configure_package_config_file(cmake/laminaConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/laminaConfig.cmake INSTALL_DESTINATION ${LAMINA_CMAKEDIR})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/laminaConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/laminaConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/laminaConfigVersion.cmake
  DESTINATION ${LAMINA_CMAKEDIR} COMPONENT cpp)
# Debug symbols would make up most of the library in a wheel.
find_program(LAMINA_STRIP NAMES strip)
if(SKBUILD AND LAMINA_STRIP AND NOT MSVC)
  install(CODE "execute_process(COMMAND \"${LAMINA_STRIP}\" --strip-debug \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${LAMINA_PREFIX}lib/liblamina.a\")" COMPONENT cpp)
endif()
