// Arrays made of a few numbers: spaced values, windows, triangles.
#include <cmath>

#include "lamina/ops_array.h"
#include "lamina/ops_math.h"
#include "ops/promote.h"

namespace lamina {

Tensor tri(int64_t n, int64_t m, int64_t k, DType dtype) {
  return tril(ones({n, m < 0 ? n : m}, dtype), k);
}
Tensor diagflat(const Tensor& x, int64_t k) { return diag(ravel(x), k); }
Tensor vander(const Tensor& x, std::optional<int64_t> n, bool increasing) {
  if (x.rank() != 1) fail("vander: expected one axis, received shape ", x.shape());
  int64_t count = n.value_or(x.dim(0));
  Tensor exponents = cast(arange(0, static_cast<double>(count)), x.dtype());
  return power(expand_dims(x, {1}), increasing ? exponents : flip(exponents));
}
Tensor empty_like(const Tensor& x) { return zeros_like(x); }

namespace {

// Values as given, then in their dtype; integers are rounded down, as NumPy does.
Tensor finished(const Tensor& x, std::optional<DType> dtype, int axis) {
  Tensor y = axis == 0 ? x : moveaxis(x, {0}, {axis});
  if (!dtype || *dtype == y.dtype()) return y;
  return cast(is_floating(*dtype) ? y : floor(y), *dtype);
}
// From start to stop along a new first axis.
Tensor spaced(const Tensor& start, const Tensor& stop, int64_t num, bool endpoint,
              const char* name) {
  if (num < 0) fail(name, ": num must not be negative, received ", num);
  DType d = common_float({start, stop});
  Tensor a = as_dtype(start, d), b = as_dtype(stop, d);
  Shape shape = broadcast_shapes(a.shape(), b.shape());
  double steps = static_cast<double>(std::max<int64_t>(endpoint ? num - 1 : num, 1));
  std::vector<double> shares;
  for (int64_t i = 0; i < num; ++i) shares.push_back(static_cast<double>(i) / steps);
  Ints column(static_cast<size_t>(shape.rank() + 1), 1);
  column[0] = num;
  Tensor t = cast(reshape(Tensor::from_vector(shares, {num}), column), d);
  return a * (Tensor(1.0) - t) + b * t;
}
// Numbers are spaced in float64; the result is then rounded once.
struct Ends {
  Tensor start, stop;
  std::optional<DType> dtype;
};
Ends ends_of(const Tensor& start, const Tensor& stop, std::optional<DType> dtype) {
  if (!start.is_scalar_literal() || !stop.is_scalar_literal()) {
    DType d = common_float({start, stop});
    return {as_dtype(start, d), as_dtype(stop, d), dtype};
  }
  return {cast(start, DType::kFloat64), cast(stop, DType::kFloat64), dtype.value_or(floatx())};
}

}  // namespace

Tensor linspace(const Tensor& start, const Tensor& stop, int64_t num, bool endpoint,
                std::optional<DType> dtype, int axis) {
  return finished(spaced(start, stop, num, endpoint, "linspace"), dtype, axis);
}
Tensor logspace(const Tensor& start, const Tensor& stop, int64_t num, bool endpoint,
                const Tensor& base, std::optional<DType> dtype, int axis) {
  Ends e = ends_of(start, stop, dtype);
  return finished(power(base, spaced(e.start, e.stop, num, endpoint, "logspace")), e.dtype, axis);
}
Tensor geomspace(const Tensor& start, const Tensor& stop, int64_t num, bool endpoint,
                 std::optional<DType> dtype, int axis) {
  // On one side of zero, by logarithms of the distances from it.
  Ends e = ends_of(start, stop, dtype);
  Tensor low = log(absolute(e.start)), high = log(absolute(e.stop));
  Tensor y = exp(spaced(low, high, num, endpoint, "geomspace"));
  return finished(y * sign(e.start), e.dtype, axis);
}

namespace {
// f(i, n - 1) for i = 0 to n - 1; a single point is 1.
template <class F>
Tensor window(const char* name, int64_t n, F&& f) {
  if (n < 0) fail(name, ": the number of points must not be negative, received ", n);
  std::vector<double> v;
  for (int64_t i = 0; i < n; ++i)
    v.push_back(n == 1 ? 1 : f(static_cast<double>(i), static_cast<double>(n - 1)));
  return cast(Tensor::from_vector(v, {n}), floatx());
}
constexpr double kTurn = 6.283185307179586477;
}  // namespace

Tensor bartlett(int64_t n) {
  return window("bartlett", n,
                [](double i, double m) { return 2 * i <= m ? 2 * i / m : 2 - 2 * i / m; });
}
Tensor blackman(int64_t n) {
  return window("blackman", n, [](double i, double m) {
    return 0.42 - 0.5 * std::cos(kTurn * i / m) + 0.08 * std::cos(2 * kTurn * i / m);
  });
}
Tensor hamming(int64_t n) {
  return window("hamming", n,
                [](double i, double m) { return 0.54 - 0.46 * std::cos(kTurn * i / m); });
}
Tensor hanning(int64_t n) {
  return window("hanning", n,
                [](double i, double m) { return 0.5 - 0.5 * std::cos(kTurn * i / m); });
}
Tensor kaiser(int64_t n, double beta) {
  std::vector<double> v;
  for (int64_t i = 0; i < n; ++i) {
    double t = n == 1 ? 0 : 2 * static_cast<double>(i) / static_cast<double>(n - 1) - 1;
    v.push_back(beta * std::sqrt(1 - t * t));
  }
  if (n < 0) fail("kaiser: the number of points must not be negative, received ", n);
  Tensor wide = i0(Tensor::from_vector(v, {n}));
  return cast(wide / i0(Tensor::from_vector(std::vector<double>{beta}, {1})), floatx());
}

}  // namespace lamina
