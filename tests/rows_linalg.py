"""Rows of the op table: factorizations and linear systems.

Factors are compared where they are unique, otherwise by what does not depend on the choice.
"""

import numpy as np

from op_table import row, seeded, values


def square(name, n, *batch):
    """Well-conditioned, eigenvalues real and apart."""
    rng = seeded(name)
    return rng.normal(size=(*batch, n, n)) * 0.3 + np.diag(np.arange(1.0, n + 1))


def definite(name, n, *batch):
    x = square(name, n, *batch)
    return x @ np.swapaxes(x, -1, -2)


def lower(name, n, *batch):
    return np.tril(square(name, n, *batch))


for batch in ((), (2, 3)):
    spd, x = definite("spd", 4, *batch), square("x", 4, *batch)
    row("cholesky", np.linalg.cholesky, spd, tolerance=1e-5)
    row("det", np.linalg.det, x, tolerance=1e-5)
    row("logdet", lambda x: np.linalg.slogdet(x)[1], x, tolerance=1e-5)
    row("slogdet", lambda x: list(np.linalg.slogdet(x)), -x[..., ::-1, :], tolerance=1e-5)
    row("inv", np.linalg.inv, x, tolerance=1e-5)
    row("solve", np.linalg.solve, x, values("b", *batch, 4, 2), tolerance=2e-5)
    row(
        "solve_triangular",
        lambda a, b: np.linalg.solve(np.triu(a), b),
        x,
        values("b", *batch, 4, 2),
        tolerance=2e-5,
    )
    row("qr", lambda x: list(np.linalg.qr(x)), values("q", *batch, 5, 3), tolerance=1e-5)
    row(
        "eigh",
        lambda x: [np.linalg.eigvalsh(x), x @ x],
        spd,
        call=lambda f, x: (lambda w, v: [w, (v * (w * w)[..., None, :]) @ _t(v)])(*f(x)),
        tolerance=1e-4,
    )
    for shape in ((4, 4), (5, 3), (3, 5)):
        row(
            "svd",
            lambda x: [np.linalg.svd(x)[1], _polar(x)],
            values("svd", *batch, *shape),
            call=lambda f, x: (lambda u, s, vh: [s, u @ vh])(*f(x, full_matrices=False)),
            tolerance=2e-5,
        )
    row(
        "lu_factor",
        lambda x: x,
        x,
        call=lambda f, x: _product(*f(x)),
        tolerance=1e-5,
    )
    for shape in ((4, 2), (2, 4)):
        row("pinv", np.linalg.pinv, values("pinv", *batch, *shape), tolerance=2e-5)


def _t(x):
    import lamina

    return lamina.ops.swapaxes(x, -1, -2)


def _polar(x):
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    return u @ vh


def _product(lu, pivots):
    """P^T L U."""
    from lamina import ops

    n = lu.shape[-1]
    p = np.asarray(pivots)
    order = np.broadcast_to(np.arange(n), (*p.shape[:-1], n)).copy()
    for at in np.ndindex(p.shape[:-1]):
        for i, j in enumerate(p[at]):
            order[at][[i, j]] = order[at][[j, i]]
    whole = (ops.tril(lu, -1) + np.eye(n)) @ ops.triu(lu)
    back = np.broadcast_to(np.argsort(order, -1)[..., None], lu.shape)
    return ops.take_along_axis(whole, back, -2)


row("cholesky", lambda x: np.linalg.cholesky(x).T, definite("u", 3), upper=True, tolerance=1e-5)
row(
    "cholesky_inverse",
    lambda x: np.linalg.inv(x @ x.T),
    lower("c", 3),
    tolerance=2e-5,
)
row(
    "cholesky_inverse",
    lambda x: np.linalg.inv(x.T @ x),
    lower("c", 3).T.copy(),
    upper=True,
    tolerance=2e-5,
)
row("solve", np.linalg.solve, square("v", 4), values("b", 4), tolerance=2e-5)
row(
    "solve_triangular",
    lambda a, b: np.linalg.solve(np.tril(a), b),
    square("v", 4),
    values("b", 4),
    lower=True,
    tolerance=2e-5,
)
row("qr", lambda x: list(np.linalg.qr(x)), values("wide", 3, 5), tolerance=1e-5)
row(
    "qr",
    lambda x: list(np.linalg.qr(x, "complete")),
    values("tall", 5, 3),
    mode="complete",
    grad=False,
    tolerance=1e-5,
)
row("svd", lambda x: np.linalg.svd(x)[1], values("s", 4, 6), compute_uv=False, tolerance=1e-5)
row(
    "svd",
    lambda x: [x, np.eye(6), np.eye(4)],
    values("full", 4, 6),
    call=lambda f, x: (lambda u, s, vh: [(u * s) @ vh[:4], vh @ vh.T, u.T @ u])(
        *map(np.asarray, f(x))
    ),
    grad=False,
    tolerance=1e-5,
)
row(
    "eig",
    lambda x: [np.sort(np.linalg.eigvals(x).real), x @ x],
    square("eig", 4),
    call=lambda f, x: _matrix_square(*f(x)),
    tolerance=1e-4,
)


def _matrix_square(w, v):
    from lamina import ops

    return [ops.sort(w), (v * (w * w)) @ ops.inv(v)]


row(
    "lstsq",
    lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0],
    values("a", 6, 3),
    values("b", 6, 2),
    tolerance=2e-5,
)
row(
    "lstsq",
    lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0],
    values("a", 3, 5),
    values("b", 3),
    tolerance=2e-5,
)
thin = np.outer(np.arange(1.0, 6), [1.0, 2, 0, 4])
row("matrix_rank", lambda x: np.array([1, 4]), np.stack([thin, values("r", 5, 4)]), grad=False)
row("matrix_rank", lambda x: np.array(2), np.diag([3.0, 1, 0.1]), tol=0.5, grad=False)
for ord in (2, -2, "nuc", "fro"):
    row(
        "norm",
        lambda x, o=ord: np.linalg.norm(x, o, (2, 0), keepdims=True),
        values("norm", 3, 2, 4),
        ord=ord,
        axis=(2, 0),
        keepdims=True,
        tolerance=1e-5,
    )
row("cross", np.cross, values("a", 4, 3), values("b", 4, 3))
row("cross", lambda a, b: np.cross(a, b, axis=0), values("a", 3, 4), values("b", 3, 4), axis=0)
row(
    "cross",
    lambda a, b: a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0],
    values("a", 4, 2),
    values("b", 4, 2),
)
