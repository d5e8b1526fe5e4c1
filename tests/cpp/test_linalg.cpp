// Factorizations put together again; Python's tests compare with NumPy and check gradients.
#include <doctest/doctest.h>

#include "lamina/lamina.h"

using namespace lamina;

namespace {

Tensor normal(const Shape& shape) {
  random::SeedGenerator seed(7);
  return random::normal(shape, 0, 1, DType::kFloat64, &seed);
}
Tensor turned(const Tensor& x) { return swapaxes(x, -1, -2); }
double distance(const Tensor& a, const Tensor& b) {
  return a.numel() == 0 ? 0 : max(absolute(a - b)).item<double>();
}

}  // namespace

TEST_CASE("factorizations of any size") {
  for (int64_t n : {0, 1, 2, 5, 40}) {
    CAPTURE(n);
    Tensor a = normal({2, n, n}), one = eye(n, -1, 0, DType::kFloat64);
    Tensor definite = matmul(a, turned(a)) + one;
    Tensor l = cholesky(definite);
    CHECK(distance(matmul(l, turned(l)), definite) < 1e-11);
    auto [w, v] = eigh(definite);
    CHECK(distance(matmul(v * expand_dims(w, {-2}), turned(v)), definite) < 1e-11);
    CHECK(distance(matmul(turned(v), v), one) < 1e-12);
    auto [real, vectors] = eig(definite);
    CHECK(distance(matmul(definite, vectors), vectors * expand_dims(real, {-2})) < 1e-10);
    Tensor b = normal({2, n, 3});
    CHECK(distance(matmul(definite, solve(definite, b)), b) < 1e-10);
  }
  for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 1}, {6, 3}, {3, 6}, {40, 40}, {0, 3}}) {
    CAPTURE(m);
    CAPTURE(n);
    Tensor a = normal({m, n});
    for (const char* mode : {"reduced", "complete"}) {
      auto [q, r] = qr(a, mode);
      CHECK(distance(matmul(q, r), a) < 1e-12);
      CHECK(distance(matmul(turned(q), q), eye(q.dim(-1), -1, 0, DType::kFloat64)) < 1e-12);
    }
    auto [u, s, vh] = svd(a, false);
    CHECK(distance(matmul(u * s, vh), a) < 1e-12);
    auto [full_u, full_s, full_vh] = svd(a);
    CHECK(distance(matmul(full_vh, turned(full_vh)), eye(n, -1, 0, DType::kFloat64)) < 1e-12);
    CHECK(distance(matmul(turned(full_u), full_u), eye(m, -1, 0, DType::kFloat64)) < 1e-12);
  }
}

TEST_CASE("matrices without full rank") {
  Tensor a = matmul(normal({6, 2}), normal({2, 5}));
  CHECK(matrix_rank(a).item<int64_t>() == 2);
  auto [u, s, vh] = svd(a);
  CHECK(distance(matmul(turned(u), u), eye(6, -1, 0, DType::kFloat64)) < 1e-12);
  CHECK(distance(matmul(matmul(a, pinv(a)), a), a) < 1e-11);
  CHECK_THROWS_AS(cholesky(-eye(3)), Error);
  // A Jordan block, and a rotation, whose eigenvalues are complex.
  CHECK(distance(eig(Tensor::from_vector<double>({2, 1, 0, 2}, {2, 2})).first,
                 full({2}, 2, DType::kFloat64)) < 1e-12);
  CHECK_THROWS_AS(eig(Tensor::from_vector<double>({0, -1, 1, 0}, {2, 2})), Error);
}
