"""Core, activation, normalization, regularization and merging layers."""

from oracle.base import close
from oracle.layer_rows import share_weights
from oracle.support import integers, layer_row, oracle_tests, real

CUBE, IMAGE = real(3, 4, 5), real(2, 4, 3, 6)


def einsum(equation, x, shape, **more):
    return layer_row("EinsumDense", x, equation=equation, output_shape=shape, **more)


test_core = oracle_tests(
    [
        einsum("ab,bc->ac", real(3, 4), 5),
        einsum("abc,cd->abd", CUBE, (None, 7), bias_axes="d", activation="relu"),
        einsum("abc,cde->abde", CUBE, (None, 2, 3), bias_axes="de"),
        einsum("abc,cde->abde", CUBE, (None, 2, 3), bias_axes="e"),
        einsum("abcd,cde->abe", real(2, 3, 2, 4), (None, 5), bias_axes="e"),
        einsum("...x,xy->...y", CUBE, 6, bias_axes="y"),
        einsum("ab...,bc->ac...", IMAGE, 7, bias_axes="c"),
        einsum("abc,bd->adc", CUBE, (6, None), bias_axes="d"),
        einsum(
            "abc,cd->abd",
            CUBE,
            (None, 7),
            bias_axes="d",
            kernel_regularizer="l2",
            bias_regularizer="l1",
            kernel_constraint="non_neg",
            bias_constraint="max_norm",
            activity_regularizer="l2",
            kernel_initializer="he_normal",
            bias_initializer="ones",
        ),
        layer_row("Masking", real(3, 4, 2), mask_value=0.5),
        layer_row("Embedding", integers(3, 4, high=7), input_dim=7, output_dim=3, mask_zero=True),
        layer_row(
            "Embedding",
            integers(3, 4, high=7),
            input_dim=7,
            output_dim=3,
            embeddings_initializer="glorot_normal",
            embeddings_regularizer="l2",
            embeddings_constraint="unit_norm",
        ),
        layer_row("ReversibleEmbedding", integers(3, 4, high=7), input_dim=7, output_dim=3),
        layer_row(
            "ReversibleEmbedding",
            integers(3, 4, high=7),
            input_dim=7,
            output_dim=3,
            tie_weights=False,
            mask_zero=True,
            logit_soft_cap=2.0,
        ),
        layer_row(
            "ReversibleEmbedding",
            real(3, 4, 3),
            input_dim=7,
            output_dim=3,
            logit_soft_cap=2.0,
            call={"reverse": True},
        ),
        layer_row("Identity", real(3, 4), activity_regularizer="l2"),
    ]
)

test_activations = oracle_tests(
    [
        layer_row("PReLU", real(3, 4, 2)),
        layer_row("PReLU", IMAGE, shared_axes=[1, 2], alpha_initializer="ones"),
        layer_row("PReLU", CUBE, shared_axes=1, alpha_regularizer="l2", alpha_constraint="non_neg"),
        layer_row("ReLU", real(3, 4)),
        layer_row("ReLU", real(3, 4), max_value=1.0, negative_slope=0.1, threshold=0.5),
        layer_row("LeakyReLU", real(3, 4), negative_slope=0.2),
        layer_row("ELU", real(3, 4), alpha=0.7, config_ignore=("alpha",)),
        layer_row("Softmax", CUBE),
        layer_row("Softmax", CUBE, axis=[1, 2]),
        layer_row("Softmax", CUBE, call={"mask": real(3, 4, 5) > 0}),
        layer_row("Activation", real(3, 4), activation="gelu"),
    ]
)

test_normalizations = oracle_tests(
    [
        layer_row("GroupNormalization", IMAGE, groups=3),
        layer_row("GroupNormalization", IMAGE, groups=2, axis=1, epsilon=0.01),
        layer_row("GroupNormalization", real(3, 6), groups=-1, center=False),
        layer_row(
            "GroupNormalization",
            CUBE,
            groups=1,
            scale=False,
            beta_regularizer="l2",
            beta_constraint="non_neg",
            beta_initializer="ones",
        ),
        layer_row("RMSNormalization", CUBE),
        layer_row("RMSNormalization", CUBE, axis=[1, 2], epsilon=0.1),
        layer_row("UnitNormalization", CUBE),
        layer_row("UnitNormalization", CUBE, axis=[1, 2]),
        layer_row(
            "SpectralNormalization",
            real(3, 4),
            layer=lambda K: K.layers.Dense(5),
            power_iterations=2,
            training=False,
            train=False,
        ),
        layer_row(
            "SpectralNormalization",
            IMAGE,
            layer=lambda K: K.layers.Conv2D(2, 3, activation="relu"),
            training=False,
            train=False,
        ),
        layer_row("LayerNormalization", CUBE, axis=[1, 2], epsilon=0.01),
        layer_row("LayerNormalization", CUBE, center=False, gamma_regularizer="l2"),
        layer_row("BatchNormalization", IMAGE, axis=1, momentum=0.8, scale=False),
        layer_row("BatchNormalization", real(6, 4), renorm=True, momentum=0.7),
        layer_row(
            "BatchNormalization",
            real(6, 4),
            renorm=True,
            renorm_clipping={"rmin": 0.8, "rmax": 1.2, "dmax": 0.3},
            renorm_momentum=0.5,
        ),
        layer_row(
            "BatchNormalization",
            CUBE,
            call={"mask": real(3, 4) > -0.5},
            training=True,
            momentum=0.6,
        ),
    ]
)


def test_spectral_normalization_in_training():
    """The kernel is divided in place, as in Keras outside of JAX's fit(), which drops that."""
    import keras

    import lamina

    x = real(3, 4)
    pair = []
    for K in (keras, lamina):
        layer = K.layers.SpectralNormalization(K.layers.Dense(5), power_iterations=2)
        layer(x)
        pair.append(layer)
    share_weights(*pair, "spectral")
    for _ in range(3):
        theirs, ours = (layer(x, training=True) for layer in pair)
        close(ours, theirs)
        close(pair[1].get_weights(), pair[0].get_weights())


test_regularizations = oracle_tests(
    [
        layer_row("Dropout", real(3, 4), rate=0.3, noise_shape=(None, 1), seed_free=False),
        layer_row("SpatialDropout1D", CUBE, rate=0.3, seed_free=False),
        layer_row(
            "SpatialDropout2D", IMAGE, rate=0.3, seed_free=False, config_ignore=("data_format",)
        ),
        layer_row(
            "SpatialDropout3D",
            real(2, 3, 2, 4, 2),
            rate=0.3,
            seed_free=False,
            config_ignore=("data_format",),
        ),
        layer_row("AlphaDropout", real(3, 4), rate=0.3, seed_free=False),
        layer_row("GaussianDropout", real(3, 4), rate=0.3, seed_free=False),
        layer_row("GaussianNoise", real(3, 4), stddev=0.3, seed_free=False),
        layer_row("ActivityRegularization", real(3, 4), l1=0.1, l2=0.2),
    ]
)

A, B = real(3, 4, 2), real(3, 4, 2)[::-1] * 0.7 + 0.01
test_merging = oracle_tests(
    [
        *(
            layer_row(name, [A, B])
            for name in (
                "Add",
                "Subtract",
                "Multiply",
                "Average",
                "Maximum",
                "Minimum",
                "Concatenate",
            )
        ),
        layer_row("Add", [A, real(3, 1, 2), real(3, 2)], id="broadcast"),
        layer_row("Multiply", [real(3, 2), A], id="broadcast"),
        layer_row("Maximum", [A, real(3, 4, 1)], id="broadcast"),
        layer_row("Concatenate", [A, real(3, 1, 2)], axis=1),
        layer_row("Concatenate", [A, real(3, 1, 2)], axis=-2),
        layer_row("Dot", [real(3, 4), real(3, 4)[::-1]], axes=1),
        layer_row("Dot", [real(2, 3, 5), real(2, 4, 3)], axes=(1, 2)),
        layer_row("Dot", [real(2, 3, 5), real(2, 5)], axes=-1, normalize=True),
        layer_row("Dot", [real(2, 3, 5, 2), real(2, 4, 3)], axes=[1, -1]),
    ]
)
