"""Normalization."""

from oracle.support import layer_row, oracle_tests, real

# Keras's renormalization and statistics over several devices.
RMS = ("rms_scaling",)
OTHER = ("renorm", "renorm_clipping", "renorm_momentum", "synchronized")

test_rows = oracle_tests(
    [
        layer_row("BatchNormalization", real(6, 4), momentum=0.8, config_ignore=OTHER),
        layer_row("BatchNormalization", real(4, 3, 5), axis=1, epsilon=0.1, config_ignore=OTHER),
        layer_row(
            "BatchNormalization", real(4, 3, 5), center=False, scale=False, config_ignore=OTHER
        ),
        layer_row("LayerNormalization", real(4, 3, 5), config_ignore=RMS),
        layer_row("LayerNormalization", real(4, 3, 5), axis=(1, 2), epsilon=0.1, config_ignore=RMS),
        layer_row("LayerNormalization", real(4, 3, 5), center=False, config_ignore=RMS),
        layer_row(
            "LayerNormalization",
            real(4, 3, 5),
            scale=False,
            beta_regularizer="l2",
            config_ignore=RMS,
        ),
    ]
)
