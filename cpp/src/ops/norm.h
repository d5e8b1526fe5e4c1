// What normalizations share.
#pragma once
#include "graph/op.h"
#include "ops/packed.h"
#include "ops/promote.h"

namespace lamina {

// A view of (..., C) as (R, C).
inline abi::View rows(const abi::View& v) {
  abi::View m = v;
  int64_t c = v.shape[v.rank - 1], r = 1;
  for (int i = 0; i + 1 < v.rank; ++i) r *= v.shape[i];
  m.rank = 2;
  m.shape[0] = r, m.shape[1] = c, m.strides[0] = c, m.strides[1] = 1;
  return m;
}
inline void check_vector(Infer& f, size_t i, int64_t c) {
  if (f.has(i) && !(f.shape(i) == Shape{c}))
    f.refuse("expected a vector of length ", c, ", received shape ", f.shape(i));
}
// The type that normalizations compute in.
inline DType norm_type(DType d) { return d == DType::kFloat64 ? d : DType::kFloat32; }
inline Tensor optional_as(const Tensor& t, DType d) { return t.defined() ? as_dtype(t, d) : t; }

void register_batch_norm_ops();

}  // namespace lamina
