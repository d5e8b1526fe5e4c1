"""Classes that do not define get_config(): the arguments of their constructors are saved."""

import copy
import pickle

import numpy as np
import pytest

import lamina
from lamina import layers, ops

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4)).astype("float32")


class Scaled(lamina.Layer):
    def __init__(self, units, scale=2.0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.scale = units, scale

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units))

    def call(self, x):
        return ops.matmul(x, self.kernel) * self.scale


class Plain(lamina.Layer):
    """Its constructor takes nothing that all layers have."""

    def __init__(self, factors):
        super().__init__()
        self.factors = factors

    def call(self, x):
        return x * sum(self.factors)


class Through(lamina.Layer):
    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def call(self, x):
        return self.function(x)


class Reader(lamina.Model):
    """Its layers are built by calls alone."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.embedding = layers.Embedding(10, 4)
        self.memory = layers.LSTM(units)
        self.blocks = [layers.Dense(4, activation="relu"), layers.Dense(2)]

    def call(self, x, training=False):
        y = self.memory(self.embedding(x))
        for block in self.blocks:
            y = block(y)
        return y


def saved_and_loaded(model, tmp_path, *classes):
    model.save(tmp_path / "m.safetensors")
    return lamina.load_model(
        tmp_path / "m.safetensors", custom_objects={c.__name__: c for c in classes}
    )


def test_arguments_come_back(tmp_path):
    model = lamina.Sequential([lamina.Input((4,)), Scaled(5, name="mine"), Plain([1, 2.5])])
    config = model.layers[0].get_config()
    assert config == {
        "name": "mine", "trainable": True, "dtype": "float32", "units": 5, "scale": 2.0
    }  # fmt: skip
    assert model.layers[1].get_config() == {"factors": [1, 2.5]}
    again = saved_and_loaded(model, tmp_path, Scaled, Plain)
    assert again.layers[0].scale == 2.0 and again.layers[0].name == "mine"
    np.testing.assert_array_equal(again(X).numpy(), model(X).numpy())
    np.testing.assert_allclose(
        model(X).numpy(), X @ model.layers[0].kernel.numpy() * 2 * 3.5, rtol=1e-5
    )


def test_a_config_is_of_the_time_of_the_call():
    factors = [1, 2]
    layer = Plain(factors)
    factors.append(100)
    assert layer.get_config() == {"factors": [1, 2]}


def test_a_derived_class_says_what_its_own_constructor_took():
    class Wide(Scaled):
        def __init__(self, **kwargs):
            super().__init__(64, scale=0.5, **kwargs)

    layer = Wide(trainable=False)
    assert layer.get_config() == {"name": layer.name, "trainable": False, "dtype": "float32"}
    again = Wide.from_config(layer.get_config())
    assert again.units == 64 and not again.trainable


def test_a_subclassed_model_without_build(tmp_path):
    model = Reader(6)
    tokens = RNG.integers(0, 10, (3, 5)).astype("int32")
    y = model(tokens).numpy()
    again = saved_and_loaded(model, tmp_path, Reader)
    assert again.memory.units == 6
    np.testing.assert_array_equal(again(tokens).numpy(), y)


def test_a_subclassed_model_goes_on_training(tmp_path):
    tokens = RNG.integers(0, 10, (8, 5)).astype("int32")
    y = RNG.normal(size=(8, 2)).astype("float32")
    model = Reader()
    model.compile("adam", "mse")
    model.fit(tokens, y, batch_size=4, shuffle=False, verbose=0)
    again = saved_and_loaded(model, tmp_path, Reader)
    for m in (model, again):
        m.fit(tokens, y, batch_size=4, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@lamina.saving.register_keras_serializable("test_own_config")
class Registered(lamina.Layer):
    def call(self, x):
        return x + 1


class Unregistered(Registered):
    def call(self, x):
        return x + 2


def test_a_class_derived_from_a_registered_one():
    for first in (Unregistered(), Registered()):
        again = copy.deepcopy(first)
        assert type(again) is type(first)
        np.testing.assert_array_equal(again(X).numpy(), first(X).numpy())


def test_what_a_config_cannot_hold(tmp_path):
    model = lamina.Sequential([lamina.Input((4,)), Through(ops.sin, name="f")])
    with pytest.raises(NotImplementedError, match=r"Through 'f'.*'function'.*define get_config"):
        model.save(tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())

    class Several(lamina.Layer):
        def __init__(self, *factors):
            super().__init__()

    with pytest.raises(NotImplementedError, match="'factors' cannot be given by name"):
        Several(1, 2).get_config()
    with pytest.raises(TypeError, match="units"):
        Scaled()


def half_squares(y_true, y_pred):
    return ops.mean(ops.square(y_true - y_pred), axis=-1) / 2


class Largest(lamina.metrics.Metric):
    def __init__(self, name="largest", **kwargs):
        super().__init__(name=name, **kwargs)
        self.seen = self.add_variable((), "zeros", name="seen")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.seen.assign(ops.maximum(self.seen, ops.max(y_pred)))

    def result(self):
        return self.seen


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_and_pickles(copied):
    tokens = RNG.integers(0, 10, (8, 5)).astype("int32")
    y = RNG.normal(size=(8, 2)).astype("float32")
    model = Reader()
    model.compile("adam", half_squares, metrics=[Largest()])
    model.fit(tokens, y, batch_size=4, shuffle=False, verbose=0)
    again = copied(copied(model))
    histories = [
        m.fit(tokens, y, batch_size=4, shuffle=False, verbose=0).history for m in (model, again)
    ]
    assert histories[0] == histories[1] and "largest" in histories[1]
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    again.set_weights([0 * w for w in again.get_weights()])
    assert any(w.any() for w in model.get_weights())


def test_copies_of_layers():
    for layer in (layers.Dense(3, name="d"), Scaled(2), layers.Bidirectional(layers.GRU(2))):
        x = RNG.normal(size=(2, 3, 4)).astype("float32")
        unbuilt = copy.deepcopy(layer)
        y = layer(x).numpy()
        again = pickle.loads(pickle.dumps(layer))
        np.testing.assert_array_equal(again(x).numpy(), y)
        assert unbuilt(x).shape == y.shape
    text = layers.TextVectorization(output_mode="tf_idf")
    text.adapt(["a b", "b c", "c"])
    again = copy.deepcopy(text)
    assert again.get_vocabulary() == text.get_vocabulary()
    np.testing.assert_array_equal(again(["a c"]).numpy(), text(["a c"]).numpy())
    model = lamina.Sequential([lamina.Input((4,)), layers.BatchNormalization(), Plain([2])])
    np.testing.assert_array_equal(copy.deepcopy(model)(X).numpy(), model(X).numpy())
