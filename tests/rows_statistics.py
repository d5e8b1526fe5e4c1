"""Rows of the op table: statistics, functions of one element, normalizations."""

import functools
import math

import numpy as np

from op_table import binary, positive, row, unary, values

unary("cbrt", np.cbrt)
unary("erfc", np.vectorize(math.erfc, otypes=[float]))
unary("i0", np.i0, extremes=False)
unary("fabs", np.fabs)
unary("angle", np.angle, grad=False)
unary("imag", lambda x: np.zeros_like(x), extremes=False, grad=False)
binary("fmax", np.fmax)
binary("fmin", np.fmin)
row("i0", np.i0, np.array([0.0, 1e-3, 24.9, 25.1, 60.0]), tolerance=1e-5, grad=False)
row("erfc", np.vectorize(math.erfc), np.array([5.0, 9.0]), grad=False)
row("allclose", np.allclose, np.array([1.0, 2]), np.array([1.0, 2 + 1e-6]), grad=False)
row("allclose", np.allclose, np.array([1.0, 2]), np.array([1.0, 2.1]), grad=False)
row(
    "saturate_cast",
    lambda x: np.array([0, 255, 7]),
    np.array([-3, 300, 7]),
    dtype="uint8",
    grad=False,
)
row(
    "saturate_cast",
    lambda x: [65504.0, -65504.0],
    np.array([1e6, -1e9]),
    dtype="float16",
    grad=False,
)
row(
    "view",
    lambda x: x.view("int32"),
    np.array([[1.0, -2.0], [3.0, 0.5]]),
    call=lambda f, x: f(np.asarray(x, "float64"), "int32"),
    grad=False,
)
row("normalize", lambda x: x / np.abs(x).sum(0), values("n", 4, 6), axis=0, order=1)
row(
    "rms_normalization",
    lambda x, s: x / np.sqrt((x * x).mean(1, keepdims=True) + 1e-7) * s,
    values("x", 4, 6),
    values("s", 6),
    call=lambda f, x, s: f(x, s),
    tolerance=1e-5,
)
row(
    "layer_normalization",
    lambda x, g: (
        (x - x.mean((0, 2), keepdims=True))
        / np.sqrt(x.var((0, 2), keepdims=True) + 1e-3)
        * g[:, None]
    ),
    values("x", 3, 4, 5),
    values("g", 3, 5),
    axis=(0, 2),
    epsilon=1e-3,
    tolerance=1e-5,
)
row(
    "layer_normalization",
    lambda x: (x - x.mean((1, 2), keepdims=True)) / np.sqrt(x.var((1, 2), keepdims=True) + 1e-7),
    values("x", 3, 4, 5),
    axis=(-1, -2),
    tolerance=1e-5,
)
row(
    "psnr",
    lambda a, b: 20 * np.log10(3.0) - 10 * np.log10(((a - b) ** 2).mean()),
    values("a", 4, 6),
    values("b", 4, 6),
    max_val=3.0,
)
row(
    "polar",
    lambda r, a: [r * np.cos(a), r * np.sin(a)],
    values("r", 5, domain=positive),
    values("a", 5),
)
bias = values("bias", 2, 3, 5, 6)


def attention(q, k, v, b):
    scores = np.einsum("bihd,bjhd->bhij", q, k) / 2 + b
    scores = np.where(np.tril(np.ones((5, 6), bool)), scores, -np.inf)
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return np.einsum("bhij,bjhd->bihd", e / e.sum(-1, keepdims=True), v)


row(
    "dot_product_attention",
    attention,
    values("q", 2, 5, 3, 4),
    values("k", 2, 6, 3, 4),
    values("v", 2, 6, 3, 4),
    bias,
    call=lambda f, q, k, v, b: f(q, k, v, b, is_causal=True),
    tolerance=1e-5,
)

x = values("stat", 3, 5, 7)
holes = x.copy()
holes[0, 1, 2] = holes[2, 4, 0] = holes[1, :, 3] = np.nan
for axis in (None, 1, (0, 2)):
    for keepdims in (False, True):
        options = {"axis": axis, "keepdims": keepdims}
        row("ptp", functools.partial(np.ptp, **options), x, **options)
        row("median", functools.partial(np.median, **options), x, **options)
        for name in ("sum", "prod", "mean", "var", "std", "max", "min", "median"):
            f = functools.partial(getattr(np, f"nan{name}"), **options)
            data = (
                holes[:, :, [0, 1, 2, 4]]
                if name in ("mean", "var", "std", "max", "min", "median")
                else holes
            )
            row(
                f"nan{name}",
                f,
                data,
                tolerance=2e-5,
                grad=name != "prod" or axis is not None,
                **options,
            )
        for q in (0.3, [0.0, 0.5, 1.0]):
            f = functools.partial(np.quantile, q=q, **options)
            row("quantile", f, x, q=np.array(q), tolerance=1e-5, **options)
        f = functools.partial(np.nanquantile, q=0.6, **options)
        row("nanquantile", f, holes[:, :, [0, 1, 2, 4]], q=0.6, tolerance=1e-5, **options)
for method in ("lower", "higher", "midpoint", "linear"):
    f = functools.partial(np.percentile, q=[10, 55], axis=2, method=method)
    row("percentile", f, x, q=np.array([10.0, 55]), axis=2, method=method, tolerance=1e-5)
row(
    "percentile",
    lambda a: np.full(3, np.nan),
    holes[:, :, 3],
    q=50,
    axis=1,
    grad=False,
    call=lambda f, a: f(a * np.nan, 50, 1),
)
row(
    "nanpercentile",
    lambda a: np.nanpercentile(a, 25, 0),
    holes[[0, 2]],
    q=25,
    axis=0,
    tolerance=1e-5,
)
row(
    "quantile",
    lambda a: np.sort(a)[[1, 3]],
    np.array([5.0, 1, 4, 2, 3]),
    q=[0.3, 0.8],
    method="nearest",
    grad=False,
)
for axis in (None, 1):
    for name in ("nanargmax", "nanargmin"):
        row(
            name,
            functools.partial(getattr(np, name), axis=axis),
            holes[[0, 2]],
            axis=axis,
            grad=False,
        )
    for name in ("nancumsum", "nancumprod"):
        row(
            name,
            functools.partial(getattr(np, name), axis=axis),
            holes[0, :, :3],
            axis=axis,
            tolerance=1e-5,
        )
row(
    "nanargmax",
    lambda a: np.array([-1, 1]),
    np.array([[np.nan, np.nan], [0, 1.0]]),
    axis=1,
    grad=False,
)
row(
    "nanmax",
    lambda a: np.array([np.nan, 1]),
    np.array([[np.nan, np.nan], [0, 1.0]]),
    axis=1,
    grad=False,
)
row("max", lambda a: np.max(a, 1, initial=0.5), values("m", 3, 4), axis=1, initial=0.5)
row("min", lambda a: np.min(a, 1, initial=-0.5), values("m", 3, 4), axis=1, initial=-0.5)
row("histogram", lambda a: list(np.histogram(a, 6)), values("h", 40), bins=6, grad=False)
row(
    "histogram",
    lambda a: list(np.histogram(a, 4, (-1, 1))),
    values("h", 40),
    bins=4,
    range=(-1, 1),
    grad=False,
)
row(
    "histogram",
    lambda a: list(np.histogram(a, [-1, 0, 3])),
    values("h", 40),
    bins=[-1, 0, 3],
    grad=False,
)
row("histogram", lambda a: list(np.histogram(a, 3)), np.array([2.0, 2, 2]), bins=3, grad=False)
row("corrcoef", np.corrcoef, values("c", 3, 8), tolerance=1e-5)
row("corrcoef", np.corrcoef, values("c", 8), grad=False)
for mode in ("valid", "same", "full"):
    for m, n in ((7, 3), (7, 4), (3, 7), (4, 7), (5, 5)):
        row(
            "correlate",
            lambda a, b, m=mode: np.correlate(a, b, m),
            values("a", m),
            values("b", n),
            mode=mode,
            tolerance=1e-5,
        )
row(
    "cdist",
    lambda a, b: np.sqrt(((a[..., :, None, :] - b[..., None, :, :]) ** 2).sum(-1)),
    values("a", 2, 4, 3),
    values("b", 2, 5, 3),
    tolerance=1e-5,
)
row(
    "trapezoid",
    lambda y, x: np.trapezoid(y, x, axis=0),
    values("y", 5, 3),
    values("x", 5),
    call=lambda f, y, x: f(y, x, axis=0),
)
row("sort", lambda a: np.sort(a, None), values("s", 3, 4), axis=None)
row("argsort", lambda a: np.argsort(a, None), values("s", 3, 4), axis=None, grad=False)
row("prod", lambda a: a.prod(1), np.array([[1, 2], [3, 4]]), axis=1, dtype="float32", grad=False)
row("cumsum", lambda a: a.cumsum(0), np.array([[1, 2], [3, 4]]), axis=0, dtype="int64", grad=False)
