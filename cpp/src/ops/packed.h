// Contiguous views for kernels that want them.
#pragma once
#include "graph/op.h"

namespace lamina {

inline bool is_packed(const abi::View& v) {
  int64_t step = 1;
  for (int i = v.rank - 1; i >= 0; --i) {
    if (v.shape[i] == 0) return true;
    if (v.shape[i] != 1 && v.strides[i] != step) return false;
    step *= v.shape[i];
  }
  return true;
}

// A C-ordered copy of x where it is not in C order already; the copy is an operation of its own, so
// it is captured and differentiated. Symbolic tensors are in C order by definition.
inline Tensor packed(const Tensor& x) {
  return !x.defined() || x.is_symbolic() ? x : x.contiguous();
}

}  // namespace lamina
