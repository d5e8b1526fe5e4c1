// Functions of one element that need no kernel of their own: computed in float64, one by one.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "lamina/ops_math.h"
#include "ops/matrices.h"
#include "ops/promote.h"
#include "ops/registry.h"

namespace lamina {

namespace {

// I_n(x) for n = 0 or 1: the power series, or Hankel's expansion (Abramowitz and Stegun 9.6.10 and
// 9.7.1).
double bessel(int n, double x) {
  double a = std::abs(x), y;
  if (std::isnan(x)) return x;
  if (a <= 25) {
    double term = n == 0 ? 1 : a / 2, z = a * a / 4;
    y = term;
    for (int k = 1; term > y * 1e-17; ++k) y += term *= z / (k * (k + n));
  } else {
    double term = 1, sum = 1, mu = 4.0 * n * n;
    for (int k = 1; k < 40 && std::abs(term) > 1e-17; ++k)
      sum += term *= -(mu - (2.0 * k - 1) * (2.0 * k - 1)) / (k * 8 * a);
    y = std::exp(a / 2) / std::sqrt(6.283185307179586477 * a) * sum * std::exp(a / 2);
  }
  return n == 1 && x < 0 ? -y : y;
}

template <double (*kFunction)(double)>
void run_map(const Run& r) {
  Matrices x(r, r.in[0]);
  int64_t n = batch_of(r.in[0], 0);
  constexpr int64_t kBlock = 1024;
  for_each_matrix(r, (n + kBlock - 1) / kBlock, 20.0 * kBlock, [&](int64_t b) {
    double *p = x.at(b, kBlock), *end = x.at(std::min((b + 1) * kBlock, n), 1);
    for (; p < end; ++p) *p = kFunction(*p);
  });
  x.store(r, r.out[0]);
}
template <double (*kFunction)(double)>
Op map_op(const char* name, const char* doc, Tensors (*back)(const Backward&)) {
  Op op{name, infer_same, run_map<kFunction>, back};
  op.doc = doc;
  return op;
}
double cube_root(double x) { return std::cbrt(x); }
double complement(double x) { return std::erfc(x); }
double bessel0(double x) { return bessel(0, x); }
double bessel1(double x) { return bessel(1, x); }

const Op kCbrt = map_op<cube_root>("cbrt", "Cube root.", [](const Backward& b) -> Tensors {
  return {b.grad() / (Tensor(3.0) * square(cbrt(b.in(0))))};
});
const Op kErfc = map_op<complement>("erfc", "1 - erf(x).", [](const Backward& b) -> Tensors {
  return {b.grad() * Tensor(-1.12837916709551257390) * exp(-square(b.in(0)))};
});
const Op kI0 =
    map_op<bessel0>("i0", "Modified Bessel function of order 0.",
                    [](const Backward& b) -> Tensors { return {b.grad() * i1(b.in(0))}; });
const Op kI1 =
    map_op<bessel1>("i1", "Modified Bessel function of order 1.", [](const Backward& b) -> Tensors {
      Tensor x = b.in(0), zero = equal(x, Tensor(0.0));
      Tensor ratio = where(zero, full_like(x, 0.5), i1(x) / where(zero, ones_like(x), x));
      return {b.grad() * (i0(x) - ratio)};
    });

void infer_view(Infer& f) {
  DType to = dtype_from_name(f.attrs().text("dtype"));
  size_t from_size = itemsize(f.dtype(0)), to_size = itemsize(to);
  Shape s = f.shape(0);
  if (from_size != to_size) {
    if (s.rank() == 0) f.refuse("a scalar can only be viewed as a dtype of the same size");
    int64_t bytes = s[-1] * static_cast<int64_t>(from_size);
    if (bytes % static_cast<int64_t>(to_size) != 0)
      f.refuse("the last axis of shape ", s, " (", bytes,
               " bytes) does not hold whole elements of ", dtype_name(to));
    s[-1] = bytes / static_cast<int64_t>(to_size);
  }
  f.output(s, to);
}
void run_view(const Run& r) {
  // The input's elements in order, in the memory of the output.
  abi::View packed = r.in[0];
  packed.data = r.out[0].data;
  int64_t step = 1;
  for (int i = packed.rank - 1; i >= 0; --i) packed.strides[i] = step, step *= packed.shape[i];
  r.kernels.copy(r.context, r.in[0], packed);
}
const Op kView = [] {
  Op op{"view", infer_view, run_view};
  op.zero_gradient = true;
  return op;
}();

Tensor map(const Op& op, const Tensor& x) { return apply1(op, {as_float(x)}); }

}  // namespace

void register_special_ops() {
  for (const Op* op : {&kCbrt, &kErfc, &kI0, &kI1, &kView}) register_op(*op);
}

Tensor cbrt(const Tensor& x) { return map(kCbrt, x); }
Tensor erfc(const Tensor& x) { return map(kErfc, x); }
Tensor i0(const Tensor& x) { return map(kI0, x); }
Tensor i1(const Tensor& x) { return map(kI1, x); }
Tensor view(const Tensor& x, DType dtype) {
  return apply1(kView, {x}, {{"dtype", std::string(dtype_name(dtype))}});
}

Tensor angle(const Tensor& x) {
  Tensor t = stop_gradient(as_float(x));
  return arctan2(zeros_like(t), t);
}
Tensor fabs(const Tensor& x) { return absolute(as_float(x)); }
Tensor fmax(const Tensor& x1, const Tensor& x2) {
  Tensor y = maximum(x1, x2);
  return is_floating(y.dtype()) ? where(isnan(x1), x2, where(isnan(x2), x1, y)) : y;
}
Tensor fmin(const Tensor& x1, const Tensor& x2) {
  Tensor y = minimum(x1, x2);
  return is_floating(y.dtype()) ? where(isnan(x1), x2, where(isnan(x2), x1, y)) : y;
}
Tensor ldexp(const Tensor& x1, const Tensor& x2) { return multiply(as_float(x1), exp2(x2)); }
Tensor allclose(const Tensor& x1, const Tensor& x2, double rtol, double atol, bool equal_nan) {
  return all(isclose(x1, x2, rtol, atol, equal_nan));
}

namespace {
std::pair<double, double> limits(DType d) {
  auto of = [](auto zero) -> std::pair<double, double> {
    using L = std::numeric_limits<decltype(zero)>;
    return {static_cast<double>(L::lowest()), static_cast<double>(L::max())};
  };
  switch (d) {
    case DType::kBool:
      return {0, 1};
    case DType::kUInt8:
      return of(uint8_t{});
    case DType::kInt8:
      return of(int8_t{});
    case DType::kInt16:
      return of(int16_t{});
    case DType::kInt32:
      return of(int32_t{});
    case DType::kInt64:
      return of(int64_t{});
    case DType::kFloat16:
      return {-65504, 65504};
    case DType::kBFloat16:
      return {-3.38953138925153547590e38, 3.38953138925153547590e38};
    case DType::kFloat32:
      return of(float{});
    default:
      return of(double{});
  }
}
}  // namespace

Tensor saturate_cast(const Tensor& x, DType dtype) {
  Tensor t = as_dtype(x, common_dtype({x}));
  auto [low, high] = limits(dtype);
  auto [from_low, from_high] = limits(t.dtype());
  // cast() itself keeps floats beyond an integer's range at its ends.
  if (t.dtype() != DType::kBool && (low > from_low || high < from_high))
    t = clip(t, std::max(low, from_low), std::min(high, from_high));
  return cast(t, dtype);
}

Tensor normalize(const Tensor& x, const Axes& axis, int order, std::optional<double> epsilon) {
  if (order < 1) fail("normalize: order must be an integer of at least 1, received ", order);
  Tensor t = as_float(x);
  if (t.rank() == 0) t = expand_dims(t, {0});
  double eps = epsilon.value_or(1e-7);
  if (order == 2) {
    Tensor total = sum(square(t), axis, true), none = equal(total, Tensor(0.0));
    Tensor inverse = rsqrt(where(none, ones_like(total), total));
    return t * minimum(where(none, full_like(total, 1 / eps), inverse), Tensor(1 / eps));
  }
  return t / maximum(norm(t, static_cast<double>(order), axis, true), Tensor(eps));
}

namespace {
// Half precision is normalized in float32.
Tensor widened(const Tensor& x) {
  Tensor t = as_float(x);
  return t.dtype() == DType::kFloat64 ? t : as_dtype(t, DType::kFloat32);
}
}  // namespace

Tensor rms_normalization(const Tensor& x, const Tensor& scale, const Axes& axis, double epsilon) {
  DType d = common_float({x});
  Tensor t = widened(x);
  if (t.rank() == 0) t = expand_dims(t, {0});
  Tensor y = t * rsqrt(mean(square(t), axis, true) + Tensor(epsilon));
  if (scale.defined()) y = y * as_dtype(scale, t.dtype());
  return as_dtype(y, d);
}

Tensor layer_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                           const Axes& axis, double epsilon) {
  DType d = common_float({x});
  Tensor t = widened(x);
  Ints axes;
  for (int i = 0; axis.all && i < t.rank(); ++i) axes.push_back(i);
  for (int64_t a : axis.list) axes.push_back(normalize_axis(a, t.rank()));
  bool last = true;  // the kernel takes a run of last axes
  for (size_t i = 0; i < axes.size(); ++i) {
    bool found = false;
    for (int64_t a : axes) found |= a == t.rank() - static_cast<int64_t>(axes.size() - i);
    last = last && found;
  }
  auto fits = [&](const Tensor& p) {
    return !p.defined() || p.rank() == static_cast<int>(axes.size());
  };
  auto typed = [&](const Tensor& p) { return p.defined() ? as_dtype(p, t.dtype()) : p; };
  if (last && fits(gamma) && fits(beta) && (gamma.defined() || axes.size() == 1))
    return as_dtype(layer_normalization(t, typed(gamma), typed(beta), epsilon), d);
  Ints shape(static_cast<size_t>(t.rank()), 1);
  for (int64_t a : axes) shape[static_cast<size_t>(a)] = t.dim(static_cast<int>(a));
  auto spread = [&](const Tensor& p) {
    return p.rank() == t.rank() ? typed(p) : reshape(typed(p), shape);
  };
  Tensor centred = t - mean(t, axis, true);
  Tensor y = centred * rsqrt(mean(square(centred), axis, true) + Tensor(epsilon));
  if (gamma.defined()) y = y * spread(gamma);
  if (beta.defined()) y = y + spread(beta);
  return as_dtype(y, d);
}

Tensor dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                             const Tensor& bias, const Tensor& mask, std::optional<double> scale,
                             bool is_causal) {
  if (!bias.defined()) return dot_product_attention(query, key, value, mask, scale, is_causal);
  if (query.rank() != 4 || key.rank() != 4 || value.rank() != 4)
    fail("dot_product_attention: expected query, key and value with 4 axes, received shapes ",
         query.shape(), ", ", key.shape(), " and ", value.shape());
  double factor = scale.value_or(1 / std::sqrt(static_cast<double>(query.dim(-1))));
  Tensor scores = einsum("btnh,bsnh->bnts", {query, key}) * Tensor(factor) + bias;
  Tensor keep = mask;
  if (is_causal) {
    Tensor past = tril(ones({query.dim(1), key.dim(1)}, DType::kBool));
    keep = mask.defined() ? logical_and(mask, past) : past;
  }
  if (keep.defined())
    scores = where(keep, scores, full_like(scores, std::numeric_limits<float>::lowest()));
  return einsum("bnts,bsnh->btnh", {softmax(scores, -1), value});
}

Tensor psnr(const Tensor& x1, const Tensor& x2, double max_val) {
  if (!(x1.shape() == x2.shape()))
    fail("psnr: expected two images of the same shape, received ", x1.shape(), " and ", x2.shape());
  return Tensor(20 * std::log10(max_val)) - Tensor(10.0) * log10(mean(square(x1 - x2)));
}

std::pair<Tensor, Tensor> polar(const Tensor& abs, const Tensor& angle) {
  return {abs * cos(angle), abs * sin(angle)};
}

}  // namespace lamina
