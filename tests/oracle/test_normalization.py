"""Normalization."""

from oracle.support import layer_row, oracle_tests, real

test_rows = oracle_tests(
    [
        layer_row("BatchNormalization", real(6, 4), momentum=0.8),
        layer_row("BatchNormalization", real(4, 3, 5), axis=1, epsilon=0.1),
        layer_row("BatchNormalization", real(4, 3, 5), center=False, scale=False),
        layer_row("LayerNormalization", real(4, 3, 5)),
        layer_row("LayerNormalization", real(4, 3, 5), rms_scaling=True),
        layer_row("LayerNormalization", real(4, 3, 5), axis=(1, 2), epsilon=0.1),
        layer_row("LayerNormalization", real(4, 3, 5), center=False),
        layer_row(
            "LayerNormalization",
            real(4, 3, 5),
            scale=False,
            beta_regularizer="l2",
        ),
    ]
)
