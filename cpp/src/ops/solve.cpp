// Linear systems, determinants and what follows from them.
#include <algorithm>
#include <cmath>
#include <limits>

#include "lamina/ops_linalg.h"
#include "ops/linalg_dense.h"
#include "ops/matrices.h"
#include "ops/promote.h"
#include "ops/registry.h"

namespace lamina {

namespace {

// a: (..., M, M), b: (..., M, N) with the same batch axes.
void infer_solve(Infer& f) {
  check_matrices(f, 0, true);
  check_matrices(f, 1, false);
  const Shape &a = f.shape(0), &b = f.shape(1);
  if (a[-1] != b[-2]) f.refuse("a of shape ", a, " does not fit b of shape ", b);
  f.output(b, f.dtype(1));
}
double solve_cost(int64_t n, int64_t k) {
  return static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n + k);
}
void run_solve(const Run& r) {
  int rank = r.in[1].rank;
  int64_t n = r.in[1].shape[rank - 2], k = r.in[1].shape[rank - 1];
  Matrices a(r, r.in[0]), b(r, r.in[1]);
  for_each_matrix(r, batch_of(r.in[1]), solve_cost(n, k), [&](int64_t i) {
    std::vector<int32_t> pivots(static_cast<size_t>(n));
    matrix::lu(a.at(i, n * n), n, n, pivots.data());
    matrix::lu_solve(a.at(i, n * n), pivots.data(), n, b.at(i, n * k), k);
  });
  b.store(r, r.out[0]);
}
Tensors solve_backward(const Backward& b);
const Op kSolve = [] {
  Op op{"solve", infer_solve, run_solve, solve_backward};
  op.saves_output = true;
  return op;
}();
Tensors solve_backward(const Backward& b) {
  Tensor gb = apply1(kSolve, {transposed(b.in(0)), b.grad()});
  return {b.needs(0) ? -matmul(gb, transposed(b.out())) : Tensor{}, gb};
}

void run_triangular(const Run& r) {
  int rank = r.in[1].rank;
  int64_t n = r.in[1].shape[rank - 2], k = r.in[1].shape[rank - 1];
  bool lower = r.attrs.flag("lower");
  Matrices a(r, r.in[0]), b(r, r.in[1]);
  for_each_matrix(r, batch_of(r.in[1]), solve_cost(n, k) / 2, [&](int64_t i) {
    matrix::solve_triangular(a.at(i, n * n), n, lower, false, b.at(i, n * k), k);
  });
  b.store(r, r.out[0]);
}
Tensors triangular_backward(const Backward& b);
const Op kTriangular = [] {
  Op op{"solve_triangular", infer_solve, run_triangular, triangular_backward};
  op.saves_output = true;
  return op;
}();
Tensors triangular_backward(const Backward& b) {
  bool lower = b.attrs().flag("lower");
  Tensor gb = apply1(kTriangular, {transposed(b.in(0)), b.grad()}, {{"lower", !lower}});
  if (!b.needs(0)) return {{}, gb};
  Tensor ga = -matmul(gb, transposed(b.out()));
  return {lower ? tril(ga) : triu(ga), gb};
}

// {sign, log |det|} or, with "plain", {det}.
void infer_det(Infer& f) {
  check_matrices(f, 0, true);
  Shape s = f.shape(0);
  s.pop_back(), s.pop_back();
  f.output(s, f.dtype(0));
  if (!f.attrs().flag("plain")) f.output(s, f.dtype(0));
}
void run_det(const Run& r) {
  int64_t n = r.in[0].shape[r.in[0].rank - 1];
  bool plain = r.attrs.flag("plain");
  Matrices a(r, r.in[0]), first(r.out[0]), second(r.out[plain ? 0 : 1]);
  for_each_matrix(r, batch_of(r.in[0]), solve_cost(n, 0), [&](int64_t i) {
    std::vector<int32_t> pivots(static_cast<size_t>(n));
    double* x = a.at(i, n * n);
    double sign = matrix::lu(x, n, n, pivots.data()), log = 0, det = sign;
    for (int64_t k = 0; k < n; ++k) {
      double d = x[k * n + k];
      det *= d, log += std::log(std::abs(d));
      sign *= d > 0 ? 1 : d < 0 ? -1 : d;
    }
    *first.at(i, 1) = plain ? det : sign;
    if (!plain) *second.at(i, 1) = log;
  });
  first.store(r, r.out[0]);
  if (!plain) second.store(r, r.out[1]);
}
Tensors det_backward(const Backward& b) {
  bool plain = b.attrs().flag("plain");
  Tensor g = plain ? b.grad(0) * b.out(0) : b.grad(1);  // the sign is constant
  return {expand_dims(g, {-1, -2}) * transposed(inv(b.in(0)))};
}
const Op kDet = [] {
  Op op{"slogdet", infer_det, run_det, det_backward};
  op.saves_output = true;
  return op;
}();

// ---- pinv: attribute "rcond" --------------------------------------------------------------------
void infer_pinv(Infer& f) {
  check_matrices(f, 0, false);
  Shape s = f.shape(0);
  std::swap(s[-1], s[-2]);
  f.output(s, f.dtype(0));
}
void run_pinv(const Run& r) {
  const abi::View& x = r.in[0];
  int64_t m = x.shape[x.rank - 2], n = x.shape[x.rank - 1], k = std::min(m, n);
  double rcond = r.attrs.real("rcond");
  Matrices a(r, x), y(r.out[0]);
  auto size = [](int64_t p, int64_t q) { return static_cast<size_t>(p * q); };
  for_each_matrix(r, batch_of(x), 30 * solve_cost(std::max(m, n), 0), [&](int64_t b) {
    std::vector<double> u(size(m, k)), s(size(k, 1)), vh(size(k, n));
    matrix::svd(a.at(b, m * n), m, n, k, k, u.data(), s.data(), vh.data());
    double* out = y.at(b, m * n);
    for (int64_t c = 0; c < k; ++c) {
      double value = s[static_cast<size_t>(c)];
      if (value <= rcond * s[0]) continue;  // NaN stays
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = 0; j < m; ++j)
          out[i * m + j] += vh[size(c, n) + size(i, 1)] * u[size(j, k) + size(c, 1)] / value;
    }
  });
  y.store(r, r.out[0]);
}
// Golub and Pereyra (1973), for matrices whose rank does not change.
Tensors pinv_backward(const Backward& b) {
  const Tensor& a = b.in(0);
  Tensor y = b.out(), yt = transposed(y), gt = transposed(b.grad());
  Tensor left = matmul(gt, matmul(y, yt)), right = matmul(matmul(yt, y), gt);
  return {left - matmul(a, matmul(y, left)) + right - matmul(matmul(right, y), a) -
          matmul(matmul(yt, b.grad()), yt)};
}
const Op kPinv = [] {
  Op op{"pinv", infer_pinv, run_pinv, pinv_backward};
  op.saves_output = true;
  return op;
}();

double epsilon_of(DType d) {
  return d == DType::kFloat64 ? std::numeric_limits<double>::epsilon()
                              : static_cast<double>(std::numeric_limits<float>::epsilon());
}

// Both with the same dtype and batch axes; a vector b gets an axis.
Tensor solve_with(const Op& op, const Tensor& a0, const Tensor& b0, const Attrs& attrs) {
  Tensor a = as_matrix_float(a0), b = as_matrix_float(b0);
  DType d = promote(a.dtype(), b.dtype());
  a = as_dtype(a, d), b = as_dtype(b, d);
  if (a.rank() < 2 || b.rank() < 1)
    fail(op.name, ": expected a with at least 2 axes and b with at least 1, received shapes ",
         a.shape(), " and ", b.shape());
  bool vectors = b.rank() == 1 || b.rank() == a.rank() - 1;
  if (vectors) b = expand_dims(b, {-1});
  Shape left = a.shape(), right = b.shape();
  left.pop_back(), left.pop_back(), right.pop_back(), right.pop_back();
  Shape batch = broadcast_shapes(left, right), sa = batch, sb = batch;
  sa.push_back(a.dim(-2)), sa.push_back(a.dim(-1));
  sb.push_back(b.dim(-2)), sb.push_back(b.dim(-1));
  if (!(sa == a.shape())) a = broadcast_to(a, sa);
  if (!(sb == b.shape())) b = broadcast_to(b, sb);
  Tensor x = apply1(op, {a, b}, attrs);
  return vectors ? squeeze(x, -1) : x;
}

Tensor identity_like(const Tensor& x) {
  return broadcast_to(eye(x.dim(-1), -1, 0, x.dtype()), x.shape());
}

}  // namespace

void register_solve_ops() {
  for (const Op* op : {&kSolve, &kTriangular, &kDet, &kPinv}) register_op(*op);
}

Tensor solve(const Tensor& a, const Tensor& b) { return solve_with(kSolve, a, b, {}); }
Tensor solve_triangular(const Tensor& a, const Tensor& b, bool lower) {
  return solve_with(kTriangular, a, b, {{"lower", lower}});
}
Tensor inv(const Tensor& x) {
  Tensor t = as_matrix_float(x);
  if (t.rank() < 2 || t.dim(-1) != t.dim(-2))
    fail("inv: expected square matrices, received shape ", t.shape());
  return solve(t, identity_like(t));
}
Tensor cholesky_inverse(const Tensor& x, bool upper) {
  Tensor t = as_matrix_float(x);
  if (t.rank() < 2 || t.dim(-1) != t.dim(-2))
    fail("cholesky_inverse: expected square matrices, received shape ", t.shape());
  Tensor y = solve_triangular(t, identity_like(t), !upper);
  return upper ? matmul(y, transposed(y)) : matmul(transposed(y), y);
}
Tensor det(const Tensor& x) { return apply1(kDet, {as_matrix_float(x)}, {{"plain", true}}); }
std::pair<Tensor, Tensor> slogdet(const Tensor& x) {
  Tensors t = apply(kDet, {as_matrix_float(x)}, {{"plain", false}});
  return {stop_gradient(t[0]), t[1]};
}
Tensor logdet(const Tensor& x) { return slogdet(x).second; }

Tensor pinv(const Tensor& x, std::optional<double> rcond) {
  Tensor t = as_matrix_float(x);
  if (t.rank() < 2) fail("pinv: expected at least 2 axes, received shape ", t.shape());
  double cut = 10 * static_cast<double>(std::max(t.dim(-1), t.dim(-2))) * epsilon_of(t.dtype());
  return apply1(kPinv, {t}, {{"rcond", rcond.value_or(cut)}});
}
Tensor lstsq(const Tensor& a, const Tensor& b, std::optional<double> rcond) {
  if (a.rank() != 2 || b.rank() < 1 || b.rank() > 2 || a.dim(0) != b.dim(0))
    fail("lstsq: expected a (M, N) and b (M,) or (M, K), received shapes ", a.shape(), " and ",
         b.shape());
  Tensor t = as_matrix_float(a);
  double cut = static_cast<double>(std::max(t.dim(0), t.dim(1))) * epsilon_of(t.dtype());
  return matmul(pinv(t, rcond.value_or(cut)), b);
}
Tensor matrix_rank(const Tensor& x, std::optional<double> tol) {
  Tensor s = stop_gradient(singular_values(x));
  Tensor limit =
      tol ? Tensor(*tol)
          : max(s, -1, true) *
                Tensor(static_cast<double>(std::max(x.dim(-1), x.dim(-2))) * epsilon_of(s.dtype()));
  return sum(cast(greater(s, limit), DType::kInt32), -1);
}

Tensor cross(const Tensor& x1, const Tensor& x2, int axisa, int axisb, int axisc,
             std::optional<int> axis) {
  Tensor a = moveaxis(x1, {axis.value_or(axisa)}, {-1}),
         b = moveaxis(x2, {axis.value_or(axisb)}, {-1});
  int64_t m = a.dim(-1), n = b.dim(-1);
  if ((m != 2 && m != 3) || (n != 2 && n != 3))
    fail("cross: expected vectors of 2 or 3 components, received shapes ", x1.shape(), " and ",
         x2.shape());
  auto part = [](const Tensor& t, int64_t i) {
    return i < t.dim(-1) ? getitem(t, {Index::ellipsis(), Index(i)})
                         : zeros_like(getitem(t, {Index::ellipsis(), Index(0)}));
  };
  auto minor = [&](int64_t i, int64_t j) {
    return part(a, i) * part(b, j) - part(a, j) * part(b, i);
  };
  if (m == 2 && n == 2) return minor(0, 1);
  return moveaxis(stack({minor(1, 2), minor(2, 0), minor(0, 1)}, -1), {-1}, {axis.value_or(axisc)});
}

Tensor kron(const Tensor& x1, const Tensor& x2) {
  int n = std::max(x1.rank(), x2.rank());
  Ints left, right, out;
  for (int i = 0; i < n; ++i) {
    auto length = [&](const Tensor& t) { return i < n - t.rank() ? 1 : t.dim(i - n + t.rank()); };
    int64_t a = length(x1), b = length(x2);
    left.push_back(a), left.push_back(1), right.push_back(1), right.push_back(b);
    out.push_back(a * b);
  }
  return reshape(reshape(x1, left) * reshape(x2, right), out);
}

}  // namespace lamina
