# The kernel files are compiled once for each instruction set. Templates and inline functions that are
# compiled under two flag sets would be one symbol to the linker, so each copy lives in an anonymous
# namespace inside its own LAMINA_ISA namespace, and Eigen's namespace is renamed.
# tools/check_kernel_symbols.py reads the objects and fails on anything shared.
include(CheckCXXCompilerFlag)
file(GLOB LAMINA_KERNEL_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cpp/src/kernels/cpu/*.cpp)

function(lamina_add_isa name)
  set(target lamina_kernels_${name})
  add_library(${target} OBJECT ${LAMINA_KERNEL_SOURCES})
  target_include_directories(${target} PRIVATE cpp/src)
  target_link_libraries(${target} PRIVATE lamina_eigen)
  target_compile_definitions(${target} PRIVATE LAMINA_ISA=${name} Eigen=Eigen_${name} EIGEN_DONT_PARALLELIZE)
  if(NOT MSVC)
    # Functors are written so that these flags let the compiler vectorize them; NaN and infinity keep
    # their meaning.
    target_compile_options(${target} PRIVATE $<IF:$<BOOL:${LAMINA_SANITIZE}>,-O1,-O3> -fno-math-errno -fno-trapping-math -ffp-contract=fast
      $<$<CONFIG:Release>:-fno-exceptions> -fno-rtti)
  endif()
  target_compile_options(${target} PRIVATE ${ARGN})
  set(LAMINA_KERNEL_OBJECTS ${LAMINA_KERNEL_OBJECTS} $<TARGET_OBJECTS:${target}> PARENT_SCOPE)
  string(TOUPPER ${name} upper)
  set(LAMINA_KERNEL_DEFINITIONS ${LAMINA_KERNEL_DEFINITIONS} LAMINA_HAVE_${upper} PARENT_SCOPE)
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  lamina_add_isa(baseline)
  if(MSVC)
    lamina_add_isa(avx2 /arch:AVX2)
    lamina_add_isa(avx512 /arch:AVX512)
  else()
    lamina_add_isa(avx2 -mavx2 -mfma -mf16c -mbmi2 -mtune=haswell)
    lamina_add_isa(avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c -mbmi2 -mtune=skylake-avx512 -mprefer-vector-width=512)
  endif()
else()
  lamina_add_isa(baseline)  # on AArch64 the baseline has NEON
endif()
