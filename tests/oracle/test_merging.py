"""Merging layers."""

from oracle.support import layer_row, oracle_tests, real

A, B, C = real(3, 4, 2), real(3, 4, 2)[::-1] * 0.7 + 0.01, real(3, 1, 2)

test_rows = oracle_tests(
    [
        layer_row("Subtract", [A, B]),
        layer_row("Concatenate", [real(3, 4), real(3, 5)]),
        layer_row("Concatenate", [A, C], axis=1),
    ]
    + [
        layer_row(name, inputs, id=f"{len(inputs)} inputs")
        for name in ("Add", "Multiply", "Average", "Maximum", "Minimum")
        for inputs in ([A, B], [A, B, C])
    ]
)
