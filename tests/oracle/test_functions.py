"""Activations, initializers, regularizers and constraints."""

from oracle.support import (
    activation_row,
    constraint_row,
    initializer_row,
    oracle_tests,
    real,
    regularizer_row,
)

AXES = ("input_axes", "output_axes")

test_rows = oracle_tests(
    [
        activation_row("relu"),
        activation_row("elu", alpha=0.5),
        initializer_row("GlorotUniform", 100, 120, seed=3, config_ignore=AXES),
        initializer_row("Constant", 3, 4, exact=True, value=0.5),
        regularizer_row("L1L2", real(4, 5), l1=0.1, l2=0.2),
        constraint_row("UnitNorm", real(4, 5), axis=1),
    ]
)
