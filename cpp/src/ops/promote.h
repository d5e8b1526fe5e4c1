// Dtypes of arguments that meet in one operation.
#pragma once
#include <vector>

#include "graph/op.h"

namespace lamina {

// The common dtype; number literals give way to the dtype of tensors.
DType common_dtype(const Tensors& xs);
// x in that dtype (literals become plain tensors).
Tensor as_dtype(const Tensor& x, DType dtype);
// As common_dtype, but floating: integers and booleans become floatx().
DType common_float(const Tensors& xs);
inline Tensor as_float(const Tensor& x) { return as_dtype(x, common_float({x})); }

}  // namespace lamina
