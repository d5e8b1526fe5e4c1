"""Operations against NumPy, gradients against central differences in float64."""

import numpy as np
import pytest

import lamina
from lamina import ops

rng = np.random.default_rng(7)
SIZES = [0, 1, 3, 15, 16, 17, 33, 1025]


def positive(n):
    return rng.uniform(0.2, 3.0, n)


def anything(n):
    return rng.normal(size=n) * 2 + 0.05


def unit(n):
    return rng.uniform(-0.9, 0.9, n)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


# name: (NumPy's function, domain)
UNARY = {
    "abs": (np.abs, anything),
    "negative": (np.negative, anything),
    "square": (np.square, anything),
    "reciprocal": (np.reciprocal, positive),
    "sqrt": (np.sqrt, positive),
    "rsqrt": (lambda x: 1 / np.sqrt(x), positive),
    "exp": (np.exp, anything),
    "exp2": (np.exp2, anything),
    "expm1": (np.expm1, anything),
    "log": (np.log, positive),
    "log1p": (np.log1p, positive),
    "log2": (np.log2, positive),
    "log10": (np.log10, positive),
    "sin": (np.sin, anything),
    "cos": (np.cos, anything),
    "tan": (np.tan, unit),
    "arcsin": (np.arcsin, unit),
    "arccos": (np.arccos, unit),
    "arctan": (np.arctan, anything),
    "sinh": (np.sinh, anything),
    "cosh": (np.cosh, anything),
    "tanh": (np.tanh, anything),
    "arcsinh": (np.arcsinh, anything),
    "arccosh": (np.arccosh, lambda n: rng.uniform(1.2, 4, n)),
    "arctanh": (np.arctanh, unit),
    "relu": (lambda x: np.maximum(x, 0), anything),
    "sigmoid": (sigmoid, anything),
    "softplus": (softplus, anything),
    "softsign": (lambda x: x / (1 + np.abs(x)), anything),
    "silu": (lambda x: x * sigmoid(x), anything),
    "log_sigmoid": (lambda x: -softplus(-x), anything),
    "mish": (lambda x: x * np.tanh(softplus(x)), anything),
    "tanh_shrink": (lambda x: x - np.tanh(x), anything),
    "elu": (lambda x: np.where(x > 0, x, np.expm1(x)), anything),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.2 * x), anything),
    "sinc": (np.sinc, anything),
    "deg2rad": (np.deg2rad, anything),
}


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_unary_against_numpy(name, dtype):
    reference, domain = UNARY[name]
    for n in SIZES:
        x = domain(n).astype(dtype)
        out = getattr(ops, name)(x)
        assert out.dtype == dtype
        tolerance = 3e-6 if dtype == "float32" else 1e-12
        expected = reference(x.astype("float64"))
        np.testing.assert_allclose(out.numpy(), expected, rtol=tolerance, atol=tolerance)
    strided = domain(60).reshape(6, 10).astype(dtype).T[::2]
    np.testing.assert_allclose(
        getattr(ops, name)(strided).numpy(), reference(strided.astype("float64")), 3e-6, 3e-6
    )


def check_gradient(f, *arrays, tolerance=1e-6):
    """d f / d direction by backward and by central differences."""
    inputs = [lamina.tensor(a, dtype="float64", requires_grad=True) for a in arrays]
    out = f(*inputs)
    weights = rng.normal(size=out.shape)
    ops.sum(out * weights).backward()
    for i, a in enumerate(arrays):
        direction = rng.normal(size=np.shape(a))
        h = 1e-6

        def moved(step, i=i, direction=direction):
            args = [lamina.tensor(b, dtype="float64") for b in arrays]
            args[i] = args[i] + step * direction
            return float((f(*args).numpy() * weights).sum())

        numeric = (moved(h) - moved(-h)) / (2 * h)
        analytic = float((inputs[i].grad.numpy() * direction).sum())
        assert analytic == pytest.approx(numeric, rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("name", UNARY)
def test_unary_gradient(name):
    x = UNARY[name][1](20)
    if name in ("relu", "elu", "leaky_relu", "abs"):
        x = x[np.abs(x) > 1e-3]
    check_gradient(getattr(ops, name), x)


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
    x = UNARY[name][1](11)

    def first(t):
        return lamina.grad(lambda u: ops.sum(f(u)))(t)

    got = lamina.grad(lambda t: ops.sum(first(t)))(lamina.tensor(x, dtype="float64")).numpy()
    h = 1e-5
    up = first(lamina.tensor(x + h, dtype="float64")).numpy()
    down = first(lamina.tensor(x - h, dtype="float64")).numpy()
    np.testing.assert_allclose(got, (up - down) / (2 * h), rtol=1e-5, atol=1e-5)


BINARY = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "maximum",
    "minimum",
    "arctan2",
    "hypot",
    "logaddexp",
]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(
    "shapes", [((3, 4), (3, 4)), ((3, 1), (1, 4)), ((5,), ()), ((2, 3, 4), (4,))]
)
def test_binary_against_numpy(name, shapes):
    a, b = positive(shapes[0]), positive(shapes[1])
    f = getattr(ops, name)
    out = f(a.astype("float32"), b.astype("float32"))
    np.testing.assert_allclose(out.numpy(), getattr(np, name)(a, b), rtol=2e-6)
    check_gradient(f, a, b)


def test_power_gradient_at_zero_and_below():
    check_gradient(ops.power, positive(6), anything(6))
    x = lamina.tensor([0.0, -2.0], requires_grad=True)
    ops.sum(ops.power(x, 2.0)).backward()
    np.testing.assert_allclose(x.grad.numpy(), [0.0, -4.0])


def test_integers_divide_and_wrap_as_numpy():
    a, b = np.array([7, -7, 7, -7], "int32"), np.array([2, 2, -2, -2], "int32")
    np.testing.assert_array_equal(ops.floor_divide(a, b).numpy(), a // b)
    np.testing.assert_array_equal(ops.mod(a, b).numpy(), a % b)
    top = np.array([2**31 - 1], "int32")
    assert ops.add(top, np.array([1], "int32")).item() == -(2**31)


REDUCTIONS = ["sum", "mean", "var", "std", "prod", "max", "min"]


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(name, axis, keepdims):
    x = anything((3, 5, 17))
    out = getattr(ops, name)(x, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(
        out.numpy(), getattr(np, name)(x, axis=axis, keepdims=keepdims), rtol=1e-10, atol=1e-12
    )
    check_gradient(lambda t: getattr(ops, name)(t, axis=axis, keepdims=keepdims), x, tolerance=1e-5)


def test_reductions_of_strided_and_empty():
    x = anything((6, 8)).T[::2]
    np.testing.assert_allclose(ops.sum(x, 0).numpy(), x.sum(0))
    assert ops.sum(np.zeros((0, 3), "float32")).item() == 0
    with pytest.raises(ValueError, match="empty"):
        ops.max(np.zeros((0, 3), "float32"))


def test_float32_sum_is_accurate():
    x = rng.uniform(size=1_000_000).astype("float32")
    assert ops.sum(x).item() == pytest.approx(x.astype("float64").sum(), rel=1e-6)


def test_argmax_cumsum_logsumexp_norm():
    x = anything((4, 9))
    np.testing.assert_array_equal(ops.argmax(x, 1).numpy(), x.argmax(1))
    np.testing.assert_array_equal(ops.argmin(x).numpy(), x.argmin())
    np.testing.assert_allclose(ops.cumsum(x, 1).numpy(), x.cumsum(1))
    check_gradient(lambda t: ops.cumsum(t, 0), x)
    check_gradient(lambda t: ops.cumprod(t, 1), x, tolerance=1e-5)
    np.testing.assert_allclose(ops.logsumexp(x * 300, 1).numpy(), np.logaddexp.reduce(x * 300, 1))
    np.testing.assert_allclose(ops.norm(x, axis=1).numpy(), np.linalg.norm(x, axis=1))
    check_gradient(lambda t: ops.logsumexp(t, 1), x)


@pytest.mark.parametrize(
    "a, b",
    [
        ((3, 4), (4, 5)),
        ((4,), (4,)),
        ((2, 3, 4), (4, 5)),
        ((2, 1, 3, 4), (5, 4, 2)),
        ((1, 1), (1, 1)),
    ],
)
def test_matmul(a, b):
    x, y = anything(a), anything(b)
    np.testing.assert_allclose(ops.matmul(x, y).numpy(), x @ y, rtol=1e-10, atol=1e-12)
    check_gradient(ops.matmul, x, y)


@pytest.mark.parametrize(
    "m, n, k", [(1, 1, 1), (5, 3, 7), (64, 10, 33), (128, 130, 257), (17, 1, 300)]
)
def test_matmul_float32_sizes(m, n, k):
    x, y = anything((m, k)).astype("float32"), anything((k, n)).astype("float32")
    expected = x.astype("float64") @ y.astype("float64")
    for left, right in ((x, y), (np.asfortranarray(x), y), (x, np.asfortranarray(y))):
        np.testing.assert_allclose(ops.matmul(left, right).numpy(), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "text, shapes",
    [
        ("ij,jk->ik", [(3, 4), (4, 5)]),
        ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
        ("ii->i", [(4, 4)]),
        ("ij->", [(3, 4)]),
        ("...ij,...jk", [(2, 3, 4), (4, 5)]),
        ("abc,cd,de->abe", [(2, 3, 4), (4, 5), (5, 6)]),
        ("i,j->ij", [(3,), (4,)]),
    ],
)
def test_einsum(text, shapes):
    arrays = [anything(s) for s in shapes]
    np.testing.assert_allclose(
        ops.einsum(text, *arrays).numpy(), np.einsum(text, *arrays), rtol=1e-10
    )
    check_gradient(lambda *ts: ops.einsum(text, *ts), *arrays)


def test_tensordot():
    x, y = anything((2, 3, 4)), anything((4, 3, 5))
    np.testing.assert_allclose(
        ops.tensordot(x, y, axes=([1, 2], [1, 0])).numpy(), np.tensordot(x, y, ([1, 2], [1, 0]))
    )


def test_shape_operations():
    x = anything((2, 3, 4))
    np.testing.assert_array_equal(ops.reshape(x, (4, -1)).numpy(), x.reshape(4, -1))
    np.testing.assert_array_equal(ops.transpose(x, (2, 0, 1)).numpy(), x.transpose(2, 0, 1))
    np.testing.assert_array_equal(ops.reshape(ops.transpose(x), (6, 4)).numpy(), x.T.reshape(6, 4))
    np.testing.assert_array_equal(ops.squeeze(ops.expand_dims(x, 1), 1).numpy(), x)
    np.testing.assert_array_equal(ops.concatenate([x, x], 1).numpy(), np.concatenate([x, x], 1))
    np.testing.assert_array_equal(ops.stack([x, x], 2).numpy(), np.stack([x, x], 2))
    for a, b in zip(ops.split(x, [1, 3], 2), np.split(x, [1, 3], 2)):
        np.testing.assert_array_equal(a.numpy(), b)
    for mode in ("constant", "reflect", "symmetric", "edge"):
        width = ((1, 0), (2, 1), (0, 3))
        np.testing.assert_array_equal(ops.pad(x, width, mode).numpy(), np.pad(x, width, mode))
    np.testing.assert_array_equal(ops.tile(x, (2, 1, 3)).numpy(), np.tile(x, (2, 1, 3)))
    np.testing.assert_array_equal(ops.repeat(x, 3, 1).numpy(), np.repeat(x, 3, 1))
    np.testing.assert_array_equal(ops.flip(x, (0, 2)).numpy(), np.flip(x, (0, 2)))
    np.testing.assert_array_equal(ops.roll(x, 2, 1).numpy(), np.roll(x, 2, 1))
    np.testing.assert_array_equal(ops.tril(x[0], 1).numpy(), np.tril(x[0], 1))
    np.testing.assert_array_equal(ops.diagonal(x, 1, 1, 2).numpy(), np.diagonal(x, 1, 1, 2))
    np.testing.assert_array_equal(ops.diag(x[0, 0], -1).numpy(), np.diag(x[0, 0], -1))


@pytest.mark.parametrize(
    "f",
    [
        lambda t: ops.reshape(ops.transpose(t), (6, 4)),
        lambda t: ops.concatenate([t, 2 * t], 1),
        lambda t: ops.stack([t, t * t], 0),
        lambda t: ops.split(t, 2, 2)[1],
        lambda t: ops.pad(t, ((1, 0), (2, 1), (0, 3))),
        lambda t: ops.pad(t, ((1, 0), (2, 1), (0, 3)), "reflect"),
        lambda t: ops.tile(t, (2, 1, 3)),
        lambda t: ops.flip(t, 1),
        lambda t: ops.roll(t, 1, 2),
        lambda t: ops.broadcast_to(t[:, :1], (2, 3, 4)),
        lambda t: ops.diagonal(t, 1, 1, 2),
        lambda t: ops.sort(t, 1),
        lambda t: t[1, ::2, -1],
        lambda t: t[:, [0, 2, 2]],
        lambda t: ops.take(t, [1, 0, 1, 1], 2),
        lambda t: ops.where(t > 0, t * t, -t),
    ],
)
def test_shape_gradients(f):
    check_gradient(f, anything((2, 3, 4)))


def test_indexing_as_numpy():
    x = anything((5, 6, 7))
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
    x = anything((5, 6))
    t = lamina.tensor(x, dtype="float64")
    index = np.array([0, 3])
    for key, value in [
        (1, 7.0),
        (slice(2, 4), -1.0),
        ((slice(None), index), anything((5, 2))),
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


def test_gather_scatter_sort():
    x = anything((4, 5))
    order = np.argsort(x, 1)
    np.testing.assert_array_equal(ops.argsort(x, 1).numpy(), order)
    np.testing.assert_array_equal(ops.take_along_axis(x, order, 1).numpy(), np.sort(x, 1))
    check_gradient(lambda t: ops.take_along_axis(t, order, 1), x)
    values, indices = ops.top_k(x, 2)
    np.testing.assert_array_equal(values.numpy(), -np.sort(-x, 1)[:, :2])
    np.testing.assert_array_equal(np.take_along_axis(x, indices.numpy(), 1), values.numpy())
    out = ops.scatter([[0], [2], [0]], [1.0, 2.0, 3.0], (4,))
    assert out.tolist() == [4.0, 0.0, 2.0, 0.0]
    assert ops.one_hot([1, 0], 3).tolist() == [[0, 1, 0], [1, 0, 0]]
    with pytest.raises(IndexError, match="outside"):
        ops.take(x, [0, 9], 0)


def naive_conv(x, w, stride, pad, dilation):
    n, _, _, c = x.shape
    kh, kw, cg, f = w.shape
    groups = c // cg
    x = np.pad(x, ((0, 0), (pad[0], pad[0]), (pad[1], pad[1]), (0, 0)))
    oh = (x.shape[1] - (kh - 1) * dilation - 1) // stride + 1
    ow = (x.shape[2] - (kw - 1) * dilation - 1) // stride + 1
    out = np.zeros((n, oh, ow, f))
    for i in range(oh):
        for j in range(ow):
            block = x[:, i * stride :, j * stride :][:, : (kh - 1) * dilation + 1 : dilation]
            block = block[:, :, : (kw - 1) * dilation + 1 : dilation]
            for g in range(groups):
                part = block[..., g * cg : (g + 1) * cg]
                fg = f // groups
                out[:, i, j, g * fg : (g + 1) * fg] = np.tensordot(
                    part, w[..., g * fg : (g + 1) * fg], ([1, 2, 3], [0, 1, 2])
                )
    return out


@pytest.mark.parametrize(
    "stride, dilation, groups", [(1, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2), (1, 1, 4)]
)
def test_conv(stride, dilation, groups):
    x, w = anything((2, 7, 8, 4)), anything((3, 3, 4 // groups, 8))
    out = ops.conv(x, w, strides=stride, dilation_rate=dilation)
    np.testing.assert_allclose(
        out.numpy(), naive_conv(x, w, stride, (0, 0), dilation), rtol=1e-9, atol=1e-9
    )
    f = lambda a, b: ops.conv(a, b, strides=stride, dilation_rate=dilation, padding="same")  # noqa: E731
    check_gradient(f, x, w, tolerance=1e-5)
    if stride == 1:
        same = naive_conv(x, w, 1, (dilation, dilation), dilation)
        np.testing.assert_allclose(f(x, w).numpy(), same, rtol=1e-9, atol=1e-9)


def test_conv_second_order():
    x, w = anything((1, 5, 5, 2)), anything((3, 3, 2, 3))

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


def test_causal_conv_and_pools():
    x, w = anything((2, 6, 3)), anything((2, 3, 4))
    causal = ops.conv(x, w, padding="causal").numpy()
    padded = np.pad(x, ((0, 0), (1, 0), (0, 0)))
    expected = sum(padded[:, k : k + 6] @ w[k] for k in range(2))
    np.testing.assert_allclose(causal, expected, rtol=1e-10)
    image = anything((2, 4, 6, 3))
    blocks = image.reshape(2, 2, 2, 3, 2, 3)
    np.testing.assert_allclose(ops.max_pool(image, 2).numpy(), blocks.max((2, 4)))
    np.testing.assert_allclose(ops.average_pool(image, 2).numpy(), blocks.mean((2, 4)))
    check_gradient(lambda t: ops.max_pool(t, 3, 2, "same"), image)
    check_gradient(lambda t: ops.average_pool(t, 3, 2, "same"), image)


def test_softmax_and_losses():
    x = anything((5, 7))
    e = np.exp(x - x.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    np.testing.assert_allclose(ops.softmax(x).numpy(), p, rtol=1e-10)
    np.testing.assert_allclose(
        ops.log_softmax(x, 0).numpy(), np.log(np.exp(x) / np.exp(x).sum(0)), rtol=1e-9
    )
    check_gradient(ops.softmax, x)
    check_gradient(lambda t: ops.log_softmax(t, 0), x)
    y = rng.integers(0, 7, 5)
    loss = ops.sparse_categorical_crossentropy(y, x, from_logits=True)
    np.testing.assert_allclose(loss.numpy(), -np.log(p[np.arange(5), y]), rtol=1e-9)
    check_gradient(lambda t: ops.sparse_categorical_crossentropy(y, t, from_logits=True), x)
    np.testing.assert_allclose(
        ops.sparse_categorical_crossentropy(y, p).numpy(), -np.log(p[np.arange(5), y]), rtol=1e-6
    )
    with pytest.raises(ValueError, match="label 9"):
        ops.sparse_categorical_crossentropy([9, 0, 0, 0, 0], x, from_logits=True)
    big = np.array([[1e4, -1e4]], "float32")
    assert ops.softmax(big).tolist() == [[1.0, 0.0]]


def test_normalizations():
    x, g, b = anything((6, 10)), anything(10), anything(10)
    mean, var = x.mean(1, keepdims=True), x.var(1, keepdims=True)
    expected = (x - mean) / np.sqrt(var + 1e-3) * g + b
    np.testing.assert_allclose(ops.layer_normalization(x, g, b).numpy(), expected, rtol=1e-9)
    check_gradient(lambda *t: ops.layer_normalization(*t), x, g, b)


def test_casts_and_half_precision():
    x = anything(100).astype("float32")
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
