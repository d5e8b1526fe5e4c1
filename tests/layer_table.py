"""One or more rows for every layer of `lamina.layers`: how to make it, on which inputs, and what
NumPy says it gives. `test_layer_table.py` derives the tests; a layer without a row fails there.

To add a layer, add a row. The reference gets the layer's weights as a list of float64 arrays and
then the inputs, and returns one array or a list of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from op_table import conv, seeded, sigmoid, softmax, windows


@dataclass
class Row:
    name: str
    reference: Callable[..., Any]
    inputs: list[np.ndarray]  # float64, or integers where the layer takes those
    kwargs: dict[str, Any] = field(default_factory=dict)
    training: bool = False  # the reference says what the layer does in training
    grad: bool = True  # smooth at these inputs, and the same at every call
    apart: bool = False  # inputs are separate arguments, not a list
    bad: tuple[int, ...] | None = None  # a shape of the first input that the layer must refuse
    id: str = ""

    def make(self, dtype: str | None = None, **more: Any) -> Any:
        from lamina import layers

        kwargs = {k: v(dtype) if callable(v) else v for k, v in self.kwargs.items()}
        return getattr(layers, self.name)(**kwargs, dtype=dtype, **more)

    def call(self, layer: Any, inputs: Any, **options: Any) -> Any:
        if self.apart:
            return layer(*inputs, **options)
        return layer(list(inputs) if len(inputs) > 1 else inputs[0], **options)


ROWS: list[Row] = []


def layer(name, reference, *inputs, training=False, grad=True, apart=False, bad=None, **kwargs):
    options = ", ".join(f"{k}={'...' if callable(v) else v}" for k, v in kwargs.items())
    row = Row(name, reference, list(inputs), kwargs, training, grad, apart, bad)
    row.id = f"{name}({options})"
    while any(r.id == row.id for r in ROWS):
        row.id += "'"
    ROWS.append(row)


def real(*shape):
    """Distinct values, so that a maximum is nowhere near a tie."""
    rng = seeded(str(shape))
    size = int(np.prod(shape))
    return (rng.permutation(size).reshape(shape) - size / 2 + 0.3) * (4.0 / size)


def lstm_layer(dtype):
    from lamina import layers

    return layers.LSTM(3, return_sequences=True, dtype=dtype)


# ---- core ----

layer("Identity", lambda w, x: x, real(3, 4))
layer("Dense", lambda w, x: x @ w[0] + w[1], real(3, 4), units=5, bad=(3, 5))
layer(
    "Dense",
    lambda w, x: np.tanh(x @ w[0]),
    real(3, 2, 4),
    units=17,
    activation="tanh",
    use_bias=False,
)
layer("Dense", lambda w, x: np.maximum(x @ w[0] + w[1], 0), real(3, 4), units=1, activation="relu")
layer(
    "Embedding",
    lambda w, i: w[0][i],
    np.array([[1, 2, 0], [6, 2, 2]]),
    input_dim=7,
    output_dim=3,
)
layer("Activation", lambda w, x: x * sigmoid(x), real(3, 4), activation="silu")
layer("Flatten", lambda w, x: x.reshape(3, -1), real(3, 2, 4))
layer(
    "Flatten",
    lambda w, x: x.transpose(0, 2, 3, 1).reshape(3, -1),
    real(3, 2, 4, 5),
    data_format="channels_first",
)
layer("Reshape", lambda w, x: x.reshape(3, 4, 2), real(3, 2, 4), target_shape=(-1, 2), bad=(3, 5))
layer("Permute", lambda w, x: x.transpose(0, 3, 1, 2), real(3, 2, 4, 5), dims=(3, 1, 2))
layer("RepeatVector", lambda w, x: np.repeat(x[:, None], 3, 1), real(2, 4), n=3, bad=(2, 3, 4))
layer("Rescaling", lambda w, x: x * 2 - 1, real(3, 4), scale=2.0, offset=-1.0)
layer("ReLU", lambda w, x: np.maximum(x, 0), real(3, 4))
layer(
    "ReLU",
    lambda w, x: np.where(x >= 1, 1.0, np.where(x >= 0.5, x, 0.1 * (x - 0.5))),
    real(3, 4),
    max_value=1.0,
    negative_slope=0.1,
    threshold=0.5,
)
layer("LeakyReLU", lambda w, x: np.where(x > 0, x, 0.3 * x), real(3, 4))
layer("ELU", lambda w, x: np.where(x > 0, x, 0.5 * np.expm1(x)), real(3, 4), alpha=0.5)
layer("Softmax", lambda w, x: softmax(x), real(3, 4))
layer("Softmax", lambda w, x: softmax(x, 1), real(3, 4, 2), axis=1)


# ---- convolution and pooling ----


def same(size, window, stride=1):
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


def conv3d(x, w):
    out = [n - k + 1 for n, k in zip(x.shape[1:4], w.shape[:3])]
    y = np.zeros((x.shape[0], *out, w.shape[-1]))
    for a, b, c in np.ndindex(*w.shape[:3]):
        y += x[:, a : a + out[0], b : b + out[1], c : c + out[2]] @ w[a, b, c]
    return y


layer(
    "Conv1D",
    lambda w, x: conv(x[:, None], w[0][None])[:, 0] + w[1],
    real(2, 6, 3),
    filters=4,
    kernel_size=3,
    bad=(2, 6, 4),
)
layer(
    "Conv1D",
    lambda w, x: conv(x[:, None], w[0][None], 1, ((0, 0), (2, 0)))[:, 0] + w[1],
    real(2, 6, 3),
    filters=4,
    kernel_size=3,
    padding="causal",
)
layer(
    "Conv2D",
    lambda w, x: conv(x, w[0]) + w[1],
    real(2, 6, 5, 3),
    filters=4,
    kernel_size=3,
    bad=(2, 6, 3),
)
layer(
    "Conv2D",
    lambda w, x: np.tanh(conv(x, w[0], 1, (same(6, 3), same(5, 2))) + w[1]),
    real(2, 6, 5, 3),
    filters=18,
    kernel_size=(3, 2),
    padding="same",
    activation="tanh",
)
layer(
    "Conv2D",
    lambda w, x: conv(x, w[0], 2, (same(6, 3, 2), same(5, 3, 2))),
    real(2, 6, 5, 3),
    filters=4,
    kernel_size=3,
    strides=2,
    padding="same",
    use_bias=False,
)
layer(
    "Conv2D",
    lambda w, x: conv(x, w[0], 1, ((0, 0), (0, 0)), 2) + w[1],
    real(2, 7, 6, 4),
    filters=4,
    kernel_size=3,
    groups=2,
    dilation_rate=2,
)
layer(
    "Conv2D",
    lambda w, x: conv(x.transpose(0, 2, 3, 1), w[0]).transpose(0, 3, 1, 2) + w[1][:, None, None],
    real(2, 3, 6, 5),
    filters=4,
    kernel_size=3,
    data_format="channels_first",
)
layer("Conv3D", lambda w, x: conv3d(x, w[0]) + w[1], real(2, 4, 3, 5, 2), filters=3, kernel_size=2)

POOL = real(2, 6, 4, 3)
layer("MaxPooling2D", lambda w, x: x.reshape(2, 3, 2, 2, 2, 3).max((2, 4)), POOL, bad=(2, 6, 4))
layer(
    "MaxPooling2D",
    lambda w, x: windows(x, 3, 2, -np.inf).max(3),
    real(2, 7, 7, 3),
    pool_size=3,
    strides=2,
    padding="same",
)
layer("AveragePooling2D", lambda w, x: x.reshape(2, 3, 2, 2, 2, 3).mean((2, 4)), POOL)
layer(
    "AveragePooling2D",
    lambda w, x: np.nanmean(windows(x, 3, 2, np.nan), 3),
    real(2, 7, 7, 3),
    pool_size=3,
    strides=2,
    padding="same",
)
LINE, CUBE = real(2, 6, 3), real(2, 4, 2, 6, 3)
layer("MaxPooling1D", lambda w, x: x.reshape(2, 3, 2, 3).max(2), LINE)
layer("AveragePooling1D", lambda w, x: x.reshape(2, 3, 2, 3).mean(2), LINE)
layer("MaxPooling3D", lambda w, x: x.reshape(2, 2, 2, 1, 2, 3, 2, 3).max((2, 4, 6)), CUBE)
layer("AveragePooling3D", lambda w, x: x.reshape(2, 2, 2, 1, 2, 3, 2, 3).mean((2, 4, 6)), CUBE)
for n, x in ((1, LINE), (2, POOL), (3, CUBE)):
    over = tuple(range(1, n + 1))
    bad = (2, 6, 3, 3) if n == 1 else (2, 6, 3)
    layer(f"GlobalMaxPooling{n}D", lambda w, x, over=over: x.max(over), x, bad=bad)
    layer(f"GlobalAveragePooling{n}D", lambda w, x, over=over: x.mean(over), x, bad=bad)
layer("GlobalMaxPooling2D", lambda w, x: x.max((1, 2), keepdims=True), POOL, keepdims=True)
layer("GlobalAveragePooling2D", lambda w, x: x.mean((2, 3)), POOL, data_format="channels_first")


# ---- images ----


def bilinear(x, factor):
    """Half-pixel centres, edges repeated."""
    for axis in (1, 2):
        n = x.shape[axis]
        at = np.clip((np.arange(n * factor) + 0.5) / factor - 0.5, 0, n - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, n - 1)
        part = (at - low).reshape([-1 if d == axis else 1 for d in range(4)])
        x = np.take(x, low, axis) * (1 - part) + np.take(x, high, axis) * part
    return x


layer("ZeroPadding2D", lambda w, x: np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), POOL, bad=(2, 3))
layer(
    "ZeroPadding2D",
    lambda w, x: np.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0))),
    POOL,
    padding=((1, 2), (0, 3)),
)
layer("UpSampling2D", lambda w, x: x.repeat(2, 1).repeat(3, 2), POOL, size=(2, 3))
layer("UpSampling2D", lambda w, x: bilinear(x, 2), POOL, size=2, interpolation="bilinear")


# ---- normalization and regularization ----


def normalize(x, axes, epsilon=1e-3):
    centred = x - x.mean(axes, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axes, keepdims=True) + epsilon)


layer(
    "BatchNormalization",
    lambda w, x: w[0] * normalize(x, (0, 1)) + w[1],
    real(4, 3, 5),
    training=True,
    bad=(4, 3, 6),
)
layer(
    "BatchNormalization",
    lambda w, x: w[0] * (x - w[2]) / np.sqrt(w[3] + 1e-3) + w[1],
    real(4, 3, 5),
)
layer(
    "BatchNormalization",
    lambda w, x: normalize(x, (0, 2), 0.1),
    real(4, 3, 5),
    training=True,
    axis=1,
    epsilon=0.1,
    center=False,
    scale=False,
)
layer("LayerNormalization", lambda w, x: w[0] * normalize(x, -1) + w[1], real(4, 3, 5))
layer(
    "LayerNormalization",
    lambda w, x: w[0] * normalize(x, (1, 2), 0.1) + w[1],
    real(4, 3, 5),
    axis=(1, 2),
    epsilon=0.1,
)
layer("Dropout", lambda w, x: x, real(3, 4), rate=0.4)
layer("GaussianNoise", lambda w, x: x, real(3, 4), stddev=0.4)


# ---- merging ----

PAIR = (real(3, 4, 2), real(3, 4, 2)[::-1] * 0.7 + 0.01)
layer("Add", lambda w, a, b: a + b, *PAIR)
layer("Add", lambda w, a, b, c: a + b + c, *PAIR, real(3, 1, 2))
layer("Subtract", lambda w, a, b: a - b, *PAIR)
layer("Multiply", lambda w, a, b: a * b, *PAIR)
layer("Average", lambda w, a, b: (a + b) / 2, *PAIR)
layer("Maximum", lambda w, a, b: np.maximum(a, b), *PAIR)
layer("Minimum", lambda w, a, b: np.minimum(a, b), *PAIR)
layer("Concatenate", lambda w, a, b: np.concatenate([a, b], -1), real(3, 4), real(3, 5))
layer(
    "Concatenate", lambda w, a, b: np.concatenate([a, b], 1), real(3, 4, 2), real(3, 1, 2), axis=1
)


# ---- sequences ----


def lstm(w, x, activation=np.tanh, recurrent_activation=sigmoid):
    """Every state of an LSTM; Keras's gate order."""
    h = c = np.zeros((len(x), w[1].shape[0]))
    out = []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ w[0] + h @ w[1] + (w[2] if len(w) > 2 else 0), 4, 1)
        i, f, o = (recurrent_activation(v) for v in (i, f, o))
        c = f * c + i * activation(g)
        h = o * activation(c)
        out.append(h)
    return np.stack(out, 1), c


SEQUENCE = real(2, 5, 3)
layer("LSTM", lambda w, x: lstm(w, x)[0][:, -1], SEQUENCE, units=4, bad=(2, 3))
layer("LSTM", lambda w, x: lstm(w, x)[0], SEQUENCE, units=9, return_sequences=True, use_bias=False)
layer(
    "LSTM",
    lambda w, x: [lstm(w, x[:, ::-1])[0], lstm(w, x[:, ::-1])[0][:, -1], lstm(w, x[:, ::-1])[1]],
    SEQUENCE,
    units=4,
    go_backwards=True,
    return_sequences=True,
    return_state=True,
)
layer(
    "LSTM",
    lambda w, x: lstm(w, x, lambda v: v / (1 + np.abs(v)), np.tanh)[0][:, -1],
    SEQUENCE,
    units=4,
    activation="softsign",
    recurrent_activation="tanh",
)


def both_ways(w, x):
    there, back = lstm(w[:3], x)[0], lstm(w[3:], x[:, ::-1])[0]
    return there, back


layer(
    "Bidirectional",
    lambda w, x: np.concatenate([both_ways(w, x)[0], both_ways(w, x)[1][:, ::-1]], -1),
    SEQUENCE,
    layer=lstm_layer,
)
layer(
    "Bidirectional",
    lambda w, x: both_ways(w, x)[0] + both_ways(w, x)[1][:, ::-1],
    SEQUENCE,
    layer=lstm_layer,
    merge_mode="sum",
)


def attention(w, q, v, k=None, causal=False):
    wq, bq, wk, bk, wv, bv, wo, bo = w
    k = v if k is None else k
    q, k, v = (np.einsum("btd,dhk->bthk", x, y) for x, y in ((q, wq), (k, wk), (v, wv)))
    scores = np.einsum("bthk,bshk->bhts", q + bq, k + bk) / np.sqrt(wq.shape[-1])
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    mixed = np.einsum("bhts,bshk->bthk", softmax(scores), v + bv)
    return np.einsum("bthk,hko->bto", mixed, wo) + bo


layer(
    "MultiHeadAttention",
    attention,
    real(2, 3, 4),
    real(2, 6, 4),
    apart=True,
    num_heads=2,
    key_dim=3,
)
layer(
    "MultiHeadAttention",
    attention,
    real(2, 3, 4),
    real(2, 6, 5),
    real(2, 6, 2),
    apart=True,
    num_heads=1,
    key_dim=3,
    value_dim=5,
    output_shape=7,
)

# Rows of other families; those files take what they need from this one.
import rows_attention  # noqa: E402, F401
import rows_audio  # noqa: E402, F401
import rows_augment  # noqa: E402, F401
import rows_convolution  # noqa: E402, F401
import rows_core  # noqa: E402, F401
import rows_preprocessing  # noqa: E402, F401
import rows_recurrent  # noqa: E402, F401
import rows_reshaping  # noqa: E402, F401
