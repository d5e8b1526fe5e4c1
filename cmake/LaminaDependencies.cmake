# Eigen and nlohmann_json are headers, needed to build lamina and by nothing that uses it. They are
# found as CMake packages or, in a Python build, among the build requirements from PyPI.
if(LAMINA_PYTHON)
  find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c
      "import nlohmann_json, os; print(os.path.join(os.path.dirname(nlohmann_json.__file__), 'include'))"
    OUTPUT_VARIABLE LAMINA_PYPI_JSON OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
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

add_library(lamina_json INTERFACE)
if(LAMINA_PYPI_JSON)
  target_include_directories(lamina_json SYSTEM INTERFACE $<BUILD_INTERFACE:${LAMINA_PYPI_JSON}>)
else()
  find_package(nlohmann_json 3.10 REQUIRED)
  get_target_property(LAMINA_JSON_INCLUDE nlohmann_json::nlohmann_json INTERFACE_INCLUDE_DIRECTORIES)
  target_include_directories(lamina_json SYSTEM INTERFACE $<BUILD_INTERFACE:${LAMINA_JSON_INCLUDE}>)
endif()
