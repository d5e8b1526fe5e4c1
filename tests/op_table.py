"""One row for every operation of `lamina.ops`: what NumPy says it is, on which inputs, and whether
it has a gradient. `test_op_table.py` derives the tests; an operation without a row fails there.

To add an operation, add a row: `unary` and `binary` for elementwise ones, `row` for the others. The
reference gets float64 arrays and returns one array or a list of them.
"""

from __future__ import annotations

import functools
import math
import statistics
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Row:
    name: str
    reference: Callable[..., Any]
    inputs: tuple[
        Any, ...
    ]  # arrays of float64 are also tried as float32, strided and for gradients
    kwargs: dict[str, Any] = field(default_factory=dict)
    grad: bool = True
    kind: str = "structured"  # or "unary", "binary": broadcasting, tails and extreme values too
    domain: Callable[..., Any] | None = None
    extremes: bool = True  # the reference holds at infinities, NaN and the largest numbers
    tolerance: float = 3e-6  # of float32, relative
    call: Callable[..., Any] | None = None  # (operation, *inputs), where it takes lists or indices
    id: str = ""

    def run(self, operation, inputs):
        if self.call is not None:
            return self.call(operation, *inputs)
        return operation(*inputs, **self.kwargs)


ROWS: list[Row] = []


def seeded(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


# Domains: shape and generator to float64 values.


def anything(rng, shape):
    """Normal values, none within 1e-3 of a multiple of a half, where kinks lie."""
    x = rng.normal(size=shape) * 2 + 0.05
    return np.where(np.abs(2 * x - np.round(2 * x)) < 2e-3, x + 5e-3, x)


def positive(rng, shape):
    return rng.uniform(0.2, 3.0, shape)


def unit(rng, shape):
    return rng.uniform(-0.9, 0.9, shape)


def above_one(rng, shape):
    return rng.uniform(1.2, 4.0, shape)


def integers(rng, shape):
    return rng.integers(1, 9, shape)


def flags(rng, shape):
    return rng.integers(0, 2, shape).astype(bool)


def unary(name, reference, domain=anything, **options):
    x = domain(seeded(name), (3, 7))
    ROWS.append(Row(name, reference, (x,), kind="unary", domain=domain, id=name, **options))


def binary(name, reference, domain=anything, **options):
    rng = seeded(name)
    inputs = domain(rng, (3, 7)), domain(rng, (3, 7))
    ROWS.append(Row(name, reference, inputs, kind="binary", domain=domain, id=name, **options))


def row(name, reference, *inputs, grad=True, tolerance=3e-6, call=None, **kwargs):
    count = sum(r.name == name for r in ROWS)
    id = f"{name}-{count + 1}" if count else name
    ROWS.append(Row(name, reference, inputs, kwargs, grad, tolerance=tolerance, call=call, id=id))


def values(name, *shape, domain=anything):
    return domain(seeded(f"{name}{shape}"), shape)


# References that NumPy lacks.

erf = np.vectorize(math.erf, otypes=[float])


def lgamma(x):
    return np.vectorize(
        lambda v: v if math.isnan(v) else math.inf if math.isinf(v) or v == 0 else math.lgamma(v),
        otypes=[float],
    )(x)


def digamma(x):
    """By recurrence to x >= 10 and the asymptotic series (Abramowitz and Stegun 6.3.18)."""
    total = np.zeros_like(x)
    x = x.copy()
    for _ in range(10):
        total -= np.where(x < 10, 1 / x, 0)
        x = np.where(x < 10, x + 1, x)
    r = 1 / (x * x)
    series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r / 132))))
    return total + np.log(x) - 0.5 / x - series


def erfinv(x):
    inverse = statistics.NormalDist().inv_cdf
    return np.vectorize(lambda v: inverse((v + 1) / 2) / math.sqrt(2), otypes=[float])(x)


def sigmoid(x):
    return np.exp(-np.logaddexp(0, -x))


def softplus(x):
    return np.logaddexp(0, x)


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def hard_sigmoid(x):
    return np.clip(x / 6 + 0.5, 0, 1)


def selu(x):
    """Klambauer et al. 2017."""
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def sparsemax(x):
    """Martins and Astudillo 2016, algorithm 1, for rows."""
    z = -np.sort(-x, -1)
    k = np.arange(1, x.shape[-1] + 1)
    support = 1 + k * z > np.cumsum(z, -1)
    size = support.sum(-1, keepdims=True)
    tau = ((z * support).sum(-1, keepdims=True) - 1) / size
    return np.maximum(x - tau, 0)


# Elementwise maths.

unary("absolute", np.abs)
unary("abs", np.abs)
unary("negative", np.negative)
unary("sign", np.sign)
unary("square", np.square)
unary("reciprocal", np.reciprocal, positive)
unary("sqrt", np.sqrt, positive)
unary("rsqrt", lambda x: 1 / np.sqrt(x), positive)
unary("exp", np.exp)
unary("exp2", np.exp2)
unary("expm1", np.expm1)
unary("log", np.log, positive)
unary("log1p", np.log1p, positive)
unary("log2", np.log2, positive)
unary("log10", np.log10, positive)
unary("sin", np.sin, extremes=False)  # sine of 3e38 in single precision: see test_ops
unary("cos", np.cos, extremes=False)
unary("tan", np.tan, unit, extremes=False)
unary("arcsin", np.arcsin, unit)
unary("arccos", np.arccos, unit)
unary("arctan", np.arctan)
unary("sinh", np.sinh)
unary("cosh", np.cosh)
unary("tanh", np.tanh)
unary("arcsinh", np.arcsinh)
unary("arccosh", np.arccosh, above_one)
unary("arctanh", np.arctanh, unit)
unary("sinc", np.sinc, extremes=False)
unary("deg2rad", np.deg2rad)
unary("rad2deg", np.rad2deg)
unary("erf", erf)
unary("erfinv", erfinv, unit, extremes=False)
unary("lgamma", lgamma, positive, extremes=False)
unary("digamma", digamma, positive, grad=False, extremes=False)
unary("ceil", np.ceil)
unary("floor", np.floor)
unary("trunc", np.trunc)
unary("round", np.round)
unary("isfinite", np.isfinite, grad=False)
unary("isinf", np.isinf, grad=False)
unary("isnan", np.isnan, grad=False)
unary("isneginf", np.isneginf, grad=False)
unary("isposinf", np.isposinf, grad=False)
unary("signbit", np.signbit, grad=False)
unary("logical_not", np.logical_not, grad=False)
unary("isreal", np.isreal, grad=False)
unary("real", np.real)
unary("conj", np.conj)
unary("conjugate", np.conj)
unary("copy", np.copy)
unary("nan_to_num", np.nan_to_num, extremes=False)

# Activations, as Keras defines them.

unary("relu", lambda x: np.maximum(x, 0))
unary("relu6", lambda x: np.clip(x, 0, 6))
unary("leaky_relu", lambda x: np.where(x > 0, x, 0.2 * x))
unary("elu", lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))))
unary("celu", lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))))
unary("selu", selu)
unary("sigmoid", sigmoid)
unary("hard_sigmoid", hard_sigmoid)
unary("log_sigmoid", lambda x: -softplus(-x))
unary("softplus", softplus)
unary("softsign", lambda x: x / (1 + np.abs(x)), extremes=False)
unary("silu", lambda x: x * sigmoid(x), extremes=False)
unary("swish", lambda x: x * sigmoid(x), extremes=False)
unary("hard_silu", lambda x: x * hard_sigmoid(x), extremes=False)
unary("hard_swish", lambda x: x * hard_sigmoid(x), extremes=False)
unary("gelu", gelu_tanh, extremes=False)
unary("mish", lambda x: x * np.tanh(softplus(x)), extremes=False)
unary("hard_tanh", lambda x: np.clip(x, -1, 1))
unary("tanh_shrink", lambda x: x - np.tanh(x))
unary("soft_shrink", lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0))
unary("hard_shrink", lambda x: np.where(np.abs(x) > 0.5, x, 0), extremes=False)
unary("squareplus", lambda x: (x + np.sqrt(x * x + 4)) / 2, extremes=False)
unary("sparse_plus", lambda x: np.where(x <= -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x)))
unary("sparse_sigmoid", lambda x: np.clip((x + 1) / 2, 0, 1))
row("gelu", lambda x: x * 0.5 * (1 + erf(x / math.sqrt(2))), values("gelu", 9), approximate=False)
row("leaky_relu", lambda x: np.where(x > 0, x, 0.3 * x), values("a", 9), negative_slope=0.3)
row("elu", lambda x: np.where(x > 0, x, 0.7 * np.expm1(x)), values("a", 9), alpha=0.7)
row("celu", lambda x: np.where(x > 0, x, 0.7 * np.expm1(x / 0.7)), values("a", 9), alpha=0.7)
row("squareplus", lambda x: (x + np.sqrt(x * x + 2)) / 2, values("a", 9), b=2.0)
row(
    "threshold",
    lambda x: np.where(x > 0.25, x, -3),
    values("a", 9),
    threshold=0.25,
    default_value=-3,
)
row(
    "soft_shrink",
    lambda x: np.sign(x) * np.maximum(np.abs(x) - 1, 0),
    values("a", 9),
    threshold=1.0,
)
row("hard_shrink", lambda x: np.where(np.abs(x) > 1, x, 0), values("a", 9), threshold=1.0)
row("glu", lambda x: x[:, :3] * sigmoid(x[:, 3:]), values("glu", 4, 6))
row("softmax", softmax, values("s", 4, 37))
row("softmax", lambda x: softmax(x, 0), values("s", 5, 6), axis=0)
row("log_softmax", lambda x: np.log(softmax(x)), values("s", 4, 37))
row("log_softmax", lambda x: np.log(softmax(x, 1)), values("s", 3, 5, 2), axis=1)
row("sparsemax", sparsemax, values("s", 4, 7))
row("round", lambda x: np.round(x, 1), values("r", 9), decimals=1, grad=False)
row("clip", lambda x, a, b: np.clip(x, a, b), values("c", 3, 7), -0.7, 1.2)
row(
    "nan_to_num",
    lambda x: np.array([7.0, 2, 8, -9]),
    np.array([np.nan, 2, np.inf, -np.inf]),
    grad=False,
    nan=7.0,
    posinf=8.0,
    neginf=-9.0,
)

# Two operands.

binary("add", np.add)
binary("subtract", np.subtract)
binary("multiply", np.multiply)
binary("divide", np.divide, positive)
binary("true_divide", np.divide, positive)
binary(
    "divide_no_nan",
    lambda a, b: np.divide(a, b, out=np.zeros_like(a * b), where=b != 0),
    positive,
    extremes=False,
)
binary("maximum", np.maximum)
binary("minimum", np.minimum)
binary("power", np.power, positive, extremes=False)
binary("arctan2", np.arctan2)
binary("hypot", np.hypot)
binary("logaddexp", np.logaddexp)
binary("logaddexp2", np.logaddexp2)
binary("floor_divide", np.floor_divide, positive, grad=False, extremes=False)
binary("mod", np.mod, positive, grad=False, extremes=False)
binary("fmod", np.fmod, positive, grad=False, extremes=False)
binary("copysign", np.copysign, grad=False)
binary("nextafter", np.nextafter, grad=False, extremes=False)  # to 1e-6; exactly in test_ops
binary("heaviside", np.heaviside, grad=False)
binary("ldexp", lambda a, b: a * 2.0**b, unit, extremes=False)
binary("equal", np.equal, integers, grad=False)
binary("not_equal", np.not_equal, integers, grad=False)
binary("less", np.less, grad=False)
binary("less_equal", np.less_equal, grad=False)
binary("greater", np.greater, grad=False)
binary("greater_equal", np.greater_equal, grad=False)
binary("logical_and", np.logical_and, flags, grad=False)
binary("logical_or", np.logical_or, flags, grad=False)
binary("logical_xor", np.logical_xor, flags, grad=False)
binary("bitwise_and", np.bitwise_and, integers, grad=False)
binary("bitwise_or", np.bitwise_or, integers, grad=False)
binary("bitwise_xor", np.bitwise_xor, integers, grad=False)
binary("left_shift", np.left_shift, integers, grad=False)
binary("right_shift", np.right_shift, integers, grad=False)
binary("bitwise_left_shift", np.left_shift, integers, grad=False)
binary("bitwise_right_shift", np.right_shift, integers, grad=False)
binary("gcd", np.gcd, integers, grad=False)
binary("lcm", np.lcm, integers, grad=False)
unary("bitwise_not", np.invert, integers, grad=False)
unary("bitwise_invert", np.invert, integers, grad=False)
row(
    "isclose", np.isclose, np.array([1.0, 1, np.nan]), np.array([1.0 + 1e-7, 2, np.nan]), grad=False
)
row("where", np.where, values("w", 4, 5) > 0, values("a", 4, 5), values("b", 5))
row("where", lambda c: list(np.where(c)), values("w", 4, 5) > 0, grad=False)

# Reductions.

x357 = values("reduce", 3, 5, 17)
for axis in (None, 0, 1, -1, (0, 2), (0, 1, 2)):
    for name in ("sum", "mean", "var", "std", "prod", "max", "min"):
        f = functools.partial(getattr(np, name), axis=axis)
        row(name, f, x357, axis=axis, tolerance=2e-5)
        kept = functools.partial(f, keepdims=True)
        row(name, kept, x357, axis=axis, keepdims=True, tolerance=2e-5)
    row("logsumexp", lambda x, a=axis: np.log(np.exp(x).sum(a)), x357, axis=axis)
    for name in ("any", "all", "count_nonzero"):
        row(name, functools.partial(getattr(np, name), axis=axis), x357 > 0, axis=axis)
row("amax", lambda x: np.max(x, 1), x357, axis=1)
row("amin", lambda x: np.min(x, 1), x357, axis=1)
row("logsumexp", lambda x: np.log(np.exp(x).sum(1, keepdims=True)), x357, axis=1, keepdims=True)
row("argmax", lambda x: x.argmax(1), x357, axis=1, grad=False)
row("argmax", lambda x: x.argmax(), x357, grad=False)
row("argmin", lambda x: x.argmin(-1), x357, axis=-1, grad=False)
row("argmin", lambda x: x.argmin(0)[None], x357, axis=0, keepdims=True, grad=False)
row("norm", lambda x: np.sqrt((x * x).sum()), values("n", 4, 6))
row("norm", lambda x: np.abs(x).sum(1), values("n", 4, 6), ord=1, axis=1)
row("norm", lambda x: (np.abs(x) ** 3).sum(0) ** (1 / 3), values("n", 4, 6), ord=3, axis=0)
row("norm", lambda x: np.abs(x).max(1), values("n", 4, 6), ord=np.inf, axis=1)
row("norm", lambda x: np.abs(x).sum(0).max(), values("n", 4, 6), ord=1, axis=(0, 1))
row("normalize", lambda x: x / np.sqrt((x * x).sum(-1, keepdims=True)), values("n", 4, 6))
row("cumsum", lambda x: x.cumsum(1), values("c", 4, 9, 3), axis=1)
row("cumsum", lambda x: x.cumsum(), values("c", 4, 9))
row("cumprod", lambda x: x.cumprod(1), values("c", 4, 9), axis=1, tolerance=1e-5)
row("average", lambda x: np.average(x, 1), values("a", 3, 4), axis=1)
row(
    "average",
    lambda x: np.average(x, 0, [1.0, 2, 4]),
    values("a", 3, 4),
    axis=0,
    weights=np.array([1.0, 2, 4]),
)
row("median", lambda x: np.median(x, 1), values("m", 3, 6), axis=1)
row("median", np.median, values("m", 3, 5))
row("ptp", lambda x: np.ptp(x, 1), values("p", 3, 6), axis=1)
row("moments", lambda x: [x.mean(0), x.var(0)], values("m", 5, 6), axes=0)
row("trace", lambda x: np.trace(x, 1), values("t", 4, 5), offset=1)

# Linear algebra.

row("matmul", np.matmul, values("a", 3, 4), values("b", 4, 5))
row("matmul", np.matmul, values("a", 4), values("b", 4))
row("matmul", np.matmul, values("a", 2, 3, 4), values("b", 4, 5))
row("matmul", np.matmul, values("a", 2, 1, 3, 4), values("b", 5, 4, 2))
row("matmul", np.matmul, values("a", 33, 70), values("b", 70, 19), tolerance=2e-5)
row("matmul", np.matmul, values("a", 2, 130), values("b", 130, 1), tolerance=2e-5)
row("matmul", np.matmul, values("a", 3, 0), values("b", 0, 5))
row("dot", np.dot, values("a", 3, 4), values("b", 4, 5))
row("inner", np.inner, values("a", 3, 4), values("b", 5, 4))
row("outer", np.outer, values("a", 3), values("b", 5))
row("vdot", np.vdot, values("a", 3, 4), values("b", 3, 4))
row("kron", np.kron, values("a", 2, 3), values("b", 3, 2))
row(
    "tensordot",
    lambda a, b: np.tensordot(a, b, ([1, 0], [0, 1])),
    values("a", 3, 4, 5),
    values("b", 4, 3, 2),
    axes=([1, 0], [0, 1]),
)
row("tensordot", lambda a, b: np.tensordot(a, b, 1), values("a", 3, 4), values("b", 4, 2), axes=1)
for text, shapes in (
    ("ij,jk->ik", [(3, 4), (4, 5)]),
    ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
    ("bhid,bhjd->bhij", [(2, 3, 4, 5), (2, 3, 6, 5)]),
    ("ii->i", [(4, 4)]),
    ("ij->ji", [(3, 4)]),
    ("i,j,k->kij", [(2,), (3,), (4,)]),
    ("...ij,...jk", [(2, 3, 4), (2, 4, 5)]),
    ("ij->", [(3, 4)]),
):
    ROWS.append(
        Row(
            "einsum",
            lambda *a, t=text: np.einsum(t, *a),
            (text, *(values(f"{i}", *s) for i, s in enumerate(shapes))),
            id=text,
        )
    )

# Shapes.

x234 = values("shape", 2, 3, 4)
row("reshape", lambda x: x.reshape(4, -1), x234, newshape=(4, -1))
row("ravel", np.ravel, x234)
row("transpose", lambda x: x.transpose(2, 0, 1), x234, axes=(2, 0, 1))
row("transpose", lambda x: x.T, x234)
row("swapaxes", lambda x: x.swapaxes(0, 2), x234, axis1=0, axis2=2)
row("moveaxis", lambda x: np.moveaxis(x, 0, -1), x234, source=0, destination=-1)
row("squeeze", np.squeeze, values("q", 3, 1, 4, 1))
row("squeeze", lambda x: x.squeeze(1), values("q", 3, 1, 4, 1), axis=1)
row("expand_dims", lambda x: np.expand_dims(x, (0, 2)), x234, axis=(0, 2))
row("broadcast_to", lambda x: np.broadcast_to(x, (2, 3, 4)), values("b", 3, 1), shape=(2, 3, 4))
row(
    "concatenate", lambda a: np.concatenate([a, 2 * a], 1), x234, call=lambda f, a: f([a, 2 * a], 1)
)
row("stack", lambda a: np.stack([a, 2 * a], 2), x234, call=lambda f, a: f([a, 2 * a], 2))
row("hstack", lambda a: np.hstack([a, 2 * a]), x234, call=lambda f, a: f([a, 2 * a]))
row("vstack", lambda a: np.vstack([a, 2 * a]), values("v", 5), call=lambda f, a: f([a, 2 * a]))
row("append", lambda a, b: np.append(a, b), values("v", 5), values("u", 2, 2))
row("append", lambda a, b: np.append(a, b, 0), values("v", 3, 2), values("u", 2, 2), axis=0)
row("split", lambda x: np.split(x, [1, 3], 2), x234, indices_or_sections=[1, 3], axis=2)
row("split", lambda x: np.split(x, 2, 2), x234, indices_or_sections=2, axis=2)
row("unstack", lambda x: [x[:, i] for i in range(3)], x234, axis=1)
for mode in ("constant", "reflect", "symmetric", "edge"):
    row(
        "pad",
        lambda x, m=mode: np.pad(x, ((1, 0), (2, 1), (0, 3)), m),
        x234,
        pad_width=((1, 0), (2, 1), (0, 3)),
        mode=mode,
    )
row(
    "pad",
    lambda x: np.pad(x, 1, constant_values=5),
    values("p", 3),
    pad_width=1,
    constant_values=5.0,
)
row("tile", lambda x: np.tile(x, (2, 1, 3)), x234, repeats=(2, 1, 3))
row("repeat", lambda x: np.repeat(x, 3, 1), x234, repeats=3, axis=1)
row("flip", lambda x: np.flip(x, (0, 2)), x234, axis=(0, 2))
row("roll", lambda x: np.roll(x, 2, 1), x234, shift=2, axis=1)
row("roll", lambda x: np.roll(x, -5), x234, shift=-5)
row("tril", lambda x: np.tril(x, 1), x234, k=1)
row("triu", lambda x: np.triu(x, -1), x234, k=-1)
row("diagonal", lambda x: np.diagonal(x, 1, 1, 2), x234, offset=1, axis1=1, axis2=2)
row("diag", lambda x: np.diag(x, -1), values("d", 4), k=-1)
row("diag", np.diag, values("d", 4, 3))
row("diff", lambda x: np.diff(x, 2), x234, n=2)
row("meshgrid", lambda a, b: np.meshgrid(a, b), values("m", 3), values("n", 4))
row("slice", lambda x: x[1:2, 0:2, 1:4], x234, start_indices=(1, 0, 1), shape=(1, 2, 3))
row("trapezoid", lambda y: np.trapezoid(y, dx=0.5), x234, dx=0.5)

# Gathering, scattering, sorting.

order = np.argsort(values("order", 4, 5), 1)
row("take", lambda x: np.take(x, [1, 0, 1, -1], 2), x234, indices=[1, 0, 1, -1], axis=2)
row("take", lambda x: np.take(x, [[1, 0], [5, 6]]), x234, indices=[[1, 0], [5, 6]])
row(
    "take_along_axis",
    lambda x: np.take_along_axis(x, order, 1),
    values("t", 4, 5),
    indices=order,
    axis=1,
)
row("sort", lambda x: np.sort(x, 1), x234, axis=1)
row("argsort", lambda x: np.argsort(x, 1), x234, axis=1, grad=False)
row("top_k", lambda x: [-np.sort(-x)[:, :2], np.argsort(-x)[:, :2]], values("k", 4, 6), k=2)
row(
    "in_top_k",
    lambda t, p: np.array([t[i] in np.argsort(-p[i])[:2] for i in range(4)]),
    np.array([0, 1, 2, 3]),
    values("k", 4, 6),
    k=2,
    grad=False,
)
row("one_hot", lambda x: np.eye(5)[x], np.array([[1, 0], [4, 2]]), num_classes=5, grad=False)
row(
    "scatter",
    lambda v: np.array([v[0] + v[2], 0, v[1], 0]),
    values("s", 3),
    call=lambda f, v: f([[0], [2], [0]], v, (4,)),
)
row(
    "scatter_update",
    lambda x, u: np.stack([u[1], x[1], u[0]]),
    values("x", 3, 2),
    values("u", 2, 2),
    call=lambda f, x, u: f(x, [[2], [0]], u),
)
row(
    "slice_update",
    lambda x, u: np.block([[x[:1, :1], x[:1, 1:]], [x[1:, :1], u]]),
    values("x", 3, 4),
    values("u", 2, 3),
    call=lambda f, x, u: f(x, (1, 1), u),
)
row(
    "searchsorted",
    lambda s, v: np.searchsorted(s, v, "right"),
    np.array([1.0, 2, 2, 5]),
    np.array([[0.0, 2], [6, 5]]),
    side="right",
    grad=False,
)
row("nonzero", lambda x: list(np.nonzero(x > 0)), values("z", 3, 4) > 0, grad=False)

# Convolution, pooling, normalization, attention.


def conv(x, w, stride=1, pad=((0, 0), (0, 0)), dilation=1):
    """Channels last, two spatial axes, groups by the depth of the kernel."""
    kh, kw, depth, filters = w.shape
    x = np.pad(x, ((0, 0), *pad, (0, 0)))
    oh = (x.shape[1] - (kh - 1) * dilation - 1) // stride + 1
    ow = (x.shape[2] - (kw - 1) * dilation - 1) // stride + 1
    groups = x.shape[3] // depth
    out = np.zeros((x.shape[0], oh, ow, filters))
    for i in range(kh):
        for j in range(kw):
            top, left = i * dilation, j * dilation
            part = x[:, top : top + (oh - 1) * stride + 1 : stride]
            part = part[:, :, left : left + (ow - 1) * stride + 1 : stride]
            for g in range(groups):
                f = slice(g * filters // groups, (g + 1) * filters // groups)
                out[..., f] += part[..., g * depth : (g + 1) * depth] @ w[i, j, :, f]
    return out


def conv_transpose(x, w, stride):
    """Each input pixel adds its kernel to the output: padding 'valid'. w: [kh, kw, out, in]."""
    kh, kw, filters, _ = w.shape
    n, h, wd, _ = x.shape
    out = np.zeros((n, (h - 1) * stride + kh, (wd - 1) * stride + kw, filters))
    for i in range(kh):
        for j in range(kw):
            part = out[
                :, i : i + (h - 1) * stride + 1 : stride, j : j + (wd - 1) * stride + 1 : stride
            ]
            part += x @ w[i, j].T
    return out


def windows(x, size, stride, fill):
    """[n, oh, ow, size * size, c] of padding 'same', padded by fill."""
    _, h, w, _ = x.shape
    oh, ow = -(-h // stride), -(-w // stride)
    ph, pw = max((oh - 1) * stride + size - h, 0), max((ow - 1) * stride + size - w, 0)
    x = np.pad(
        x, ((0, 0), (ph // 2, ph - ph // 2), (pw // 2, pw - pw // 2), (0, 0)), constant_values=fill
    )
    parts = [
        x[:, i : i + (oh - 1) * stride + 1 : stride, j : j + (ow - 1) * stride + 1 : stride]
        for i in range(size)
        for j in range(size)
    ]
    return np.stack(parts, 3)


image, narrow = values("image", 2, 7, 8, 4), values("image", 2, 4, 6, 3)
for stride, dilation, groups in ((1, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2), (1, 1, 4), (3, 2, 2)):
    row(
        "conv",
        functools.partial(conv, stride=stride, dilation=dilation),
        image,
        values("w", 3, 3, 4 // groups, 8),
        strides=stride,
        dilation_rate=dilation,
        tolerance=2e-5,
    )
row(
    "conv",
    lambda x, w: conv(x, w, 1, ((1, 1), (1, 1))),
    image,
    values("w", 3, 3, 4, 5),
    padding="same",
    tolerance=2e-5,
)
row(
    "conv",
    lambda x, w: conv(x, w, 2, ((1, 1), (0, 1))),
    image,
    values("w", 3, 3, 4, 5),
    padding="same",
    strides=2,
    tolerance=2e-5,
)
row("conv", lambda x, w: conv(x, w), image, values("w", 1, 1, 4, 19), tolerance=2e-5)
row("conv", lambda x, w: conv(x, w, 2), image, values("w", 1, 1, 4, 19), strides=2, tolerance=2e-5)
row(
    "conv",
    lambda x, w: conv(x[:, None], w[None], 1, ((0, 0), (2, 0)))[:, 0],
    values("x", 2, 9, 3),
    values("w", 3, 3, 4),
    padding="causal",
    tolerance=2e-5,
)
row(
    "conv_transpose",
    lambda x, w: conv_transpose(x, w, 2),
    narrow,
    values("w", 3, 2, 5, 3),
    strides=2,
    tolerance=2e-5,
)
row(
    "depthwise_conv",
    lambda x, w: conv(x, w.reshape(3, 3, 1, 8), 1, ((1, 1), (1, 1))),
    image,
    values("w", 3, 3, 4, 2),
    padding="same",
    tolerance=2e-5,
)
row("max_pool", lambda x: x.reshape(2, 2, 2, 3, 2, 3).max((2, 4)), narrow, pool_size=2)
row(
    "max_pool",
    lambda x: windows(x, 3, 2, -np.inf).max(3),
    image,
    pool_size=3,
    strides=2,
    padding="same",
)
row("average_pool", lambda x: x.reshape(2, 2, 2, 3, 2, 3).mean((2, 4)), narrow, pool_size=2)
row(
    "average_pool",
    lambda x: np.nanmean(windows(x, 3, 2, np.nan), 3),
    image,
    pool_size=3,
    strides=2,
    padding="same",
)


def layer_normalization(x, g, b):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-3) * g + b


def attention(q, k, v):
    """[batch, tokens, heads, depth], as Keras lays them out."""
    scores = np.einsum("bihd,bjhd->bhij", q, k) / math.sqrt(q.shape[-1])
    return np.einsum("bhij,bjhd->bihd", softmax(scores), v)


row(
    "layer_normalization",
    layer_normalization,
    values("x", 6, 10),
    values("g", 10),
    values("b", 10),
    epsilon=1e-3,
    tolerance=1e-5,
)
row(
    "batch_normalization",
    lambda x, m, v: (x - m) / np.sqrt(v + 1e-3),
    values("x", 6, 10),
    values("m", 10),
    values("v", 10, domain=positive),
    axis=-1,
    tolerance=1e-5,
)
row(
    "dot_product_attention",
    attention,
    values("q", 2, 5, 3, 4),
    values("k", 2, 6, 3, 4),
    values("v", 2, 6, 3, 4),
    tolerance=1e-5,
)

# Losses.

probabilities = softmax(values("logits", 5, 7))
labels = np.array([0, 3, 6, 3, 1])
row(
    "sparse_categorical_crossentropy",
    lambda t, p: -np.log(p[np.arange(5), t]),
    labels,
    probabilities,
)
row(
    "sparse_categorical_crossentropy",
    lambda t, x: -np.log(softmax(x)[np.arange(5), t]),
    labels,
    values("logits", 5, 7),
    from_logits=True,
)
row(
    "categorical_crossentropy",
    lambda t, x: -(t * np.log(softmax(x))).sum(-1),
    softmax(values("target", 5, 7)),
    values("logits", 5, 7),
    from_logits=True,
)
row(
    "binary_crossentropy",
    lambda t, x: softplus(x) - t * x,
    values("t", 9, domain=positive) / 3,
    values("x", 9),
    from_logits=True,
)
row(
    "binary_crossentropy",
    lambda t, p: -t * np.log(p) - (1 - t) * np.log1p(-p),
    values("t", 9, domain=positive) / 4,
    values("p", 9, domain=positive) / 4,
)

# Creation, types and sizes.

row("zeros", lambda: np.zeros((2, 3)), shape=(2, 3))
row("ones", lambda: np.ones((2, 3)), shape=(2, 3))
row("full", lambda: np.full((2, 3), 7.5), shape=(2, 3), fill_value=7.5)
row("eye", lambda: np.eye(3, 4, 1), N=3, M=4, k=1)
row("identity", lambda: np.eye(3), n=3)
row("arange", lambda: np.arange(2, 11, 3), start=2, stop=11, step=3)
row("linspace", lambda: np.linspace(-1, 2, 7), start=-1, stop=2, num=7)
row("zeros_like", np.zeros_like, x234, grad=False)
row("ones_like", np.ones_like, x234, grad=False)
row("full_like", lambda x: np.full_like(x, 4), x234, fill_value=4, grad=False)
row("cast", lambda x: x.astype("int32"), x234, dtype="int32", grad=False)
row("convert_to_tensor", lambda x: x, x234)
row("array", lambda x: x, x234)
row("stop_gradient", lambda x: x, x234, grad=False)
row("convert_to_numpy", lambda x: x, x234, grad=False)

# Called by tests of their own in test_ops: the arguments or results are no arrays.
ELSEWHERE = {
    "associative_scan",
    "cond",
    "custom_gradient",
    "fori_loop",
    "get_item",
    "jvp",
    "map",
    "scan",
    "switch",
    "vectorize",
    "vectorized_map",
    "view_as_complex",
    "view_as_real",
    "while_loop",
    "is_tensor",
    "dtype",
    "shape",
    "size",
    "ndim",
    "empty",
}

# Families with a file of their own; those take what they need from this one.
import rows_array  # noqa: E402, F401
import rows_ctc  # noqa: E402, F401
import rows_linalg  # noqa: E402, F401
import rows_signal  # noqa: E402, F401
import rows_spatial_ops  # noqa: E402, F401
import rows_statistics  # noqa: E402, F401
