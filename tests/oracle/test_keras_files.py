"""Whole models in Keras's files: written by one, read by the other, and trained on."""

import keras
import numpy as np
import pytest

import lamina
from oracle.base import as_numpy, close, leaves, seeded

RNG = np.random.default_rng(3)


def sequential(K):
    L = K.layers
    return K.Sequential(
        [
            K.Input((6, 4)),
            L.Conv1D(5, 3, activation="relu", kernel_regularizer=K.regularizers.L2(0.01)),
            L.BatchNormalization(),
            L.Flatten(),
            L.Dense(3, kernel_initializer=K.initializers.HeNormal(), activation="softmax"),
        ]
    )


def without_input(K):
    model = K.Sequential([K.layers.Dense(4, activation="tanh"), K.layers.Dense(2)], name="late")
    model.build((None, 5))
    return model


def shared(K):
    L = K.layers
    a, b = K.Input((4,), name="first"), K.Input((4,), name="second")
    dense, other = L.Dense(4, activation="tanh"), L.Dense(4)
    x, y = dense(a), dense(other(b))
    z = L.Concatenate()([x, y, dense(x)])
    return K.Model([a, b], [L.Dense(2, name="p")(z), L.Add(name="q")([x, y])])


def branches(K):
    """Layers whose order differs from that of their creation."""
    L = K.layers
    x = K.Input((8,))
    late = L.Dense(3, name="made_first")
    a = L.Dense(5, activation="relu")(x)
    b = L.Dense(6, activation="relu")(L.Dense(7)(x))
    return K.Model(x, L.Concatenate()([late(b), L.Dense(2)(a), L.Dense(2)(x)]))


def nested(K):
    L = K.layers
    inner_in = K.Input((4,))
    h = L.Dense(3, activation="relu")(inner_in)
    inner = K.Model(inner_in, [L.Dense(2)(h), L.Dense(2)(h)], name="inner")
    front = K.Sequential([K.Input((4,)), L.Dense(4), L.LayerNormalization()], name="front")
    x = K.Input((4,))
    p, q = inner(front(x))
    r, _ = inner(x)
    return K.Model(x, [L.Add()([p, q, r]), q], name="outer")


def ends_in_a_model(K):
    L = K.layers
    i = K.Input((3,))
    inner = K.Model(i, L.Dense(2)(i), name="end")
    x = K.Input((3,))
    return K.Model(x, inner(L.Dense(3)(x)))


def operations(K):
    L, ops = K.layers, K.ops
    x, y = K.Input((4, 6)), K.Input((4, 6))
    a, b = L.Dense(6)(x), L.Dense(6)(y)
    z = (a + 2.0 * b - 1.0) / 3.0
    z = ops.matmul(z, ops.transpose(ops.relu(-b), (0, 2, 1)))
    z = ops.concatenate([z[:, 1:, :2], ops.tanh(z[:, :3, 2:])], axis=-1)
    z = ops.reshape(z, (-1, 12)) ** 2
    z = ops.softmax(z) * ops.expand_dims(ops.mean(a, axis=(1, 2)), -1)
    z = ops.clip(ops.maximum(z, 0.01), 0.0, 5.0)
    return K.Model([x, y], L.Dense(2)(ops.sqrt(ops.abs(z) + 0.1)))


def attention(K):
    L = K.layers
    x = K.Input((5, 4))
    h = L.MultiHeadAttention(2, 3)(x, x)
    h = L.LayerNormalization()(x + h)
    return K.Model(x, L.Dense(2)(L.GlobalAveragePooling1D()(h)))


def recurrent(K):
    L = K.layers
    x = K.Input((5, 4))
    h = L.Bidirectional(L.LSTM(3, return_sequences=True))(x)
    h = L.LSTM(4)(h)
    return K.Model(x, L.Dense(2)(h))


def cells(K):
    L = K.layers
    x, state = K.Input((5, 4)), K.Input((3,))
    stack = L.RNN([L.GRUCell(4), L.LSTMCell(3)], return_sequences=True)
    h = L.TimeDistributed(L.Dense(4))(stack(x))
    h, last = L.GRU(3, return_state=True)(h, initial_state=state)
    return K.Model([x, state], L.Add()([L.Dense(2)(h), L.Dense(2)(last)]))


def embedded(K):
    L = K.layers
    x = K.Input((7,), dtype="int32")
    h = L.Embedding(11, 3)(x)
    return K.Model(x, L.Dense(2)(L.GlobalAveragePooling1D()(h)))


MODELS = [
    sequential, without_input, shared, branches, nested,
    ends_in_a_model, operations, attention, recurrent, cells, embedded,
]  # fmt: skip


def data_for(model):
    x = []
    for t in model.inputs:
        shape = [6, *t.shape[1:]]
        whole = "int" in str(t.dtype)
        x.append(RNG.integers(0, 11, shape).astype("int32") if whole
                 else RNG.normal(size=shape).astype("float32"))  # fmt: skip
    y = [RNG.normal(size=[6, *t.shape[1:]]).astype("float32") for t in model.outputs]
    return x, y


def one(values):
    return values[0] if len(values) == 1 else values


def compiled(model, K, optimizer=None):
    outputs = len(model.outputs)
    # Adam would turn the rounding in gradients that are zero, as those of an attention's key bias,
    # into steps.
    optimizer = optimizer or K.optimizers.SGD(0.01, momentum=0.9)
    if outputs == 1:
        model.compile(optimizer, "mse", metrics=["mae", K.metrics.RootMeanSquaredError(name="r")])
    else:
        model.compile(
            optimizer, ["mse", K.losses.Huber()], loss_weights=[1.0, 0.5],
            metrics=[["mae"], [K.metrics.MeanAbsoluteError(name="m")]],
        )  # fmt: skip


def fit(model, x, y, epochs):
    y = y if isinstance(y, dict) else one(y)
    history = model.fit(
        one(x) if isinstance(x, list) else x,
        y,
        batch_size=3,
        epochs=epochs,
        shuffle=False,
        verbose=0,
    )
    return history.history


def same_weights(ours, theirs):
    assert len(ours.weights) == len(theirs.weights)
    rng = seeded("files")
    theirs.set_weights([rng.uniform(0.2, 0.9, w.shape).astype("float32") for w in theirs.weights])
    ours.set_weights([as_numpy(w) for w in theirs.weights])


def train_on(ours, theirs, x, y):
    """More epochs of both give the same losses, metrics and weights."""
    a, b = fit(ours, x, y, 2), fit(theirs, x, y, 2)
    assert sorted(a) == sorted(b)
    for key in b:
        close(np.float32(a[key]), np.float32(b[key]), 5e-5, key)  # rounding of eight steps
    close(ours.get_weights(), theirs.get_weights(), 5e-5, "weights")


@pytest.mark.parametrize("make", MODELS, ids=lambda f: f.__name__)
def test_weights_are_in_keras_order(make):
    theirs, ours = make(keras), make(lamina)
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]


@pytest.mark.parametrize("make", MODELS, ids=lambda f: f.__name__)
def test_keras_file_in_lamina(make, tmp_path):
    theirs = make(keras)
    same_weights(make(lamina), theirs)
    compiled(theirs, keras)
    x, y = data_for(theirs)
    fit(theirs, x, y, 2)
    theirs.save(tmp_path / "model.keras")
    ours = lamina.saving.load_model(tmp_path / "model.keras")
    assert ours.name == theirs.name
    close(leaves(ours.predict(one(x), verbose=0)), leaves(theirs.predict(one(x), verbose=0)))
    assert int(ours.optimizer.iterations) == int(theirs.optimizer.iterations)
    train_on(ours, theirs, x, y)


@pytest.mark.parametrize("make", MODELS, ids=lambda f: f.__name__)
def test_lamina_file_in_keras(make, tmp_path):
    ours = make(lamina)
    same_weights(ours, make(keras))
    compiled(ours, lamina)
    x, y = data_for(ours)
    fit(ours, x, y, 2)
    ours.save(tmp_path / "model.keras")
    theirs = keras.saving.load_model(tmp_path / "model.keras")
    assert ours.name == theirs.name
    close(leaves(ours.predict(one(x), verbose=0)), leaves(theirs.predict(one(x), verbose=0)))
    assert int(ours.optimizer.iterations) == int(theirs.optimizer.iterations)
    train_on(ours, theirs, x, y)


@pytest.mark.parametrize("make", MODELS, ids=lambda f: f.__name__)
def test_weights_files_both_ways(make, tmp_path):
    theirs, ours = make(keras), make(lamina)
    x, _ = data_for(theirs)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    expected = leaves(theirs.predict(one(x), verbose=0))
    close(leaves(ours.predict(one(x), verbose=0)), expected)
    ours.save_weights(tmp_path / "ours.weights.h5")
    fresh = make(keras)
    fresh.load_weights(tmp_path / "ours.weights.h5")
    close(leaves(fresh.predict(one(x), verbose=0)), expected)


@pytest.mark.parametrize("make", MODELS, ids=lambda f: f.__name__)
def test_json_both_ways(make):
    theirs, ours = make(keras), make(lamina)
    read = lamina.models.model_from_json(theirs.to_json())
    assert [w.shape for w in read.weights] == [tuple(w.shape) for w in theirs.weights]
    again = keras.models.model_from_json(ours.to_json())
    assert [tuple(w.shape) for w in again.weights] == [w.shape for w in ours.weights]


def named_outputs(K):
    x = K.Input((4,), name="x")
    h = K.layers.Dense(4)(x)
    return K.Model(x, {"q": K.layers.Dense(2)(h), "p": K.layers.Dense(3)(h)})


@pytest.mark.parametrize("writer", ["keras", "lamina"])
def test_outputs_by_name(writer, tmp_path):
    packages = {"keras": keras, "lamina": lamina}
    model = named_outputs(packages[writer])
    model.compile(
        packages[writer].optimizers.SGD(0.01), {"p": "mse", "q": "mae"},
        loss_weights={"p": 2.0, "q": 1.0}, metrics={"q": ["mse"]},
    )  # fmt: skip
    x = RNG.normal(size=(6, 4)).astype("float32")
    y = {"p": np.ones((6, 3), "float32"), "q": np.zeros((6, 2), "float32")}
    model.save(tmp_path / "model.keras")
    reader = "lamina" if writer == "keras" else "keras"
    read = packages[reader].saving.load_model(tmp_path / "model.keras")
    a, b = (m.predict(x, verbose=0) for m in (model, read))
    assert sorted(a) == sorted(b) == ["p", "q"]
    close([a["p"], a["q"]], [b["p"], b["q"]])
    train_on(*((read, model) if writer == "keras" else (model, read)), x, y)


OPTIMIZERS = {
    "sgd": lambda K: K.optimizers.SGD(0.1),
    "momentum": lambda K: K.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    "schedule": lambda K: K.optimizers.Adam(K.optimizers.schedules.ExponentialDecay(0.1, 3, 0.9)),
    "amsgrad": lambda K: K.optimizers.AdamW(0.01, amsgrad=True, clipnorm=0.5),
    "nadam": lambda K: K.optimizers.Nadam(0.01),
    "accumulation": lambda K: K.optimizers.Adam(0.01, gradient_accumulation_steps=2),
    "scaled": lambda K: K.optimizers.LossScaleOptimizer(K.optimizers.Adam(0.01)),
    "adafactor": lambda K: K.optimizers.Adafactor(0.01),
    "ftrl": lambda K: K.optimizers.Ftrl(0.05),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("writer", ["keras", "lamina"])
def test_optimizer_state(name, writer, tmp_path):
    packages = {"keras": keras, "lamina": lamina}
    models = {k: shared_one(K) for k, K in packages.items()}
    same_weights(models["lamina"], models["keras"])
    model = models[writer]
    compiled(model, packages[writer], OPTIMIZERS[name](packages[writer]))
    x, y = data_for(model)
    fit(model, x, y, 2)
    model.save(tmp_path / "model.keras")
    reader = "lamina" if writer == "keras" else "keras"
    read = packages[reader].saving.load_model(tmp_path / "model.keras")
    pair = {writer: model, reader: read}
    train_on(pair["lamina"], pair["keras"], x, y)


def shared_one(K):
    x = K.Input((4,))
    dense = K.layers.Dense(4, activation="tanh")
    return K.Model(x, K.layers.Dense(2)(dense(dense(x))))


def own_things(K):
    """A layer and a function of the user's, under the same names in both packages."""

    @K.saving.register_keras_serializable("files", "Doubling")
    class Doubling(K.layers.Layer):
        def __init__(self, factor=2.0, inner=None, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor
            self.inner = inner or K.layers.Dense(3, name="inside")

        def build(self, input_shape):
            self.inner.build(input_shape)
            self.shift = self.add_weight(shape=(3,), initializer="ones", name="shift")

        def call(self, x):
            return self.inner(x) * self.factor + self.shift

        def compute_output_shape(self, input_shape):
            return (*input_shape[:-1], 3)

        def get_config(self):
            inner = K.saving.serialize_keras_object(self.inner)
            return {**super().get_config(), "factor": self.factor, "inner": inner}

        @classmethod
        def from_config(cls, config):
            inner = K.saving.deserialize_keras_object(config.pop("inner"))
            return cls(inner=inner, **config)

    @K.saving.register_keras_serializable("files", "half")
    def half(x):
        return x / 2

    x = K.Input((4,))
    h = K.layers.Dense(3, activation=half)(Doubling(3.0)(x))
    return K.Model(x, K.layers.Lambda(half)(h))


@pytest.mark.parametrize("writer", ["keras", "lamina"])
def test_own_classes_and_functions(writer, tmp_path):
    packages = {"keras": keras, "lamina": lamina}
    models = {name: own_things(K) for name, K in packages.items()}
    same_weights(models["lamina"], models["keras"])
    x = RNG.normal(size=(6, 4)).astype("float32")
    models[writer].save(tmp_path / "model.keras")
    reader = "lamina" if writer == "keras" else "keras"
    read = packages[reader].saving.load_model(tmp_path / "model.keras")
    close(as_numpy(read(x)), as_numpy(models[writer](x)))
