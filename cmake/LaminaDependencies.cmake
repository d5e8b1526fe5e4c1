# Eigen is a set of headers, needed to build lamina and by nothing that uses it. It is found as a
# CMake package or, in a Python build, among the build requirements from PyPI (cmeel-eigen).
if(LAMINA_PYTHON)
  find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c
      "import sysconfig, os; print(os.path.join(sysconfig.get_paths()['purelib'], 'cmeel.prefix'))"
    OUTPUT_VARIABLE LAMINA_PYPI_CMEEL OUTPUT_STRIP_TRAILING_WHITESPACE)
  foreach(dir IN LISTS CMAKE_PREFIX_PATH SKBUILD_SITE_PACKAGES_DIR)
    list(APPEND LAMINA_CMEEL_HINTS "${dir}/cmeel.prefix" "${dir}/../../cmeel.prefix")
  endforeach()
  list(APPEND CMAKE_PREFIX_PATH "${LAMINA_PYPI_CMEEL}" ${LAMINA_CMEEL_HINTS})
endif()

find_package(Eigen3 3.4 REQUIRED NO_MODULE)
get_target_property(LAMINA_EIGEN_INCLUDE Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
add_library(lamina_eigen INTERFACE)
target_include_directories(lamina_eigen SYSTEM INTERFACE $<BUILD_INTERFACE:${LAMINA_EIGEN_INCLUDE}>)
