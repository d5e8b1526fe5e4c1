"""Rows of layer_table.py for the layers that prepare numbers; text is in test_preprocessing.py."""

import numpy as np

from layer_table import layer, real

TABLE = real(4, 3)
MEAN, VARIANCE = np.array([0.5, -1.0, 2.0]), np.array([4.0, 0.25, 1.0])
GIVEN = {"mean": MEAN.tolist(), "variance": VARIANCE.tolist()}


def hot(i, n):
    return (np.asarray(i)[..., None] == np.arange(n)).astype("float64")


layer("Normalization", lambda w, x: (x - w[0]) / np.sqrt(w[1]), TABLE, bad=(4, 2))
layer("Normalization", lambda w, x: (x - MEAN) / np.sqrt(VARIANCE), TABLE, **GIVEN)
layer("Normalization", lambda w, x: MEAN + x * np.sqrt(VARIANCE), TABLE, invert=True, **GIVEN)
layer("Normalization", lambda w, x: (x - w[0]) / np.sqrt(w[1]), real(2, 3, 4), axis=None)
layer(
    "Normalization",
    lambda w, x: (x - w[0][:, None]) / np.sqrt(w[1])[:, None],
    real(2, 3, 4),
    axis=1,
)
layer(
    "Normalization",
    lambda w, x: (x - w[0][:, None]) / np.sqrt(w[1])[:, None],
    real(2, 3, 5, 4),
    axis=(-1, 1),
)

BOUNDARIES = [-1.0, 0.0, 0.7]
layer(
    "Discretization",
    lambda w, x: hot(np.digitize(x, BOUNDARIES), 4),
    TABLE,
    grad=False,
    bin_boundaries=BOUNDARIES,
    output_mode="one_hot",
)
layer(
    "Discretization",
    lambda w, x: hot(np.digitize(x, BOUNDARIES), 4).sum(1),
    TABLE,
    grad=False,
    bin_boundaries=BOUNDARIES,
    output_mode="count",
)

INDICES = np.array([[0, 3, 3], [1, 0, 4]])
layer("CategoryEncoding", lambda w, i: hot(i, 5).max(1), INDICES, grad=False, num_tokens=5)
layer(
    "CategoryEncoding", lambda w, i: hot(i, 4).max(1), INDICES, grad=False, num_tokens=4
)  # 4 is outside
layer(
    "CategoryEncoding",
    lambda w, i: hot(i, 5).sum(1),
    INDICES,
    grad=False,
    num_tokens=5,
    output_mode="count",
)
layer(
    "CategoryEncoding",
    lambda w, i: hot(i, 5),
    INDICES,
    grad=False,
    num_tokens=5,
    output_mode="one_hot",
)
layer(
    "CategoryEncoding",
    lambda w, i: hot(i[:, 0], 5),
    INDICES[:, :1],
    grad=False,
    num_tokens=5,
    output_mode="one_hot",
)
layer(
    "CategoryEncoding",
    lambda w, i: hot(i, 5).sum(1),
    np.arange(24).reshape(2, 3, 4) % 5,
    grad=False,
    num_tokens=5,
    output_mode="count",
)

# As Keras 3.15 on TensorFlow has them.
HASHED = {0: 735, 1: 849, -1: 430, 7: 88, -42: 718}  # of 1000
NUMBERS = np.array([[0, 1, -1], [7, -42, 0]])
layer(
    "Hashing",
    lambda w, i: hot(np.vectorize(HASHED.get)(i), 1000).sum(1),
    NUMBERS,
    grad=False,
    num_bins=1000,
    output_mode="count",
)
layer(
    "HashedCrossing",
    lambda w, a, b: hot([590, 878], 1000),
    np.array([101, 102]),
    np.array([-101, -102]),
    grad=False,
    num_bins=1000,
    output_mode="one_hot",
)

VOCABULARY = [12, 36, 1138, 42]
TOKENS = np.array([[12, 1138, 42, 42], [42, 7, 36, 7]])
PLACES = np.array([[1, 3, 4, 4], [4, 0, 2, 0]])
WEIGHTS = np.array([0.9, 0.25, 0.75, 0.6, 0.4])
layer(
    "IntegerLookup",
    lambda w, i: hot(PLACES, 5).max(1),
    TOKENS,
    grad=False,
    vocabulary=VOCABULARY,
    output_mode="multi_hot",
)
layer(
    "IntegerLookup",
    lambda w, i: hot(PLACES, 5).sum(1) * WEIGHTS,
    TOKENS,
    grad=False,
    vocabulary=[-1, *VOCABULARY],
    idf_weights=WEIGHTS.tolist(),
    output_mode="tf_idf",
)


def pipeline(dtype):
    from lamina import layers

    return [layers.Rescaling(2.0, dtype=dtype), layers.Dense(2, dtype=dtype)]


layer("Pipeline", lambda w, x: 2 * x @ w[0] + w[1], TABLE, layers=pipeline)
