// More of keras.random: distributions whose parameters are tensors, broadcast to the shape.
#pragma once
#include "lamina/ops.h"

namespace lamina::random {

Tensor gamma(const Shape& shape, const Tensor& alpha, DType dtype, SeedGenerator* seed = nullptr);
Tensor beta(const Shape& shape, const Tensor& alpha, const Tensor& beta, DType dtype = floatx(),
            SeedGenerator* seed = nullptr);
// Successes among `counts` trials.
Tensor binomial(const Shape& shape, const Tensor& counts, const Tensor& probabilities,
                DType dtype = floatx(), SeedGenerator* seed = nullptr);
// One draw for all elements along the axes where noise_shape is 1; -1 stands for the length of x.
Tensor dropout(const Tensor& x, double rate, const Shape& noise_shape,
               SeedGenerator* seed = nullptr);

}  // namespace lamina::random
