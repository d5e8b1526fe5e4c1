"""Comparisons with Keras, by rows. A family's file is one call:

    from oracle.support import layer_row, oracle_tests, real

    test_rows = oracle_tests([
        layer_row("Dense", real(3, 4), units=5),
        layer_row("Dense", real(3, 4), units=5, kernel_initializer=lambda K: K.initializers.Ones()),
    ])

The same keyword arguments make Keras's object and lamina's; one that is a function of the package
(`lambda K: K.layers.Dense(2)`) is called with `keras` and with `lamina`. Each row yields a few
tests. `layer_row` is in layer_rows.py, those for ops, activations, regularizers, constraints and
initializers in function_rows.py, those for losses, metrics, optimizers and schedules in
training_rows.py. `COVERED` collects what rows name, for tools/keras_coverage.py.
"""

from oracle.base import COVERED, close, integers, oracle_tests, real
from oracle.function_rows import (
    activation_row,
    constraint_row,
    initializer_row,
    op_row,
    regularizer_row,
)
from oracle.layer_rows import layer_row
from oracle.training_rows import loss_row, metric_row, optimizer_row, schedule_row

__all__ = [
    "COVERED",
    "activation_row",
    "close",
    "constraint_row",
    "initializer_row",
    "integers",
    "layer_row",
    "loss_row",
    "metric_row",
    "op_row",
    "optimizer_row",
    "oracle_tests",
    "real",
    "regularizer_row",
    "schedule_row",
]
