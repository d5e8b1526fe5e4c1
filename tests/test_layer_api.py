"""What scripts that write layers of their own use of Layer, and layers written in Python."""

import numpy as np
import pytest

import lamina
from lamina import layers, ops

X = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]], "float32")


class Scale(layers.Layer):
    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.builds = 0

    def build(self, input_shape):
        self.builds += 1
        self.w = self.add_weight(
            shape=(input_shape[-1],), initializer="ones", regularizer="l2", name="w"
        )
        self.count = self.add_weight(dtype="int32", trainable=False, name="count")
        super().build(input_shape)

    def call(self, x, training=None):
        self.add_loss(0.1 * ops.mean(ops.square(x)))
        return x * self.w * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def test_building_by_hand_happens_once_and_gives_paths():
    layer = Scale(2.0, name="scale")
    assert layer.path is None and not layer.built
    layer.build((None, 3))
    layer(X)
    layer.build((None, 3))
    assert layer.built and layer.builds == 1 and layer.path == "scale"
    assert [w.path for w in layer.weights] == ["scale/w", "scale/count"]
    assert layer.count.dtype == "int32" and layer.count.numpy() == 0
    assert layer.count_params() == 4
    assert [len(v) for v in (layer.trainable_variables, layer.non_trainable_variables)] == [1, 1]
    assert layer.compute_output_shape((None, 3)) == (None, 3)
    assert (layer.dtype, layer.compute_dtype, layer.variable_dtype) == ("float32",) * 3


def test_losses_of_a_layer():
    layer = Scale()
    layer(X)
    added, penalty = layer.losses
    assert float(added) == pytest.approx(0.1 * (X**2).mean())
    assert float(penalty) == pytest.approx(0.01 * 3)
    symbolic = layer(lamina.Input((3,)))
    assert symbolic.shape == (None, 3) and len(layer.losses) == 1


def test_build_configs():
    layer = Scale()
    layer.build((None, 3))
    config = layer.get_build_config()
    assert config == {"input_shape": (None, 3)}
    other = Scale()
    other.build_from_config(config)
    assert other.built and other.w.shape == (3,)


@lamina.saving.register_keras_serializable("test_api")
class FromData(layers.Layer):
    """Its weight has a length that no input shape tells."""

    def adapt(self, n):
        self.n = n
        self.table = self.add_weight(shape=(n,), initializer="ones", name="table")

    def call(self, x):
        return x * ops.sum(self.table)

    def get_build_config(self):
        return {"n": self.n}

    def build_from_config(self, config):
        self.adapt(config["n"])


def test_a_layer_that_builds_itself_from_a_file(tmp_path):
    layer = FromData()
    layer.adapt(5)
    inputs = lamina.Input((3,))
    model = lamina.Model(inputs, layer(inputs))
    layer.set_weights([np.arange(5.0)])
    model.save(tmp_path / "m.safetensors")
    again = lamina.load_model(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(X, verbose=0), 10 * X)


@lamina.saving.register_keras_serializable("test_api")
class AlwaysDropout(layers.Dropout):
    def call(self, inputs):
        return super().call(inputs, training=True)


@lamina.saving.register_keras_serializable("test_api")
class Wide(layers.Dense):
    """A Dense with twice the units, and a second output scale."""

    def __init__(self, units, **kwargs):
        super().__init__(2 * units, **kwargs)
        self.half = units

    def build(self, input_shape):
        super().build(input_shape)
        self.gain = self.add_weight(shape=(), initializer="ones", name="gain")

    def call(self, x):
        return super().call(x) * self.gain

    def get_config(self):
        config = super().get_config()
        config["units"] = self.half
        return config


def test_classes_derived_from_built_in_layers(tmp_path):
    x = np.ones((50, 20), "float32")
    y = AlwaysDropout(0.5)(x).numpy()
    assert set(np.unique(y)) == {0.0, 2.0}
    layer = Wide(2, activation="relu", name="wide")
    out = layer(X)
    assert [w.path for w in layer.weights] == ["wide/kernel", "wide/bias", "wide/gain"]
    kernel, bias = layer.kernel.numpy(), layer.bias.numpy()
    layer.gain.assign(3.0)
    np.testing.assert_allclose(layer(X).numpy(), 3 * np.maximum(X @ kernel + bias, 0), rtol=1e-5)
    assert out.shape == (2, 4) and layer.units == 4
    assert Wide.from_config(layer.get_config()).units == 4
    layer.trainable = False
    assert not layer.trainable_weights and len(layer.non_trainable_weights) == 3
    layer.trainable = True

    inputs = lamina.Input((3,))
    model = lamina.Model(inputs, AlwaysDropout(0.5)(Wide(2)(inputs)))
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, np.ones((2, 4)), verbose=0)
    assert any((a != b).any() for a, b in zip(before, model.get_weights()))
    model.save(tmp_path / "m.safetensors")
    again = lamina.load_model(tmp_path / "m.safetensors")
    for a, b in zip(again.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert [type(la) for la in again.layers] == [Wide, AlwaysDropout]
    assert again.layers[0].name.startswith("wide")


def test_a_derived_normalization_knows_when_it_is_frozen():
    class Norm(layers.BatchNormalization):
        pass

    layer = Norm()
    layer(X, training=True)
    moved = layer.moving_mean.numpy().copy()
    assert (moved != 0).any()
    layer.trainable = False
    layer(X, training=True)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), moved)


def test_arguments_and_weights_are_attributes():
    layer = layers.Dense(4, activation="relu", use_bias=False, kernel_regularizer="l2")
    assert layer.units == 4 and layer.activation is lamina.activations.relu
    assert isinstance(layer.kernel_regularizer, lamina.regularizers.Regularizer)
    with pytest.raises(AttributeError):
        _ = layer.kernel
    layer(X)
    assert layer.kernel.shape == (3, 4) and layer.bias is None
    assert not hasattr(layer, "no_such_thing")
    assert layers.Conv2D(2, 3).kernel_size == (3, 3)
    layer.activation = None
    np.testing.assert_allclose(layer(X).numpy(), X @ layer.kernel.numpy(), rtol=1e-5)
    dropout = layers.Dropout(0.5)
    dropout.rate = 0.0
    np.testing.assert_array_equal(dropout(X, training=True).numpy(), X)


def test_outputs_of_layers_inside_a_model():
    model = lamina.Sequential(
        [lamina.Input((3,)), layers.Dense(4, name="a"), layers.Dense(2, name="b")]
    )
    features = lamina.Model(model.inputs, model.get_layer("a").output)
    np.testing.assert_allclose(features(X).numpy(), model.layers[0](X).numpy())
    assert model.get_layer("b").input.shape == (None, 4)
    with pytest.raises(ValueError, match="has not been called"):
        _ = layers.Dense(3).output


def test_activity_regularizers_of_any_layer():
    layer = layers.ReLU(activity_regularizer=lamina.regularizers.L1(0.5))
    layer(X)
    assert float(layer.losses[0]) == pytest.approx(0.5 * np.maximum(X, 0).sum() / 2)
    config = layer.get_config()
    assert layers.ReLU.from_config(config).get_config() == config

    class Mine(layers.Layer):
        def call(self, x):
            return x

    mine = Mine(activity_regularizer="l2")
    mine(X)
    assert float(mine.losses[0]) == pytest.approx(0.01 * (X**2).sum() / 2)


def test_stateless_call():
    layer = layers.BatchNormalization(momentum=0.5)
    layer.build((None, 3))
    trained = [np.full(3, 2.0, "float32"), np.ones(3, "float32")]
    others = [v.numpy() for v in layer.non_trainable_variables]
    out, states = layer.stateless_call(trained, others, X, training=True)
    np.testing.assert_allclose(states[0].numpy(), 0.5 * X.mean(0), rtol=1e-5)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), 0)
    np.testing.assert_array_equal(layer.gamma.numpy(), 1)
    assert out.numpy().mean() == pytest.approx(1, abs=1e-5)
    dense = layers.Dense(2)
    with pytest.raises(ValueError, match="built"):
        dense.stateless_call([], [], X)
    dense.build((None, 3))
    w = lamina.tensor(np.ones((3, 2), "float32"), requires_grad=True)
    y, _, losses = dense.stateless_call([w, np.zeros(2, "float32")], [], X, return_losses=True)
    ops.sum(y).backward()
    np.testing.assert_allclose(w.grad.numpy(), np.repeat(X.sum(0)[:, None], 2, 1), rtol=1e-5)
    assert losses == []


def test_compute_output_spec_and_keras_tensors():
    spec = layers.Dense(4).compute_output_spec(lamina.KerasTensor((None, 3)))
    assert spec.shape == (None, 4) and isinstance(spec, lamina.KerasTensor)
    assert not isinstance(lamina.tensor(X), lamina.KerasTensor)
    assert layers.Dense(4).compute_output_spec(X).shape == (2, 4)


def test_metrics_of_a_layer():
    class Measured(layers.Layer):
        def __init__(self):
            super().__init__()
            self.mean = lamina.metrics.Mean(name="m")

        def call(self, x):
            return x

    layer = Measured()
    assert [m.name for m in layer.metrics] == ["m"]


def test_quantize_is_refused():
    with pytest.raises(NotImplementedError, match="no quantized layers"):
        layers.Dense(3).quantize("int8")


# ---- input specs ----


class Strict(layers.Layer):
    def __init__(self, **spec):
        super().__init__(name="strict")
        self.input_spec = layers.InputSpec(**spec)

    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"ndim": 3}, "expected 3 axes"),
        ({"min_ndim": 3}, "expected at least 3 axes"),
        ({"max_ndim": 1}, "expected at most 1 axes"),
        ({"axes": {-1: 4}}, "expected axis -1 of length 4"),
        ({"shape": (None, 4)}, r"expected shape \(None, 4\)"),
        ({"dtype": "int32"}, "expected dtype int32"),
    ],
)
def test_an_input_spec_refuses(spec, message):
    with pytest.raises(ValueError, match=f"Strict 'strict': input 0: {message}"):
        Strict(**spec)(X)


def test_an_input_spec_accepts():
    Strict(ndim=2, axes={-1: 3}, shape=(None, 3), dtype="float32")(X)
    Strict(shape=(None, 3, 1), allow_last_axis_squeeze=True)(X)
    assert layers.Dense(2).input_spec is None


# ---- inputs ----


def test_inputs():
    assert lamina.Input((3,), batch_size=2).shape == (2, 3)
    assert layers.InputLayer((3,)).get_config()["batch_shape"] == [None, 3]
    x = lamina.Input((3,))
    assert lamina.Input(tensor=x) is x
    for wrong, message in (
        ({"shape": (3,), "sparse": True}, "not supported"),
        ({"shape": (3,), "batch_shape": (2, 3)}, "either shape or batch_shape"),
        ({}, "either shape or batch_shape"),
        ({"batch_shape": (2, 3), "batch_size": 2}, "either batch_size or batch_shape"),
        ({"tensor": X}, "symbolic"),
        ({"tensor": x, "shape": (4,)}, "'shape'"),
    ):
        with pytest.raises(ValueError, match=message):
            lamina.Input(**wrong)
    model = lamina.Sequential([layers.InputLayer(shape=(3,)), layers.Dense(2)])
    assert model.built and model.output_shape == (None, 2)
