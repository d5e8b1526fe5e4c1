"""Tests derived from the rows of op_table.py."""

import inspect

import numpy as np
import pytest

import lamina
from gradients import check_gradient
from lamina import ops
from op_table import ELSEWHERE, ROWS, seeded

PUBLIC = {
    name
    for name, value in vars(ops).items()
    if not name.startswith("_") and callable(value) and not inspect.isclass(value) and name != "Any"
}
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda r: r.id)
elementwise = pytest.mark.parametrize(
    "row", [r for r in ROWS if r.kind != "structured"], ids=lambda r: r.id
)


def test_every_operation_has_a_row_and_a_docstring():
    assert PUBLIC - {r.name for r in ROWS} - ELSEWHERE == set()
    assert {r.name for r in ROWS} - PUBLIC == set()
    for name in sorted(PUBLIC):
        lines = (inspect.getdoc(getattr(ops, name)) or "").splitlines()
        if lines and lines[0].startswith(f"{getattr(ops, name).__name__}("):
            lines = lines[1:]  # the signature that the extension writes
        assert any(line.strip() for line in lines), f"ops.{name} has no docstring"


def floating(x):
    return isinstance(x, np.ndarray) and x.dtype == np.float64


def as_dtype(inputs, dtype):
    return [x.astype(dtype) if floating(x) else x for x in inputs]


def compare(got, expected, tolerance):
    if isinstance(expected, (list, tuple)):
        assert len(got) == len(expected)
        for g, e in zip(got, expected):
            compare(g, e, tolerance)
        return
    got = np.asarray(got)
    assert got.shape == np.shape(expected)
    with np.errstate(over="ignore"):
        expected = np.asarray(expected).astype(got.dtype) if got.dtype.kind == "f" else expected
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


def run(row, inputs):
    return row.run(getattr(ops, row.name), inputs)


def tolerance_of(row, dtype):
    return row.tolerance if dtype == "float32" else 1e-10


@each_row
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_forward(row, dtype):
    inputs = as_dtype(row.inputs, dtype)
    wide = [
        x.astype("float64") if isinstance(x, np.ndarray) and x.dtype == dtype else x for x in inputs
    ]
    start = 1 if row.name == "einsum" else 0
    compare(run(row, inputs), row.reference(*wide[start:]), tolerance_of(row, dtype))


def spread(x):
    """The same values behind negative strides, a gap between any two, and transposed axes."""
    gaps = np.zeros([2 * d for d in reversed(x.shape)], x.dtype)
    view = gaps.T[tuple(slice(None, None, -2) for _ in x.shape)]
    view[...] = x
    return view


@each_row
def test_strided_inputs(row):
    arrays = [x for x in row.inputs if isinstance(x, np.ndarray)]
    if not arrays:
        return
    strided = [lamina.tensor(x)[...] if isinstance(x, np.ndarray) else x for x in row.inputs]
    for i, x in enumerate(row.inputs):
        if isinstance(x, np.ndarray):
            strided[i] = spread(x)
    plain, other = run(row, list(row.inputs)), run(row, strided)
    for a, b in zip(*((r,) if not isinstance(r, (list, tuple)) else r for r in (plain, other))):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("row", [r for r in ROWS if r.grad], ids=lambda r: r.id)
def test_gradient(row):
    start = 1 if row.name == "einsum" else 0
    head, arrays = row.inputs[:start], row.inputs[start:]
    if any(floating(x) and x.size for x in arrays):
        check_gradient(lambda *t: run(row, [*head, *t]), *arrays, tolerance=2e-5)


@elementwise
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tails_and_empty(row, dtype):
    """Lengths around the width of a vector, none at all, and axes of size one."""
    rng = seeded(row.id)
    for shape in [(0,), (1,), (15,), (16,), (17,), (33,), (1025,), (3, 0, 2), (1, 5, 1)]:
        inputs = as_dtype([row.domain(rng, shape) for _ in row.inputs], dtype)
        wide = [x.astype("float64") if x.dtype == dtype else x for x in inputs]
        compare(run(row, inputs), row.reference(*wide), tolerance_of(row, dtype))


@pytest.mark.parametrize("row", [r for r in ROWS if r.kind == "binary"], ids=lambda r: r.id)
@pytest.mark.parametrize(
    "shapes", [((3, 1), (1, 40)), ((5,), ()), ((2, 3, 4), (4,)), ((0, 3), (1,))]
)
def test_broadcast(row, shapes):
    rng = seeded(row.id)
    inputs = [row.domain(rng, s) for s in shapes]
    inputs = [np.asarray(x) for x in inputs]
    compare(run(row, inputs), row.reference(*inputs), 1e-10)
    if row.grad and all(x.size for x in inputs):
        check_gradient(lambda *t: run(row, t), *inputs, tolerance=2e-5)


@pytest.mark.parametrize(
    "row", [r for r in ROWS if r.kind != "structured" and r.extremes], ids=lambda r: r.id
)
def test_extreme_values(row):
    if not floating(row.inputs[0]):
        return
    big = float(np.finfo("float32").max)
    x = np.array(
        [0.0, -0.0, 1, -1, 88.8, -88.8, 1e4, -1e4, big, -big, 1e-30, np.inf, -np.inf, np.nan]
    )
    inputs = [x] if row.kind == "unary" else [np.repeat(x, len(x)), np.tile(x, len(x))]
    with np.errstate(all="ignore"):
        got = run(row, as_dtype(inputs, "float32"))
        compare(got, row.reference(*inputs), 1e-5)
