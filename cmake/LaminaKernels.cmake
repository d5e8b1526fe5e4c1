# The kernel files are compiled once for each instruction set. Templates and inline functions that are
# compiled under two flag sets would be one symbol to the linker, so each copy lives in an anonymous
# namespace inside its own LAMINA_ISA namespace.
# tools/check_kernel_symbols.py reads the objects and fails on anything shared.
include(CheckCXXCompilerFlag)
file(GLOB LAMINA_KERNEL_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cpp/src/kernels/cpu/*.cpp)

set(LAMINA_KERNEL_OPTIMIZATION -O3 CACHE STRING "How the kernels are optimized; -O1 compiles in a third of the time")
if(LAMINA_SANITIZE)
  set(LAMINA_KERNEL_OPTIMIZATION -O1)  # the checks make -O3 several times slower to build
endif()

function(lamina_add_isa name)
  set(target lamina_kernels_${name})
  add_library(${target} OBJECT ${LAMINA_KERNEL_SOURCES})
  target_include_directories(${target} PRIVATE cpp/src)
  target_compile_definitions(${target} PRIVATE LAMINA_ISA=${name})
  if(NOT MSVC)
    # Functors are written so that these flags let the compiler vectorize them; NaN and infinity keep
    # their meaning.
    target_compile_options(${target} PRIVATE ${LAMINA_KERNEL_OPTIMIZATION} -fno-math-errno -fno-trapping-math -ffp-contract=fast
      $<$<CONFIG:Release>:-fno-exceptions> -fno-rtti
      $<$<CXX_COMPILER_ID:Clang,AppleClang>:-Wno-pass-failed;-Wno-bitwise-conditional-parentheses>)
  endif()
  target_compile_options(${target} PRIVATE ${ARGN})
  set_target_properties(${target} PROPERTIES UNITY_BUILD OFF)  # files define the same names
  set(LAMINA_KERNEL_OBJECTS ${LAMINA_KERNEL_OBJECTS} $<TARGET_OBJECTS:${target}> PARENT_SCOPE)
  string(TOUPPER ${name} upper)
  set(LAMINA_KERNEL_DEFINITIONS ${LAMINA_KERNEL_DEFINITIONS} LAMINA_HAVE_${upper} PARENT_SCOPE)
endfunction()

set(LAMINA_BASELINE_OPTIONS "" CACHE STRING
  "Compiler options of the baseline kernels; with -march=native and no LAMINA_ISAS, a library for this machine alone")
# AArch64's baseline has NEON, and is its only set.
set(LAMINA_ISAS "avx2;avx512" CACHE STRING "Instruction sets compiled beside the baseline on x86-64")
set(LAMINA_AVX2_OPTIONS -mavx2 -mfma -mf16c -mbmi2 -mtune=haswell)
set(LAMINA_AVX512_OPTIONS -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c -mbmi2
  -mtune=skylake-avx512 -mprefer-vector-width=512)
if(MSVC)
  set(LAMINA_AVX2_OPTIONS /arch:AVX2)
  set(LAMINA_AVX512_OPTIONS /arch:AVX512)
endif()
lamina_add_isa(baseline ${LAMINA_BASELINE_OPTIONS})
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  foreach(isa IN LISTS LAMINA_ISAS)
    if(NOT isa MATCHES "^(avx2|avx512)$")
      message(FATAL_ERROR "LAMINA_ISAS: expected avx2 or avx512, got '${isa}'")
    endif()
    string(TOUPPER ${isa} upper)
    lamina_add_isa(${isa} ${LAMINA_${upper}_OPTIONS})
  endforeach()
endif()
