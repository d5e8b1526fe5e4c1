#include "ops/matrices.h"
#include "lamina/ops.h"
#include "ops/promote.h"

namespace lamina {

namespace {
size_t elements(const abi::View& v) {
  int64_t n = 1;
  for (int i = 0; i < v.rank; ++i) n *= v.shape[i];
  return static_cast<size_t>(n);
}
}  // namespace

Matrices::Matrices(const abi::View& v) : values_(elements(v)) {}
Matrices::Matrices(const Run& r, const abi::View& v) : Matrices(v) {
  r.kernels.copy(r.context, v, plain(v));
}
void Matrices::store(const Run& r, const abi::View& v) const {
  r.kernels.copy(r.context, plain(v), v);
}
abi::View Matrices::plain(const abi::View& v) const {
  abi::View p = v;
  p.data = const_cast<double*>(values_.data());
  p.dtype = abi::DType::kFloat64;
  int64_t step = 1;
  for (int i = v.rank - 1; i >= 0; --i) p.strides[i] = step, step *= v.shape[i];
  return p;
}

int64_t batch_of(const abi::View& v, int inner) {
  int64_t n = 1;
  for (int i = 0; i + inner < v.rank; ++i) n *= v.shape[i];
  return n;
}

void check_matrices(Infer& f, size_t i, bool square) {
  const Shape& s = f.shape(i);
  if (s.rank() < 2) f.refuse("expected at least 2 axes, received shape ", s);
  if (square && s[-1] != s[-2]) f.refuse("expected square matrices, received shape ", s);
}

Tensor as_matrix_float(const Tensor& x) {
  DType d = common_float({x});
  return as_dtype(x, d == DType::kFloat64 ? d : DType::kFloat32);
}

}  // namespace lamina
