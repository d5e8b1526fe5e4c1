// What is composed of elementwise operations, and activations by name.
#include <cmath>
#include <limits>
#include <map>

#include "lamina/ops.h"
#include "ops/promote.h"

namespace lamina {

Tensor round(const Tensor& x, int decimals) {
  if (!is_floating(x.dtype()) && decimals >= 0) return as_dtype(x, common_dtype({x}));
  if (decimals == 0) return rint(x);
  double factor = std::pow(10.0, decimals);
  return rint(x * Tensor(factor)) / Tensor(factor);
}

Tensor relu_general(const Tensor& x, double slope, std::optional<double> max_value,
                    double threshold) {
  Tensor t = as_float(x);
  Tensor y;
  if (threshold != 0) {
    Tensor below = slope != 0 ? Tensor(slope) * (t - Tensor(threshold)) : zeros_like(t);
    y = where(greater_equal(t, Tensor(threshold)), t, below);
  } else {
    y = slope != 0 ? leaky_relu(t, slope) : relu(t);
  }
  return max_value ? minimum(y, Tensor(*max_value)) : y;
}

Tensor glu(const Tensor& x, int axis) {
  Tensors halves = split(as_float(x), 2, axis);
  return halves[0] * sigmoid(halves[1]);
}

// Martins and Astudillo (2016): the threshold comes from the sorted scores.
Tensor sparsemax(const Tensor& given, int axis) {
  Tensor x = as_float(given);
  int a = normalize_axis(axis, x.rank());
  Tensor z = moveaxis(x, {a}, {-1});
  Tensor sorted = flip(sort(z, -1), -1);
  Tensor sums = cumsum(sorted, -1);
  Tensor k = cumsum(ones_like(sorted), -1);
  Tensor support = cast(greater(Tensor(1.0) + k * sorted, sums), x.dtype());
  Tensor size = sum(support, -1, true);
  Tensor tau = (sum(sorted * support, -1, true) - Tensor(1.0)) / size;
  return moveaxis(relu(z - tau), {-1}, {a});
}

Tensor isclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  Tensor x = as_dtype(a, common_float({a, b})), y = as_dtype(b, common_float({a, b}));
  Tensor close = less_equal(absolute(x - y), Tensor(atol) + Tensor(rtol) * absolute(y));
  close = logical_or(logical_and(close, isfinite(y)), equal(x, y));
  return equal_nan ? logical_or(close, logical_and(isnan(x), isnan(y))) : close;
}

Tensor nan_to_num(const Tensor& x, double nan, std::optional<double> posinf,
                  std::optional<double> neginf) {
  if (!is_floating(x.dtype())) return x;
  double top = x.dtype() == DType::kFloat64 ? std::numeric_limits<double>::max()
               : x.dtype() == DType::kFloat16
                   ? 65504.0
                   : static_cast<double>(std::numeric_limits<float>::max());
  Tensor y = where(isnan(x), Tensor(nan), x);
  y = where(isposinf(x), Tensor(posinf.value_or(top)), y);
  return where(isneginf(x), Tensor(neginf.value_or(-top)), y);
}

namespace {
const std::map<std::string, Tensor (*)(const Tensor&)>& by_name() {
  static const std::map<std::string, Tensor (*)(const Tensor&)> table = {
      {"relu", relu},
      {"relu6", relu6},
      {"selu", selu},
      {"sigmoid", sigmoid},
      {"log_sigmoid", log_sigmoid},
      {"softplus", softplus},
      {"softsign", softsign},
      {"silu", silu},
      {"swish", silu},
      {"tanh", tanh},
      {"tanh_shrink", tanh_shrink},
      {"hard_sigmoid", hard_sigmoid},
      {"hard_silu", hard_silu},
      {"hard_swish", hard_silu},
      {"hard_tanh", hard_tanh},
      {"sparse_plus", sparse_plus},
      {"sparse_sigmoid", sparse_sigmoid},
      {"mish", mish},
      {"exponential", exp},
      {"leaky_relu", [](const Tensor& x) { return leaky_relu(x); }},
      {"elu", [](const Tensor& x) { return elu(x); }},
      {"celu", [](const Tensor& x) { return celu(x); }},
      {"gelu", [](const Tensor& x) { return gelu(x, false); }},
      {"hard_shrink", [](const Tensor& x) { return hard_shrink(x); }},
      {"soft_shrink", [](const Tensor& x) { return soft_shrink(x); }},
      {"squareplus", [](const Tensor& x) { return squareplus(x); }},
      {"threshold", [](const Tensor& x) { return threshold(x, 0, 0); }},
      {"softmax", [](const Tensor& x) { return softmax(x); }},
      {"log_softmax", [](const Tensor& x) { return log_softmax(x); }},
      {"sparsemax", [](const Tensor& x) { return sparsemax(x); }},
      {"glu", [](const Tensor& x) { return glu(x); }},
      {"linear", [](const Tensor& x) { return x; }},
      {"", [](const Tensor& x) { return x; }},
  };
  return table;
}
}  // namespace

bool is_activation(const std::string& name) { return by_name().count(name) > 0; }
std::vector<std::string> activation_names() {
  std::vector<std::string> names;
  for (auto& [n, f] : by_name())
    if (!n.empty()) names.push_back(n);
  return names;
}
Tensor activation(const Tensor& x, const std::string& name) {
  auto it = by_name().find(name);
  if (it == by_name().end()) {
    std::string known;
    for (auto& n : activation_names()) known += (known.empty() ? "" : ", ") + n;
    fail("Could not interpret activation function identifier: ", name, "; there are ", known);
  }
  return it->second(x);
}

}  // namespace lamina
