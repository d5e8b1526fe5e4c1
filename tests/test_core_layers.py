"""Embeddings, first values, wrong use of layers, and what layers do in training alone."""

import numpy as np
import pytest

import lamina
from lamina import layers

X = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]], "float32")


# ---- embeddings ----


def test_embeddings_with_given_weights():
    table = np.arange(6.0).reshape(3, 2)
    for weights in (table, [table]):
        layer = layers.Embedding(3, 2, weights=weights)
        np.testing.assert_array_equal(layer(np.array([2, 0])).numpy(), table[[2, 0]])
    assert layer.embeddings.shape == (3, 2)
    with pytest.warns(UserWarning, match="input_length"):
        layers.Embedding(3, 2, input_length=4)
    with pytest.raises(ValueError, match="input_dim"):
        layers.Embedding(0, 2)


def test_a_reversible_embedding_goes_both_ways(tmp_path):
    layer = layers.ReversibleEmbedding(5, 3, name="e")
    tokens = lamina.Input((4,), dtype="int32")
    model = lamina.Model(tokens, layer(layer(tokens), reverse=True))
    x = np.array([[0, 1, 2, 4]], "int32")
    table = layer.get_weights()[0]
    np.testing.assert_allclose(model.predict(x, verbose=0), table[x] @ table.T, rtol=1e-5)
    model.save(tmp_path / "m.safetensors")
    again = lamina.load_model(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    with pytest.raises(ValueError, match=r"ReversibleEmbedding 'e'.*must be 3"):
        layer(X[:, :2], reverse=True)


# ---- wrong use ----


@pytest.mark.parametrize(
    ("make", "x", "message"),
    [
        (lambda: layers.Add(name="n"), X, "'n'.*list of inputs"),
        (lambda: layers.Add(), [X, X[:1]], "different batch sizes"),
        (lambda: layers.Add(), [X, X[:, :2]], "incompatible shapes"),
        (lambda: layers.Subtract(), [X, X, X], "exactly 2 inputs"),
        (lambda: layers.Concatenate(), X, "list of inputs"),
        (lambda: layers.Concatenate(axis=1), [X, X[:1]], "matching shapes"),
        (lambda: layers.Dot(axes=1), [X, X, X], "exactly 2 inputs"),
        (lambda: layers.Dot(axes=1), [X, X[:, :2]], "incompatible input shapes"),
        (lambda: layers.Dot(axes=0), [X, X], "axis 0"),
        (lambda: layers.Dot(axes=3), [X, X], "out of bounds"),
        (lambda: layers.Dot(axes=[1, 1, 1]), None, "two integers"),
        (lambda: layers.GroupNormalization(4, name="g"), X, "'g'.*cannot be more than"),
        (lambda: layers.GroupNormalization(2), X, "multiple"),
        (lambda: layers.GroupNormalization(1, axis=0), X, "batch"),
        (lambda: layers.RMSNormalization(axis=2), X, "out of bounds"),
        (lambda: layers.UnitNormalization(axis=2), X, "out of bounds"),
        (lambda: layers.Dropout(-0.5), None, "'rate' must be a number between 0 and 1"),
        (lambda: layers.Dropout(0.5, noise_shape=(0, 1)), None, "positive integers or None"),
        (lambda: layers.AlphaDropout(1.5), None, "'rate'"),
        (lambda: layers.GaussianDropout(2), None, "'rate'"),
        (lambda: layers.GaussianNoise(1.5), None, "'stddev'"),
        (lambda: layers.SpatialDropout2D(0.5, "wrong"), None, "data_format"),
        (lambda: layers.ReLU(max_value=-1), None, "'max_value'"),
        (lambda: layers.LeakyReLU(-1), None, "'negative_slope'"),
        (lambda: layers.PReLU(shared_axes=5), X, "shared_axes"),
        (lambda: layers.Masking(), X[0], "features"),
        (lambda: layers.EinsumDense("ab,bc", 3), X, "invalid equation"),
        (lambda: layers.EinsumDense("abc,cd->abd", (None, 3)), X, "does not fit"),
        (lambda: layers.EinsumDense("ab,bc->ad", 3), X, "neither in the input"),
        (lambda: layers.EinsumDense("ab,bcd->ac", 3), X, "fully specified"),
        (lambda: layers.EinsumDense("ab,bc->ac", 3, bias_axes="z"), X, "bias dimension 'z'"),
        (lambda: layers.EinsumDense("ab,bc->ab", 4), X, "shared dimension 'b'"),
        (lambda: layers.BatchNormalization(renorm=True, renorm_clipping={"x": 1}), None, "keys"),
        (lambda: layers.Embedding(4, -1), None, "output_dim"),
    ],
)
def test_wrong_use(make, x, message):
    with pytest.raises(ValueError, match=message):
        layer = make()
        layer(x)


def test_what_is_refused():
    with pytest.raises(TypeError, match="lora_rank"):
        layers.EinsumDense("ab,bc->ac", 3, lora_rank=2)
    for layer in (layers.AlphaDropout(1.0), layers.GaussianDropout(1.0)):
        with pytest.raises(ValueError, match="leaves nothing"):
            layer(X, training=True)


# ---- what only training does ----


def test_the_dropout_family_by_statistics():
    x = np.ones((400, 6, 50), "float32")
    y = layers.SpatialDropout1D(0.4, seed=1)(x, training=True).numpy()
    assert (y == y[:, :1]).all() and (y == 0).mean() == pytest.approx(0.4, abs=0.02)
    image = np.ones((200, 4, 3, 50), "float32")
    y = layers.SpatialDropout2D(0.4, seed=1)(image, training=True).numpy()
    assert (y == y[:, :1, :1]).all() and (y == 0).mean() == pytest.approx(0.4, abs=0.02)
    y = layers.SpatialDropout2D(0.4, "channels_first", seed=1)(image, training=True).numpy()
    assert (y == y[:, :, :1, :1]).all() and 0.2 < (y == 0).mean() < 0.6
    volume = np.ones((100, 2, 4, 3, 60), "float32")
    y = layers.SpatialDropout3D(0.4, seed=1)(volume, training=True).numpy()
    assert (y == y[:, :1, :1, :1]).all() and (y == 0).mean() == pytest.approx(0.4, abs=0.03)
    noise = np.random.default_rng(0).normal(size=(400, 300)).astype("float32")
    y = layers.AlphaDropout(0.3, seed=1)(noise, training=True).numpy()
    assert y.mean() == pytest.approx(0, abs=0.02) and y.std() == pytest.approx(1, abs=0.02)
    _, counts = np.unique(y.round(4), return_counts=True)
    assert counts.max() / y.size == pytest.approx(0.3, abs=0.02)
    y = layers.AlphaDropout(0.3, noise_shape=(None, 1), seed=1)(
        noise * 0 + 1, training=True
    ).numpy()
    assert (y == y[:, :1]).all()
    y = layers.GaussianDropout(0.3, seed=1)(x, training=True).numpy()
    assert y.mean() == pytest.approx(1, abs=0.01)
    assert y.std() == pytest.approx(np.sqrt(0.3 / 0.7), abs=0.01)
    for name in ("AlphaDropout", "GaussianDropout", "SpatialDropout1D"):
        a, b = (getattr(layers, name)(0.3, seed=7)(x, training=True).numpy() for _ in range(2))
        np.testing.assert_array_equal(a, b)


def test_every_activation_has_keras_names_and_arguments():
    for name in "relu6 selu sigmoid softplus softsign swish exponential hard_swish".split():
        assert callable(getattr(lamina.activations, name)), name
    x = np.linspace(-3, 3, 7, dtype="float32")
    np.testing.assert_allclose(
        lamina.activations.threshold(x, 1.0, -5.0).numpy(), np.where(x > 1, x, -5.0)
    )
    assert lamina.activations.get({"class_name": "function", "config": "relu"}) is (
        lamina.activations.relu
    )


def test_first_values_scale_with_the_equation():
    """Glorot's limit counts inputs and outputs of the equation, not axes of the kernel."""
    layer = layers.EinsumDense("abc,cde->abde", output_shape=(None, 8, 16))
    layer.build((None, 3, 32))
    limit = np.sqrt(6 / (32 + 8 * 16))
    kernel = layer.kernel.numpy()
    assert 0.97 * limit < np.abs(kernel).max() <= limit
    attention = layers.MultiHeadAttention(8, 16)
    attention(np.ones((1, 3, 32), "float32"), np.ones((1, 3, 32), "float32"))
    for w in attention.weights[0], attention.weights[6]:
        assert 0.97 * limit < np.abs(w.numpy()).max() <= limit


def test_merging_layers_as_functions():
    a, b = X, X[:, ::-1].copy()
    for name in "add subtract multiply average maximum minimum concatenate".split():
        cls = getattr(layers, name.capitalize())
        np.testing.assert_array_equal(
            getattr(layers, name)([a, b]).numpy(), cls()([a, b]).numpy(), err_msg=name
        )
    np.testing.assert_allclose(layers.dot([a, b]).numpy(), (a * b).sum(1, keepdims=True))
    cosine = layers.dot([a, b], axes=1, normalize=True, name="cosine").numpy()
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    np.testing.assert_allclose(cosine[:, 0], (a * b).sum(1) / lengths, rtol=1e-5)
    np.testing.assert_array_equal(layers.add([a]).numpy(), a)
