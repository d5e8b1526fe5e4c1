// Factorizations and linear systems, as in keras.ops.linalg: over the last two axes, batched, in
// float32 or float64 (computed in float64).
#pragma once
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "lamina/ops.h"

namespace lamina {

// The triangular factor of (x + x^T) / 2; throws Error where that is not positive definite.
Tensor cholesky(const Tensor& x, bool upper = false);
// Inverse of the matrix that has x for its Cholesky factor.
Tensor cholesky_inverse(const Tensor& x, bool upper = false);
Tensor det(const Tensor& x);
// {sign, log |det|}
std::pair<Tensor, Tensor> slogdet(const Tensor& x);
Tensor logdet(const Tensor& x);
// {eigenvalues, eigenvectors in columns}. Real eigenvalues only: throws Error for complex ones.
std::pair<Tensor, Tensor> eig(const Tensor& x);
// The same of (x + x^T) / 2, eigenvalues ascending.
std::pair<Tensor, Tensor> eigh(const Tensor& x);
Tensor inv(const Tensor& x);
// {L and U in one matrix, rows exchanged (int32)}
std::pair<Tensor, Tensor> lu_factor(const Tensor& x);
// {q, r}; mode: reduced or complete.
std::pair<Tensor, Tensor> qr(const Tensor& x, const std::string& mode = "reduced");
// b: (..., M) or (..., M, N)
Tensor solve(const Tensor& a, const Tensor& b);
Tensor solve_triangular(const Tensor& a, const Tensor& b, bool lower = false);
// {u, s, v^T}
std::tuple<Tensor, Tensor, Tensor> svd(const Tensor& x, bool full_matrices = true);
Tensor singular_values(const Tensor& x);
// The least-squares solution with the smallest norm. a: (M, N), b: (M,) or (M, K).
Tensor lstsq(const Tensor& a, const Tensor& b, std::optional<double> rcond = {});
Tensor pinv(const Tensor& x, std::optional<double> rcond = {});
Tensor matrix_rank(const Tensor& x, std::optional<double> tol = {});
// "fro" or "nuc"
Tensor norm(const Tensor& x, const std::string& ord, const Axes& axis = {}, bool keepdims = false);
Tensor cross(const Tensor& x1, const Tensor& x2, int axisa = -1, int axisb = -1, int axisc = -1,
             std::optional<int> axis = {});
Tensor kron(const Tensor& x1, const Tensor& x2);

}  // namespace lamina
