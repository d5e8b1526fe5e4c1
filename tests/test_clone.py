"""Copies of models."""

import numpy as np
import pytest

import lamina

L = lamina.layers


def nested():
    x, y = lamina.Input((4,), name="x"), lamina.Input((4,), name="y")
    shared = L.Dense(3, name="shared")
    inner = lamina.Sequential([lamina.Input((3,)), L.Dense(3, name="deep")], name="inner")
    a, b = inner(shared(x)), shared(y)
    return lamina.Model([x, y], [L.Dense(2, name="end")(L.Concatenate()([a, b])), a * 2.0 + b])


def same_function(a, b):
    b.set_weights(a.get_weights())
    given = [np.random.default_rng(i).normal(size=(5, 4)) for i in range(2)]
    for u, v in zip(a.predict(given, verbose=0), b.predict(given, verbose=0)):
        np.testing.assert_array_equal(u, v)


def test_plain():
    model = nested()
    copy = lamina.models.clone_model(model)
    assert not np.array_equal(copy.get_weights()[0], model.get_weights()[0])
    same_function(model, copy)


def test_with_functions():
    model, seen, called = nested(), [], []

    def clone(layer):
        seen.append(layer.name)
        return type(layer).from_config(layer.get_config())

    def call(layer, *args, **kwargs):
        called.append(layer.name)
        return layer(*args, **kwargs)

    copy = lamina.models.clone_model(model, clone_function=clone, call_function=call)
    assert sorted(seen)[-3:] == ["end", "inner", "shared"]
    assert sorted(called)[-4:] == ["end", "inner", "shared", "shared"]
    same_function(model, copy)
    seen.clear()
    lamina.models.clone_model(model, clone_function=clone, recursive=True)
    assert "deep" in seen and "inner" not in seen


def test_other_layers_and_inputs():
    def wider(layer):
        config = layer.get_config()
        return L.Dense.from_config({**config, "units": 6}) if "units" in config else layer

    model = lamina.Sequential([lamina.Input((3,)), L.Dense(2), L.ReLU()])
    assert lamina.models.clone_model(model, clone_function=wider).output_shape == (None, 6)
    x = lamina.Input((3,), batch_size=7)
    assert lamina.models.clone_model(model, input_tensors=x).output_shape == (7, 2)


def test_wrong_arguments():
    model = lamina.Sequential([lamina.Input((3,)), L.Dense(2)])
    with pytest.raises(ValueError, match="must return a layer"):
        lamina.models.clone_model(model, clone_function=lambda layer: None)
    with pytest.raises(ValueError, match="unknown arguments"):
        lamina.models.clone_model(model, colour="red")
