// Reductions over any axes.
#include <algorithm>

#include "lamina/ops.h"
#include "ops/promote.h"
#include "ops/registry.h"

namespace lamina {

namespace {

using abi::ReduceOp;

Shape kept_shape(const Shape& shape, uint32_t mask) {
  Shape s = shape;
  for (int i = 0; i < s.rank(); ++i)
    if (mask >> i & 1) s[i] = 1;
  return s;
}

// Attribute "axis": a list, all axes where empty; "keepdims".
uint32_t mask_of(const Attrs& attrs, int rank) {
  uint32_t mask = 0;
  const auto& axes = attrs.ints("axis");
  if (attrs.flag("all")) return (1u << rank) - 1;
  for (int64_t a : axes) mask |= 1u << normalize_axis(a, rank);
  return mask;
}
Shape result_shape(const Shape& shape, uint32_t mask, bool keepdims) {
  Shape s;
  for (int i = 0; i < shape.rank(); ++i) {
    if (!(mask >> i & 1))
      s.push_back(shape[i]);
    else if (keepdims)
      s.push_back(1);
  }
  return s;
}

DType result_type(ReduceOp op, DType d) {
  switch (op) {
    case ReduceOp::kSum:
    case ReduceOp::kSumSquare:
    case ReduceOp::kProd:
      return is_floating(d) || d == DType::kInt64 ? d : DType::kInt32;
    case ReduceOp::kMean:
      return is_floating(d) ? d : floatx();
    case ReduceOp::kAny:
    case ReduceOp::kAll:
      return DType::kBool;
    default:
      return d;
  }
}

template <ReduceOp kOp>
void infer(Infer& f) {
  uint32_t mask = mask_of(f.attrs(), f.shape(0).rank());
  if (kOp == ReduceOp::kMax || kOp == ReduceOp::kMin)
    for (int i = 0; i < f.shape(0).rank(); ++i)
      if ((mask >> i & 1) && f.shape(0)[i] == 0)
        f.refuse("axis ", i, " of shape ", f.shape(0), " is empty");
  f.output(result_shape(f.shape(0), mask, f.attrs().flag("keepdims")),
           result_type(kOp, f.dtype(0)));
}

// The kernel wants the output with the reduced axes as ones.
abi::View with_ones(const abi::View& in, const abi::View& out, uint32_t mask) {
  abi::View v = out;
  v.rank = in.rank;
  int64_t step = 1;
  for (int i = in.rank - 1; i >= 0; --i) {
    v.shape[i] = mask >> i & 1 ? 1 : in.shape[i];
    v.strides[i] = step;
    step *= v.shape[i];
  }
  return v;
}
template <ReduceOp kOp>
void run(const Run& r) {
  uint32_t mask = mask_of(r.attrs, r.in[0].rank);
  r.kernels.reduce(r.context, kOp, r.in[0], with_ones(r.in[0], r.out[0], mask), mask);
}

// A tensor of the reduced shape with ones where axes went, to broadcast against the input.
Tensor unreduced(const Tensor& t, const Backward& b) {
  const Shape& shape = b.in(0).shape();
  return reshape(t, kept_shape(shape, mask_of(b.attrs(), shape.rank())).vec());
}
int64_t count_of(const Backward& b) {
  const Shape& shape = b.in(0).shape();
  uint32_t mask = mask_of(b.attrs(), shape.rank());
  int64_t n = 1;
  for (int i = 0; i < shape.rank(); ++i)
    if (mask >> i & 1) n *= shape[i];
  return n;
}

Tensors sum_backward(const Backward& b) {
  return {broadcast_to(unreduced(b.grad(), b), b.in(0).shape())};
}
Tensors mean_backward(const Backward& b) {
  Tensor g =
      unreduced(b.grad(), b) * Tensor(1.0 / static_cast<double>(std::max<int64_t>(count_of(b), 1)));
  return {broadcast_to(g, b.in(0).shape())};
}
// Ties share the gradient equally.
Tensors extreme_backward(const Backward& b) {
  Tensor hit = cast(equal(b.in(0), unreduced(b.out(), b)), b.in(0).dtype());
  Tensor ties = apply1(*find_op("sum"), {hit}, b.attrs());
  return {hit * unreduced(b.grad() / ties, b)};
}
// The product of the other elements, by running products from both sides: right with zeros too.
Tensors prod_backward(const Backward& b) {
  const Tensor& x = b.in(0);
  int rank = x.rank();
  uint32_t mask = mask_of(b.attrs(), rank);
  Ints order, back(static_cast<size_t>(rank));
  for (int i = 0; i < rank; ++i)
    if (!(mask >> i & 1)) order.push_back(i);
  size_t kept = order.size();
  for (int i = 0; i < rank; ++i)
    if (mask >> i & 1) order.push_back(i);
  for (size_t i = 0; i < order.size(); ++i)
    back[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
  Tensor moved = transpose(x, order);
  Ints flat;
  for (size_t i = 0; i < kept; ++i) flat.push_back(moved.dim(static_cast<int>(i)));
  flat.push_back(count_of(b));
  if (count_of(b) == 0) return {zeros_like(x)};
  Tensor rows = reshape(moved, flat);
  Shape one_shape(flat);
  one_shape[-1] = 1;
  Tensor one = ones(one_shape, x.dtype());
  int last = static_cast<int>(kept);
  auto part = [&](const Tensor& t, int64_t start, int64_t stop) {
    std::vector<Index> at(kept);
    at.push_back(Index::slice(start, stop));
    return getitem(t, at);
  };
  int64_t n = count_of(b);
  Tensor left = concatenate({one, part(cumprod(rows, last), 0, n - 1)}, last);
  Tensor right =
      flip(concatenate({one, part(cumprod(flip(rows, last), last), 0, n - 1)}, last), last);
  Tensor others = transpose(reshape(left * right, moved.shape().vec()), back);
  return {others * unreduced(b.grad(), b)};
}

Op reduction(const char* name, void (*f)(Infer&), void (*r)(const Run&),
             Tensors (*back)(const Backward&)) {
  Op op{name, f, r, back};
  op.zero_gradient = !back;
  return op;
}
Op with_output(Op op) {
  op.saves_output = true;
  return op;
}
const Op kSum = reduction("sum", infer<ReduceOp::kSum>, run<ReduceOp::kSum>, sum_backward);
const Op kMean = reduction("mean", infer<ReduceOp::kMean>, run<ReduceOp::kMean>, mean_backward);
const Op kProd = reduction("prod", infer<ReduceOp::kProd>, run<ReduceOp::kProd>, prod_backward);
const Op kMax =
    with_output(reduction("max", infer<ReduceOp::kMax>, run<ReduceOp::kMax>, extreme_backward));
const Op kMin =
    with_output(reduction("min", infer<ReduceOp::kMin>, run<ReduceOp::kMin>, extreme_backward));
const Op kAny = reduction("any", infer<ReduceOp::kAny>, run<ReduceOp::kAny>, nullptr);
const Op kAll = reduction("all", infer<ReduceOp::kAll>, run<ReduceOp::kAll>, nullptr);

void infer_arg(Infer& f) {
  int axis = normalize_axis(f.attrs().integer("axis"), f.shape(0).rank());
  if (f.shape(0)[axis] == 0) f.refuse("axis ", axis, " of shape ", f.shape(0), " is empty");
  f.output(result_shape(f.shape(0), 1u << axis, f.attrs().flag("keepdims")), DType::kInt32);
}
template <bool kMaximum>
void run_arg(const Run& r) {
  int axis = normalize_axis(r.attrs.integer("axis"), r.in[0].rank);
  r.kernels.arg_reduce(r.context, kMaximum, r.in[0], with_ones(r.in[0], r.out[0], 1u << axis),
                       axis);
}
const Op kArgmax = reduction("argmax", infer_arg, run_arg<true>, nullptr);
const Op kArgmin = reduction("argmin", infer_arg, run_arg<false>, nullptr);

void infer_cumulative(Infer& f) {
  normalize_axis(f.attrs().integer("axis"), f.shape(0).rank());
  f.output(f.shape(0), f.dtype(0));
}
template <bool kProduct>
void run_cumulative(const Run& r) {
  int axis = normalize_axis(r.attrs.integer("axis"), r.in[0].rank);
  r.kernels.cumulative(r.context, kProduct, r.attrs.flag("reverse"), r.in[0], r.out[0], axis);
}
const Op& cumsum_op();
Tensors cumsum_backward(const Backward& b) {
  return {apply1(cumsum_op(), {b.grad()},
                 {{"axis", b.attrs().integer("axis")}, {"reverse", !b.attrs().flag("reverse")}})};
}
// d/dx_i sum_j g_j prod_{k<=j} x_k, without dividing by x: O(n^2) in the length of the axis, exact
// with zeros.
Tensors cumprod_backward(const Backward& b) {
  int axis = normalize_axis(b.attrs().integer("axis"), b.in(0).rank());
  Tensor x = moveaxis(b.in(0), {axis}, {-1}), g = moveaxis(b.grad(), {axis}, {-1});
  int64_t n = x.dim(-1);
  Tensors parts;
  auto part = [&](const Tensor& t, int64_t start, int64_t stop) {
    return getitem(t, {Index::ellipsis(), Index::slice(start, stop)});
  };
  for (int64_t i = 0; i < n; ++i) {
    Tensor before = i == 0 ? ones_like(part(x, 0, 1)) : prod(part(x, 0, i), -1, true);
    Tensor after =
        i + 1 == n ? ones_like(part(x, 0, 1))
                   : concatenate({ones_like(part(x, 0, 1)), cumprod(part(x, i + 1, n), -1)}, -1);
    parts.push_back(before * sum(part(g, i, n) * after, -1, true));
  }
  if (parts.empty()) return {zeros_like(b.in(0))};
  return {moveaxis(concatenate(parts, -1), {-1}, {axis})};
}
const Op kCumsum = reduction("cumsum", infer_cumulative, run_cumulative<false>, cumsum_backward);
const Op kCumprod = reduction("cumprod", infer_cumulative, run_cumulative<true>, cumprod_backward);
const Op& cumsum_op() { return kCumsum; }

Tensor reduce(const Op& op, const Tensor& x, const Axes& axis, bool keepdims) {
  Tensor t = x.is_scalar_literal() ? as_dtype(x, common_dtype({x})) : x;
  for (int64_t a : axis.list) normalize_axis(a, t.rank());
  return apply1(op, {t}, {{"axis", axis.list}, {"all", axis.all}, {"keepdims", keepdims}});
}

}  // namespace

void register_reduce_ops() {
  for (const Op* op :
       {&kSum, &kMean, &kProd, &kMax, &kMin, &kAny, &kAll, &kArgmax, &kArgmin, &kCumsum, &kCumprod})
    register_op(*op);
}

Tensor sum(const Tensor& x, const Axes& axis, bool keepdims) {
  return reduce(kSum, x, axis, keepdims);
}
Tensor mean(const Tensor& x, const Axes& axis, bool keepdims) {
  return reduce(kMean, x, axis, keepdims);
}
Tensor prod(const Tensor& x, const Axes& axis, bool keepdims) {
  return reduce(kProd, x, axis, keepdims);
}
Tensor max(const Tensor& x, const Axes& axis, bool keepdims) {
  return reduce(kMax, x, axis, keepdims);
}
Tensor min(const Tensor& x, const Axes& axis, bool keepdims) {
  return reduce(kMin, x, axis, keepdims);
}
Tensor amax(const Tensor& x, const Axes& axis, bool keepdims) {
  return reduce(kMax, x, axis, keepdims);
}
Tensor amin(const Tensor& x, const Axes& axis, bool keepdims) {
  return reduce(kMin, x, axis, keepdims);
}
Tensor any(const Tensor& x, const Axes& axis, bool keepdims) {
  return reduce(kAny, x, axis, keepdims);
}
Tensor all(const Tensor& x, const Axes& axis, bool keepdims) {
  return reduce(kAll, x, axis, keepdims);
}

Tensor var(const Tensor& x, const Axes& axis, bool keepdims) {
  Tensor t = as_float(x);
  return mean(square(t - mean(t, axis, true)), axis, keepdims);
}
Tensor std(const Tensor& x, const Axes& axis, bool keepdims) {
  return sqrt(var(x, axis, keepdims));
}

Tensor logsumexp(const Tensor& x, const Axes& axis, bool keepdims) {
  Tensor t = as_float(x);
  Tensor top = stop_gradient(max(t, axis, true));
  top = where(isfinite(top), top, zeros_like(top));
  Tensor y = log(sum(exp(t - top), axis, true)) + top;
  if (keepdims) return y;
  return axis.all ? reshape(y, {}) : squeeze(y, axis);
}

namespace {
Tensor arg_extreme(const Op& op, const Tensor& x, std::optional<int64_t> axis, bool keepdims) {
  if (axis) return apply1(op, {x}, {{"axis", *axis}, {"keepdims", keepdims}});
  Tensor flat = apply1(op, {reshape(x, {-1})}, {{"axis", int64_t{0}}, {"keepdims", false}});
  return keepdims ? reshape(flat, Ints(static_cast<size_t>(x.rank()), 1)) : flat;
}
Tensor running(const Op& op, const Tensor& x, std::optional<int64_t> axis) {
  Tensor t = x.dtype() == DType::kBool ? cast(x, DType::kInt32) : x;
  if (!axis) t = reshape(t, {-1});
  return apply1(op, {t}, {{"axis", axis.value_or(0)}, {"reverse", false}});
}
}  // namespace

Tensor argmax(const Tensor& x, std::optional<int64_t> axis, bool keepdims) {
  return arg_extreme(kArgmax, x, axis, keepdims);
}
Tensor argmin(const Tensor& x, std::optional<int64_t> axis, bool keepdims) {
  return arg_extreme(kArgmin, x, axis, keepdims);
}
Tensor count_nonzero(const Tensor& x, const Axes& axis) { return sum(cast(x, DType::kBool), axis); }
Tensor cumsum(const Tensor& x, std::optional<int64_t> axis) { return running(kCumsum, x, axis); }
Tensor cumprod(const Tensor& x, std::optional<int64_t> axis) { return running(kCumprod, x, axis); }

std::pair<Tensor, Tensor> moments(const Tensor& x, const Axes& axes, bool keepdims) {
  return {mean(as_float(x), axes, keepdims), var(x, axes, keepdims)};
}

Tensor sum_to_shape(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  Axes axes;
  axes.all = false;
  int extra = x.rank() - shape.rank();
  for (int i = 0; i < x.rank(); ++i)
    if (i < extra || (shape[i - extra] == 1 && x.shape()[i] != 1)) axes.list.push_back(i);
  Tensor s = axes.list.empty() ? x : sum(x, axes, true);
  return reshape(s, shape.vec());
}

}  // namespace lamina
