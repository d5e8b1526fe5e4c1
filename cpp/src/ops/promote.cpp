#include "ops/promote.h"

#include "lamina/ops.h"

namespace lamina {

DType common_dtype(const Tensors& xs) {
  bool typed = false, literal_float = false, literal_int = false;
  DType d = DType::kBool;
  for (const Tensor& x : xs) {
    if (!x.is_scalar_literal()) {
      d = typed ? promote(d, x.dtype()) : x.dtype();
      typed = true;
    } else {
      literal_float |= x.dtype() == DType::kFloat64;
      literal_int |= x.dtype() == DType::kInt64;
    }
  }
  if (literal_float && !is_floating(d)) return floatx();
  if (literal_int && d == DType::kBool) return DType::kInt32;
  return d;
}

DType common_float(const Tensors& xs) {
  DType d = common_dtype(xs);
  return is_floating(d) ? d : floatx();
}

Tensor as_dtype(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype && !x.is_scalar_literal()) return x;
  return cast(x, dtype);
}

}  // namespace lamina
