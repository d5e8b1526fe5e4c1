// Tensors, differentiation and capture as a C++ program uses them.
#include <doctest/doctest.h>

#include <cmath>

#include "graph/graph.h"
#include "lamina/lamina.h"

using namespace lamina;

namespace {

Tensor numbers(const Shape& shape, double scale = 1) {
  std::vector<double> v(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < v.size(); ++i) v[i] = scale * std::sin(1.7 * static_cast<double>(i) + 0.3);
  return Tensor::from_vector(v, shape);
}

// d sum(w f(x)) / dx along a direction, against central differences.
void check_gradient(const std::function<Tensor(const Tensor&)>& f, const Tensor& x) {
  x.set_requires_grad();
  const Tensor y = f(x), w = numbers(y.shape(), 0.7), direction = numbers(x.shape(), 0.9);
  sum(y * w).backward();
  const double h = 1e-6, got = sum(x.grad() * direction).item<double>();
  const Tensor at = x.detach();
  const double high = sum(f(at + direction * Tensor(h)) * w).item<double>();
  const double low = sum(f(at - direction * Tensor(h)) * w).item<double>();
  CHECK(got == doctest::Approx((high - low) / (2 * h)).epsilon(1e-5));
}

// x (1, n) -> x + 1 and the sum of its squares.
std::unique_ptr<Program> program_of(int64_t n, const std::shared_ptr<Arena>& arena) {
  auto trace = std::make_shared<Trace>();
  TraceScope scope(trace);
  const Tensor x = trace->placeholder({1, n}, DType::kFloat32);
  return Program::compile(*trace, {x}, {x + Tensor(1), sum(square(x))}, arena);
}

void check_program(Program& program, int64_t n) {
  const Tensor x = numbers({1, n}).astype(DType::kFloat32);
  double squares = 0;
  std::vector<float> next;
  for (float v : x.to_vector<float>()) squares += v * v, next.push_back(v + 1);
  program.set_input(0, x);
  program.run();
  CHECK(program.output_tensor(0).to_vector<float>() == next);
  CHECK(program.output_tensor(1).item<float>() == doctest::Approx(squares));
}

}  // namespace

TEST_CASE("views share memory; broadcasting follows NumPy") {
  const Tensor x = Tensor::from_vector<float>({0, 1, 2, 3, 4, 5}, {2, 3});
  const Tensor column = getitem(x, {Index(), Index(1)});
  CHECK(column.to_vector<float>() == std::vector<float>{1, 4});
  setitem(column, {Index(0)}, Tensor(9));
  CHECK(getitem(x, {Index(0), Index(1)}).item<float>() == 9);
  const Tensor y = transpose(x) + Tensor::from_vector<float>({10, 20}, {2});
  CHECK(y.shape() == Shape{3, 2});
  CHECK(y.to_vector<float>() == std::vector<float>{10, 23, 19, 24, 12, 25});
  CHECK_THROWS_WITH_AS(x + zeros({4}), doctest::Contains("(2, 3)"), Error);
}

TEST_CASE("gradients") {
  check_gradient([](const Tensor& x) { return tanh(x) * x; }, numbers({3, 4}));
  check_gradient([](const Tensor& x) { return matmul(x, transpose(x)); }, numbers({3, 4}));
  check_gradient([](const Tensor& x) { return softmax(reshape(x, {2, 6})); }, numbers({3, 4}));
  check_gradient([](const Tensor& x) { return logsumexp(x, {0}); }, numbers({3, 4}));
  check_gradient(
      [](const Tensor& x) {
        return conv(reshape(x, {1, 6, 6, 2}), numbers({3, 3, 2, 4}), {.padding = "same"});
      },
      numbers({72}));
  check_gradient([](const Tensor& x) { return max_pool(reshape(x, {1, 4, 4, 2}), {2, 2}); },
                 numbers({32}));
  check_gradient(
      [](const Tensor& x) { return getitem(x, {Index::slice(0, 3, 2)}) * reshape(x, {1, 3}); },
      numbers({3, 1}));
}

TEST_CASE("gradients of gradients") {
  // f = x^3: f'' = 6 x
  const Tensor x = numbers({5});
  x.set_requires_grad();
  const Tensor g = gradients({sum(x * x * x)}, {x}, {}, true)[0];
  const Tensor h = gradients({sum(g)}, {x})[0];
  const auto got = h.to_vector<double>(), at = x.to_vector<double>();
  for (size_t i = 0; i < at.size(); ++i) CHECK(got[i] == doctest::Approx(6 * at[i]));
}

TEST_CASE("a value that a gradient needs may not be overwritten") {
  const Tensor x = numbers({3});
  x.set_requires_grad();
  CHECK_THROWS_AS(setitem(x, {Index(0)}, Tensor(1.0)), Error);
  const Tensor y = zeros({3}, DType::kFloat64);
  const Tensor z = x * y;
  {
    NoGrad off;
    y.assign(Tensor(2.0));
  }
  CHECK_THROWS_AS(sum(z).backward(), Error);
}

TEST_CASE("a captured function gives what its body gives, for every shape") {
  int runs = 0;
  Function f([&](const Tensors& a) {
    ++runs;
    return Tensors{sum(tanh(matmul(a[0], a[1])) * Tensor(0.5), {0}), a[0]};
  });
  for (int64_t n : {3, 5, 3}) {
    const Tensor x = numbers({n, 4}), w = numbers({4, 2}, 0.5);
    const Tensors got = f({x, w});
    CHECK(got[0].to_vector<double>() ==
          sum(tanh(matmul(x, w)) * Tensor(0.5), {0}).to_vector<double>());
    CHECK(got[1].to_vector<double>() == x.to_vector<double>());
  }
  CHECK(runs == 2);
  CHECK(f.captures() == 2);
}

TEST_CASE("programs share an arena, which is as large as the largest needs") {
  const auto arena = std::make_shared<Arena>();
  const auto small = program_of(50, arena);
  check_program(*small, 50);
  const auto large = program_of(5000, arena), middle = program_of(300, arena);
  check_program(*small, 50), check_program(*large, 5000), check_program(*middle, 300);
  check_program(*small, 50);
  const auto alone = std::make_shared<Arena>();
  program_of(5000, alone);
  CHECK(arena->bytes() == alone->bytes());
  CHECK(alone->bytes() >= 2 * 5000 * sizeof(float));
  program_of(80000, alone);  // those before are gone
  CHECK(alone->bytes() >= 2 * 80000 * sizeof(float));
}

TEST_CASE("the first NaN is named") {
  set_debug_nans(true);
  CHECK_THROWS_WITH_AS(log(Tensor::from_vector<float>({-1}, {1})), doctest::Contains("log"), Error);
  set_debug_nans(false);
  CHECK(std::isnan(log(Tensor::from_vector<float>({-1}, {1})).item<float>()));
}
