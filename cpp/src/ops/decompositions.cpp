// Factorizations of matrices, with gradients by formula (Giles, 2008; Townsend, 2016; Seeger et
// al., 2017).
#include <algorithm>

#include "lamina/ops_linalg.h"
#include "ops/linalg_dense.h"
#include "ops/matrices.h"
#include "ops/promote.h"
#include "ops/registry.h"

namespace lamina {

namespace {

double cubed(int64_t n) {
  double d = static_cast<double>(n);
  return d * d * d;
}
Shape batch_shape(const Shape& s) {
  Shape b = s;
  b.pop_back(), b.pop_back();
  return b;
}
Shape with(Shape batch, std::initializer_list<int64_t> dims) {
  for (int64_t d : dims) batch.push_back(d);
  return batch;
}
Tensor half_of_sum(const Tensor& x) { return (x + transposed(x)) * Tensor(0.5); }
Tensor columns_times(const Tensor& m, const Tensor& v) { return m * expand_dims(v, {-2}); }
Tensor diagonal_matrix(const Tensor& v) {
  return expand_dims(v, {-1}) * eye(v.dim(-1), -1, 0, v.dtype());
}
// x / (v_j - v_i) off the diagonal; zero on it and where values are equal.
Tensor over_differences(const Tensor& x, const Tensor& v) {
  return divide_no_nan(x, expand_dims(v, {-2}) - expand_dims(v, {-1}));
}
// The symmetric part of each matrix, which is what the factorization sees.
void symmetrize(double* a, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < i; ++j) a[i * n + j] = a[j * n + i] = (a[i * n + j] + a[j * n + i]) / 2;
}

// ---- cholesky -----------------------------------------------------------------------------------
void infer_cholesky(Infer& f) {
  check_matrices(f, 0, true);
  f.output(f.shape(0), f.dtype(0));
}
void run_cholesky(const Run& r) {
  int64_t n = r.in[0].shape[r.in[0].rank - 1], count = batch_of(r.in[0]);
  Matrices a(r, r.in[0]);
  std::vector<char> good(static_cast<size_t>(count));
  for_each_matrix(r, count, cubed(n) / 3, [&](int64_t i) {
    symmetrize(a.at(i, n * n), n);
    good[static_cast<size_t>(i)] = matrix::cholesky(a.at(i, n * n), n);
  });
  if (std::find(good.begin(), good.end(), 0) != good.end())
    fail("cholesky: the matrix is not positive definite");
  a.store(r, r.out[0]);
}
Tensors cholesky_backward(const Backward& b) {
  Tensor l = b.out(), p = matmul(transposed(l), b.grad());
  p = tril(p) - diagonal_matrix(diagonal(p, 0, -2, -1)) * Tensor(0.5);
  // L^-T p L^-1, symmetric part.
  Tensor left = solve_triangular(transposed(l), p);
  return {half_of_sum(transposed(solve_triangular(transposed(l), transposed(left))))};
}
const Op kCholesky = [] {
  Op op{"cholesky", infer_cholesky, run_cholesky, cholesky_backward};
  op.saves_output = true;
  return op;
}();

// ---- lu_factor ----------------------------------------------------------------------------------
void infer_lu(Infer& f) {
  check_matrices(f, 0, false);
  const Shape& s = f.shape(0);
  f.output(s, f.dtype(0));
  f.output(with(batch_shape(s), {std::min(s[-1], s[-2])}), DType::kInt32);
}
void run_lu(const Run& r) {
  const abi::View& x = r.in[0];
  int64_t m = x.shape[x.rank - 2], n = x.shape[x.rank - 1], k = std::min(m, n);
  Matrices a(r, x);
  auto* pivots = static_cast<int32_t*>(r.out[1].data);
  for_each_matrix(r, batch_of(x), cubed(k),
                  [&](int64_t i) { matrix::lu(a.at(i, m * n), m, n, pivots + i * k); });
  a.store(r, r.out[0]);
}
// Rows in the order that the pivots give.
Tensor permutation(const Tensor& pivots, int64_t n) {
  if (pivots.is_abstract() || pivots.is_symbolic())
    throw Error(
        "lu_factor: its gradient depends on the pivots, which are not known while lamina captures "
        "the function; pass run_eagerly=True to compile()",
        Error::Kind::kRuntime);
  std::vector<int64_t> p = pivots.to_vector<int64_t>(), rows;
  int64_t k = pivots.dim(-1);
  for (size_t at = 0; at < p.size(); at += static_cast<size_t>(k)) {
    std::vector<int64_t> row(static_cast<size_t>(n));
    for (size_t i = 0; i < row.size(); ++i) row[i] = static_cast<int64_t>(i);
    for (size_t i = 0; i < static_cast<size_t>(k); ++i)
      std::swap(row[i], row[static_cast<size_t>(p[at + i])]);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  Shape s = pivots.shape();
  s[-1] = n;
  return Tensor::from_vector(rows, s);
}
Tensors lu_backward(const Backward& b) {
  Tensor lu = b.out(0);
  int64_t n = lu.dim(-1);
  if (lu.dim(-2) != n)
    throw Error("lu_factor: only square matrices have a gradient", Error::Kind::kUnsupported);
  Tensor one = eye(n, -1, 0, lu.dtype()), l = tril(lu, -1) + one, u = triu(lu);
  Tensor g = b.grad(0);
  Tensor inner =
      tril(matmul(transposed(l), tril(g, -1)), -1) + triu(matmul(triu(g), transposed(u)));
  // P^T L^-T inner U^-T
  Tensor y = solve_triangular(transposed(l), inner);
  y = transposed(solve_triangular(u, transposed(y)));
  Tensor order = argsort(permutation(b.out(1), n), -1);
  return {take_along_axis(y, copy(broadcast_to(expand_dims(order, {-1}), y.shape())), -2)};
}
const Op kLu = [] {
  Op op{"lu_factor", infer_lu, run_lu, lu_backward};
  op.saves_output = true;
  return op;
}();

// ---- qr -----------------------------------------------------------------------------------------
void infer_qr(Infer& f) {
  check_matrices(f, 0, false);
  const Shape &s = f.shape(0), b = batch_shape(s);
  int64_t k = f.attrs().flag("complete") ? s[-2] : std::min(s[-2], s[-1]);
  f.output(with(b, {s[-2], k}), f.dtype(0));
  f.output(with(b, {k, s[-1]}), f.dtype(0));
}
void run_qr(const Run& r) {
  const abi::View& x = r.in[0];
  int64_t m = x.shape[x.rank - 2], n = x.shape[x.rank - 1], k = r.out[0].shape[x.rank - 1];
  Matrices a(r, x), q(r.out[0]), rr(r.out[1]);
  for_each_matrix(r, batch_of(x), cubed(std::max(m, n)), [&](int64_t i) {
    matrix::qr(a.at(i, m * n), m, n, k, q.at(i, m * k), rr.at(i, k * n));
  });
  q.store(r, r.out[0]), rr.store(r, r.out[1]);
}
// Of a matrix with at least as many rows as columns.
Tensor tall_qr_grad(const Tensor& q, const Tensor& r, const Tensor& gq, const Tensor& gr) {
  Tensor m = matmul(r, transposed(gr)) - matmul(transposed(gq), q);
  Tensor sym = tril(m) + transposed(tril(m, -1));
  Tensor y = gq + matmul(q, sym);  // times R^-T
  return transposed(solve_triangular(r, transposed(y)));
}
Tensors qr_backward(const Backward& b) {
  Tensor q = b.out(0), r = b.out(1), gq = b.grad(0), gr = b.grad(1);
  int64_t m = q.dim(-2), n = r.dim(-1);
  if (b.attrs().flag("complete") && m > n)
    throw Error("qr: mode='complete' has no gradient for more rows than columns; use 'reduced'",
                Error::Kind::kUnsupported);
  if (m >= n) return {tall_qr_grad(q, r, gq, gr)};
  // x = q [r1, r2]: the first columns are a square matrix, the others q r2.
  auto columns = [&](const Tensor& t, int64_t from, int64_t to) {
    return getitem(t, {Index::ellipsis(), Index::slice(from, to)});
  };
  Tensor rest = matmul(q, columns(gr, m, n));
  Tensor x2 = matmul(q, columns(r, m, n));
  Tensor gq1 = gq + matmul(x2, transposed(columns(gr, m, n)));
  return {concatenate({tall_qr_grad(q, columns(r, 0, m), gq1, columns(gr, 0, m)), rest}, -1)};
}
const Op kQr = [] {
  Op op{"qr", infer_qr, run_qr, qr_backward};
  op.saves_output = true;
  return op;
}();

// ---- eigh and eig -------------------------------------------------------------------------------
void infer_eigen(Infer& f) {
  check_matrices(f, 0, true);
  f.output(with(batch_shape(f.shape(0)), {f.shape(0)[-1]}), f.dtype(0));
  f.output(f.shape(0), f.dtype(0));
}
template <bool kSymmetric>
void run_eigen(const Run& r) {
  int64_t n = r.in[0].shape[r.in[0].rank - 1], count = batch_of(r.in[0]);
  Matrices a(r, r.in[0]), w(r.out[0]), v(r.out[1]);
  std::vector<char> good(static_cast<size_t>(count), 1);
  for_each_matrix(r, count, 10 * cubed(n), [&](int64_t i) {
    double* x = a.at(i, n * n);
    if (kSymmetric) {
      symmetrize(x, n);
      matrix::eigh(x, n, w.at(i, n), v.at(i, n * n));
    } else {
      good[static_cast<size_t>(i)] = matrix::eig(x, n, w.at(i, n), v.at(i, n * n));
    }
  });
  if (std::find(good.begin(), good.end(), 0) != good.end())
    throw Error("eig: the matrix has complex eigenvalues, and lamina has no complex numbers",
                Error::Kind::kUnsupported);
  w.store(r, r.out[0]), v.store(r, r.out[1]);
}
Tensors eigh_backward(const Backward& b) {
  Tensor v = b.out(1), middle = diagonal_matrix(b.grad(0));
  if (b.has_grad(1)) middle = middle + over_differences(matmul(transposed(v), b.grad(1)), b.out(0));
  return {half_of_sum(matmul(matmul(v, middle), transposed(v)))};
}
Tensors eig_backward(const Backward& b) {
  Tensor v = b.out(1), vt = transposed(v), middle = diagonal_matrix(b.grad(0));
  if (b.has_grad(1)) {
    Tensor m = matmul(vt, b.grad(1));
    Tensor along = columns_times(matmul(vt, v), diagonal(m, 0, -2, -1));  // eigenvectors stay unit
    middle = middle + over_differences(m - along, b.out(0));
  }
  return {solve(vt, matmul(middle, vt))};
}
Op eigen(const char* name, void (*run)(const Run&), Tensors (*back)(const Backward&)) {
  Op op{name, infer_eigen, run, back};
  op.saves_output = true;
  return op;
}
const Op kEigh = eigen("eigh", run_eigen<true>, eigh_backward);
const Op kEig = eigen("eig", run_eigen<false>, eig_backward);

// ---- svd ----------------------------------------------------------------------------------------
void infer_svd(Infer& f) {
  check_matrices(f, 0, false);
  const Shape &s = f.shape(0), b = batch_shape(s);
  int64_t m = s[-2], n = s[-1], k = std::min(m, n);
  bool full = f.attrs().flag("full_matrices");
  f.output(with(b, {m, full ? m : k}), f.dtype(0));
  f.output(with(b, {k}), f.dtype(0));
  f.output(with(b, {full ? n : k, n}), f.dtype(0));
}
void run_svd(const Run& r) {
  const abi::View& x = r.in[0];
  int64_t m = x.shape[x.rank - 2], n = x.shape[x.rank - 1], k = std::min(m, n);
  int64_t ku = r.out[0].shape[x.rank - 1], kv = r.out[2].shape[x.rank - 2];
  Matrices a(r, x), u(r.out[0]), s(r.out[1]), vh(r.out[2]);
  for_each_matrix(r, batch_of(x), 30 * cubed(std::max(m, n)), [&](int64_t i) {
    matrix::svd(a.at(i, m * n), m, n, ku, kv, u.at(i, m * ku), s.at(i, k), vh.at(i, kv * n));
  });
  u.store(r, r.out[0]), s.store(r, r.out[1]), vh.store(r, r.out[2]);
}
Tensors svd_backward(const Backward& b) {
  Tensor u = b.out(0), s = b.out(1), vh = b.out(2);
  int64_t m = u.dim(-2), n = vh.dim(-1), k = s.dim(-1);
  bool vectors = b.has_grad(0) || b.has_grad(2);
  if (u.dim(-1) != k || vh.dim(-2) != k) {
    if (vectors)
      throw Error(
          "svd: full_matrices=True has no gradient for singular vectors of a matrix that is not "
          "square; use full_matrices=False",
          Error::Kind::kUnsupported);
    u = getitem(u, {Index::ellipsis(), Index::slice(0, k)});
    vh = getitem(vh, {Index::ellipsis(), Index::slice(0, k), Index()});
  }
  if (!vectors) return {matmul(columns_times(u, b.grad(1)), vh)};
  Tensor middle = diagonal_matrix(b.grad(1)), squares = square(s), v = transposed(vh);
  Tensor gu = b.grad(0), gv = transposed(b.grad(2)), outside;
  auto turned = [&](const Tensor& vectors_t, const Tensor& g) {
    Tensor t = matmul(vectors_t, g);
    return over_differences(t - transposed(t), squares);
  };
  middle =
      middle + columns_times(turned(transposed(u), gu), s) + expand_dims(s, {-1}) * turned(vh, gv);
  Tensor g = matmul(matmul(u, middle), vh);
  Tensor inverse = reciprocal(s);
  // What leaves the space of the singular vectors.
  if (m > k) g = g + matmul(columns_times(gu - matmul(u, matmul(transposed(u), gu)), inverse), vh);
  if (n > k) g = g + matmul(columns_times(u, inverse), transposed(gv - matmul(v, matmul(vh, gv))));
  return {g};
}
const Op kSvd = [] {
  Op op{"svd", infer_svd, run_svd, svd_backward};
  op.saves_output = true;
  return op;
}();

std::pair<Tensor, Tensor> two(const Op& op, const Tensor& x, Attrs attrs = {}) {
  Tensors t = apply(op, {as_matrix_float(x)}, std::move(attrs));
  return {t[0], t[1]};
}

}  // namespace

void register_decomposition_ops() {
  for (const Op* op : {&kCholesky, &kLu, &kQr, &kEigh, &kEig, &kSvd}) register_op(*op);
}

Tensor cholesky(const Tensor& x, bool upper) {
  Tensor l = apply1(kCholesky, {as_matrix_float(x)});
  return upper ? transposed(l) : l;
}
std::pair<Tensor, Tensor> lu_factor(const Tensor& x) { return two(kLu, x); }
std::pair<Tensor, Tensor> qr(const Tensor& x, const std::string& mode) {
  if (mode != "reduced" && mode != "complete")
    fail("qr: mode must be 'reduced' or 'complete', received '", mode, "'");
  return two(kQr, x, {{"complete", mode == "complete"}});
}
std::pair<Tensor, Tensor> eig(const Tensor& x) { return two(kEig, x); }
std::pair<Tensor, Tensor> eigh(const Tensor& x) { return two(kEigh, x); }
std::tuple<Tensor, Tensor, Tensor> svd(const Tensor& x, bool full_matrices) {
  Tensors t = apply(kSvd, {as_matrix_float(x)}, {{"full_matrices", full_matrices}});
  return {t[0], t[1], t[2]};
}
Tensor singular_values(const Tensor& x) { return std::get<1>(svd(x, false)); }

}  // namespace lamina
