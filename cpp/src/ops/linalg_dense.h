// Factorizations of one dense matrix in float64: textbook algorithms on C-ordered arrays.
#pragma once
#include <cstdint>

namespace lamina::matrix {

// Lower factor of a symmetric positive definite matrix, in place; zeros above the diagonal. False
// where the matrix is not positive definite.
bool cholesky(double* a, int64_t n);
// P a = L U by partial pivoting, in place: L below the diagonal (ones on it), U above. pivots[i] is
// the row exchanged with row i; the result is the sign of the permutation.
double lu(double* a, int64_t m, int64_t n, int32_t* pivots);
// Solves with the factors of lu() in place; b has k columns.
void lu_solve(const double* factors, const int32_t* pivots, int64_t n, double* b, int64_t k);
// Solves a x = b (or a^T x = b) in place, reading one triangle of a only.
void solve_triangular(const double* a, int64_t n, bool lower, bool transposed, double* b,
                      int64_t k);
// a (m, n) = q r by Householder reflections, q (m, k), r (k, n), min(m, n) <= k <= m.
void qr(const double* a, int64_t m, int64_t n, int64_t k, double* q, double* r);
// Eigenvalues w, ascending, and eigenvectors, the columns of v, of the symmetric matrix a, which is
// overwritten. By Householder reduction to three diagonals and implicit QL steps.
void eigh(double* a, int64_t n, double* w, double* v);
// Eigenvalues and unit eigenvectors (the columns of v) of a, which is overwritten, by Francis's QR
// steps. False where an eigenvalue is complex.
bool eig(double* a, int64_t n, double* w, double* v);
// a (m, n) = u diag(s) vh by one-sided Jacobi rotations, s descending; u (m, ku), vh (kv, n), with
// ku and kv at least min(m, n). u and vh may be null.
void svd(const double* a, int64_t m, int64_t n, int64_t ku, int64_t kv, double* u, double* s,
         double* vh);

}  // namespace lamina::matrix
