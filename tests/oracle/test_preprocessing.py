"""Layers that prepare numbers. Those of text need TensorFlow in Keras: tests/test_preprocessing.py
has their values."""

import keras
import numpy as np
import pytest

import lamina
from oracle.support import close, integers, layer_row, oracle_tests, real

CUBE = real(2, 3, 4)
STATISTICS = {"mean": [0.5, -1.0, 2.0, 0.1], "variance": [4.0, 0.25, 1.0, 0.3]}
BOUNDARIES = [-1.0, 0.0, 0.7]


def bins(*inputs, **options):
    return layer_row("Discretization", *inputs, bin_boundaries=BOUNDARIES, train=False, **options)


def categories(*inputs, **options):
    return layer_row("CategoryEncoding", *inputs, train=False, **options)


test_rows = oracle_tests(
    [
        layer_row("Normalization", CUBE, id="given", **STATISTICS),
        layer_row("Normalization", CUBE, mean=3.0, variance=2.0),
        layer_row("Normalization", CUBE, axis=(1, 2), invert=True, **STATISTICS),
        layer_row("Normalization", CUBE, mean=np.float32([1.0]), variance=np.float32([0.0])),
        bins(real(3, 4)),
        bins(real(3, 1), output_mode="one_hot"),
        bins(real(3, 4), output_mode="one_hot"),
        bins(real(3, 4), output_mode="multi_hot"),
        bins(CUBE, output_mode="count"),
        categories(integers(3, 4, high=5), num_tokens=5),
        categories(integers(3, 4, high=5), num_tokens=4, id="outside"),
        categories(integers(3, 4, high=5), num_tokens=5, output_mode="count"),
        categories(integers(3, 4, high=5), num_tokens=5, output_mode="one_hot"),
        categories(integers(3, 1, high=5), num_tokens=5, output_mode="one_hot"),
        categories(
            integers(3, 4, high=5),
            num_tokens=5,
            output_mode="count",
            call={"count_weights": np.abs(real(3, 4))},
        ),
    ]
)


@pytest.mark.parametrize("axis", [-1, None, 1, (1, 2)])
@pytest.mark.parametrize("invert", [False, True])
def test_adapted_normalization(axis, invert):
    """Keras's layer keeps what adapt() gave, whatever set_weights() says; so this is no row."""
    theirs, ours = (p.layers.Normalization(axis=axis, invert=invert) for p in (keras, lamina))
    for layer in (theirs, ours):
        layer.adapt(CUBE)
    close(ours(CUBE), np.asarray(theirs(CUBE)), 1e-5, "outputs")
    close(ours.mean, np.asarray(theirs.mean), 1e-5, "mean")
    close(ours.variance, np.asarray(theirs.variance), 1e-5, "variance")
    described = [[(w.name, tuple(w.shape), w.dtype) for w in la.weights] for la in (theirs, ours)]
    assert described[1] == described[0]
