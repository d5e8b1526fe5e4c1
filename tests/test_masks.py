"""The mask mechanism from Python: layers of one's own, functional models, files, warnings."""

import warnings

import numpy as np
import pytest

import lamina
from lamina import layers, ops

TOKENS = np.array([[3, 2, 0, 0], [1, 0, 2, 0]], "int32")


class Shares(layers.Layer):
    """A softmax over the steps that count; it cannot do without a mask."""

    def call(self, x, mask=None):
        assert mask is not None
        keep = ops.expand_dims(ops.cast(mask, "float32"), -1)
        e = ops.exp(x) * keep
        return e / ops.sum(e, axis=1, keepdims=True)


class EveryOther(layers.Layer):
    def call(self, x):
        return x[:, ::2]

    def compute_mask(self, x, mask=None):
        return None if mask is None else mask[:, ::2]


class Between(layers.Layer):
    """Two arguments, each with its mask."""

    def call(self, query, value, query_mask=None, value_mask=None):
        assert query_mask is not None and value_mask is None
        return query + value * ops.expand_dims(ops.cast(query_mask, "float32"), -1)


def shares_model():
    tokens = lamina.Input((None,), dtype="int32")
    x = layers.Embedding(4, 3, mask_zero=True)(tokens)
    x = layers.Dense(2)(x)
    return lamina.Model(tokens, Shares()(x))


def test_a_python_layer_is_given_the_mask_everywhere(tmp_path):
    model = shares_model()
    eager = model(TOKENS).numpy()
    assert np.all(eager[0, 2:] == 0) and np.all(eager[1, 1] == 0)
    np.testing.assert_allclose(eager.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(model.predict(TOKENS, verbose=0), eager, rtol=1e-6)
    model.compile("sgd", "mse")
    model.fit(TOKENS, np.ones((2, 4, 2), "float32"), verbose=0)
    model.save(tmp_path / "m.safetensors")
    again = lamina.load_model(tmp_path / "m.safetensors", custom_objects={"Shares": Shares})
    np.testing.assert_array_equal(
        again.predict(TOKENS, verbose=0), model.predict(TOKENS, verbose=0)
    )


def test_compute_mask_of_a_python_layer():
    layer = EveryOther()
    assert layer.supports_masking and not Shares().supports_masking
    x = layers.Embedding(4, 3, mask_zero=True)(TOKENS)
    np.testing.assert_array_equal(layer(x)._keras_mask.numpy(), TOKENS[:, ::2] != 0)
    assert layer(np.ones((2, 4, 3), "float32"))._keras_mask is None
    symbolic = EveryOther()(
        layers.Embedding(4, 3, mask_zero=True)(lamina.Input((4,), dtype="int32"))
    )
    assert symbolic._keras_mask.shape == (None, 2) and symbolic._keras_mask.dtype == "bool"


def test_masks_of_several_arguments():
    x = layers.Embedding(4, 3, mask_zero=True)(TOKENS)
    y = Between()(x, np.ones((2, 4, 3), "float32"))
    np.testing.assert_allclose(y.numpy(), x.numpy() + (TOKENS != 0)[..., None])


def test_a_symbolic_mask_can_be_used(tmp_path):
    tokens = lamina.Input((4,), dtype="int32")
    embedding = layers.Embedding(4, 3, mask_zero=True)
    x = embedding(tokens)
    weight = ops.cast(x._keras_mask, "float32")
    model = lamina.Model(tokens, ops.sum(x * ops.expand_dims(weight, -1), axis=1))
    table = embedding.get_weights()[0]
    expected = (table[TOKENS] * (TOKENS != 0)[..., None]).sum(1)
    np.testing.assert_allclose(model.predict(TOKENS, verbose=0), expected, rtol=1e-6)
    model.save(tmp_path / "m.safetensors")
    again = lamina.load_model(tmp_path / "m.safetensors")
    np.testing.assert_allclose(again.predict(TOKENS, verbose=0), expected, rtol=1e-6)
    np.testing.assert_array_equal(embedding.compute_mask(TOKENS).numpy(), TOKENS != 0)


def test_an_explicit_mask_goes_before_the_one_that_came():
    x = layers.Embedding(4, 3, mask_zero=True)(TOKENS)
    mask = np.array([[True, False, False, False]] * 2)
    y = layers.GlobalAveragePooling1D()(x, mask=mask)
    np.testing.assert_allclose(y.numpy(), x.numpy()[:, 0])
    pooled = lamina.Sequential([layers.GlobalAveragePooling1D()])(x.numpy(), mask=mask)
    np.testing.assert_allclose(pooled.numpy(), x.numpy()[:, 0])


def test_a_layer_that_does_not_support_masks_says_so():
    x = layers.Masking()(np.ones((2, 3, 4), "float32"))
    with pytest.warns(UserWarning, match=r"'flat'.*does not support masking"):
        y = layers.Flatten(name="flat")(x)
    assert y._keras_mask is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layers.Dense(2)(x)
        layers.Flatten()(np.ones((2, 3, 4), "float32"))


def test_masks_can_be_set_and_taken_away():
    x = lamina.tensor(np.ones((2, 3, 4), "float32"))
    x._keras_mask = np.array([[True, True, False]] * 2)
    assert layers.Dense(2)(x)._keras_mask.numpy().tolist() == [[True, True, False]] * 2
    x._keras_mask = None
    assert layers.Dense(2)(x)._keras_mask is None


def test_softmax_of_a_mask_that_does_not_fit():
    with pytest.raises(ValueError, match=r"Softmax 's'.*broadcastable"):
        layers.Softmax(name="s")(np.ones((2, 3), "float32"), mask=np.ones((2, 4), bool))
    y = layers.Softmax()(np.ones((2, 3), "float32"), mask=np.array([[1, 1, 0], [0, 0, 0]]))
    np.testing.assert_allclose(y.numpy(), [[0.5, 0.5, 0], [0, 0, 0]])


def test_batch_normalization_of_a_mask_that_does_not_fit():
    layer = layers.BatchNormalization(name="b")
    with pytest.raises(ValueError, match=r"BatchNormalization 'b'.*one axis less"):
        layer(np.ones((2, 3, 4), "float32"), mask=np.ones((2, 3, 4), bool), training=True)
