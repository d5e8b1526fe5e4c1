"""Callbacks: on a stand-in for the model, and in a training of the real one."""

import csv
import io
import math
import sys

import numpy as np
import pytest

from lamina import callbacks as cb


class Optimizer:
    learning_rate = 0.1


class FakeModel:
    """What callbacks use of a model."""

    def __init__(self):
        self.optimizer = Optimizer()
        self.stop_training = False
        self.weights = [0]
        self.saved = []

    def get_weights(self):
        return list(self.weights)

    def set_weights(self, weights):
        self.weights = list(weights)

    def save(self, path, overwrite=True):
        self.saved.append(path)

    def save_weights(self, path, overwrite=True):
        self.saved.append("weights:" + path)


def train(callback, values, name="val_loss", model=None):
    """Feeds a value after each epoch; returns the model and the number of epochs."""
    model = model or FakeModel()
    callback.set_model(model)
    callback.set_params({"epochs": len(values), "steps": 10, "verbose": 0})
    callback.on_train_begin()
    epoch = -1
    for epoch, value in enumerate(values):
        callback.on_epoch_begin(epoch)
        model.weights = [epoch]
        callback.on_epoch_end(epoch, {name: value})
        if model.stop_training:
            break
    callback.on_train_end()
    return model, epoch + 1


def test_wants_batches():
    class Own(cb.Callback):
        def on_batch_end(self, batch, logs=None):
            pass

    assert Own().wants_batches
    assert cb.TerminateOnNaN().wants_batches
    assert cb.LambdaCallback(on_train_batch_end=print).wants_batches
    assert cb.ModelCheckpoint("x", save_freq=10).wants_batches
    for quiet in (
        cb.Callback(),
        cb.History(),
        cb.EarlyStopping(),
        cb.ModelCheckpoint("x"),
        cb.CSVLogger("x"),
        cb.LambdaCallback(on_epoch_end=print),
        cb.ReduceLROnPlateau(),
    ):
        assert not quiet.wants_batches, quiet


def test_history():
    h = cb.History()
    train(h, [3.0, 2.0])
    assert h.epoch == [0, 1] and h.history == {"val_loss": [3.0, 2.0]}


def test_early_stopping():
    model, epochs = train(cb.EarlyStopping(patience=2), [5, 4, 4.5, 4.2, 1])
    assert epochs == 4 and model.stop_training
    _, epochs = train(cb.EarlyStopping(patience=2, min_delta=0.5), [5, 4.8, 4.6, 4.4])
    assert epochs == 3
    stop = cb.EarlyStopping("val_accuracy", patience=1, restore_best_weights=True)
    assert stop.mode == "max"
    model, epochs = train(stop, [0.5, 0.7, 0.6, 0.9], "val_accuracy")
    assert epochs == 3 and model.weights == [1] and stop.best == 0.7
    _, epochs = train(cb.EarlyStopping(patience=1, baseline=1.0), [5, 4, 3])
    assert epochs == 3
    _, epochs = train(cb.EarlyStopping(patience=1, start_from_epoch=3), [1, 2, 3, 4, 5, 6])
    assert epochs == 5
    with pytest.raises(ValueError, match="mode"):
        cb.EarlyStopping(mode="up")
    with pytest.warns(UserWarning, match="val_loss"):
        train(cb.EarlyStopping(), [1], "loss")
    _, epochs = train(cb.EarlyStopping(patience=1), [math.nan, math.nan, math.nan])
    assert epochs == 2


def test_model_checkpoint(tmp_path):
    path = str(tmp_path / "m_{epoch:02d}_{val_loss:.1f}.safetensors")
    model, _ = train(cb.ModelCheckpoint(path), [3, 2])
    assert [p.rsplit("/", 1)[-1] for p in model.saved] == [
        "m_01_3.0.safetensors",
        "m_02_2.0.safetensors",
    ]
    model, _ = train(cb.ModelCheckpoint("b", save_best_only=True), [3, 4, 2, 2.5])
    assert model.saved == ["b", "b"]
    keep = cb.ModelCheckpoint("w", save_best_only=True, save_weights_only=True)
    keep.best = 2.5
    model, _ = train(keep, [3, 2])
    assert model.saved == ["weights:w"]
    keep = cb.ModelCheckpoint("f{batch}", save_freq=4)
    model = FakeModel()
    keep.set_model(model)
    for epoch in range(2):
        keep.on_epoch_begin(epoch)
        for batch in range(5):
            keep.on_train_batch_end(batch, {"loss": 1})
        keep.on_epoch_end(epoch, {})
    assert model.saved == ["f4", "f3"]
    with pytest.raises(KeyError, match="what"):
        train(cb.ModelCheckpoint("{what}"), [1])
    with pytest.raises(ValueError, match="save_freq"):
        cb.ModelCheckpoint("x", save_freq=0)


def test_reduce_lr_on_plateau():
    reduce = cb.ReduceLROnPlateau(factor=0.5, patience=2, min_lr=0.03)
    model, _ = train(reduce, [1, 1, 1])
    assert model.optimizer.learning_rate == 0.05
    model, _ = train(cb.ReduceLROnPlateau(factor=0.5, patience=1, min_lr=0.03), [1] * 9)
    assert model.optimizer.learning_rate == 0.03
    model, _ = train(cb.ReduceLROnPlateau(factor=0.5, patience=1, cooldown=3), [1] * 4)
    assert model.optimizer.learning_rate == 0.05
    with pytest.raises(ValueError, match="factor"):
        cb.ReduceLROnPlateau(factor=1)


def test_learning_rate_scheduler():
    model, _ = train(cb.LearningRateScheduler(lambda epoch, rate: rate * 0.5), [1, 1])
    assert model.optimizer.learning_rate == 0.025
    model, _ = train(cb.LearningRateScheduler(lambda epoch: 1 / (1 + epoch)), [1, 1])
    assert model.optimizer.learning_rate == 0.5
    with pytest.raises(ValueError, match="number"):
        train(cb.LearningRateScheduler(lambda epoch: "x"), [1])


def test_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    train(cb.CSVLogger(path), [3, 2])
    train(cb.CSVLogger(path, append=True), [1])
    with open(path, newline="") as f:
        rows = list(csv.reader(f))
    assert rows == [["epoch", "val_loss"], ["0", "3"], ["1", "2"], ["0", "1"]]


def test_terminate_on_nan(capsys):
    stop = cb.TerminateOnNaN()
    stop.set_model(FakeModel())
    stop.on_train_batch_end(0, {"loss": 1.0})
    assert not stop.model.stop_training
    stop.on_train_batch_end(1, {"loss": math.inf})
    assert stop.model.stop_training and "Invalid loss" in capsys.readouterr().out


def test_lambda_callback():
    seen = []
    c = cb.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(epoch),
        on_test_begin=lambda logs: seen.append("t"),
    )
    train(c, [1, 1])
    c.on_test_begin({})
    assert seen == [0, 1, "t"]
    with pytest.raises(TypeError, match="on_nothing"):
        cb.LambdaCallback(on_nothing=print)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def run_bar(verbose, steps=4):
    bar = cb.ProgbarLogger(verbose)
    bar.set_params({"epochs": 2, "steps": steps})
    bar.on_train_begin()
    for epoch in range(2):
        bar.on_epoch_begin(epoch)
        if bar.wants_batches:
            for batch in range(4):
                bar.on_train_batch_end(batch, {"loss": 1 / (batch + 1)})
        bar.on_epoch_end(epoch, {"loss": 0.25, "val_loss": 1e-5})
    bar.on_train_end()


def test_progress_bar(monkeypatch, capsys):
    run_bar(1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2" and len(lines) == 4
    assert "4/4 " in lines[1] and "━" * 20 in lines[1].replace("=", "━")
    assert lines[1].endswith(" - loss: 0.2500 - val_loss: 1.0000e-05")
    assert "/step" in lines[1] and "\r" not in lines[1]
    run_bar(1, steps=None)
    assert "4/4 " in capsys.readouterr().out
    run_bar(2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and lines[1].startswith("4/4 - ") and "━" not in lines[1]
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    run_bar(1)
    text = terminal.getvalue()
    assert text.count("\r") == 10 and "1/4 ━━━━━───────────────" in text


# ---- with the real thing


@pytest.fixture
def model():
    import lamina

    lamina.utils.set_random_seed(0)
    m = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(1)])
    m.compile(optimizer=lamina.optimizers.SGD(0.1), loss="mse")
    return m


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3)).astype("float32")
    return x, x.sum(1, keepdims=True)


def test_order_of_hooks(model, data):
    seen = []

    class Spy(cb.Callback):
        pass

    def note(name):
        def hook(self, *args):
            assert isinstance(args[-1], dict)
            seen.append((name, *args[:-1]))

        return hook

    for name in dir(cb.Callback):
        if name.startswith("on_") and name not in ("on_batch_begin", "on_batch_end"):
            setattr(Spy, name, note(name))
    model.fit(*data, batch_size=20, epochs=1, verbose=0, callbacks=[Spy()], validation_split=0.5)
    assert seen == [
        ("on_train_begin",),
        ("on_epoch_begin", 0),
        ("on_train_batch_begin", 0),
        ("on_train_batch_end", 0),
        ("on_test_begin",),
        ("on_test_batch_begin", 0),
        ("on_test_batch_end", 0),
        ("on_test_end",),
        ("on_epoch_end", 0),
        ("on_train_end",),
    ]
    seen.clear()
    model.predict(data[0], batch_size=40, verbose=0, callbacks=[Spy()])
    assert [s[0] for s in seen] == [
        "on_predict_begin",
        "on_predict_batch_begin",
        "on_predict_batch_end",
        "on_predict_end",
    ]


def test_callbacks_steer_the_training(model, data, tmp_path):
    rates = []
    history = model.fit(
        *data,
        epochs=6,
        verbose=0,
        callbacks=[
            cb.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)),
            cb.LambdaCallback(
                on_epoch_end=lambda epoch, logs: rates.append(float(model.optimizer.learning_rate))
            ),
            cb.ModelCheckpoint(tmp_path / "m{epoch}.safetensors"),
            cb.EarlyStopping("loss", patience=0, min_delta=1e9),
            cb.CSVLogger(tmp_path / "log.csv"),
        ],
    )
    assert len(history.epoch) == 2  # nothing improves by so much
    np.testing.assert_allclose(rates, [0.1, 0.05], rtol=1e-6)
    assert (tmp_path / "m2.safetensors").exists()
    assert (tmp_path / "log.csv").read_text().count("\n") == 3


def test_terminate_on_nan_stops_fit(model, data):
    x, y = data
    history = model.fit(x, y * np.nan, epochs=3, verbose=0, callbacks=[cb.TerminateOnNaN()])
    assert len(history.epoch) == 1


def test_stop_training_from_a_batch(model, data):
    def stop(batch, logs):
        model.stop_training = batch == 1

    steps = []
    model.fit(
        *data,
        batch_size=4,
        epochs=5,
        verbose=0,
        callbacks=[
            cb.LambdaCallback(on_train_batch_end=lambda b, logs: (stop(b, logs), steps.append(b)))
        ],
    )
    assert steps == [0, 1]


def test_interval_spares_batches(model, data):
    class Rare(cb.Callback):
        batch_interval = 60.0
        calls = 0

        def on_train_batch_end(self, batch, logs=None):
            self.calls += 1

    rare = Rare()
    model.fit(*data, batch_size=2, epochs=1, verbose=0, callbacks=[rare])
    assert 1 <= rare.calls <= 2


def test_exceptions_come_through(model, data):
    def fail(epoch, logs):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        model.fit(*data, verbose=0, callbacks=[cb.LambdaCallback(on_epoch_end=fail)])
    with pytest.raises(TypeError, match="Callback"):
        model.fit(*data, verbose=0, callbacks=[object()])
