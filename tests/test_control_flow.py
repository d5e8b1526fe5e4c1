"""Control flow, eager and captured, and derivatives through it."""

import numpy as np
import pytest

import lamina
from lamina import ops


def test_loops():
    assert ops.fori_loop(2, 5, lambda i, x: x * i, 1) == 24
    assert ops.while_loop(lambda i: i < 10, lambda i: i * 2, 3) == 12
    i, x = ops.while_loop(
        lambda i, x: i < 100, lambda i, x: (i + 1, x * 2.0), (0, lamina.tensor(1.0)), 3
    )
    assert i == 3 and x.item() == 8
    assert ops.switch(7, [lambda x: x, lambda x: -x], 2) == -2
    assert ops.switch(lamina.tensor(0), [lambda x: x, lambda x: -x], 2) == 2
    assert ops.cond(lamina.tensor(False), lambda: 1, lambda: 2) == 2


def test_scan_carries_structures():
    xs = {"a": np.arange(4.0), "b": np.ones((4, 2))}

    def step(carry, x):
        total = carry[0] + x["a"]
        return (total,), {"sum": total, "twice": x["b"] * 2}

    (last,), ys = ops.scan(step, (0.0,), xs)
    assert float(last) == 6
    np.testing.assert_array_equal(ys["sum"].numpy(), [0, 1, 3, 6])
    np.testing.assert_array_equal(ys["twice"].numpy(), np.full((4, 2), 2))
    _, back = ops.scan(lambda c, x: (c + x, c), 0.0, np.arange(4.0), reverse=True)
    np.testing.assert_array_equal(back.numpy(), [6, 5, 3, 0])
    carry, none = ops.scan(lambda c, x: (c * 2, None), 1, length=5)
    assert int(carry) == 32 and none is None
    with pytest.raises(ValueError, match="length"):
        ops.scan(lambda c, x: (c, x), 0)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8])
@pytest.mark.parametrize("reverse", [False, True])
def test_associative_scan(n, reverse):
    x = np.random.default_rng(n).normal(size=(2, n))
    step = -1 if reverse else 1
    got = ops.associative_scan(ops.add, lamina.tensor(x, dtype="float64"), reverse, 1)
    np.testing.assert_allclose(got.numpy(), x[:, ::step].cumsum(1)[:, ::step], rtol=1e-12)
    # Not commutative: x -> a x + b, composed.
    a, b = x
    f = ops.associative_scan(lambda f, g: (f[0] * g[0], f[1] * g[0] + g[1]), (a, b))
    value = 0.0
    for i in range(n):
        value = a[i] * value + b[i]
        assert f[1][i].item() == pytest.approx(value)


def test_maps():
    x = np.arange(6.0).reshape(3, 2)
    got = ops.map(lambda t: {"sum": ops.sum(t[0]), "double": t[1] * 2}, (x, x))
    np.testing.assert_array_equal(got["sum"].numpy(), x.sum(1))
    np.testing.assert_array_equal(got["double"].numpy(), 2 * x)
    with pytest.raises(ValueError, match="first axis"):
        ops.map(lambda t: t[0], (x, x[:2]))


def test_vectorize():
    x, y = np.arange(3.0), np.arange(2.0)[:, None]
    f = ops.vectorize(lambda a, b, scale: a * scale + b, excluded={2})
    np.testing.assert_array_equal(f(x, y, 10).numpy(), x * 10 + y)
    dot = ops.vectorize(lambda a, b: ops.sum(a * b), signature="(n),(n)->()")
    a, b = np.ones((4, 1, 3)), np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(dot(a, b).numpy(), np.broadcast_to(b.sum(1), (4, 2)))
    both = ops.vectorize(lambda a: (a, -a))
    np.testing.assert_array_equal(both(x)[1].numpy(), -x)


def test_jvp():
    rng = np.random.default_rng(0)
    x, w, v = rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=(3, 4))

    def f(a, b):
        return {"out": ops.tanh(a @ b), "same": a * 1.0}, "aux"

    value, slope, aux = ops.jvp(f, (x, w), (v, np.zeros_like(w)), has_aux=True)
    assert aux == "aux"
    np.testing.assert_allclose(value["out"].numpy(), np.tanh(x @ w))
    np.testing.assert_allclose(
        slope["out"].numpy(), (v @ w) * (1 - np.tanh(x @ w) ** 2), rtol=1e-10
    )
    np.testing.assert_allclose(slope["same"].numpy(), v)
    _, slope = ops.jvp(lambda a: ops.floor(a), (x,), (v,))
    np.testing.assert_array_equal(slope.numpy(), np.zeros_like(x))


def test_gradients_pass_through_loops():
    def f(x):
        y, _ = ops.scan(lambda c, t: (c * x + t, None), x, np.ones(3))
        return ops.fori_loop(0, 2, lambda i, z: z * x, y)

    x, h = 0.7, 1e-6
    got = lamina.grad(f)(lamina.tensor(x, dtype="float64")).item()
    up, down = (f(lamina.tensor(x + s, dtype="float64")).item() for s in (h, -h))
    assert got == pytest.approx((up - down) / (2 * h), rel=1e-6)


def test_captured_loops_unroll():
    calls = []

    @lamina.function
    def f(x):
        calls.append(1)
        total, ys = ops.scan(lambda c, t: (c + t, c * t), ops.zeros(2), x)
        return ops.fori_loop(0, 3, lambda i, z: z + i, total), ys, ops.map(ops.sum, x)

    x = lamina.random.normal((4, 2))
    first, second = f(x), f(x)
    assert len(calls) == 1
    for a, b in zip(first, second):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    np.testing.assert_allclose(first[0].numpy(), x.numpy().sum(0) + 3, rtol=1e-6)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: ops.while_loop(lambda t: t < 9, lambda t: t * 2, ops.sum(x)),
        lambda x: ops.cond(ops.sum(x) > 0, lambda: x, lambda: -x),
        lambda x: ops.switch(ops.cast(ops.sum(x), "int32"), [lambda: x, lambda: -x]),
        lambda x: ops.unique(x),
        lambda x: ops.bincount(ops.cast(x, "int32")),
    ],
)
def test_values_are_unknown_while_capturing(f):
    with pytest.raises(RuntimeError, match="run_eagerly"):
        lamina.function(f)(lamina.tensor([1.0, 2.0]))


def test_complex_numbers_are_pairs():
    pair = ops.polar([1.0, 2.0], [0.0, np.pi / 2])
    np.testing.assert_allclose(ops.angle(pair).numpy(), [0, np.pi / 2], rtol=1e-6)
    _, imaginary = ops.view_as_complex(ops.view_as_real(ops.conj(pair)))
    np.testing.assert_allclose(imaginary.numpy(), [0, -2], atol=1e-6)
    assert ops.real(pair) is pair[0] and ops.imag(pair) is pair[1]
    assert ops.isreal(pair).tolist() == [True, False]
    with pytest.raises(ValueError, match="last axis"):
        ops.view_as_complex([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="pair"):
        ops.view_as_real([1.0])


def test_eig_refuses_complex_eigenvalues():
    with pytest.raises(NotImplementedError, match="complex"):
        ops.eig([[0.0, -1.0], [1.0, 0.0]])
    with pytest.raises(ValueError, match="positive definite"):
        ops.cholesky([[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(ValueError, match="square"):
        ops.inv(np.ones((2, 3)))
    with pytest.raises(NotImplementedError, match="full_matrices"):
        x = lamina.tensor(np.ones((2, 3)), requires_grad=True)
        ops.sum(ops.svd(x)[2]).backward()


def test_submodules():
    assert ops.numpy.sum is ops.sum and ops.nn.relu is ops.relu and ops.linalg.svd is ops.svd
