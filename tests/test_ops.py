"""Operations against NumPy, gradients against central differences in float64."""

import numpy as np
import pytest

import lamina
from gradients import check_gradient
from lamina import ops
from op_table import anything, positive, seeded

rng = seeded("ops")
SECOND = [
    "tanh",
    "sigmoid",
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "softplus",
    "silu",
    "square",
    "reciprocal",
]


@pytest.mark.parametrize("name", SECOND)
def test_second_derivative(name):
    f = getattr(ops, name)
    x = positive(rng, 11)

    def first(t):
        return lamina.grad(lambda u: ops.sum(f(u)))(t)

    got = lamina.grad(lambda t: ops.sum(first(t)))(lamina.tensor(x, dtype="float64")).numpy()
    h = 1e-5
    up = first(lamina.tensor(x + h, dtype="float64")).numpy()
    down = first(lamina.tensor(x - h, dtype="float64")).numpy()
    np.testing.assert_allclose(got, (up - down) / (2 * h), rtol=1e-5, atol=1e-5)


def test_power_gradient_at_zero_and_below():
    check_gradient(ops.power, positive(rng, 6), anything(rng, 6))
    x = lamina.tensor([0.0, -2.0], requires_grad=True)
    ops.sum(ops.power(x, 2.0)).backward()
    np.testing.assert_allclose(x.grad.numpy(), [0.0, -4.0])


def test_integers_divide_and_wrap_as_numpy():
    a, b = np.array([7, -7, 7, -7], "int32"), np.array([2, 2, -2, -2], "int32")
    np.testing.assert_array_equal(ops.floor_divide(a, b).numpy(), a // b)
    np.testing.assert_array_equal(ops.mod(a, b).numpy(), a % b)
    top = np.array([2**31 - 1], "int32")
    assert ops.add(top, np.array([1], "int32")).item() == -(2**31)


def test_reductions_of_strided_and_empty():
    x = anything(rng, (6, 8)).T[::2]
    np.testing.assert_allclose(ops.sum(x, 0).numpy(), x.sum(0))
    assert ops.sum(np.zeros((0, 3), "float32")).item() == 0
    with pytest.raises(ValueError, match="empty"):
        ops.max(np.zeros((0, 3), "float32"))


def test_float32_sum_is_accurate():
    x = rng.uniform(size=1_000_000).astype("float32")
    assert ops.sum(x).item() == pytest.approx(x.astype("float64").sum(), rel=1e-6)


@pytest.mark.parametrize(
    "m, n, k", [(1, 1, 1), (5, 3, 7), (64, 10, 33), (128, 130, 257), (17, 1, 300)]
)
def test_matmul_float32_sizes(m, n, k):
    x, y = anything(rng, (m, k)).astype("float32"), anything(rng, (k, n)).astype("float32")
    expected = x.astype("float64") @ y.astype("float64")
    for left, right in ((x, y), (np.asfortranarray(x), y), (x, np.asfortranarray(y))):
        np.testing.assert_allclose(ops.matmul(left, right).numpy(), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "f",
    [
        lambda t: ops.reshape(ops.transpose(t), (6, 4)),
        lambda t: t[1, ::2, -1],
        lambda t: t[:, [0, 2, 2]],
        lambda t: ops.where(t > 0, t * t, -t),
        lambda t: ops.broadcast_to(t[:, :1], (2, 3, 4)),
    ],
)
def test_gradients_through_views(f):
    check_gradient(f, anything(rng, (2, 3, 4)))


def test_indexing_as_numpy():
    x = anything(rng, (5, 6, 7))
    t = lamina.tensor(x, dtype="float64")
    index, mask = np.array([0, 3, -1]), x[:, 0, 0] > 0
    for key in [
        2, -1, slice(1, 4), slice(None, None, -2), (slice(None), 3), (Ellipsis, 1), (None, 2),
        (slice(1, 3), slice(None), slice(5, 0, -2)), index, (slice(None), index), (index, index),
        (index, slice(None), index), mask, (2, index, slice(1, 3)), x > 1,
    ]:  # fmt: skip
        np.testing.assert_array_equal(t[key].numpy(), x[key], err_msg=str(key))
    with pytest.raises(IndexError):
        t[5]


def test_assignment_as_numpy():
    x = anything(rng, (5, 6))
    t = lamina.tensor(x, dtype="float64")
    index = np.array([0, 3])
    for key, value in [
        (1, 7.0),
        (slice(2, 4), -1.0),
        ((slice(None), index), anything(rng, (5, 2))),
        (x > 1, 0.0),
    ]:
        x[key] = value
        t[key] = value
        np.testing.assert_array_equal(t.numpy(), x)


def test_assignment_that_would_falsify_a_gradient_is_refused():
    x = lamina.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError):
        x[0] = 3.0
    y = lamina.tensor([1.0, 2.0])
    z = x * y
    y[0] = 5.0
    with pytest.raises(RuntimeError, match="changed in place"):
        ops.sum(z).backward()


def test_gather_outside_is_refused():
    with pytest.raises(IndexError, match="outside"):
        ops.take(np.zeros((4, 5)), [0, 9], 0)


def test_conv_second_order():
    x, w = anything(rng, (1, 5, 5, 2)), anything(rng, (3, 3, 2, 3))

    def penalty(k):
        g = lamina.grad(lambda t: ops.sum(ops.square(ops.conv(t, k))))(
            lamina.tensor(x, dtype="float64")
        )
        return ops.sum(g * g)

    got = lamina.grad(penalty)(lamina.tensor(w, dtype="float64")).numpy()
    d, h = rng.normal(size=w.shape), 1e-5
    numeric = (
        penalty(lamina.tensor(w + h * d, dtype="float64")).item()
        - penalty(lamina.tensor(w - h * d, dtype="float64")).item()
    ) / (2 * h)
    assert (got * d).sum() == pytest.approx(numeric, rel=1e-4)


def test_softmax_of_large_logits_and_bad_labels():
    big = np.array([[1e4, -1e4]], "float32")
    assert ops.softmax(big).tolist() == [[1.0, 0.0]]
    with pytest.raises(ValueError, match="label 9"):
        ops.sparse_categorical_crossentropy([9, 0], np.zeros((2, 3)), from_logits=True)


def test_large_angles_and_neighbours():
    x = np.array([1e4, -3e5, 1e7], "float32")
    wide = x.astype("float64")
    np.testing.assert_allclose(ops.sin(x).numpy(), np.sin(wide), atol=1e-6)
    np.testing.assert_allclose(ops.cos(x).numpy(), np.cos(wide), atol=1e-6)
    np.testing.assert_array_equal(
        ops.nextafter(x, np.zeros_like(x)).numpy(), np.nextafter(x, np.zeros_like(x))
    )


def test_operations_without_a_row():
    x = np.arange(6.0).reshape(2, 3)
    assert ops.cond(True, lambda: 1, lambda: 2) == 1
    np.testing.assert_array_equal(ops.map(lambda r: r * 2, x).numpy(), x * 2)
    np.testing.assert_array_equal(ops.vectorized_map(ops.sum, x).numpy(), x.sum(1))
    assert ops.is_tensor(ops.ones(1)) and not ops.is_tensor(x)
    assert ops.dtype(x) == "float64" and ops.shape(x) == (2, 3)
    assert ops.size(x) == 6 and ops.ndim(x) == 2
    assert ops.empty((2, 0, 3), "int8").shape == (2, 0, 3)


@pytest.mark.parametrize("ord", [1, -1, np.inf, -np.inf])
def test_matrix_norms(ord):
    x = anything(rng, (3, 4, 5))
    for axis in ((0, 1), (2, 0)):
        np.testing.assert_allclose(
            ops.norm(x, ord, axis).numpy(), np.linalg.norm(x, ord, axis), rtol=1e-12
        )
    assert ops.norm(x, ord, (0, 2), keepdims=True).shape == (1, 4, 1)
    with pytest.raises(ValueError, match="two axes"):
        ops.norm(x, 3, (0, 1))


def test_casts_and_half_precision():
    x = anything(rng, 100).astype("float32")
    np.testing.assert_array_equal(ops.cast(x, "float16").numpy(), x.astype("float16"))
    back = ops.cast(ops.cast(x, "bfloat16"), "float32").numpy()
    np.testing.assert_allclose(back, x, rtol=2**-8)
    assert ops.add(ops.cast(x, "bfloat16"), 1.0).dtype == "bfloat16"
    assert ops.cast(np.array([1e30, -1e30, np.nan]), "int32").tolist() == [2**31 - 1, -(2**31), 0]


def test_promotion():
    i, f = np.array([1], "int32"), np.array([1], "float32")
    assert (lamina.tensor(i) + 1.5).dtype == "float32"
    assert (lamina.tensor(i) + 1).dtype == "int32"
    assert (lamina.tensor(f) + np.array([1.0])).dtype == "float64"
    assert ops.divide(i, i).dtype == "float32"
    assert (lamina.tensor(f) * True).dtype == "float32"


def test_debug_nans_names_the_operation():
    lamina.config.set_debug_nans(True)
    try:
        with pytest.raises(RuntimeError, match="'log'"):
            ops.log(np.array([-1.0]))
    finally:
        lamina.config.set_debug_nans(False)


def test_sharing_memory():
    a = np.arange(6, dtype="float32").reshape(2, 3)
    t = ops.convert_to_tensor(a)
    a[0, 0] = 9
    assert t[0, 0].item() == 9
    t.numpy()[1, 1] = -1
    assert a[1, 1] == -1
    again = lamina.from_dlpack(t)
    assert again[1, 1].item() == -1
    assert memoryview(t).shape == (2, 3)


def test_random_is_seeded_and_right():
    lamina.utils.set_random_seed(3)
    a = lamina.random.normal((100_000,)).numpy()
    lamina.utils.set_random_seed(3)
    np.testing.assert_array_equal(a, lamina.random.normal((100_000,)).numpy())
    assert abs(a.mean()) < 0.02 and abs(a.std() - 1) < 0.02
    u = lamina.random.uniform((100_000,), 2, 5).numpy()
    assert u.min() >= 2 and u.max() < 5 and abs(u.mean() - 3.5) < 0.02
    k = lamina.random.randint((10_000,), -2, 3).numpy()
    assert set(k.tolist()) == {-2, -1, 0, 1, 2}
    assert np.abs(lamina.random.truncated_normal((1000,)).numpy()).max() <= 2


def test_custom_gradient_and_stop_gradient():
    @lamina.custom_gradient
    def twice(x):
        return x * 1.0, lambda g: g * 2

    assert lamina.grad(lambda x: ops.sum(twice(x) * 3.0))(lamina.tensor([1.0])).tolist() == [6.0]
    assert lamina.grad(lambda x: ops.sum(x * lamina.stop_gradient(x)))(
        lamina.tensor([4.0])
    ).tolist() == [4.0]


def test_function_captures_once_and_agrees():
    calls = []

    @lamina.function
    def f(x, y):
        calls.append(1)
        return ops.tanh(x) @ y + 1.0, ops.sum(x)

    x, y = lamina.random.normal((3, 4)), lamina.random.normal((4, 2))
    first = f(x, y)
    second = f(x, y)
    assert len(calls) == 1
    expected = ops.tanh(x) @ y + 1.0
    np.testing.assert_array_equal(first[0].numpy(), expected.numpy())
    np.testing.assert_array_equal(second[0].numpy(), expected.numpy())
    f(x[:2], y)
    assert len(calls) == 2


def test_reading_a_value_while_capturing_names_the_way_out():
    @lamina.function
    def f(x):
        return x * 2 if x.sum() > 0 else x

    with pytest.raises(RuntimeError, match="run_eagerly"):
        f(lamina.tensor([1.0]))


def test_products_of_a_single_step_of_several_samples():
    """An axis of length 1 may have any stride."""
    x = np.arange(24, dtype="float32").reshape(2, 1, 3, 4)
    layer = lamina.layers.Dense(5)
    rows = lamina.ops.reshape(lamina.tensor(x), (2, 1, 12))
    got = layer(rows).numpy()
    expected = x.reshape(2, 1, 12) @ layer.get_weights()[0]
    np.testing.assert_allclose(got, expected, rtol=1e-5)
