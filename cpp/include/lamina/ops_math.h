// More functions of one element at a time, and normalizations, as in keras.ops.
#pragma once
#include <optional>
#include <utility>

#include "lamina/ops.h"

namespace lamina {

Tensor cbrt(const Tensor& x);
Tensor erfc(const Tensor& x);  // 1 - erf(x), accurate for large x
Tensor i0(const Tensor& x);    // modified Bessel functions of the first kind
Tensor i1(const Tensor& x);
Tensor angle(const Tensor& x);  // 0 or pi: x is real
Tensor fabs(const Tensor& x);
Tensor fmax(const Tensor& x1, const Tensor& x2);  // numbers win over NaN
Tensor fmin(const Tensor& x1, const Tensor& x2);
Tensor ldexp(const Tensor& x1, const Tensor& x2);
Tensor allclose(const Tensor& x1, const Tensor& x2, double rtol = 1e-5, double atol = 1e-8,
                bool equal_nan = false);
// Values outside of the dtype's range become its ends.
Tensor saturate_cast(const Tensor& x, DType dtype);
// The same bytes read as another type; the last axis grows or shrinks with the size of an element.
Tensor view(const Tensor& x, DType dtype);

Tensor normalize(const Tensor& x, const Axes& axis = -1, int order = 2,
                 std::optional<double> epsilon = {});
Tensor rms_normalization(const Tensor& x, const Tensor& scale = {}, const Axes& axis = -1,
                         double epsilon = 1e-7);
// Over any axes; gamma and beta have the shape of x or of the normalized axes.
Tensor layer_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                           const Axes& axis, double epsilon);
// With a bias that is added to the scores, broadcastable to (B, N, T, S).
Tensor dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                             const Tensor& bias, const Tensor& mask, std::optional<double> scale,
                             bool is_causal);
Tensor psnr(const Tensor& x1, const Tensor& x2, double max_val);
// abs * (cos(angle), sin(angle)): lamina has no complex numbers, so {real, imaginary part}.
std::pair<Tensor, Tensor> polar(const Tensor& abs, const Tensor& angle);

}  // namespace lamina
