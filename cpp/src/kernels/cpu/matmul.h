#pragma once
#include "kernels/abi.h"

namespace lamina::LAMINA_ISA {

void matmul(const abi::Context& ctx, const abi::MatmulArgs& args);

}  // namespace lamina::LAMINA_ISA
