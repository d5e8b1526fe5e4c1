"""Rows of the op table: joining, cutting, arranging, making and counting arrays."""

import numpy as np

from op_table import integers, row, seeded, values

x234 = values("array", 2, 3, 4)
row("array_split", lambda x: np.array_split(x, 3, 2), x234, indices_or_sections=3, axis=2)
row("array_split", lambda x: np.array_split(x, [1, 3], 2), x234, indices_or_sections=[1, 3], axis=2)
row("hsplit", lambda x: np.hsplit(x, 3), x234, indices_or_sections=3)
row("hsplit", lambda x: np.hsplit(x, [2]), values("h", 5), indices_or_sections=[2])
row("vsplit", lambda x: np.vsplit(x, 2), x234, indices_or_sections=2)
row("dsplit", lambda x: np.dsplit(x, [1]), x234, indices_or_sections=[1])
row("dstack", lambda a: np.dstack([a, 2 * a]), values("v", 5), call=lambda f, a: f([a, 2 * a]))
row("dstack", lambda a: np.dstack([a, 2 * a]), x234, call=lambda f, a: f([a, 2 * a]))
row("fliplr", np.fliplr, x234)
row("flipud", np.flipud, x234)
for k in (-1, 0, 1, 2):
    row("rot90", lambda x, k=k: np.rot90(x, k, (2, 0)), x234, k=k, axes=(2, 0))
row(
    "rearrange",
    lambda x: x.reshape(2, 3, 2, 2).transpose(3, 0, 1, 2).reshape(2, 2, 6),
    x234,
    pattern="a b (c d) -> d a (b c)",
    d=2,
)
row("rearrange", lambda x: x.reshape(-1), x234, pattern="a b c -> (a b c)")
row("rearrange", lambda x: x.transpose(2, 0, 1), x234, pattern="a b c->c a b")
row(
    "extract_sequences",
    lambda x: np.stack([x[..., i : i + 4] for i in (0, 3)], -2),
    values("e", 2, 9),
    sequence_length=4,
    sequence_stride=3,
)
row("tri", lambda: np.tri(3, 4, 1), N=3, M=4, k=1)
row("diagflat", lambda x: np.diagflat(x, -1), values("d", 2, 2), k=-1)
row("vander", np.vander, values("v", 4))
row("vander", lambda x: np.vander(x, 3, True), values("v", 4), N=3, increasing=True)
row("empty_like", np.zeros_like, x234, grad=False)
row("logspace", lambda: np.logspace(-1, 2, 7, base=3), start=-1, stop=2, num=7, base=3)
row("geomspace", lambda: np.geomspace(-1, -32, 6), start=-1, stop=-32, num=6, tolerance=1e-5)
row(
    "linspace",
    lambda a, b: np.linspace(a, b, 5, axis=-1, endpoint=False),
    values("a", 2, 1),
    values("b", 3),
    num=5,
    axis=-1,
    endpoint=False,
)
row(
    "logspace",
    lambda a, b: np.logspace(a, b, 5),
    values("a", 3),
    values("b", 3),
    num=5,
    tolerance=2e-5,
)
row(
    "geomspace",
    lambda a, b: np.geomspace(a, b, 5),
    np.exp(values("a", 3)),
    np.exp(values("b", 3)),
    num=5,
    tolerance=2e-5,
)
for n in (1, 2, 7, 8):
    for name in ("bartlett", "blackman", "hamming", "hanning"):
        row(name, lambda n=n, name=name: getattr(np, name)(n), x=n)
    row("kaiser", lambda n=n: np.kaiser(n, 8.6), x=n, beta=8.6)
row(
    "select",
    lambda x: np.select([x < -1, x > 1], [x * x, -x], 7),
    x234,
    call=lambda f, x: f([x < -1, x > 1], [x * x, -x], 7),
)
row(
    "unravel_index",
    lambda i: list(np.unravel_index(i, (3, 4, 5))),
    np.array([[0, 59], [23, 7]]),
    shape=(3, 4, 5),
    grad=False,
)
row("isin", np.isin, integers(seeded("isin"), (3, 4)), np.array([2, 5]), grad=False)
row(
    "isin",
    lambda a, b: np.isin(a, b, invert=True),
    integers(seeded("isin"), (3, 4)),
    np.array([2, 5]),
    invert=True,
    grad=False,
)
row("digitize", np.digitize, values("d", 3, 4), np.array([-1.0, 0, 0.5]), grad=False)
row("digitize", np.digitize, values("d", 3, 4), np.array([1.0, 0, -0.5]), grad=False)
row(
    "multi_hot",
    lambda x: np.eye(5)[x].max(1),
    np.array([[1, 0], [4, 4]]),
    num_classes=5,
    grad=False,
)
row(
    "argpartition",
    lambda x: np.sort(x, 1)[:, 2],
    values("p", 4, 6),
    call=lambda f, x: np.take_along_axis(np.asarray(x), np.asarray(f(x, 2, 1)), 1)[:, 2],
    grad=False,
)
row("bincount", np.bincount, np.array([1, 3, 1, 0]), grad=False)
row("bincount", lambda x: np.bincount(x, minlength=6), np.array([1, 3]), minlength=6, grad=False)
row(
    "bincount",
    lambda x, w: np.stack([np.bincount(a, b, 4) for a, b in zip(x, w)]),
    np.array([[1, 3, 1], [0, 0, 2]]),
    values("w", 2, 3),
    grad=False,
    call=lambda f, x, w: f(x, weights=w),
)
pieces = np.array([3, 1, 3, 2, 1, 1])
row(
    "unique",
    lambda x: list(np.unique(x, True, True, True)),
    pieces.reshape(2, 3),
    return_index=True,
    return_inverse=True,
    return_counts=True,
    grad=False,
)
row("unique", np.unique, np.array([2.5, -1, 2.5, np.inf]), grad=False)
row(
    "unique",
    lambda x: np.unique(x, axis=1),
    np.array([[1, 0, 1], [2, 5, 2]]),
    axis=1,
    grad=False,
)
row("unique", lambda x: np.array([1, 2, 3, 9, 9]), pieces, size=5, fill_value=9, grad=False)

ids = np.array([2, 0, 2, 5, 0])
data = values("segments", 5, 3)
for name, f, empty in (
    ("sum", np.sum, 0),
    ("prod", np.prod, 1),
    ("max", np.max, -np.inf),
    ("min", np.min, np.inf),
):
    row(
        f"segment_{name}",
        lambda x, i, f=f, e=empty: np.stack(
            [f(x[i == k], 0) if (i == k).any() else np.full(3, e) for k in range(4)]
        ),
        data,
        ids,
        call=lambda f, x, i: f(x, i, 4),
        # Infinity less infinity is no number: only rows that exist have a difference quotient.
        grad=name in ("sum", "prod"),
    )
    row(
        f"segment_{name}",
        lambda x, i, f=f: np.stack([f(x[i == k], 0) for k in range(2)]),
        data[:, 0],
        np.array([0, 1, 1, 0, 1]),
        num_segments=2,
    )
row(
    "segment_prod",
    lambda x, i: np.array([0.0, 0.0]),
    np.array([2.0, 0, 3, 0, 0]),
    np.array([0, 0, 0, 1, 1]),
    num_segments=2,
)
