"""Rows of layer_table.py: attention, positions, transformer blocks."""

import numpy as np

from layer_table import attention, layer, normalize, real
from op_table import sigmoid, softmax

QUERY, VALUE, KEY = real(2, 3, 4), real(2, 6, 4), real(2, 6, 4) * 0.7


def luong(w, q, v, k=None, scale=1.0):
    return softmax(scale * q @ (v if k is None else k).swapaxes(1, 2)) @ v


def scored(scores, v):
    return softmax(scores) @ v


layer("Attention", luong, QUERY, VALUE, bad=(2, 3))
layer("Attention", lambda w, *x: luong(w, *x, scale=w[0]), QUERY, VALUE, KEY, use_scale=True)
layer(
    "Attention",
    lambda w, q, v: scored(w[1] * np.tanh(w[0] * (q[:, :, None] + v[:, None])).sum(-1), v),
    QUERY,
    VALUE,
    use_scale=True,
    score_mode="concat",
)
layer(
    "AdditiveAttention",
    lambda w, q, v, k: scored((w[0] * np.tanh(q[:, :, None] + k[:, None])).sum(-1), v),
    QUERY,
    VALUE,
    KEY,
)
layer(
    "AdditiveAttention",
    lambda w, q, v: scored(np.tanh(q[:, :, None] + v[:, None]).sum(-1), v),
    QUERY,
    VALUE,
    use_scale=False,
)


def gated(w, q, v):
    wq, bq, wk, bk, wg, bg, wv, bv, wo, bo = w
    gate = sigmoid(np.einsum("btd,dhk->bthk", q, wg) + bg)
    eye = np.eye(wv.shape[1] * wv.shape[2]).reshape(*wv.shape[1:], -1)
    mixed = attention([wq, bq, wk, bk, wv, bv, eye, np.zeros(eye.shape[-1])], q, v)
    return np.einsum("bthk,hko->bto", mixed.reshape(gate.shape) * gate, wo) + bo


layer(
    "MultiHeadAttention", gated, QUERY, VALUE, apart=True, num_heads=2, key_dim=3, value_dim=5,
    use_gate=True,
)  # fmt: skip
layer("CachedMultiHeadAttention", attention, QUERY, VALUE, apart=True, num_heads=2, key_dim=3)


def wide_output(w, q, v):
    flat = [*w[:6], w[6].reshape(*w[6].shape[:2], -1), w[7].ravel()]
    return attention(flat, q, v).reshape(*q.shape[:2], *w[7].shape)


layer(
    "MultiHeadAttention", wide_output, QUERY, VALUE, apart=True, num_heads=2, key_dim=3,
    output_shape=(3, 2),
)  # fmt: skip


def over_axis_2(w, q, v):
    """(batch, rows, columns, features), within each row."""
    y = attention(w, q.reshape(-1, *q.shape[2:]), v.reshape(-1, *v.shape[2:]))
    return y.reshape(*q.shape[:3], -1)


layer(
    "MultiHeadAttention", over_axis_2, real(2, 3, 4, 4), real(2, 3, 5, 4), apart=True,
    num_heads=2, key_dim=3, attention_axes=(2,),
)  # fmt: skip
layer(
    "MultiHeadAttention",
    lambda w, q, v: over_axis_2(w, q.swapaxes(1, 2), v.swapaxes(1, 2)).swapaxes(1, 2),
    real(2, 4, 3, 4),
    real(2, 5, 3, 4),
    apart=True,
    num_heads=2,
    key_dim=3,
    attention_axes=1,
)
layer(
    "MultiHeadAttention",
    lambda w, q, v: attention(w, q.reshape(2, 6, 4), v.reshape(2, 8, 4)).reshape(2, 2, 3, 4),
    real(2, 2, 3, 4),
    real(2, 4, 2, 4),
    apart=True,
    num_heads=2,
    key_dim=3,
)


def groups(w, q, v):
    return attention(
        [
            np.repeat(x, 2, x.ndim - 2) if 2 <= i < 6 else x  # axis of the heads
            for i, x in enumerate(w)
        ],
        q,
        v,
    )


layer(
    "GroupQueryAttention", groups, QUERY, VALUE, apart=True, head_dim=3, num_query_heads=4,
    num_key_value_heads=2, bad=(2, 3),
)  # fmt: skip


# ---- positions ----


def rotated(x, axis=1, wavelength=10000.0, scaling=1.0):
    x = x.swapaxes(1, axis)
    half = x.shape[-1] // 2
    angle = np.arange(x.shape[1])[:, None] / scaling * wavelength ** (-np.arange(half) / half)
    angle = angle.reshape(x.shape[1], *[1] * (x.ndim - 3), half)
    pairs = (x[..., :half] + 1j * x[..., half:]) * np.exp(1j * angle)
    return np.concatenate([pairs.real, pairs.imag], -1).swapaxes(1, axis)


layer("RotaryEmbedding", lambda w, x: rotated(x), real(2, 5, 6), bad=(2, 5, 7))
layer(
    "RotaryEmbedding",
    lambda w, x: rotated(x, 2, 100.0, 2.0),
    real(2, 3, 5, 4),
    max_wavelength=100,
    scaling_factor=2,
    sequence_axis=2,
)


def sines(x, wavelength=10000.0):
    n = x.shape[-1]
    angle = np.arange(x.shape[-2])[:, None] / wavelength ** (np.arange(n) // 2 * 2 / n)
    waves = np.where(np.arange(n) % 2, np.cos(angle), np.sin(angle))
    return np.broadcast_to(waves, x.shape)


layer("SinePositionEncoding", lambda w, x: sines(x), real(2, 5, 7), grad=False)
layer(
    "SinePositionEncoding", lambda w, x: sines(x, 50), real(2, 5, 4), max_wavelength=50, grad=False
)
layer(
    "PositionEmbedding",
    lambda w, x: np.broadcast_to(w[0][: x.shape[1]], x.shape) + 0 * x,
    real(2, 5, 3),
    sequence_length=7,
    grad=False,
    bad=(2, 8, 3),
)


# ---- transformer blocks ----


def normal(x, w):
    return normalize(x, -1, 1e-5) * w[0] + w[1]


def dense(x, w):
    return np.maximum(x @ w[0] + w[1], 0) @ w[2] + w[3]


def encoder(w, x, first=False):
    attend, around, after, two = w[:8], w[8:10], w[10:12], w[12:16]
    if first:
        y = normal(x, around)
        x = x + attention(attend, y, y)
        return x + dense(normal(x, after), two)
    x = normal(x + attention(attend, x, x), around)
    return normal(x + dense(x, two), after)


BLOCK = {"intermediate_dim": 5, "num_heads": 2}
layer("TransformerEncoder", encoder, real(2, 3, 4), bad=(2, 3), **BLOCK)
layer(
    "TransformerEncoder", lambda w, x: encoder(w, x, True), real(2, 3, 4), normalize_first=True,
    **BLOCK,
)  # fmt: skip


def decoder(w, x, other=None, first=False):
    for attend, around, y in ((w[:8], w[8:10], x), (w[10:18], w[18:20], other)):
        if y is None:
            break
        own = y is x
        if first:
            z = normal(x, around)
            x = x + attention(attend, z, z if own else y, causal=own)
        else:
            x = normal(x + attention(attend, x, y, causal=own), around)
    two, after = w[-6:-2], w[-2:]
    return x + dense(normal(x, after), two) if first else normal(x + dense(x, two), after)


layer("TransformerDecoder", decoder, real(2, 3, 4), bad=(2, 3), **BLOCK)
layer(
    "TransformerDecoder",
    lambda w, *x: decoder(w, *x, first=True),
    real(2, 3, 4),
    real(2, 6, 4),
    apart=True,
    normalize_first=True,
    **BLOCK,
)
