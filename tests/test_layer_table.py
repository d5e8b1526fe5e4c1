"""Tests derived from the rows of layer_table.py."""

import inspect

import numpy as np
import pytest

import lamina
from lamina import _core, layers, ops
from layer_table import ROWS

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda r: r.id)
differentiable = pytest.mark.parametrize("row", [r for r in ROWS if r.grad], ids=lambda r: r.id)
COMMON = {"name", "trainable", "dtype"}


def as_list(x):
    return list(x) if isinstance(x, (list, tuple)) else [x]


def cast(x, dtype):
    return x.astype(dtype) if x.dtype == np.float64 else x.astype("int32")


def started(row, dtype="float64"):
    """A layer with weights that are nothing special, and its inputs."""
    layer = row.make(dtype)
    inputs = [cast(x, dtype) for x in row.inputs]
    row.call(layer, inputs)
    rng = np.random.default_rng(3)
    layer.set_weights([rng.uniform(0.2, 1.1, w.shape) * 0.7 for w in layer.weights])
    return layer, inputs


def test_every_layer_has_a_row_and_says_what_it_is():
    classes = _core.layer_classes()
    # These read text, which rows do not hold: test_preprocessing.py, test_text_vectorization.py.
    assert {r.name for r in ROWS} | {"InputLayer", "StringLookup", "TextVectorization"} == set(
        classes
    )
    for name, (defaults, *_) in classes.items():
        text = inspect.getdoc(getattr(layers, name)) or ""
        missing = [a for a in set(defaults) - COMMON if a not in text]
        assert text and not missing, f"{name}'s docstring says nothing of {missing}"


@each_row
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_forward(row, dtype):
    layer, inputs = started(row, dtype)
    got = as_list(row.call(layer, inputs, training=row.training))
    weights = [w.numpy().astype("float64") for w in layer.weights]
    if row.training:  # moving statistics are no part of what training computes
        weights = [w.numpy().astype("float64") for w in layer.trainable_weights]
    expected = as_list(row.reference(weights, *row.inputs))
    assert len(got) == len(expected)
    tolerance = 2e-5 if dtype == "float32" else 1e-11
    for g, e in zip(got, expected):
        assert g.dtype == dtype and tuple(g.shape) == e.shape
        np.testing.assert_allclose(g.numpy(), e, rtol=tolerance, atol=tolerance)
    symbolic = row.call(
        row.make(dtype), [lamina.Input(x.shape[1:], dtype=str(x.dtype)) for x in inputs]
    )
    for s, e in zip(as_list(symbolic), expected):
        assert tuple(s.shape) == (None, *e.shape[1:])


@differentiable
def test_gradients_of_inputs_and_weights(row):
    layer, inputs = started(row)
    rng = np.random.default_rng(5)
    moving = [
        lamina.tensor(x, requires_grad=True) if x.dtype == np.float64 else lamina.tensor(x)
        for x in inputs
    ]
    out = as_list(row.call(layer, moving, training=row.training))
    weights = [rng.normal(size=t.shape) for t in out]
    total = ops.sum(out[0] * weights[0])
    for t, w in zip(out[1:], weights[1:]):
        total = total + ops.sum(t * w)
    total.backward()

    def value():
        outputs = as_list(row.call(layer, inputs, training=row.training))
        return sum(float((t.numpy() * w).sum()) for t, w in zip(outputs, weights))

    h = 1e-6
    for i, x in enumerate(inputs):
        if x.dtype != np.float64:
            continue
        direction, at = rng.normal(size=x.shape), x
        inputs[i] = at + h * direction
        high = value()
        inputs[i] = at - h * direction
        low = value()
        inputs[i] = at
        expected = (high - low) / (2 * h)
        got = float((moving[i].grad.numpy() * direction).sum())
        assert got == pytest.approx(expected, rel=1e-5, abs=1e-6), f"input {i}"
    for v in layer.trainable_weights:
        direction, at = rng.normal(size=v.shape), v.numpy().copy()
        gradient = v.grad.numpy().copy()
        v.assign(at + h * direction)
        high = value()
        v.assign(at - h * direction)
        low = value()
        v.assign(at)
        expected = (high - low) / (2 * h)
        got = float((gradient * direction).sum())
        assert got == pytest.approx(expected, rel=1e-5, abs=1e-6), v.name


@each_row
def test_config_round_trip(row):
    layer, inputs = started(row)
    config = layer.get_config()
    again = type(layer).from_config(config)
    assert again.get_config() == config
    other = layers.deserialize(layers.serialize(layer))
    assert type(other) is type(layer) and other.get_config() == config
    for copy in (again, other):
        row.call(copy, inputs)
        copy.set_weights(layer.get_weights())
        got, expected = (row.call(x, inputs, training=row.training) for x in (copy, layer))
        for a, b in zip(as_list(got), as_list(expected)):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


def model_of(row):
    inputs = [
        lamina.Input(x.shape[1:], dtype="float32" if x.dtype == np.float64 else "int32")
        for x in row.inputs
    ]
    x = as_list(row.call(row.make(), inputs))[0]
    if len(x.shape) > 2:
        x = layers.Flatten()(x)
    return lamina.Model(inputs, layers.Dense(2)(x))


@each_row
def test_captured_training_equals_eager_and_survives_a_file(row, tmp_path):
    arrays = np.random.default_rng(1)
    x = [np.concatenate([cast(x, "float32"), cast(x, "float32")[::-1]]) for x in row.inputs]
    y = arrays.normal(size=(len(x[0]), 2)).astype("float32")
    results = []
    for eager in (False, True):
        lamina.utils.set_random_seed(0)
        model = model_of(row)
        model.compile(lamina.optimizers.SGD(0.01, momentum=0.9), "mse", run_eagerly=eager)
        history = model.fit(x, y, batch_size=3, epochs=2, verbose=0)
        results.append((model.get_weights(), history.history["loss"], model.predict(x, verbose=0)))
    for a, b in zip(results[0][0], results[1][0]):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-5)
    path = tmp_path / "model.safetensors"
    model.save(path)
    again = lamina.load(path)
    np.testing.assert_array_equal(again.predict(x, verbose=0), results[1][2])
    # Training goes on as if it had not been interrupted, dropout's random numbers included.
    model.fit(x, y, epochs=1, batch_size=6, shuffle=False, verbose=0)
    again.fit(x, y, epochs=1, batch_size=6, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("row", [r for r in ROWS if r.bad], ids=lambda r: r.id)
def test_a_wrong_shape_is_refused_by_name(row):
    layer = row.make(name="the_layer")
    row.call(layer, [cast(x, "float32") for x in row.inputs])
    with pytest.raises(ValueError, match=f"{row.name} 'the_layer'"):
        layer(np.zeros(row.bad, "float32"))


def test_dropout_and_noise_in_training():
    x = np.ones((400, 50), "float32")
    y = layers.Dropout(0.4, seed=1)(x, training=True).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / (1 - np.float32(0.4)))}
    assert (y == 0).mean() == pytest.approx(0.4, abs=0.02)
    columns = layers.Dropout(0.4, noise_shape=(None, 1), seed=1)(x, training=True).numpy()
    assert (columns == columns[:, :1]).all() and 0 < (columns == 0).mean() < 1
    noise = layers.GaussianNoise(0.5, seed=1)(x, training=True).numpy() - x
    assert noise.mean() == pytest.approx(0, abs=0.02) and noise.std() == pytest.approx(
        0.5, abs=0.02
    )


@each_row
def test_same_bits_for_any_number_of_threads(row):
    """Batches large enough for threads to share, two steps of training and a prediction."""
    before = lamina.config.num_threads()
    repeats = max(2, 20000 // max(x[0].size * len(x) for x in row.inputs))
    x = [np.concatenate([cast(x, "float32")] * repeats) for x in row.inputs]
    y = np.random.default_rng(1).normal(size=(len(x[0]), 2)).astype("float32")
    seen = set()
    try:
        for threads in (1, 2, 3, 4, 8):
            lamina.config.set_num_threads(threads)
            lamina.utils.set_random_seed(0)
            model = model_of(row)
            model.compile(lamina.optimizers.SGD(0.01), "mse")
            model.fit(x, y, batch_size=len(y), epochs=2, verbose=0)
            weights = b"".join(w.tobytes() for w in model.get_weights())
            seen.add(weights + model.predict(x, verbose=0).tobytes())
    finally:
        lamina.config.set_num_threads(before)
    assert len(seen) == 1
