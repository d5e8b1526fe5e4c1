"""Core layers."""

from oracle.support import integers, layer_row, oracle_tests, real

test_rows = oracle_tests(
    [
        layer_row("Identity", real(3, 4)),
        layer_row("Dense", real(3, 4), units=5),
        layer_row("Dense", real(3, 2, 4), units=7, activation="tanh", use_bias=False),
        layer_row(
            "Dense",
            real(3, 4),
            units=5,
            kernel_regularizer="l2",
            bias_regularizer=lambda K: K.regularizers.L1(0.02),
            activity_regularizer="l1",
            kernel_constraint="unit_norm",
            kernel_initializer=lambda K: K.initializers.RandomNormal(stddev=0.1, seed=3),
        ),
        layer_row("Embedding", integers(3, 4, high=7), input_dim=7, output_dim=3),
        layer_row("Activation", real(3, 4), activation="silu"),
        layer_row("Rescaling", real(3, 4), scale=2.0, offset=-1.0),
        layer_row(
            "BatchNormalization",
            real(6, 4),
            momentum=0.8,
            config_ignore=("renorm", "renorm_clipping", "renorm_momentum", "synchronized"),
        ),
        layer_row("Dropout", real(3, 4), rate=0.5, seed_free=False),
        layer_row("Add", [real(3, 2, 4), real(3, 1, 4)]),
        layer_row("Conv2D", real(2, 6, 5, 3), filters=4, kernel_size=3, padding="same"),
    ]
)
