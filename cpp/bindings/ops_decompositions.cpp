// lamina.ops: factorizations and linear systems, with the names and arguments of keras.ops.
#include "ops.h"

namespace lamina::python {

void bind_decompositions(py::module_& m) {
  m.def(
      "cholesky", [](const py::object& x, bool upper) { return cholesky(T(x), upper); }, arg("x"),
      arg("upper") = false,
      R"(The lower triangular L with L L^T = x, for symmetric positive definite matrices.

Args:
    x: (..., M, M); its symmetric part is taken.
    upper: Give L^T instead.

Raises ValueError where a matrix is not positive definite.

Example:

>>> import lamina
>>> lamina.ops.cholesky([[4.0, 2.0], [2.0, 5.0]]).tolist()
[[2.0, 0.0], [1.0, 2.0]])");
  m.def(
      "cholesky_inverse",
      [](const py::object& x, bool upper) { return cholesky_inverse(T(x), upper); }, arg("x"),
      arg("upper") = false,
      R"(Inverse of the matrix with a given Cholesky factor, (x x^T)^-1.

Args:
    x: (..., M, M), triangular, as cholesky() gives it.
    upper: x is upper triangular: (x^T x)^-1.

Example:

>>> import lamina
>>> lamina.ops.cholesky_inverse([[2.0, 0.0], [0.0, 1.0]]).tolist()
[[0.25, 0.0], [0.0, 1.0]])");
  m.def(
      "det", [](const py::object& x) { return det(T(x)); }, arg("x"),
      R"(Determinants of matrices (..., M, M). The gradient needs an inverse.

Example:

>>> import lamina
>>> lamina.ops.det([[2.0, 1.0], [0.0, 3.0]]).item()
6.0)");
  m.def(
      "slogdet", [](const py::object& x) { return slogdet(T(x)); }, arg("x"),
      R"(Sign and logarithm of the absolute value of the determinant, without overflow.

Args:
    x: (..., M, M).

Returns:
    (sign, logarithm), each of shape (...).

Example:

>>> import lamina
>>> sign, log = lamina.ops.slogdet([[-1.0, 0.0], [0.0, 1.0]])
>>> sign.item(), log.item()
(-1.0, 0.0))");
  m.def(
      "logdet", [](const py::object& x) { return logdet(T(x)); }, arg("x"),
      R"(log |det x|, for matrices (..., M, M) that are positive definite.

Example:

>>> import lamina
>>> lamina.ops.logdet([[1.0, 0.0], [0.0, 1.0]]).item()
0.0)");
  m.def(
      "eig", [](const py::object& x) { return eig(T(x)); }, arg("x"),
      R"(Eigenvalues and eigenvectors of square matrices whose eigenvalues are real.

Args:
    x: (..., M, M).

Returns:
    (w, v): eigenvalues (..., M), in no order, and unit eigenvectors (..., M, M) in columns.

Raises NotImplementedError where an eigenvalue is complex: lamina has no complex numbers.

Example:

>>> import lamina
>>> w, v = lamina.ops.eig([[2.0, 0.0], [1.0, 3.0]])
>>> sorted(w.tolist())
[2.0, 3.0])");
  m.def(
      "eigh", [](const py::object& x) { return eigh(T(x)); }, arg("x"),
      R"(Eigenvalues and eigenvectors of symmetric matrices, x = v diag(w) v^T.

Args:
    x: (..., M, M); its symmetric part is taken.

Returns:
    (w, v): eigenvalues (..., M), ascending, and orthonormal eigenvectors (..., M, M) in columns.

Example:

>>> import lamina
>>> w, v = lamina.ops.eigh([[2.0, 0.0], [0.0, 1.0]])
>>> w.tolist()
[1.0, 2.0])");
  m.def(
      "inv", [](const py::object& x) { return inv(T(x)); }, arg("x"),
      R"(Inverses of matrices (..., M, M).

Example:

>>> import lamina
>>> lamina.ops.inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
[[0.5, 0.0], [0.0, 0.25]])");
  m.def(
      "lu_factor", [](const py::object& x) { return lu_factor(T(x)); }, arg("x"),
      R"(LU factorization with partial pivoting, P x = L U.

Args:
    x: (..., M, N).

Returns:
    (lu, pivots): L below the diagonal (its ones are left out) and U on and above it, and for each
    of the min(M, N) steps the row that was exchanged with the row of the step, int32.

Example:

>>> import lamina
>>> lu, pivots = lamina.ops.lu_factor([[1.0, 2.0], [2.0, 2.0]])
>>> lu.tolist(), pivots.tolist()
([[2.0, 2.0], [0.5, 1.0]], [1, 1]))");
  m.def(
      "qr", [](const py::object& x, const std::string& mode) { return qr(T(x), mode); }, arg("x"),
      arg("mode") = "reduced",
      R"(QR factorization, x = q r with orthonormal columns of q and upper triangular r.

Args:
    x: (..., M, N), K = min(M, N).
    mode: 'reduced': q (..., M, K), r (..., K, N). 'complete': q (..., M, M), r (..., M, N).

Example:

>>> import lamina
>>> q, r = lamina.ops.qr([[1.0, 2.0], [0.0, 3.0], [0.0, 0.0]])
>>> q.shape, r.shape
((3, 2), (2, 2)))");
  m.def(
      "solve", [](const py::object& a, const py::object& b) { return solve(T(a), T(b)); }, arg("a"),
      arg("b"),
      R"(The x with a x = b, by LU factorization.

Args:
    a: (..., M, M).
    b: (..., M) or (..., M, N).

Example:

>>> import lamina
>>> lamina.ops.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 8.0]).tolist()
[1.0, 2.0])");
  m.def(
      "solve_triangular",
      [](const py::object& a, const py::object& b, bool lower) {
        return solve_triangular(T(a), T(b), lower);
      },
      arg("a"), arg("b"), arg("lower") = false,
      R"(The x with a x = b, reading one triangle of a.

Args:
    a: (..., M, M).
    b: (..., M) or (..., M, N).
    lower: Read the lower triangle, not the upper one.

Example:

>>> import lamina
>>> lamina.ops.solve_triangular([[2.0, 0.0], [1.0, 1.0]], [2.0, 3.0], lower=True).tolist()
[1.0, 2.0])");
  m.def(
      "svd",
      [](const py::object& x, bool full, bool uv) -> py::object {
        if (!uv) return py::cast(singular_values(T(x)));
        return py::cast(svd(T(x), full));
      },
      arg("x"), arg("full_matrices") = true, arg("compute_uv") = true,
      R"(Singular value decomposition, x = u diag(s) vh.

Args:
    x: (..., M, N), K = min(M, N).
    full_matrices: u (..., M, M) and vh (..., N, N) instead of (..., M, K) and (..., K, N).
    compute_uv: False gives s alone.

Returns:
    (u, s, vh), or s; s descends.

Example:

>>> import lamina
>>> lamina.ops.svd([[3.0, 0.0], [0.0, 4.0]], compute_uv=False).tolist()
[4.0, 3.0])");
  m.def(
      "lstsq",
      [](const py::object& a, const py::object& b, std::optional<double> rcond) {
        return lstsq(T(a), T(b), rcond);
      },
      arg("a"), arg("b"), arg("rcond") = py::none(),
      R"(The x that minimizes |a x - b|, and among several the shortest one.

Args:
    a: (M, N).
    b: (M,) or (M, K).
    rcond: Singular values up to rcond times the largest count as zero; max(M, N) times the
        precision of the dtype by default.

Example:

>>> import lamina
>>> lamina.ops.lstsq([[1.0], [1.0]], [1.0, 3.0]).numpy().round(4).tolist()
[2.0])");
  m.def(
      "pinv", [](const py::object& x, std::optional<double> rcond) { return pinv(T(x), rcond); },
      arg("x"), arg("rcond") = py::none(),
      R"(Moore-Penrose inverses of matrices, by singular values.

Args:
    x: (..., M, N).
    rcond: Singular values up to rcond times the largest count as zero; 10 max(M, N) times the
        precision of the dtype by default.

Example:

>>> import lamina
>>> lamina.ops.pinv([[2.0, 0.0], [0.0, 0.0]]).tolist()
[[0.5, 0.0], [0.0, 0.0]])");
  m.def(
      "matrix_rank",
      [](const py::object& x, std::optional<double> tol) { return matrix_rank(T(x), tol); },
      arg("x"), arg("tol") = py::none(),
      R"(Number of singular values above tol.

Args:
    x: (..., M, N).
    tol: max(M, N) times the largest singular value and the precision of the dtype by default.

Example:

>>> import lamina
>>> lamina.ops.matrix_rank([[1.0, 2.0], [2.0, 4.0]]).item()
1)");
  m.def(
      "cross",
      [](const py::object& a, const py::object& b, int axisa, int axisb, int axisc,
         std::optional<int> axis) { return cross(T(a), T(b), axisa, axisb, axisc, axis); },
      arg("x1"), arg("x2"), arg("axisa") = -1, arg("axisb") = -1, arg("axisc") = -1,
      arg("axis") = py::none(),
      R"(Vector product of vectors of 2 or 3 components.

Args:
    x1: Vectors along axisa.
    x2: Vectors along axisb.
    axisa: Axis of x1 that holds the components.
    axisb: Axis of x2 that holds them.
    axisc: Axis of the result that holds them; there is none where both have 2 components.
    axis: All three at once.

Example:

>>> import lamina
>>> lamina.ops.cross([1, 0, 0], [0, 1, 0]).tolist()
[0, 0, 1])");
  m.def(
      "kron", [](const py::object& a, const py::object& b) { return kron(T(a), T(b)); }, arg("x1"),
      arg("x2"),
      R"(Kronecker product: a block x1[i, j] * x2 for each element of x1.

Example:

>>> import lamina
>>> lamina.ops.kron([1, 2], [1, 10]).tolist()
[1, 10, 2, 20])");
}

}  // namespace lamina::python
