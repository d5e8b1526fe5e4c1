// Convolution with one input channel a group: multiply-adds over channels.
#pragma once
#include "kernels/abi.h"

namespace lamina::LAMINA_ISA {

bool is_depthwise(const abi::ConvArgs& args, const abi::View& w);
void depthwise(const abi::Context& ctx, const abi::ConvArgs& args, const abi::View& x,
               const abi::View& w, const abi::View& y);
void depthwise_input_grad(const abi::Context& ctx, const abi::ConvArgs& args, const abi::View& gy,
                          const abi::View& w, const abi::View& gx);
void depthwise_kernel_grad(const abi::Context& ctx, const abi::ConvArgs& args, const abi::View& x,
                           const abi::View& gy, const abi::View& gw);

}  // namespace lamina::LAMINA_ISA
