"""Core layers, and activations as layers."""

from oracle.support import integers, layer_row, oracle_tests, real

test_rows = oracle_tests(
    [
        layer_row("Identity", real(3, 4)),
        layer_row("Dense", real(3, 4), units=5),
        layer_row("Dense", real(3, 2, 4), units=7, activation="tanh", use_bias=False),
        layer_row(
            "Dense",
            real(3, 4),
            id="penalties and a constraint",
            units=5,
            kernel_regularizer="l2",
            bias_regularizer=lambda K: K.regularizers.L1(0.02),
            activity_regularizer="l1",
            kernel_constraint="unit_norm",
            kernel_initializer=lambda K: K.initializers.RandomNormal(stddev=0.1, seed=3),
        ),
        layer_row("Embedding", integers(3, 4, high=7), input_dim=7, output_dim=3),
        layer_row(
            "Embedding",
            integers(3, 4, high=7),
            input_dim=7,
            output_dim=3,
            embeddings_regularizer="l2",
            embeddings_constraint="non_neg",
        ),
        layer_row("Activation", real(3, 4), activation="silu"),
        layer_row("Rescaling", real(3, 4), scale=2.0, offset=-1.0),
        layer_row("Flatten", real(3, 2, 4)),
        layer_row("Flatten", real(3, 2, 4, 5), data_format="channels_first"),
        layer_row("Reshape", real(3, 2, 4), target_shape=(-1, 2)),
        layer_row("Permute", real(3, 2, 4, 5), dims=(3, 1, 2)),
        layer_row("RepeatVector", real(3, 4), n=2),
        layer_row("ReLU", real(3, 4)),
        layer_row("ReLU", real(3, 4), max_value=1.0, negative_slope=0.1, threshold=0.5),
        layer_row("LeakyReLU", real(3, 4)),
        layer_row("LeakyReLU", real(3, 4), negative_slope=0.1),
        layer_row("ELU", real(3, 4), alpha=0.5),
        layer_row("Softmax", real(3, 4)),
        layer_row("Softmax", real(3, 4, 2), axis=1),
        layer_row("Dropout", real(3, 4), rate=0.5, seed_free=False),
        layer_row("Dropout", real(3, 4), rate=0.5, noise_shape=(3, 1), seed=1, seed_free=False),
        layer_row("GaussianNoise", real(3, 4), stddev=0.5, seed_free=False),
    ]
)
