"""Losses."""

from oracle.support import integers, loss_row, oracle_tests, real

P = real(6, 4, low=0.05, high=0.95)

test_rows = oracle_tests(
    [
        loss_row("MeanSquaredError", real(6, 4), real(6, 4) * 0.7, function="mean_squared_error"),
        loss_row(
            "SparseCategoricalCrossentropy",
            integers(6, high=4),
            P / P.sum(-1, keepdims=True),
            config_ignore=("axis", "ignore_class"),
        ),
    ]
)
