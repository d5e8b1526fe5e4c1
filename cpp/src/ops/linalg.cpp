// Products.
#include <algorithm>
#include <map>

#include "graph/op.h"
#include "lamina/ops.h"
#include "ops/fused.h"
#include "ops/promote.h"
#include "ops/registry.h"

namespace lamina {

namespace {

// At least two axes on both sides; batch axes broadcast.
void infer_matmul(Infer& f) {
  const Shape &a = f.shape(0), &b = f.shape(1);
  if (a.rank() < 2 || b.rank() < 2 || a[-1] != b[-2])
    f.refuse("the last axis of x1 must match the axis before the last of x2; received shapes ", a,
             " and ", b);
  Shape left = a, right = b;
  left.pop_back(), left.pop_back(), right.pop_back(), right.pop_back();
  Shape s = broadcast_shapes(left, right);
  s.push_back(a[-2]), s.push_back(b[-1]);
  f.output(s, f.dtype(0));
}
abi::View batched(const abi::View& v, const abi::View& out) {
  abi::View w = v;
  w.rank = out.rank;
  int shift = out.rank - v.rank;
  for (int i = out.rank - 1; i >= 0; --i) {
    bool have = i >= shift;
    int64_t len = have ? v.shape[i - shift] : 1, stride = have ? v.strides[i - shift] : 0;
    bool matrix = i >= out.rank - 2;
    w.shape[i] = matrix ? len : out.shape[i];
    w.strides[i] = matrix || len != 1 ? stride : 0;
  }
  return w;
}
void run_matmul(const Run& r) {
  abi::MatmulArgs args{};
  args.out = r.out[0];
  args.a = batched(r.in[0], args.out), args.b = batched(r.in[1], args.out);
  args.bfloat16 = r.attrs.has("bfloat16");
  r.kernels.matmul(r.context, args);
}
Tensors matmul_backward(const Backward& b) {
  MixedPrecision precision(b.attrs().has("bfloat16"));
  Tensors out(2);
  const Tensor &x = b.in(0), &y = b.in(1);
  if (b.needs(0)) out[0] = sum_to_shape(matmul(b.grad(), swapaxes(y, -1, -2)), x.shape());
  if (b.needs(1)) {
    // One matrix shared by a batch: the batch is summed inside the product.
    if (y.rank() == 2 && x.rank() > 2)
      out[1] =
          matmul(swapaxes(reshape(x, {-1, x.dim(-1)}), 0, 1), reshape(b.grad(), {-1, y.dim(-1)}));
    else
      out[1] = sum_to_shape(matmul(swapaxes(x, -1, -2), b.grad()), y.shape());
  }
  return out;
}
const Op kMatmul{"matmul", infer_matmul, run_matmul, matmul_backward};

// act(x @ kernel + bias): x (..., K), kernel (K, N), bias (N,) or none.
void infer_dense(Infer& f) {
  const Shape &x = f.shape(0), &k = f.shape(1);
  if (k.rank() != 2 || x.rank() < 1 || x[-1] != k[0])
    f.refuse("the last axis of the input must be ", k[0], "; received shapes ", x, " and ", k);
  if (f.has(2) && !(f.shape(2) == Shape{k[1]}))
    f.refuse("expected a bias of shape ", Shape{k[1]}, ", received ", f.shape(2));
  fused_code(f.attrs().text("activation"));
  Shape s = x;
  s[-1] = k[1];
  f.output(s, f.dtype(0));
}
void run_dense(const Run& r) {
  const abi::View &x = r.in[0], &k = r.in[1];
  abi::MatmulArgs args{};
  auto rows = [](const abi::View& v) {
    abi::View m = v;
    m.rank = 2;
    m.shape[1] = v.shape[v.rank - 1], m.strides[1] = v.strides[v.rank - 1];
    m.shape[0] = 1, m.strides[0] = m.shape[1];
    for (int i = 0; i + 1 < v.rank; ++i) {
      m.shape[0] *= v.shape[i];
      if (v.shape[i] != 1) m.strides[0] = v.strides[i];  // of an axis of length 1 it says nothing
    }
    return m;
  };
  args.a = rows(x), args.b = k, args.out = rows(r.out[0]);
  args.bias = r.optional(2);
  const std::string& name = r.attrs.text("activation");
  args.has_act = !name.empty();
  if (args.has_act) args.act = fused_code(name);
  args.bfloat16 = r.attrs.has("bfloat16");
  r.kernels.matmul(r.context, args);
}
Tensors dense_backward(const Backward& b) {
  MixedPrecision precision(b.attrs().has("bfloat16"));
  Tensors out(3);
  const Tensor &x = b.in(0), &k = b.in(1);
  Tensor g = fused_gradient(b.attrs().text("activation"), b.grad(), b);
  Tensor rows = reshape(g, {-1, k.dim(1)});
  if (b.needs(0)) out[0] = reshape(matmul(rows, swapaxes(k, 0, 1)), x.shape().vec());
  if (b.needs(1)) out[1] = matmul(swapaxes(reshape(x, {-1, k.dim(0)}), 0, 1), rows);
  if (b.needs(2)) out[2] = sum(rows, 0);
  return out;
}
const Op kDense = [] {
  Op op{"dense", infer_dense, run_dense, dense_backward};
  op.saves_output = true;
  op.doc = "act(x @ kernel + bias).";
  return op;
}();

// Products are computed in float32 or float64.
DType product_type(DType d) {
  return d == DType::kFloat64 ? d : is_floating(d) ? DType::kFloat32 : DType::kFloat64;
}

}  // namespace

abi::EwOp fused_code(const std::string& activation) {
  static const std::map<std::string, abi::EwOp> codes = {{"", abi::EwOp::kCount},
                                                         {"relu", abi::EwOp::relu},
                                                         {"sigmoid", abi::EwOp::sigmoid},
                                                         {"tanh", abi::EwOp::tanh}};
  auto it = codes.find(activation);
  if (it == codes.end()) fail("activation '", activation, "' cannot be fused");
  return it->second;
}

Tensor fused_gradient(const std::string& activation, const Tensor& g, const Backward& b) {
  if (activation.empty()) return g;
  Tensor y = b.out();
  return y_gradient(activation, g, y);
}

Tensor y_gradient(const std::string& activation, const Tensor& g, const Tensor& y) {
  // Of all three the derivative is a function of the result, so y stands for x as well; the second
  // derivative then goes by way of y.
  if (activation == "relu") return apply1(*find_op("relu_grad"), {g, y, y});
  if (!y.requires_grad() || !grad_enabled())
    return apply1(*find_op(activation + "_grad"), {g, y, y});
  if (activation == "sigmoid") return g * y * (Tensor(1.0) - y);
  return g * (Tensor(1.0) - y * y);
}

// Marks products that take their operands as bfloat16.
Attrs with_precision(Attrs attrs, DType computed) {
  if (mixed_precision() && computed == DType::kFloat32) attrs.set("bfloat16", true);
  return attrs;
}

void register_linalg_ops() {
  register_op(kMatmul);
  register_op(kDense);
}

Tensor matmul(const Tensor& x1, const Tensor& x2) {
  DType d = common_dtype({x1, x2}), p = product_type(d);
  Tensor a = as_dtype(x1, p), b = as_dtype(x2, p);
  if (a.rank() == 0 || b.rank() == 0)
    fail("matmul: expected at least one axis, received shapes ", a.shape(), " and ", b.shape());
  bool row = a.rank() == 1, column = b.rank() == 1;
  if (row) a = expand_dims(a, {0});
  if (column) b = expand_dims(b, {-1});
  Tensor y = apply1(kMatmul, {a, b}, with_precision({}, p));
  if (row && column)
    y = reshape(y, {});
  else if (row)
    y = squeeze(y, -2);
  else if (column)
    y = squeeze(y, -1);
  return as_dtype(y, d);
}

Tensor dense(const Tensor& x, const Tensor& kernel, const Tensor& bias,
             const std::string& activation) {
  DType d = common_float({x, kernel}), p = product_type(d);
  Tensor a = as_dtype(x, p);
  if (!a.is_symbolic() && a.rank() > 2) a = a.contiguous();
  return as_dtype(
      apply1(kDense, {a, as_dtype(kernel, p), bias.defined() ? as_dtype(bias, p) : bias},
             with_precision({{"activation", activation}}, p)),
      d);
}

Tensor dot(const Tensor& a, const Tensor& b) {
  if (a.rank() == 0 || b.rank() == 0) return a * b;
  if (b.rank() == 1 || a.rank() <= 2)
    return b.rank() <= 2 ? matmul(a, b) : tensordot(a, b, Ints{-1}, Ints{-2});
  return tensordot(a, b, Ints{-1}, Ints{-2});
}
Tensor vdot(const Tensor& a, const Tensor& b) { return matmul(ravel(a), ravel(b)); }
Tensor outer(const Tensor& a, const Tensor& b) { return reshape(a, {-1, 1}) * reshape(b, {1, -1}); }
Tensor inner(const Tensor& a, const Tensor& b) {
  if (a.rank() == 0 || b.rank() == 0) return a * b;
  return tensordot(a, b, Ints{-1}, Ints{-1});
}

Tensor tensordot(const Tensor& x1, const Tensor& x2, const Ints& axes1, const Ints& axes2) {
  if (axes1.size() != axes2.size()) fail("tensordot: the lists of axes differ in length");
  Ints left, right, free1, free2, shape;
  for (int64_t a : axes1) left.push_back(normalize_axis(a, x1.rank()));
  for (int64_t a : axes2) right.push_back(normalize_axis(a, x2.rank()));
  int64_t k = 1;
  for (size_t i = 0; i < left.size(); ++i) {
    int64_t n = x1.shape()[static_cast<int>(left[i])];
    if (n != x2.shape()[static_cast<int>(right[i])])
      fail("tensordot: axes of shapes ", x1.shape(), " and ", x2.shape(), " do not match");
    k *= n;
  }
  int64_t m = 1, n = 1;
  for (int i = 0; i < x1.rank(); ++i)
    if (std::find(left.begin(), left.end(), i) == left.end())
      free1.push_back(i), shape.push_back(x1.shape()[i]), m *= x1.shape()[i];
  for (int i = 0; i < x2.rank(); ++i)
    if (std::find(right.begin(), right.end(), i) == right.end())
      free2.push_back(i), shape.push_back(x2.shape()[i]), n *= x2.shape()[i];
  Ints order1 = free1, order2 = right;
  order1.insert(order1.end(), left.begin(), left.end());
  order2.insert(order2.end(), free2.begin(), free2.end());
  auto moved = [](const Tensor& t, const Ints& order) {
    return order.empty() ? t : transpose(t, order);
  };
  return reshape(matmul(reshape(moved(x1, order1), {m, k}), reshape(moved(x2, order2), {k, n})),
                 shape);
}
Tensor tensordot(const Tensor& x1, const Tensor& x2, int axes) {
  Ints left, right;
  for (int i = 0; i < axes; ++i) left.push_back(x1.rank() - axes + i), right.push_back(i);
  return tensordot(x1, x2, left, right);
}

}  // namespace lamina
