"""Masks: how they pass through layers, and what they do to losses and metrics."""

import numpy as np
import pytest

from oracle.base import as_numpy, close, integers, real
from oracle.layer_rows import share_weights

TOKENS = integers(4, 6, high=3)
TOKENS[:, 0] = 1  # no sequence is all padding
FEATURES = real(4, 6, 3)
FEATURES[0, 2:4] = FEATURES[2, 5] = 0.0


def packages():
    import keras

    import lamina

    return keras, lamina


def mask_of(x):
    mask = getattr(x, "_keras_mask", None)
    if mask is None:  # Keras on JAX keeps it beside the array
        from keras.src import backend

        mask = backend.get_keras_mask(x) if not type(x).__module__.startswith("lamina") else None
    return None if mask is None else as_numpy(mask)


def both(make, *inputs, call=None):
    """Output masks of a stack of layers of both packages."""
    masks = []
    for K in packages():
        out = make(K, *(K.ops.convert_to_tensor(x) for x in inputs))
        masks.append(mask_of(out))
    assert (masks[0] is None) == (masks[1] is None)
    if masks[0] is not None:
        np.testing.assert_array_equal(masks[1], masks[0])
    return masks[1]


def masked(K, x):
    return K.layers.Masking()(x)


PASSING = {
    "Masking": lambda K, x: masked(K, x),
    "Dense": lambda K, x: K.layers.Dense(3)(masked(K, x)),
    "Activation": lambda K, x: K.layers.Activation("relu")(masked(K, x)),
    "Dropout": lambda K, x: K.layers.Dropout(0.5)(masked(K, x), training=True),
    "SpatialDropout1D": lambda K, x: K.layers.SpatialDropout1D(0.5)(masked(K, x), training=True),
    "GroupNormalization": lambda K, x: K.layers.GroupNormalization(3)(masked(K, x)),
    "BatchNormalization": lambda K, x: K.layers.BatchNormalization()(masked(K, x), training=True),
    "LayerNormalization": lambda K, x: K.layers.LayerNormalization()(masked(K, x)),
    "UnitNormalization": lambda K, x: K.layers.UnitNormalization()(masked(K, x)),
    "PReLU": lambda K, x: K.layers.PReLU()(masked(K, x)),
    "Identity": lambda K, x: K.layers.Identity()(masked(K, x)),
    "ActivityRegularization": lambda K, x: K.layers.ActivityRegularization(0.1)(masked(K, x)),
    "Add": lambda K, x: K.layers.Add()([masked(K, x), K.layers.Masking(1.0)(x)]),
    "Add, one without": lambda K, x: K.layers.Add()([masked(K, x), x]),
    "Multiply": lambda K, x: K.layers.Multiply()([masked(K, x), masked(K, x[::-1])]),
    "Maximum": lambda K, x: K.layers.Maximum()([masked(K, x), masked(K, x[::-1])]),
    "Concatenate": lambda K, x: K.layers.Concatenate()([masked(K, x), x]),
    "Concatenate, axis 1": lambda K, x: K.layers.Concatenate(axis=1)([masked(K, x), x]),
    "Dot": lambda K, x: K.layers.Dot(axes=2)([masked(K, x), x]),
    "GlobalAveragePooling1D": lambda K, x: K.layers.GlobalAveragePooling1D()(masked(K, x)),
    "MultiHeadAttention": lambda K, x: K.layers.MultiHeadAttention(2, 3)(
        masked(K, x), masked(K, x)
    ),
    "Lambda": lambda K, x: K.layers.Lambda(lambda t: t * 2, mask=lambda t, m: m)(masked(K, x)),
}


@pytest.mark.parametrize("name", PASSING)
def test_masks_pass_where_keras_passes_them(name):
    both(PASSING[name], FEATURES)


def test_an_embedding_masks_zeros():
    mask = both(lambda K, i: K.layers.Embedding(3, 2, mask_zero=True)(i), TOKENS)
    np.testing.assert_array_equal(mask, TOKENS != 0)


@pytest.mark.parametrize(
    "name", ["Multiply", "Maximum", "Minimum", "GlobalAveragePooling1D", "Softmax"]
)
def test_values_of_layers_that_use_masks(name):
    values = []
    for K in packages():
        x, y = (K.ops.convert_to_tensor(v) for v in (FEATURES, FEATURES[::-1].copy()))
        if name == "GlobalAveragePooling1D":
            out = K.layers.GlobalAveragePooling1D()(masked(K, x))
        elif name == "Softmax":
            out = K.layers.Softmax(axis=1)(x, mask=K.ops.convert_to_tensor(FEATURES > 0.2))
        else:
            out = getattr(K.layers, name)()([masked(K, x), masked(K, y)])
        values.append(out)
    close(values[1], values[0])


def attention_model(K):
    tokens = K.Input((6,), dtype="int32")
    x = K.layers.Embedding(3, 8, mask_zero=True)(tokens)
    x = K.layers.MultiHeadAttention(2, 3)(x, x)
    x = K.layers.GlobalAveragePooling1D()(x)
    return K.Model(tokens, K.layers.Dense(2)(x))


def sequence_model(K):
    tokens = K.Input((6,), dtype="int32")
    x = K.layers.Embedding(3, 4, mask_zero=True)(tokens)
    return K.Model(tokens, K.layers.Dense(2)(x))


def sequential_model(K):
    return K.Sequential(
        [
            K.Input((6, 3)),
            K.layers.Masking(),
            K.layers.BatchNormalization(),
            K.layers.Dense(2, activation="tanh"),
        ]
    )


CASES = {
    "attention": (attention_model, TOKENS, real(4, 2)),
    "steps": (sequence_model, TOKENS, real(4, 6, 2)),
    "sequential": (sequential_model, FEATURES, real(4, 6, 2)),
}


@pytest.mark.parametrize("weights", [None, "samples"])
@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_three_steps_of_training(name, eager, weights):
    """Losses and metrics leave masked steps out.

    While training, Keras on JAX loses the masks before it updates metrics; evaluating, it does not.
    """
    make, x, y = CASES[name]
    models = [make(K) for K in packages()]
    share_weights(*models, name)
    models[1].set_weights([0.3 * w for w in models[0].get_weights()])
    models[0].set_weights(models[1].get_weights())
    sample_weight = None
    if weights:
        sample_weight = np.array([1.0, 0.5, 2.0, 0.0], "float32")
        if y.ndim == 3:
            sample_weight = sample_weight[:, None]
    histories = []
    for model, K in zip(models, packages()):
        model.compile(
            K.optimizers.SGD(0.05), "mse", metrics=["mae"], run_eagerly=eager and K is packages()[1]
        )
        history = model.fit(
            x, y, 4, epochs=3, shuffle=False, verbose=0, sample_weight=sample_weight
        ).history
        values = model.evaluate(x, y, 4, sample_weight=sample_weight, verbose=0)
        histories.append([np.float32(history["loss"]), np.float32(values)])
    close(histories[1], histories[0])
    close(models[1].get_weights(), models[0].get_weights())
    close(models[1].predict_on_batch(x), models[0].predict_on_batch(x))


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "none"])
def test_a_loss_weights_by_the_mask(reduction):
    values = []
    for K in packages():
        y_pred = masked(K, K.ops.convert_to_tensor(FEATURES))
        loss = K.losses.MeanSquaredError(reduction=reduction)
        values.append(loss(K.ops.convert_to_tensor(real(4, 6, 3)), y_pred))
    close(values[1], values[0])
