#include "ops/linalg_dense.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace lamina::matrix {

namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

using Buffer = std::vector<double>;
size_t size(int64_t a, int64_t b = 1) { return static_cast<size_t>(a * b); }

double dot(const double* x, const double* y, int64_t n) {
  double s = 0;
  for (int64_t i = 0; i < n; ++i) s += x[i] * y[i];
  return s;
}
void add_scaled(double* y, double c, const double* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += c * x[i];
}
// (x, y) = (c x - s y, s x + c y)
void rotate(double* x, double* y, double c, double s, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    double a = x[i], b = y[i];
    x[i] = c * a - s * b, y[i] = s * a + c * b;
  }
}
bool finite(const double* a, int64_t n) {
  return std::all_of(a, a + n, [](double v) { return std::isfinite(v); });
}

// Makes x (n values) into a reflector: I - tau v v^T takes x to (beta, 0, ...). v[0] = 1 and the
// rest of v replace x; x[0] becomes beta. As LAPACK's dlarfg.
double reflector(double* x, int64_t n) {
  double tail = n > 1 ? std::sqrt(dot(x + 1, x + 1, n - 1)) : 0;
  if (tail == 0) return 0;
  double alpha = x[0], beta = -std::copysign(std::hypot(alpha, tail), alpha);
  for (int64_t i = 1; i < n; ++i) x[i] /= alpha - beta;
  x[0] = beta;
  return (beta - alpha) / beta;
}
// y = (I - tau v v^T) y, v[0] taken as 1.
void reflect(double* y, const double* v, double tau, int64_t n) {
  if (tau == 0) return;
  double c = -tau * (y[0] + dot(y + 1, v + 1, n - 1));
  y[0] += c;
  add_scaled(y + 1, c, v + 1, n - 1);
}

}  // namespace

bool cholesky(double* a, int64_t n) {
  for (int64_t j = 0; j < n; ++j) {
    double* row = a + j * n;
    for (int64_t i = 0; i < j; ++i) row[i] = (row[i] - dot(row, a + i * n, i)) / a[i * n + i];
    double d = row[j] - dot(row, row, j);
    if (!(d > 0)) return false;
    row[j] = std::sqrt(d);
    std::fill(row + j + 1, row + n, 0.0);
  }
  return true;
}

double lu(double* a, int64_t m, int64_t n, int32_t* pivots) {
  double sign = 1;
  for (int64_t k = 0; k < std::min(m, n); ++k) {
    int64_t p = k;
    for (int64_t i = k + 1; i < m; ++i)
      if (std::abs(a[i * n + k]) > std::abs(a[p * n + k])) p = i;
    pivots[k] = static_cast<int32_t>(p);
    if (p != k) {
      std::swap_ranges(a + p * n, a + (p + 1) * n, a + k * n);
      sign = -sign;
    }
    double pivot = a[k * n + k];
    if (pivot == 0) continue;
    for (int64_t i = k + 1; i < m; ++i) {
      double c = a[i * n + k] /= pivot;
      add_scaled(a + i * n + k + 1, -c, a + k * n + k + 1, n - k - 1);
    }
  }
  return sign;
}

void lu_solve(const double* factors, const int32_t* pivots, int64_t n, double* b, int64_t k) {
  for (int64_t i = 0; i < n; ++i)
    if (pivots[i] != i) std::swap_ranges(b + i * k, b + (i + 1) * k, b + pivots[i] * k);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < i; ++j) add_scaled(b + i * k, -factors[i * n + j], b + j * k, k);
  solve_triangular(factors, n, false, false, b, k);
}

void solve_triangular(const double* a, int64_t n, bool lower, bool transposed, double* b,
                      int64_t k) {
  bool forward = lower != transposed;
  for (int64_t step = 0; step < n; ++step) {
    int64_t i = forward ? step : n - 1 - step;
    double* row = b + i * k;
    for (int64_t j = forward ? 0 : i + 1; j < (forward ? i : n); ++j)
      add_scaled(row, -(transposed ? a[j * n + i] : a[i * n + j]), b + j * k, k);
    for (int64_t c = 0; c < k; ++c) row[c] /= a[i * n + i];
  }
}

void qr(const double* a, int64_t m, int64_t n, int64_t k, double* q, double* r) {
  int64_t steps = std::min(m, n);
  Buffer columns(size(m, n)), tau(size(steps));  // columns of a as rows
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) columns[size(j * m + i)] = a[i * n + j];
  for (int64_t j = 0; j < steps; ++j) {
    double* v = &columns[size(j * m + j)];
    tau[size(j)] = reflector(v, m - j);
    for (int64_t c = j + 1; c < n; ++c) reflect(&columns[size(c * m + j)], v, tau[size(j)], m - j);
  }
  for (int64_t i = 0; i < k; ++i)
    for (int64_t j = 0; j < n; ++j) r[i * n + j] = j < i ? 0 : columns[size(j * m + i)];
  Buffer row(size(m));
  for (int64_t c = 0; c < k; ++c) {
    std::fill(row.begin(), row.end(), 0.0);
    row[size(c)] = 1;
    for (int64_t j = steps - 1; j >= 0; --j)
      reflect(&row[size(j)], &columns[size(j * m + j)], tau[size(j)], m - j);
    for (int64_t i = 0; i < m; ++i) q[i * k + c] = row[size(i)];
  }
}

namespace {

// a = Q T Q^T with three diagonals: d on the diagonal, e beside it; rows of qt are columns of Q.
void tridiagonal(double* a, int64_t n, Buffer& d, Buffer& e, Buffer& qt) {
  Buffer v(size(n)), w(size(n)), tau(size(n));
  for (int64_t k = 0; k + 1 < n; ++k) {
    int64_t m = n - k - 1;
    double* x = a + k * n + k + 1;  // the row, equal to the column
    double t = tau[size(k)] = reflector(x, m);
    e[size(k)] = x[0];
    if (t == 0) continue;
    v[0] = 1;
    std::copy(x + 1, x + m, v.begin() + 1);
    double* rest = a + (k + 1) * n + k + 1;
    for (int64_t i = 0; i < m; ++i) w[size(i)] = t * dot(rest + i * n, v.data(), m);
    double half = -0.5 * t * dot(w.data(), v.data(), m);
    add_scaled(w.data(), half, v.data(), m);
    for (int64_t i = 0; i < m; ++i) {
      add_scaled(rest + i * n, -v[size(i)], w.data(), m);
      add_scaled(rest + i * n, -w[size(i)], v.data(), m);
    }
  }
  for (int64_t i = 0; i < n; ++i) {
    d[size(i)] = a[i * n + i];
    double* row = &qt[size(i * n)];
    std::fill(row, row + n, 0.0);
    row[i] = 1;
    for (int64_t k = std::min(i - 1, n - 2); k >= 0; --k)
      reflect(row + k + 1, a + k * n + k + 1, tau[size(k)], n - k - 1);
  }
}

// Implicit QL steps on three diagonals (Golub and Van Loan, 8.3); rotates the rows of qt along.
void implicit_ql(int64_t n, Buffer& d, Buffer& e, Buffer& qt) {
  for (int64_t l = 0; l < n; ++l) {
    for (int step = 0; step < 100; ++step) {
      int64_t m = l;
      for (; m + 1 < n; ++m)
        if (std::abs(e[size(m)]) <= kEps * (std::abs(d[size(m)]) + std::abs(d[size(m + 1)]))) break;
      if (m == l) break;
      double g = (d[size(l + 1)] - d[size(l)]) / (2 * e[size(l)]);
      g = d[size(m)] - d[size(l)] + e[size(l)] / (g + std::copysign(std::hypot(g, 1.0), g));
      double s = 1, c = 1, p = 0;
      int64_t i = m - 1;
      for (; i >= l; --i) {
        double f = s * e[size(i)], b = c * e[size(i)], r = std::hypot(f, g);
        e[size(i + 1)] = r;
        if (r == 0) break;
        s = f / r, c = g / r;
        g = d[size(i + 1)] - p;
        double h = (d[size(i)] - g) * s + 2 * c * b;
        p = s * h;
        d[size(i + 1)] = g + p;
        g = c * h - b;
        rotate(&qt[size(i * n)], &qt[size((i + 1) * n)], c, s, n);
      }
      if (i >= l) {  // underflow: an early split
        d[size(i + 1)] -= p;
        e[size(m)] = 0;
        continue;
      }
      d[size(l)] -= p, e[size(l)] = g, e[size(m)] = 0;
    }
  }
}

}  // namespace

void eigh(double* a, int64_t n, double* w, double* v) {
  if (!finite(a, n * n)) {
    std::fill(w, w + n, kNan), std::fill(v, v + n * n, kNan);
    return;
  }
  Buffer d(size(n)), e(size(n) + 1), qt(size(n, n));
  tridiagonal(a, n, d, e, qt);
  implicit_ql(n, d, e, qt);
  std::vector<int64_t> order(size(n));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](int64_t i, int64_t j) { return d[size(i)] < d[size(j)]; });
  for (int64_t c = 0; c < n; ++c) {
    int64_t from = order[size(c)];
    w[c] = d[size(from)];
    for (int64_t i = 0; i < n; ++i) v[i * n + c] = qt[size(from * n + i)];
  }
}

namespace {

// h = Z H Z^T, H zero below its first subdiagonal; h becomes H, rows of zt are columns of Z.
void hessenberg(double* h, int64_t n, double* zt) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) zt[i * n + j] = i == j;
  Buffer v(size(n)), column(size(n));
  for (int64_t k = 0; k + 2 < n; ++k) {
    int64_t m = n - k - 1;
    for (int64_t i = 0; i < m; ++i) v[size(i)] = h[(k + 1 + i) * n + k];
    double tau = reflector(v.data(), m), beta = v[0];
    if (tau == 0) continue;
    for (int64_t j = k + 1; j < n; ++j) {  // rows, by columns
      for (int64_t i = 0; i < m; ++i) column[size(i)] = h[(k + 1 + i) * n + j];
      reflect(column.data(), v.data(), tau, m);
      for (int64_t i = 0; i < m; ++i) h[(k + 1 + i) * n + j] = column[size(i)];
    }
    for (int64_t i = 0; i < n; ++i) reflect(h + i * n + k + 1, v.data(), tau, m);
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t i = 0; i < m; ++i) column[size(i)] = zt[(k + 1 + i) * n + j];
      reflect(column.data(), v.data(), tau, m);
      for (int64_t i = 0; i < m; ++i) zt[(k + 1 + i) * n + j] = column[size(i)];
    }
    h[(k + 1) * n + k] = beta;
    for (int64_t i = 1; i < m; ++i) h[(k + 1 + i) * n + k] = 0;
  }
}

// One reflection of `count` rows and columns of h from row k on, that takes x to a multiple of the
// first unit vector.
void chase(double* h, double* zt, int64_t n, int64_t k, int64_t count, double* x, int64_t last) {
  double tau = reflector(x, count);
  if (tau == 0) return;
  auto on_rows = [&](double* a, int64_t from) {
    for (int64_t j = from; j < n; ++j) {
      double y[3];
      for (int64_t i = 0; i < count; ++i) y[i] = a[(k + i) * n + j];
      reflect(y, x, tau, count);
      for (int64_t i = 0; i < count; ++i) a[(k + i) * n + j] = y[i];
    }
  };
  on_rows(h, std::max<int64_t>(k - 1, 0));
  for (int64_t i = 0; i <= std::min(last, k + 3); ++i) reflect(h + i * n + k, x, tau, count);
  on_rows(zt, 0);
}

// Francis's double shift on the block lo..hi of h (Golub and Van Loan, 7.5.1).
void francis_step(double* h, double* zt, int64_t n, int64_t lo, int64_t hi, bool exceptional) {
  auto at = [&](int64_t i, int64_t j) -> double& { return h[i * n + j]; };
  double s = at(hi - 1, hi - 1) + at(hi, hi);
  double t = at(hi - 1, hi - 1) * at(hi, hi) - at(hi - 1, hi) * at(hi, hi - 1);
  if (exceptional) {
    double w = std::abs(at(hi, hi - 1)) + std::abs(at(hi - 1, hi - 2));
    s = 1.5 * w, t = w * w;
  }
  double x[3] = {at(lo, lo) * at(lo, lo) + at(lo, lo + 1) * at(lo + 1, lo) - s * at(lo, lo) + t,
                 at(lo + 1, lo) * (at(lo, lo) + at(lo + 1, lo + 1) - s),
                 at(lo + 1, lo) * at(lo + 2, lo + 1)};
  for (int64_t k = lo; k < hi; ++k) {
    int64_t count = std::min<int64_t>(3, hi - k + 1);
    if (k > lo)
      for (int64_t i = 0; i < count; ++i) x[i] = at(k + i, k - 1);
    chase(h, zt, n, k, count, x, hi);
    if (k > lo)
      for (int64_t i = 1; i < count; ++i) at(k + i, k - 1) = 0;
  }
}

// Makes the block of rows lo, lo + 1 triangular; false where its eigenvalues are complex.
bool split_pair(double* h, double* zt, int64_t n, int64_t lo) {
  double a = h[lo * n + lo], b = h[lo * n + lo + 1], c = h[(lo + 1) * n + lo],
         d = h[(lo + 1) * n + lo + 1];
  double half = (a - d) / 2, disc = half * half + b * c;
  double scale = std::max({std::abs(a), std::abs(b), std::abs(c), std::abs(d)});
  if (disc < 0 && disc < -8 * kEps * scale * scale) return false;
  double root = std::sqrt(std::max(disc, 0.0));
  double lambda = d + (half >= 0 ? half + root : half - root);
  // The eigenvector of lambda, rotated to the first axis.
  double x[2] = {lambda - d, c};
  if (x[0] == 0 && x[1] == 0) x[0] = b, x[1] = lambda - a;
  chase(h, zt, n, lo, 2, x, lo + 1);
  h[(lo + 1) * n + lo] = 0;
  return true;
}

// Real Schur form of a Hessenberg matrix whose eigenvalues are real; false otherwise.
bool schur(double* h, double* zt, int64_t n) {
  int64_t hi = n - 1;
  for (int step = 0; hi > 0;) {
    int64_t lo = hi;
    for (; lo > 0; --lo) {
      double scale = std::abs(h[lo * n + lo]) + std::abs(h[(lo - 1) * n + lo - 1]);
      if (scale == 0) scale = 1;
      if (std::abs(h[lo * n + lo - 1]) <= kEps * scale) {
        h[lo * n + lo - 1] = 0;
        break;
      }
    }
    if (lo == hi) {
      --hi, step = 0;
    } else if (lo == hi - 1) {
      if (!split_pair(h, zt, n, lo)) return false;
      hi -= 2, step = 0;
    } else {
      if (++step > 300) return false;
      francis_step(h, zt, n, lo, hi, step % 11 == 10);
    }
  }
  return true;
}

}  // namespace

bool eig(double* a, int64_t n, double* w, double* v) {
  if (!finite(a, n * n)) {
    std::fill(w, w + n, kNan), std::fill(v, v + n * n, kNan);
    return true;
  }
  Buffer zt(size(n, n)), x(size(n));
  hessenberg(a, n, zt.data());
  if (!schur(a, zt.data(), n)) return false;
  double scale = 0;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i; j < n; ++j) scale = std::max(scale, std::abs(a[i * n + j]));
  for (int64_t k = 0; k < n; ++k) {
    double lambda = w[k] = a[k * n + k];
    std::fill(x.begin(), x.end(), 0.0);
    x[size(k)] = 1;
    for (int64_t i = k - 1; i >= 0; --i) {
      double d = a[i * n + i] - lambda, least = kEps * std::max(scale, 1e-300);
      if (std::abs(d) < least) d = std::copysign(least, d);
      x[size(i)] = -dot(a + i * n + i + 1, &x[size(i + 1)], k - i) / d;
    }
    Buffer y(size(n));
    for (int64_t j = 0; j <= k; ++j) add_scaled(y.data(), x[size(j)], &zt[size(j * n)], n);
    double length = std::sqrt(dot(y.data(), y.data(), n));
    for (int64_t i = 0; i < n; ++i) v[i * n + k] = y[size(i)] / length;
  }
  return true;
}

namespace {

// Rotates the rows of w (n, m), and those of vt (n, n) along, until all are orthogonal.
void orthogonalize_rows(Buffer& w, Buffer& vt, int64_t n, int64_t m) {
  for (int sweep = 0; sweep < 60; ++sweep) {
    bool rotated = false;
    for (int64_t p = 0; p + 1 < n; ++p) {
      for (int64_t q = p + 1; q < n; ++q) {
        double *x = &w[size(p * m)], *y = &w[size(q * m)];
        double a = dot(x, x, m), b = dot(y, y, m), c = dot(x, y, m);
        if (std::abs(c) <= 4 * kEps * std::sqrt(a) * std::sqrt(b) || c == 0) continue;
        rotated = true;
        double z = (b - a) / (2 * c), t = std::copysign(1 / (std::abs(z) + std::hypot(1.0, z)), z);
        double cosine = 1 / std::hypot(1.0, t), sine = cosine * t;
        rotate(x, y, cosine, sine, m);
        rotate(&vt[size(p * n)], &vt[size(q * n)], cosine, sine, n);
      }
    }
    if (!rotated) return;
  }
}

// Fills rows `done` to `total` of `rows` (total, m) so that all are orthonormal.
void complete_rows(double* rows, int64_t done, int64_t total, int64_t m) {
  for (; done < total; ++done) {
    // The axis that the rows cover least.
    int64_t best = 0;
    double least = 2;
    for (int64_t i = 0; i < m; ++i) {
      double covered = 0;
      for (int64_t r = 0; r < done; ++r) covered += rows[r * m + i] * rows[r * m + i];
      if (covered < least) least = covered, best = i;
    }
    double* row = rows + done * m;
    std::fill(row, row + m, 0.0);
    row[best] = 1;
    for (int pass = 0; pass < 2; ++pass)
      for (int64_t r = 0; r < done; ++r)
        add_scaled(row, -dot(row, rows + r * m, m), rows + r * m, m);
    double length = std::sqrt(dot(row, row, m));
    for (int64_t i = 0; i < m; ++i) row[i] /= length;
  }
}

// Columns of a tall matrix, given as rows of w (n, m), m >= n: left vectors as the first rows of
// ut (ku, m), right ones as rows of vt (n, n).
void svd_tall(Buffer& w, int64_t m, int64_t n, int64_t ku, Buffer& ut, double* s, Buffer& vt) {
  Buffer rotations(size(n, n));
  for (int64_t i = 0; i < n; ++i) rotations[size(i * n + i)] = 1;
  orthogonalize_rows(w, rotations, n, m);
  Buffer lengths(size(n));
  for (int64_t i = 0; i < n; ++i)
    lengths[size(i)] = std::sqrt(dot(&w[size(i * m)], &w[size(i * m)], m));
  std::vector<int64_t> order(size(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t i, int64_t j) { return lengths[size(i)] > lengths[size(j)]; });
  int64_t rank = 0;
  double least = n ? lengths[size(order[0])] * kEps * static_cast<double>(m) * 1e-3 : 0;
  for (int64_t k = 0; k < n; ++k) {
    int64_t from = order[size(k)];
    s[k] = lengths[size(from)];
    std::copy_n(&rotations[size(from * n)], n, &vt[size(k * n)]);
    if (!(s[k] > least)) continue;
    for (int64_t i = 0; i < m; ++i) ut[size(k * m + i)] = w[size(from * m + i)] / s[k];
    rank = k + 1;
  }
  if (ku > rank) complete_rows(ut.data(), rank, ku, m);
}

}  // namespace

void svd(const double* a, int64_t m, int64_t n, int64_t ku, int64_t kv, double* u, double* s,
         double* vh) {
  int64_t k = std::min(m, n);
  if (!finite(a, m * n)) {
    std::fill(s, s + k, kNan);
    if (u) std::fill(u, u + m * ku, kNan);
    if (vh) std::fill(vh, vh + kv * n, kNan);
    return;
  }
  bool tall = m >= n;
  int64_t rows = std::max(m, n), left = tall ? ku : kv;
  double scale = 0;
  for (int64_t i = 0; i < m * n; ++i) scale = std::max(scale, std::abs(a[i]));
  if (scale == 0) scale = 1;
  Buffer w(size(k, rows)), ut(size(std::max(left, k), rows)), vt(size(k, k));
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j)
      w[size(tall ? j * rows + i : i * rows + j)] = a[i * n + j] / scale;
  svd_tall(w, rows, k, left, ut, s, vt);
  for (int64_t i = 0; i < k; ++i) s[i] *= scale;
  // A wide matrix was factored as its transpose.
  if (u) {
    const Buffer& source = tall ? ut : vt;
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < ku; ++j) u[i * ku + j] = source[size(j * m + i)];
  }
  if (vh) std::copy_n((tall ? vt : ut).begin(), kv * n, vh);
}

}  // namespace lamina::matrix
