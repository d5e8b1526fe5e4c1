"""Models: layers against NumPy, captured steps against eager ones, files, threads, errors."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

import lamina
from lamina import layers, ops

rng = np.random.default_rng(5)


def test_a_layer_is_frozen_and_trained_again_between_steps():
    x, y = np.ones((8, 3), "float32"), np.zeros((8, 1), "float32")
    inner, outer = layers.Dense(4), layers.Dense(1)
    model = lamina.Sequential([lamina.Input((3,)), lamina.Sequential([inner]), outer])
    model.compile("sgd", "mse")
    for trained in (True, False, True, False):
        inner.trainable = trained
        before = [layer.kernel.numpy().copy() for layer in (inner, outer)]
        model.fit(x, y, verbose=0)
        model.train_on_batch(x, y)
        model.predict(x, verbose=0)
        assert (before[0] != inner.kernel.numpy()).any() == trained
        assert (before[1] != outer.kernel.numpy()).any()


def test_what_the_layer_table_does_not_say():
    x = rng.normal(size=(2, 3, 4)).astype("float32")
    lstm = layers.LSTM(3)
    lstm(x)
    np.testing.assert_array_equal(lstm.weights[2].numpy()[3:6], 1)  # the forget gate begins open
    mha = layers.MultiHeadAttention(2, 3)
    out, scores = mha(x, x, return_attention_scores=True)
    np.testing.assert_allclose(scores.numpy().sum(-1), 1, rtol=1e-5)
    np.testing.assert_allclose(out.numpy(), mha(x, x).numpy(), rtol=1e-4, atol=1e-5)
    causal = mha(x, x, use_causal_mask=True).numpy()
    np.testing.assert_allclose(causal[:, 0], mha(x, x[:, :1]).numpy()[:, 0], rtol=1e-4, atol=1e-5)


def test_batch_normalization_keeps_running_averages():
    x = (rng.normal(size=(50, 3)) * 2 + 1).astype("float32")
    bn = layers.BatchNormalization(momentum=0.5)
    bn(x, training=True)
    np.testing.assert_allclose(bn.weights[2].numpy(), 0.5 * x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(bn.weights[3].numpy(), 0.5 + 0.5 * x.var(0), rtol=1e-5)


def scalar_rules(g, steps=4):
    """Keras's update rules for one number, written out."""
    out = {}
    w = v = 0.0
    for _ in range(steps):
        v = 0.9 * v - 0.1 * g
        w += v
    out["momentum"] = w
    w = m = u = 0.0
    for t in range(1, steps + 1):
        m += (g - m) * 0.1
        u += (g * g - u) * 0.001
        w -= m * 0.01 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) / (np.sqrt(u) + 1e-7)
    out["adam"] = w
    w = u = 0.0
    for _ in range(steps):
        u = 0.9 * u + 0.1 * g * g
        w -= 0.01 * g / np.sqrt(u + 1e-7)
    out["rmsprop"] = w
    return out


def test_optimizers_against_their_formulas():
    expected = scalar_rules(0.3)
    rules = {
        "momentum": lamina.optimizers.SGD(0.1, momentum=0.9),
        "adam": lamina.optimizers.Adam(0.01),
        "rmsprop": lamina.optimizers.RMSprop(0.01),
    }
    for name, optimizer in rules.items():
        v = lamina.Variable(np.zeros(3, "float32"))
        for _ in range(4):
            optimizer.apply([lamina.tensor([0.3, 0.3, 0.3])], [v])
        np.testing.assert_allclose(v.numpy(), expected[name], rtol=1e-5)
    v = lamina.Variable(np.zeros(2, "float32"))
    lamina.optimizers.SGD(1.0, clipnorm=1.0).apply([lamina.tensor([3.0, 4.0])], [v])
    np.testing.assert_allclose(v.numpy(), [-0.6, -0.8], rtol=1e-6)
    v = lamina.Variable(np.ones(1, "float32"))
    lamina.optimizers.AdamW(0.1, weight_decay=0.5).apply([lamina.tensor([0.0])], [v])
    np.testing.assert_allclose(v.numpy(), [0.95], rtol=1e-6)


def test_losses_and_metrics_by_hand():
    t, y = np.array([[0.0, 1.0], [1.0, 1.0]]), np.array([[0.2, 0.7], [0.9, 0.4]])
    assert lamina.losses.MeanSquaredError()(t, y).item() == pytest.approx(((t - y) ** 2).mean())
    weighted = lamina.losses.MeanAbsoluteError()(t, y, sample_weight=[1.0, 3.0]).item()
    assert weighted == pytest.approx((np.abs(t - y).mean(1) * [1, 3]).sum() / 2)
    entropy = -(t * np.log(y) + (1 - t) * np.log(1 - y)).mean()
    assert lamina.losses.BinaryCrossentropy()(t, y).item() == pytest.approx(entropy, rel=1e-6)
    assert lamina.losses.Huber(0.5)([0.0], [2.0]).item() == pytest.approx(0.5 * 2 - 0.125)
    precision, recall = lamina.metrics.Precision(), lamina.metrics.Recall()
    for m in (precision, recall):
        m.update_state([0, 1, 1, 1], [0.9, 0.2, 0.8, 0.6])
    assert precision.result().item() == pytest.approx(2 / 3)
    assert recall.result().item() == pytest.approx(2 / 3)
    auc = lamina.metrics.AUC(num_thresholds=3)
    auc.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    assert auc.result().item() == pytest.approx(0.75)  # the example in Keras's documentation


TRAIN = """
import hashlib, sys
import numpy as np, lamina
from lamina import layers
lamina.config.set_num_threads(int(sys.argv[1]))
lamina.utils.set_random_seed(0)
rng = np.random.default_rng(0)
digest = hashlib.sha256()
x, y = rng.normal(size=(300, 12, 12, 1)).astype("float32"), rng.integers(0, 3, 300)
for model in (
    lamina.Sequential([lamina.Input((12, 12, 1)), layers.Flatten(),
                       layers.Dense(256, activation="relu"), layers.Dense(128, activation="relu"),
                       layers.Dense(3, activation="softmax")]),
    lamina.Sequential([lamina.Input((12, 12, 1)), layers.Conv2D(16, 3, activation="relu"),
                       layers.BatchNormalization(), layers.MaxPooling2D(2), layers.Dropout(0.3),
                       layers.Flatten(), layers.Dense(3, activation="softmax")]),
):
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=3, batch_size=64, verbose=0)
    for w in model.get_weights():
        digest.update(w.tobytes())
print(digest.hexdigest())
"""


def test_same_bits_for_any_number_of_threads():
    seen = {
        subprocess.run(
            [sys.executable, "-c", TRAIN, str(n)], capture_output=True, text=True, check=True
        ).stdout
        for n in (1, 2, 4)
    }
    assert len(seen) == 1 and len(hashlib.sha256().hexdigest()) == len(seen.pop().strip())


def small_model():
    model = lamina.Sequential(
        [lamina.Input((4,)), layers.Dense(3, activation="softmax", name="out")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_bad_input_gets_a_clear_error():
    model = small_model()
    x, y = rng.normal(size=(8, 4)).astype("float32"), rng.integers(0, 3, 8)
    with pytest.raises(ValueError, match=r"\(None, 4\), received \(8, 5\)"):
        model.predict(np.zeros((8, 5), "float32"), verbose=0)
    with pytest.raises(ValueError, match="label 7"):
        model.fit(x, np.full(8, 7), verbose=0)
    with pytest.raises(ValueError, match="same number of samples"):
        model.fit(x, y[:5], verbose=0)
    with pytest.raises(ValueError, match="at least one sample"):
        model.fit(x[:0], y[:0], verbose=0)
    with pytest.raises(ValueError, match="compile"):
        lamina.Sequential([lamina.Input((4,)), layers.Dense(3)]).fit(x, y, verbose=0)
    with pytest.raises(TypeError, match="unexpected argument 'unitz'"):
        layers.Dense(unitz=3)
    with pytest.raises(ValueError, match="must be positive"):
        layers.Dense(0)
    with pytest.raises(ValueError, match="activation function identifier: rellu"):
        layers.Dense(3, activation="rellu")(x)
    with pytest.raises(ValueError, match="optimizer identifier"):
        model.compile("adamm", "mse")
    layer = layers.Dense(3, name="d")
    layer(x)
    with pytest.raises(ValueError, match="Dense 'd': last axis of the input must be 4"):
        layer(np.zeros((2, 9), "float32"))


def test_hostile_files_raise_and_never_crash(tmp_path):
    model = small_model()
    path = tmp_path / "m.safetensors"
    model.save(path)
    good = path.read_bytes()
    bad = tmp_path / "bad.safetensors"
    cases = [good[:n] for n in range(0, len(good), 37)]
    cases += [b"\xff" * 64, (2**62).to_bytes(8, "little") + good[8:], b"\0" * 8]
    noise = np.random.default_rng(0)
    for _ in range(200):
        data = bytearray(good)
        for at in noise.integers(0, len(data) - 200, 3):
            data[at] = noise.integers(0, 256)
        cases.append(bytes(data))
    refused = 0
    for data in cases:
        bad.write_bytes(data)
        try:
            lamina.load(bad)
        except (ValueError, OSError, TypeError, RuntimeError, IndexError, NotImplementedError):
            refused += 1
    assert refused > 30
    with pytest.raises(OSError):
        lamina.load(tmp_path / "missing.safetensors")
    with pytest.raises(OSError):
        model.save(tmp_path / "no" / "folder" / "m.safetensors")
    assert path.read_bytes() == good


def test_custom_layer_model_loss_and_metric(tmp_path):
    @lamina.saving.register_keras_serializable("tests")
    class Scale(lamina.Layer):
        def __init__(self, factor=2.0, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def build(self, input_shape):
            self.gain = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gain")

        def call(self, x, training=False):
            return x * self.gain * self.factor

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    model = lamina.Sequential([lamina.Input((3,)), Scale(3.0), layers.Dense(1)])
    model.compile(
        "sgd",
        lambda t, y: ops.mean(ops.square(t - y), -1),
        metrics=[lamina.metrics.MeanSquaredError()],
    )
    x = rng.normal(size=(20, 3)).astype("float32")
    h = model.fit(x, x.sum(1, keepdims=True), epochs=5, verbose=0)
    assert h.history["loss"][-1] < h.history["loss"][0]
    np.testing.assert_allclose(h.history["loss"], h.history["mean_squared_error"], rtol=1e-5)
    model.compile("sgd", "mse")
    model.save(tmp_path / "c.safetensors")
    again = lamina.load(tmp_path / "c.safetensors")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))

    class Net(lamina.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [layers.Dense(4, activation="relu")]
            self.blocks.append(layers.Dense(1))

        def call(self, x):
            for b in self.blocks:
                x = b(x)
            return x

    net = Net()
    net.compile("adam", "mse")
    h = net.fit(x, x[:, :1], epochs=20, verbose=0)
    assert h.history["loss"][-1] < h.history["loss"][0]
    assert len(net.trainable_weights) == 4


def test_functional_operators_nested_models_and_two_outputs(tmp_path):
    a, b = lamina.Input((4,), name="a"), lamina.Input((4,), name="b")
    inner = lamina.Sequential([lamina.Input((4,)), layers.Dense(4, activation="relu")])
    h = inner(a) * 2.0 + ops.tanh(b)
    first, second = layers.Dense(1, name="first")(h), layers.Dense(3, name="second")(h[:, :2])
    model = lamina.Model([a, b], [first, second])
    model.compile("adam", ["mse", "mae"], loss_weights=[1.0, 0.5])
    x = {
        "a": rng.normal(size=(9, 4)).astype("float32"),
        "b": rng.normal(size=(9, 4)).astype("float32"),
    }
    y = [np.zeros((9, 1), "float32"), np.ones((9, 3), "float32")]
    logs = model.fit(x, y, epochs=1, verbose=0).history
    assert set(logs) == {"loss", "first_loss", "second_loss"}
    assert logs["loss"][0] == pytest.approx(
        logs["first_loss"][0] + 0.5 * logs["second_loss"][0], rel=1e-5
    )
    model.save(tmp_path / "f.safetensors")
    again = lamina.load(tmp_path / "f.safetensors")
    for p, q in zip(model.predict(x, verbose=0), again.predict(x, verbose=0)):
        np.testing.assert_array_equal(p, q)


def test_fit_arguments():
    x, y = rng.normal(size=(40, 4)).astype("float32"), rng.integers(0, 3, 40)
    model = small_model()
    h = model.fit(x, y, batch_size=8, epochs=4, validation_split=0.25, initial_epoch=1, verbose=0)
    assert h.epoch == [1, 2, 3] and len(h.history["val_loss"]) == 3
    loss, accuracy = model.evaluate(x, y, verbose=0)
    p = model.predict(x, verbose=0)
    assert accuracy == pytest.approx((p.argmax(1) == y).mean())
    assert loss == pytest.approx(-np.log(p[np.arange(40), y]).mean(), rel=1e-5)
    weights = rng.uniform(size=40).astype("float32")
    weighted = model.evaluate(x, y, sample_weight=weights, batch_size=40, verbose=0)[0]
    assert weighted == pytest.approx((-np.log(p[np.arange(40), y]) * weights).mean(), rel=1e-5)
    batches = [(x[i : i + 8], y[i : i + 8]) for i in range(0, 40, 8)]
    model.fit(iter(batches * 2), steps_per_epoch=5, epochs=2, verbose=0)
    model.train_on_batch(x, y)
    assert model.predict_on_batch(x[:2]).shape == (2, 3)
    out = model.fit(
        x,
        y,
        class_weight={0: 2.0, 1: 0.5},
        callbacks=[lamina.callbacks.EarlyStopping("loss")],
        verbose=0,
    )
    assert np.isfinite(out.history["loss"]).all()


def test_interrupted_training_is_a_python_exception():
    class Stop(lamina.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    model = small_model()
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            rng.normal(size=(8, 4)).astype("float32"),
            rng.integers(0, 3, 8),
            callbacks=[Stop()],
            verbose=0,
        )
    model.predict(np.zeros((1, 4), "float32"), verbose=0)


def test_import_brings_no_other_framework():
    code = "import sys, lamina; print(sorted({'torch', 'keras', 'pandas'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_registered_classes_do_not_disturb_the_end_of_the_process():
    code = """
import lamina
@lamina.saving.register_keras_serializable()
class Mine(lamina.layers.Layer):
    def call(self, x):
        return x
@lamina.saving.register_keras_serializable()
class Start(lamina.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return lamina.ops.ones(shape, dtype)
lamina.saving.register_keras_serializable()(lambda x: x)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_mixed_bfloat16(tmp_path):
    x = rng.normal(size=(256, 64)).astype("float32")
    y = (x[:, :1] * x[:, 1:2] > 0).astype("int32")[:, 0]

    def train():
        lamina.utils.set_random_seed(0)
        model = lamina.Sequential(
            [
                lamina.Input((64,)),
                layers.Dense(64, activation="relu"),
                layers.Dense(64, activation="relu"),
                layers.Dense(2, activation="softmax"),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        return model, model.fit(x, y, epochs=20, batch_size=64, verbose=0).history["loss"]

    _, plain = train()
    lamina.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert lamina.config.dtype_policy() == "mixed_bfloat16"
        model, mixed = train()
    finally:
        lamina.config.set_dtype_policy("float32")
    assert mixed[-1] < 0.5 * mixed[0] and mixed[0] == pytest.approx(plain[0], rel=1e-2)
    dense = model.layers[-1]
    assert dense.dtype_policy == "mixed_bfloat16" and dense.dtype == "float32"
    assert dense.get_config()["dtype"] == "mixed_bfloat16"
    assert model.get_weights()[0].dtype == "float32"
    model.save(tmp_path / "m.safetensors")
    again = lamina.load(tmp_path / "m.safetensors")
    assert again.layers[-1].dtype_policy == "mixed_bfloat16"
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    with pytest.raises(NotImplementedError, match="mixed_bfloat16"):
        lamina.config.set_dtype_policy("mixed_float16")
    with pytest.raises(TypeError, match="float33"):
        lamina.config.set_dtype_policy("float33")
    assert layers.Dense(2).dtype_policy == "float32"


def residual_network():
    """Normalization with ReLU and a residual, as in blocks, and as no fusion takes them."""
    inputs = lamina.Input((6, 6, 4))
    t = layers.Conv2D(8, 3, padding="same", use_bias=False)(inputs)
    t = layers.Activation("relu")(layers.BatchNormalization()(t))
    for project in (False, True):
        u = layers.Conv2D(8, 3, padding="same", use_bias=False)(t)
        u = layers.ReLU()(layers.BatchNormalization()(u))
        u = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(u))
        if project:
            t = layers.BatchNormalization(scale=False)(layers.Conv2D(8, 1)(t))
        t = layers.Activation("relu")(layers.Add()([u, t]))
    t = layers.Add()([layers.BatchNormalization()(t), t])  # read twice
    t = layers.Activation("tanh")(layers.BatchNormalization()(t))
    return lamina.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(t)))


def test_fused_normalization_equals_eager():
    rng = np.random.default_rng(11)
    x = rng.normal(size=(8, 6, 6, 4)).astype("float32")
    y = rng.normal(size=(8, 3)).astype("float32")
    results = []
    for eager in (True, False):
        lamina.utils.set_random_seed(5)
        model = residual_network()
        model.compile(lamina.optimizers.SGD(0.05, momentum=0.9), "mse", run_eagerly=eager)
        history = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
        results.append((history.history["loss"], [w.numpy() for w in model.weights]))
    assert results[0][0] == results[1][0]
    for a, b in zip(results[0][1], results[1][1]):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("pooling", ["MaxPooling2D", "AveragePooling2D"])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_convolution_and_pooling_together_equal_apart(pooling, padding):
    """A captured prediction runs both on a few samples at a time; the last part is smaller."""
    rng = np.random.default_rng(12)
    x = rng.normal(size=(37, 30, 29, 3)).astype("float32")
    model = lamina.Sequential(
        [
            lamina.Input((30, 29, 3)),
            layers.Conv2D(32, 3, activation="relu", padding=padding),
            getattr(layers, pooling)(3, strides=2, padding=padding),
            layers.Conv2D(5, 3, strides=2),
            getattr(layers, pooling)(2),
        ]
    )
    together = model.predict(x, batch_size=37, verbose=0)
    apart = x
    for layer in model.layers:
        apart = layer(apart)
    np.testing.assert_allclose(together, apart.numpy(), rtol=2e-5, atol=2e-5)


def test_weights_of_a_model_built_again(tmp_path):
    """Automatic names of layers differ in their numbers, which do not matter."""

    def built(units=3):
        return lamina.Sequential(
            [lamina.Input((4,)), layers.Dense(units), layers.Dense(2, name="last_1")]
        )

    first, again = built(), built()
    assert first.layers[0].name != again.layers[0].name
    first.save_weights(tmp_path / "w.safetensors")
    again.load_weights(tmp_path / "w.safetensors")
    for a, b in zip(first.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="shape"):
        built(5).load_weights(tmp_path / "w.safetensors")
    other = lamina.Sequential([lamina.Input((4,)), layers.Dense(3), layers.Dense(2, name="first")])
    with pytest.raises(ValueError, match="no weight"):
        other.load_weights(tmp_path / "w.safetensors")


def test_outputs_by_key(tmp_path):
    x = lamina.Input((3,))
    h = lamina.layers.Dense(4, activation="tanh")(x)
    model = lamina.Model(x, {"b": lamina.layers.Dense(2)(h), "a": lamina.layers.Dense(1)(h)})
    assert list(model.output_names) == ["a", "b"]
    model.compile("sgd", {"a": "mse", "b": "mae"}, metrics={"b": ["mse"]})
    data = np.ones((4, 3), "float32")
    y = {"b": np.zeros((4, 2)), "a": np.ones((4, 1))}
    history = model.fit(data, y, verbose=0).history
    assert sorted(history) == ["a_loss", "b_loss", "b_mse", "loss"]
    outputs = model.predict(data, verbose=0)
    assert {k: v.shape for k, v in outputs.items()} == {"a": (4, 1), "b": (4, 2)}
    called = model(data)
    np.testing.assert_allclose(called["b"].numpy(), outputs["b"], rtol=1e-6)
    assert {k: v.shape for k, v in model(lamina.Input((3,))).items()}["a"] == (None, 1)
    model.save(tmp_path / "model.safetensors")
    again = lamina.load(tmp_path / "model.safetensors").predict(data, verbose=0)
    np.testing.assert_array_equal(again["a"], outputs["a"])
