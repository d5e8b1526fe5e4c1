"""Rows of layer_table.py: core layers, normalizations, regularizations, merging."""

import numpy as np

from layer_table import PAIR, layer, normalize, real
from op_table import softmax

# ---- core ----

layer(
    "EinsumDense",
    lambda w, x: np.einsum("abc,cd->abd", x, w[0]) + w[1],
    real(3, 2, 4),
    equation="abc,cd->abd",
    output_shape=(None, 5),
    bias_axes="d",
    bad=(3, 2, 5),
)
layer(
    "EinsumDense",
    lambda w, x: np.tanh(np.einsum("abc,cde->abde", x, w[0]) + w[1]),
    real(3, 2, 4),
    equation="abc,cde->abde",
    output_shape=(None, 3, 5),
    bias_axes="de",
    activation="tanh",
)
layer(
    "EinsumDense",
    lambda w, x: np.einsum("abc,cd->abd", x, w[0]),
    real(3, 2, 4),
    equation="...x,xy->...y",
    output_shape=5,
)
layer(
    "EinsumDense",
    lambda w, x: np.einsum("abcd,be->aecd", x, w[0]) + w[1],
    real(3, 2, 4, 3),
    equation="ab...,be->ae...",
    output_shape=5,
    bias_axes="e",
)
layer(
    "EinsumDense",
    lambda w, x: np.einsum("abc,bcd->abd", x, w[0]),
    real(3, 2, 4),
    equation="abc,bcd->abd",
    output_shape=(2, 5),
)
PADDED = real(2, 4, 3)
PADDED[0, 2:] = PADDED[1, 1] = 0.25
layer(
    "Masking",
    lambda w, x: np.where((x != 0.25).any(-1, keepdims=True), x, 0),
    PADDED,
    mask_value=0.25,
    grad=False,
)
layer(
    "ReversibleEmbedding",
    lambda w, i: w[0][i],
    np.array([[1, 2, 0], [6, 2, 2]]),
    input_dim=7,
    output_dim=3,
)
layer("PReLU", lambda w, x: np.where(x > 0, x, w[0] * x), real(3, 4, 2), bad=(3, 5, 2))
layer(
    "PReLU",
    lambda w, x: np.where(x > 0, x, w[0] * x),
    real(3, 4, 5, 2),
    shared_axes=(1, 2),
    bad=(3, 4, 5, 3),
)
layer("Softmax", lambda w, x: softmax(x.reshape(3, 8)).reshape(3, 4, 2), real(3, 4, 2), axis=(1, 2))

# ---- normalization ----


def by_groups(x, groups, epsilon=1e-3):
    rows = x.reshape(len(x), -1, groups, x.shape[-1] // groups)
    return normalize(rows, (1, 3), epsilon).reshape(x.shape)


layer(
    "GroupNormalization",
    lambda w, x: w[0] * by_groups(x, 3) + w[1],
    real(2, 4, 5, 6),
    groups=3,
    bad=(2, 4, 5, 3),
)
layer(
    "GroupNormalization",
    lambda w, x: by_groups(x.transpose(0, 2, 3, 1), 2, 0.1).transpose(0, 3, 1, 2),
    real(2, 4, 3, 5),
    groups=2,
    axis=1,
    epsilon=0.1,
    center=False,
    scale=False,
)
layer("GroupNormalization", lambda w, x: w[0] * by_groups(x, 1) + w[1], real(3, 6), groups=1)
layer(
    "GroupNormalization",
    lambda w, x: w[0] * by_groups(x, 6) + w[1],
    real(3, 4, 6),
    groups=-1,
)


def over_rms(x, axes, epsilon=1e-6):
    return x / np.sqrt((x**2).mean(axes, keepdims=True) + epsilon)


layer("RMSNormalization", lambda w, x: w[0] * over_rms(x, -1), real(3, 4, 5), bad=(3, 4, 6))
layer(
    "RMSNormalization",
    lambda w, x: w[0] * over_rms(x, (1, 2), 0.1),
    real(3, 4, 5),
    axis=(1, 2),
    epsilon=0.1,
)
layer(
    "UnitNormalization",
    lambda w, x: x / np.sqrt((x**2).sum(-1, keepdims=True)),
    real(3, 4),
)
layer(
    "UnitNormalization",
    lambda w, x: x / np.sqrt((x**2).sum((1, 2), keepdims=True)),
    real(3, 4, 2),
    axis=(1, 2),
)


def dense_layer(dtype):
    from lamina import layers

    return layers.Dense(5, dtype=dtype)


layer("SpectralNormalization", lambda w, x: x @ w[0] + w[2], real(3, 4), layer=dense_layer)
layer(
    "LayerNormalization",
    lambda w, x: w[0] * x / np.sqrt(x.var(-1, keepdims=True) + 1e-3),
    real(3, 4, 5),
    rms_scaling=True,
)
layer(
    "BatchNormalization",
    lambda w, x: w[0] * (x - w[2]) / np.sqrt(w[3] + 1e-3) + w[1],
    real(4, 3, 5),
    renorm=True,
)

# ---- regularization: nothing outside training ----

for name, x in (
    ("SpatialDropout1D", real(2, 6, 3)),
    ("SpatialDropout2D", real(2, 3, 4, 5)),
    ("SpatialDropout3D", real(2, 3, 2, 4, 3)),
    ("AlphaDropout", real(3, 4)),
    ("GaussianDropout", real(3, 4)),
):
    layer(name, lambda w, x: x, x, rate=0.4, bad=(3, 4) if "Spatial" in name else None)
layer("ActivityRegularization", lambda w, x: x, real(3, 4), l1=0.1, l2=0.2)

# ---- merging ----

layer("Add", lambda w, a, b: a + b[:, None], real(3, 4, 2), real(3, 2))
layer("Multiply", lambda w, a, b: a * b, real(3, 1, 2), real(3, 4, 1))
layer("Dot", lambda w, a, b: np.einsum("ni,ni->n", a, b)[:, None], real(3, 4), real(3, 4), axes=1)
layer(
    "Dot",
    lambda w, a, b: np.einsum("nij,nki->njk", a, b),
    real(2, 3, 5),
    real(2, 4, 3),
    axes=(1, 2),
)


def unit(x, axis):
    return x / np.sqrt((x**2).sum(axis, keepdims=True))


layer(
    "Dot",
    lambda w, a, b: np.einsum("nij,nj->ni", unit(a, -1), unit(b, -1)),
    *(PAIR[0], real(3, 2)),
    axes=-1,
    normalize=True,
)
