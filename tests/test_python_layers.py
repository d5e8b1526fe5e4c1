"""Layers written in Python around other layers and functions: Wrapper, Lambda, Operation."""

import numpy as np
import pytest

import lamina
from lamina import layers

X = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]], "float32")


@lamina.saving.register_keras_serializable("test_api")
class Residual(layers.Wrapper):
    def call(self, x):
        return x + self.layer(x)


def test_a_wrapper_of_ones_own(tmp_path):
    inner = layers.Dense(3)
    wrapper = Residual(inner)
    y = wrapper(X)
    np.testing.assert_allclose(y.numpy(), X + inner(X).numpy(), rtol=1e-6)
    assert wrapper.layer is inner and len(wrapper.weights) == 2
    again = Residual.from_config(wrapper.get_config())
    assert again.layer.units == 3 and again.layer is not inner
    inputs = lamina.Input((3,))
    model = lamina.Model(inputs, Residual(layers.Dense(3))(inputs))
    model.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(
        lamina.load_model(tmp_path / "m.safetensors").predict(X, verbose=0),
        model.predict(X, verbose=0),
    )
    with pytest.raises(ValueError, match="must be a layer"):
        Residual(3)


def test_a_built_in_wrapper_keeps_the_layer_it_is_given():
    dense = layers.Dense(4)
    wrapper = layers.SpectralNormalization(dense)
    wrapper(X)
    assert dense.built and wrapper.layer is dense
    assert [w.path.split("/")[-1] for w in wrapper.weights] == ["kernel", "vector_u", "bias"]
    for _ in range(30):
        wrapper(X, training=True)
    assert np.linalg.norm(dense.kernel.numpy(), 2) == pytest.approx(1, rel=1e-3)
    assert "shared_object_id" not in str(wrapper.get_config())
    with pytest.raises(ValueError, match="neither a kernel nor embeddings"):
        layers.SpectralNormalization(layers.ReLU())(X)
    with pytest.raises(ValueError, match="power_iterations"):
        layers.SpectralNormalization(dense, power_iterations=0)


@lamina.saving.register_keras_serializable("test_api")
def tripled(x, by=3):
    return x * by


def test_lambda(tmp_path):
    np.testing.assert_array_equal(layers.Lambda(lambda x: -x)(X).numpy(), -X)
    np.testing.assert_array_equal(layers.Lambda(tripled, arguments={"by": 2})(X).numpy(), 2 * X)
    trained = layers.Lambda(lambda x, training: x * 2 if training else x)
    np.testing.assert_array_equal(trained(X, training=True).numpy(), 2 * X)
    inputs = lamina.Input((3,))
    model = lamina.Model(inputs, layers.Lambda(tripled)(inputs))
    model.save(tmp_path / "m.safetensors")
    again = lamina.load_model(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(X, verbose=0), 3 * X)

    model = lamina.Model(inputs, layers.Lambda(lambda x: x + 1, name="plus")(inputs))
    np.testing.assert_array_equal(lamina.models.clone_model(model).predict(X, verbose=0), X + 1)
    with pytest.raises(ValueError, match=r"'plus'.*holds no code"):
        model.save(tmp_path / "n.safetensors")
    assert not (tmp_path / "n.safetensors").exists()
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAAAA"}}
    with pytest.raises(ValueError, match="holds no code"):
        layers.Lambda.from_config({"function": code})
    with pytest.raises(ValueError, match="unknown function 'elsewhere'"):
        layers.Lambda.from_config({"function": "elsewhere"})


def test_operation_and_function():
    class Half(lamina.Operation):
        def call(self, x):
            return x / 2

    inputs = lamina.Input((3,))
    function = lamina.Function(inputs, Half()(inputs))
    np.testing.assert_array_equal(function(X).numpy(), X / 2)
