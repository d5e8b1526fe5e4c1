#include "kernels/dispatch.h"

#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <string>

#include "core/threads.h"
#include "lamina/error.h"

#if defined(__x86_64__) || defined(_M_X64)
#define LAMINA_X86
#ifdef _MSC_VER
#include <immintrin.h>
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

#ifndef LAMINA_HAVE_BASELINE
#error "the baseline kernels are always built"
#endif

// Each is the kernel files compiled once, see cpu/table.cpp.
namespace lamina::baseline {
const abi::KernelTable& table();
}
namespace lamina::avx2 {
const abi::KernelTable& table();
}
namespace lamina::avx512 {
const abi::KernelTable& table();
}

namespace lamina::kernels {
namespace {

enum Isa { kBaseline, kAvx2, kAvx512 };
constexpr const char* kIsaNames[] = {"baseline", "avx2", "avx512"};

#ifdef LAMINA_X86
struct Registers {
  uint32_t eax, ebx, ecx, edx;
};

Registers cpuid(uint32_t leaf) {
  Registers r{};
#ifdef _MSC_VER
  int v[4];
  __cpuid(v, 0);
  if (static_cast<uint32_t>(v[0]) < leaf) return r;
  __cpuidex(v, static_cast<int>(leaf), 0);
  r = {uint32_t(v[0]), uint32_t(v[1]), uint32_t(v[2]), uint32_t(v[3])};
#else
  __get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx);
#endif
  return r;
}

// The register sets that the operating system saves on a context switch.
uint64_t xcr0() {
#ifdef _MSC_VER
  return _xgetbv(0);
#else
  uint32_t lo, hi;
  asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  return uint64_t{hi} << 32 | lo;
#endif
}

// cpuid read directly, not __builtin_cpu_supports: compilers differ in the names that one knows.
Isa best_isa() {
  const auto all = [](uint64_t word, std::initializer_list<int> bits) {
    for (int b : bits) {
      if (!(word >> b & 1)) return false;
    }
    return true;
  };
  const Registers one = cpuid(1), seven = cpuid(7);
  // leaf 1 ecx: FMA, OSXSAVE, AVX, F16C; xcr0: xmm, ymm; leaf 7 ebx: AVX2, BMI2
  if (!all(one.ecx, {12, 27, 28, 29})) return kBaseline;
  if (!all(xcr0(), {1, 2}) || !all(seven.ebx, {5, 8})) return kBaseline;
  // xcr0: mask registers, zmm0-15, zmm16-31; leaf 7 ebx: F, DQ, CD (MSVC's /arch:AVX512), BW, VL
  if (!all(xcr0(), {5, 6, 7}) || !all(seven.ebx, {16, 17, 28, 30, 31})) return kAvx2;
  return kAvx512;
}
#else
Isa best_isa() { return kBaseline; }
#endif

Isa isa_cap() {
  const char* text = std::getenv("LAMINA_ISA");
  if (!text || !*text) return kAvx512;
  for (int i = 0; i <= kAvx512; ++i) {
    if (std::string(text) == kIsaNames[i]) return static_cast<Isa>(i);
  }
  fail("LAMINA_ISA must be one of baseline, avx2, avx512. Received: '", text, "'");
}

const abi::KernelTable& pick() {
  const Isa cap = isa_cap(), best = best_isa();
  [[maybe_unused]] const Isa isa = cap < best ? cap : best;
#ifdef LAMINA_HAVE_AVX512
  if (isa >= kAvx512) return avx512::table();
#endif
#ifdef LAMINA_HAVE_AVX2
  if (isa >= kAvx2) return avx2::table();
#endif
  return baseline::table();
}

}  // namespace

const abi::KernelTable& cpu() {
  static const abi::KernelTable& table = pick();
  return table;
}

const abi::Context& cpu_context() {
  static const abi::Context context = [] {
    threads::num_threads();  // kernels cannot report a bad LAMINA_NUM_THREADS; this can
    return abi::Context{threads::parallel_for, threads::scratch};
  }();
  return context;
}

}  // namespace lamina::kernels
