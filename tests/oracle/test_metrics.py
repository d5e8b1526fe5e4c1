"""Metrics."""

from oracle.support import metric_row, oracle_tests, real

test_rows = oracle_tests(
    [
        metric_row(
            "MeanSquaredError",
            (real(6, 4), real(6, 4) * 0.7),
            (real(3, 4), real(3, 4) * 2),
            config_ignore=("dtype",),
        ),
        metric_row("Mean", (real(6, 4),), (real(3, 4),), config_ignore=("dtype",)),
    ]
)
