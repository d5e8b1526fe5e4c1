// Masks of outputs in losses and metrics.
#pragma once
#include "lamina/tensor.h"

namespace lamina {

// `weight` (undefined: ones) where `mask` is true, zero elsewhere; `weight` itself where there is
// no mask. to_mean: scaled up so that a mean over all entries is one over those that count.
Tensor apply_mask(const Tensor& weight, const Tensor& mask, DType dtype, bool to_mean);

}  // namespace lamina
