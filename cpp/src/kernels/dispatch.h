// Picks the CPU kernel table once, at load.
#pragma once
#include "kernels/abi.h"

namespace lamina::kernels {

// The table of the best instruction set this CPU has, capped by the environment variable LAMINA_ISA
// (baseline, avx2 or avx512). Throws lamina::Error for an unknown name.
const abi::KernelTable& cpu();

// Thread and scratch services backed by core/threads.
const abi::Context& cpu_context();

}  // namespace lamina::kernels
