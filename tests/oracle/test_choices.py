"""Initializers, regularizers and constraints, and where all of them can be found."""

import inspect

import numpy as np
import pytest

from oracle.support import (
    constraint_row,
    initializer_row,
    oracle_tests,
    real,
    regularizer_row,
)

SCALING = [
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
]

test_rows = oracle_tests(
    [
        *(initializer_row(name, 100, 120, seed=3) for name in SCALING),
        *(initializer_row(name, 3, 3, 20, 80, seed=3) for name in SCALING),
        initializer_row("HeNormal", 80, 20, 10, seed=1, input_axes=[0], output_axes=[1, 2]),
        *(
            initializer_row(
                "VarianceScaling", 60, 200, scale=2.5, mode=mode, distribution=kind, seed=2
            )
            for mode in ("fan_in", "fan_out", "fan_avg")
            for kind in ("truncated_normal", "untruncated_normal", "uniform")
        ),
        initializer_row("RandomNormal", 100, 120, mean=0.5, stddev=2.0, seed=3),
        initializer_row("RandomUniform", 100, 120, minval=-1.0, maxval=3.0, seed=3),
        initializer_row("TruncatedNormal", 100, 120, mean=0.5, stddev=2.0, seed=3),
        initializer_row("Orthogonal", 100, 120, gain=1.5, seed=3),
        initializer_row("Orthogonal", 5, 24, 100, seed=3),
        initializer_row("Zeros", 3, 4, exact=True),
        initializer_row("Ones", 3, 4, exact=True),
        # Keras forgets the gain in the config.
        initializer_row("Identity", 3, 4, exact=True, gain=2.0, config_ignore=["gain"]),
        initializer_row("Constant", 3, 4, exact=True, value=0.5),
        *(
            initializer_row("STFT", 10, 1, 9, exact=True, side=side, window=window, **options)
            for side in ("real", "imag")
            for window in ("hann", "hamming", "blackman", "bartlett", "flattop", None)
            for options in (
                {},
                {"scaling": "spectrum"},
                {"scaling": None},
                {"periodic": True},
            )
        ),
        *(
            initializer_row("STFT", n, 1, 5, exact=True, window=window, periodic=periodic)
            for window in ("nuttall", "blackmanharris", "triang", "cosine", "bohman", "parzen")
            for periodic in (False, True)
            for n in (8, 9)
        ),
        regularizer_row("L1", real(4, 5), l1=0.2),
        regularizer_row("L2", real(4, 5), l2=0.2),
        regularizer_row("L1L2", real(4, 5), l2=0.2),
        regularizer_row("OrthogonalRegularizer", real(4, 5), factor=0.3),
        regularizer_row("OrthogonalRegularizer", real(4, 5), mode="columns"),
        *(
            constraint_row("MaxNorm", real(4, 5), max_value=v, axis=a)
            for v in (1, 3)
            for a in (0, 1)
        ),
        constraint_row("MaxNorm", real(3, 3, 2, 4), axis=[0, 1, 2]),
        constraint_row("NonNeg", real(4, 5)),
        constraint_row("UnitNorm", real(4, 5), axis=1),
        constraint_row("MinMaxNorm", real(4, 5), min_value=1.0, max_value=2.0, rate=0.7, axis=1),
    ]
)


@pytest.mark.parametrize(
    "module",
    [
        "callbacks",
        "constraints",
        "initializers",
        "optimizers",
        "optimizers.schedules",
        "regularizers",
    ],
)
def test_no_name_is_missing(module):
    import keras

    import lamina

    theirs, ours = keras, lamina
    for part in module.split("."):
        theirs, ours = getattr(theirs, part), getattr(ours, part)
    left_out = {"OrbaxCheckpoint", "legacy"}
    missing = [n for n in dir(theirs) if not n.startswith("_") and not hasattr(ours, n)]
    assert set(missing) - left_out == set()
    bases = {"Optimizer", "LearningRateSchedule"}
    for name in set(dir(theirs)) - left_out - bases:
        if isinstance(getattr(theirs, name), type):
            expected, got = (
                list(inspect.signature(getattr(m, name)).parameters) for m in (theirs, ours)
            )
            expected = [p for p in expected if p not in ("args", "kwargs")]
            assert [p for p in got if p in expected] == expected, name


def test_spellings_of_names():
    import keras

    import lamina

    for kind in ("initializers", "regularizers", "constraints"):
        for name in getattr(keras, kind).__dict__:
            if name.startswith("_") or name in ("get", "serialize", "deserialize"):
                continue
            if name in ("Initializer", "Regularizer", "Constraint"):  # does nothing by itself
                continue
            try:
                theirs = getattr(keras, kind).get(name)
            except (ValueError, KeyError):  # Keras makes no Constant without a value
                continue
            assert type(getattr(lamina, kind).get(name)).__name__ == type(theirs).__name__, name
    np.testing.assert_array_equal(lamina.initializers.get("one")((2,)).numpy(), [1, 1])
