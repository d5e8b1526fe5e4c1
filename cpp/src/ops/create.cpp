// Creation, copies, casts.
#include <cmath>

#include "graph/op.h"
#include "lamina/ops.h"
#include "ops/registry.h"

namespace lamina {

namespace {

void run_copy(const Run& r) { r.kernels.copy(r.context, r.in[0], r.out[0]); }
Tensors pass(const Backward& b) { return {b.grad()}; }

const Op kCopy{"copy", infer_same, run_copy, pass};

// Output dtype in the attribute, so that a cast can be part of a model file.
void infer_cast(Infer& f) { f.output(f.shape(0), dtype_from_name(f.attrs().text("dtype"))); }
void run_cast(const Run& r) { r.kernels.copy(r.context, r.in[0], r.out[0]); }
Tensors cast_backward(const Backward& b) {
  return {is_floating(b.in(0).dtype()) ? cast(b.grad(), b.in(0).dtype()) : Tensor{}};
}
const Op kCast = [] {
  Op op{"cast", infer_cast, run_cast, cast_backward};
  op.elementwise = true;
  op.code = abi::EwOp::cast;
  op.doc = "x converted to another dtype.";
  return op;
}();

const Op kStop = [] {
  Op op{"stop_gradient",
        [](Infer& f) { f.view(0, f.shape(0), f.in(0).strides(), f.in(0).impl()->offset); },
        nullptr};
  op.zero_gradient = true;
  return op;
}();

// A value in the shape of the input: one tensor that does not depend on how the input came about.
void infer_like(Infer& f) { f.output(f.shape(0), f.dtype(0)); }
void run_like(const Run& r) {
  double value = r.attrs.real("fill_value");
  abi::View v;
  v.data = &value;
  v.dtype = abi::DType::kFloat64;
  v.rank = r.out[0].rank;
  for (int i = 0; i < v.rank; ++i) v.shape[i] = r.out[0].shape[i];
  r.kernels.copy(r.context, v, r.out[0]);
}
const Op kFullLike = [] {
  Op op{"full_like", infer_like, run_like};
  op.zero_gradient = true;
  return op;
}();

}  // namespace

void register_create_ops() {
  register_op(kCopy);
  register_op(kCast);
  register_op(kStop);
  register_op(kFullLike);
}

Tensor cast(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype && !x.is_scalar_literal()) return x;
  return apply1(kCast, {x}, {{"dtype", std::string(dtype_name(dtype))}});
}
Tensor copy(const Tensor& x) { return apply1(kCopy, {x}); }
Tensor stop_gradient(const Tensor& x) {
  return x.requires_grad() || x.is_symbolic() || x.is_abstract() ? apply1(kStop, {x}) : x;
}

Tensor full(const Shape& shape, double value, DType dtype) {
  Tensor t = Tensor::empty(shape, dtype);
  NoGrad off;
  double v = value;
  abi::View view;
  view.data = &v;
  view.dtype = abi::DType::kFloat64;
  view.rank = shape.rank();
  for (int i = 0; i < shape.rank(); ++i) view.shape[i] = shape[i];
  const Backend& b = backend({});
  b.kernels->copy(*b.context, view, view_of(*t.impl()));
  return t;
}
Tensor zeros(const Shape& shape, DType dtype) { return full(shape, 0, dtype); }
Tensor ones(const Shape& shape, DType dtype) { return full(shape, 1, dtype); }
Tensor full_like(const Tensor& x, double value) {
  if (x.is_symbolic()) return apply1(kFullLike, {x}, {{"fill_value", value}});
  return full(x.shape(), value,
              x.is_scalar_literal() && x.dtype() == DType::kFloat64 ? floatx() : x.dtype());
}
Tensor zeros_like(const Tensor& x) { return full_like(x, 0); }
Tensor ones_like(const Tensor& x) { return full_like(x, 1); }

namespace {
Tensor from_doubles(const std::vector<double>& v, const Shape& shape, DType dtype) {
  return Tensor::from_vector(v, shape).astype(dtype);
}
}  // namespace

Tensor eye(int64_t n, int64_t m, int64_t k, DType dtype) {
  if (m < 0) m = n;
  std::vector<double> v(static_cast<size_t>(n * m), 0.0);
  for (int64_t i = 0; i < n; ++i)
    if (i + k >= 0 && i + k < m) v[static_cast<size_t>(i * m + i + k)] = 1;
  return from_doubles(v, {n, m}, dtype);
}
Tensor arange(double start, double stop, double step, DType dtype) {
  if (step == 0) fail("arange: step must not be 0");
  std::vector<double> v(static_cast<size_t>(std::max(0.0, std::ceil((stop - start) / step))));
  for (size_t i = 0; i < v.size(); ++i) v[i] = start + static_cast<double>(i) * step;
  return from_doubles(v, {static_cast<int64_t>(v.size())}, dtype);
}
Tensor linspace(double start, double stop, int64_t num, bool endpoint, DType dtype) {
  if (num < 0) fail("linspace: num must not be negative, received ", num);
  std::vector<double> v(static_cast<size_t>(num));
  double step =
      (stop - start) / static_cast<double>(std::max<int64_t>(endpoint ? num - 1 : num, 1));
  for (int64_t i = 0; i < num; ++i)
    v[static_cast<size_t>(i)] = start + static_cast<double>(i) * step;
  if (endpoint && num > 1) v.back() = stop;
  return from_doubles(v, {num}, dtype);
}

}  // namespace lamina
