"""Every row of the table of operations whose operation Keras has; `op_row` for what it lacks."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

import op_table
from oracle.function_rows import FunctionRow
from oracle.support import integers, op_row, oracle_tests, real


@dataclass
class TableRow(FunctionRow):
    table: Any = None

    def function(self, package):
        operation = self.of(package)
        return lambda *args: self.table.run(operation, args)


def single(x):
    return x.astype("float32") if isinstance(x, np.ndarray) and x.dtype == np.float64 else x


# Rows that Keras on JAX does not compute.
LEFT_OUT = {
    "sparsemax",  # right in Keras only where one entry of a row is left
    "ldexp",  # integers alone as exponents
    "scatter",  # no lists of indices
    "conv-11",  # no causal padding
    "conv-14",
    "max_pool",  # no pooling without strides
    "average_pool",
    "average_pool-4",
    "adaptive_max_pool-5",  # NaN
    "adaptive_average_pool-5",
    "layer_normalization",  # another default of epsilon
    "array_split-2",  # no indices
    "histogram-3",  # no edges
    "bincount-3",  # no rows of different lengths
    "rearrange",  # lengths are not known inside jit
    "segment_prod",  # no gradient
    "segment_prod-2",
    "segment_prod-3",
    "eig",
    "polar",  # complex numbers
    "view",  # no float64
    *(
        f"{name}{n}"
        for name in ("eigh", "lu_factor", "istft")
        for n in ("", "-2", "-3", "-4", "-5")
    ),
    # (put together by operations of lamina; see test_linalg_ops)
}

test_table = oracle_tests(
    [
        TableRow(
            "ops",
            row.name,
            {},
            row.id,
            max(1e-5, 3 * row.tolerance),
            [single(x) for x in row.inputs],
            row.grad,
            row,
        )
        for row in op_table.ROWS
        if hasattr(keras.ops, row.name) and row.id not in LEFT_OUT
    ]
)

test_rows = oracle_tests(
    [
        op_row("ldexp", real(3, 4), integers(3, 4)),
        op_row("scatter", integers(3, 1, high=4), real(3, 2), (4, 2)),
        op_row("layer_normalization", real(3, 4), epsilon=1e-3),
        op_row("tanh", real(3, 4)),
        op_row("concatenate", [real(3, 4), real(3, 2)], axis=1),
        op_row("sum", integers(3, 4), axis=0),
    ]
)
