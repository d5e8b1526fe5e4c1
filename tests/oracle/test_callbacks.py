"""Callbacks: the same decisions, logs and files as Keras's on the same training."""

import csv
import http.server
import json
import re
import threading
import types
import urllib.parse

import keras
import numpy as np
import pytest

import lamina
from oracle.support import COVERED, close, real

BOTH = (lamina, keras)
X, Y = real(16, 3), real(16, 1)
XV, YV = real(8, 3), real(8, 1)
WEIGHTS = [real(3, 4) / 2, real(4), real(4, 1), real(1)]

COVERED.update(
    ("callbacks", name)
    for name in (
        "BackupAndRestore CSVLogger Callback CallbackList EarlyStopping History LambdaCallback "
        "LearningRateScheduler ModelCheckpoint ProgbarLogger ReduceLROnPlateau RemoteMonitor "
        "SwapEMAWeights TerminateOnNaN"
    ).split()
)


def compiled(package, optimizer=None, rate=0.1):
    model = package.Sequential(
        [
            package.Input((3,)),
            package.layers.Dense(4, activation="tanh"),
            package.layers.Dense(1),
        ]
    )
    model.set_weights(WEIGHTS)
    if optimizer is None:
        optimizer = package.optimizers.SGD(rate)
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def fitted(model, *callbacks, x=X, y=Y, epochs=4, **options):
    return model.fit(
        x, y, batch_size=4, epochs=epochs, shuffle=False, validation_data=(XV, YV),
        callbacks=list(callbacks), **{"verbose": 0, **options},
    )  # fmt: skip


def same_history(ours, theirs, tol=1e-5):
    assert ours.epoch == theirs.epoch
    assert list(ours.history) == list(theirs.history)
    for name, values in theirs.history.items():
        close(np.float32(ours.history[name]), np.float32(values), tol, name)


# ---- decisions, on values that are made up


def sequences(n=30):
    rng = np.random.default_rng(0)
    for _ in range(n):
        yield np.round(rng.normal(size=12).cumsum() * 0.3 + 3, 2).astype("float32").tolist()


def walk(package, callback, values, monitor):
    """The epochs that run, and the learning rate and first weight after each."""
    model = compiled(package)
    callback.set_model(model)
    callback.set_params({"epochs": len(values), "steps": 4, "verbose": 0})
    callback.on_train_begin()
    seen = []
    for epoch, value in enumerate(values):
        callback.on_epoch_begin(epoch, {})
        model.set_weights([w + 0 * w + epoch for w in WEIGHTS])
        callback.on_epoch_end(epoch, {monitor: value, "loss": 1.0})
        rate = float(np.asarray(package.ops.convert_to_numpy(model.optimizer.learning_rate)))
        seen.append((epoch, round(rate, 9)))
        if model.stop_training:
            break
    callback.on_train_end()
    return seen, model.get_weights()[0]


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"patience": 2},
        {"patience": 3, "restore_best_weights": True},
        {"patience": 2, "min_delta": 0.113},
        {"patience": 2, "mode": "max", "restore_best_weights": True},
        {"patience": 2, "baseline": 2.5},
        {"patience": 1, "start_from_epoch": 4, "restore_best_weights": True},
    ],
    ids=str,
)
def test_early_stopping(kwargs):
    for values in sequences():
        callbacks = [p.callbacks.EarlyStopping(**kwargs) for p in BOTH]
        ours, theirs = (walk(p, c, values, "val_loss") for p, c in zip(BOTH, callbacks))
        assert ours[0] == theirs[0], values
        np.testing.assert_array_equal(ours[1], theirs[1])
        for name in ("stopped_epoch", "wait", "best_epoch"):
            assert getattr(callbacks[0], name) == getattr(callbacks[1], name), name
        close(np.float32(callbacks[0].best), np.float32(callbacks[1].best), 1e-6, "best")


@pytest.mark.parametrize(
    "kwargs",
    [
        {"patience": 1},
        {"patience": 2, "factor": 0.5, "min_lr": 0.02},
        {"patience": 1, "cooldown": 2, "factor": 0.7},
        {"patience": 2, "mode": "max", "min_delta": 0.213},
    ],
    ids=str,
)
def test_reduce_lr_on_plateau(kwargs):
    for values in sequences():
        ours, theirs = (
            walk(p, p.callbacks.ReduceLROnPlateau(**kwargs), values, "val_loss") for p in BOTH
        )
        assert [e for e, _ in ours[0]] == [e for e, _ in theirs[0]]
        close(np.float32([r for _, r in ours[0]]), np.float32([r for _, r in theirs[0]]), 1e-6)


def test_what_is_wrong():
    for package in BOTH:
        with pytest.raises(ValueError, match="factor"):
            package.callbacks.ReduceLROnPlateau(factor=1.0)
        with pytest.raises(ValueError, match="backup_dir"):
            package.callbacks.BackupAndRestore("")
        with pytest.raises(ValueError, match="save_freq"):
            package.callbacks.BackupAndRestore("x", save_freq="batch")
        with pytest.raises(ValueError, match="save_freq"):
            package.callbacks.ModelCheckpoint("x.keras", save_freq="batch")
        with pytest.warns(UserWarning, match="not available|no 'val_loss'"):
            walk(package, package.callbacks.EarlyStopping(), [1.0], "other")
        model = compiled(package)
        with pytest.raises(ValueError, match="SwapEMAWeights must be used when"):
            fitted(model, package.callbacks.SwapEMAWeights())


# ---- in a training


@pytest.mark.parametrize("schedule", [lambda e: 0.1 / (e + 1), lambda e, rate: rate * 0.7])
def test_learning_rate_scheduler(schedule):
    ours, theirs = (fitted(compiled(p), p.callbacks.LearningRateScheduler(schedule)) for p in BOTH)
    same_history(ours, theirs)


@pytest.mark.parametrize("kwargs", [{}, {"separator": ";"}, {"append": True}], ids=str)
def test_csv_logger(tmp_path, kwargs):
    tables = []
    for package in BOTH:
        path = tmp_path / f"{package.__name__}.csv"
        for _ in range(2):
            fitted(compiled(package), package.callbacks.CSVLogger(path, **kwargs))
        lines = csv.reader(path.read_text().splitlines(), delimiter=kwargs.get("separator", ","))
        tables.append(list(lines))
    ours, theirs = tables
    assert ours[0] == theirs[0]
    assert len(ours) == len(theirs) == (9 if kwargs.get("append") else 5)
    close(np.float32(ours[1:]), np.float32(theirs[1:]), 1e-5)


@pytest.mark.parametrize(
    "name, kwargs",
    [
        ("{epoch:02d}-{val_loss:.3f}-{mae:.2f}.keras", {}),
        ("best-{epoch}.keras", {"save_best_only": True}),
        ("best-{epoch}.keras", {"save_best_only": True, "monitor": "val_mae", "mode": "max"}),
        ("best-{epoch}.keras", {"save_best_only": True, "initial_value_threshold": 9.0}),
        ("{epoch}-{batch}.keras", {"save_freq": 3}),
        ("deep/{epoch}.weights.h5", {"save_weights_only": True}),
    ],
)
def test_model_checkpoint(tmp_path, name, kwargs):
    saved = [[], []]
    for paths, package in zip(saved, BOTH):
        model = compiled(package, rate=0.4)
        for method in ("save", "save_weights"):

            def save(path, overwrite=True, paths=paths, method=method):
                paths.append((method, str(path)))

            object.__setattr__(model, method, save)
        keep = package.callbacks.ModelCheckpoint(str(tmp_path / name), **kwargs)
        fitted(model, keep, epochs=6)
    assert saved[0] == saved[1] and saved[0]
    # Without the value to compare, every epoch is saved.
    for paths, package in zip(saved, BOTH):
        paths.clear()
        model = compiled(package)
        object.__setattr__(model, "save", lambda path, overwrite=True, p=paths: p.append(path))
        keep = package.callbacks.ModelCheckpoint("a.keras", monitor="gone", mode="min",
                                                 save_best_only=True)  # fmt: skip
        with pytest.warns(UserWarning, match="gone"):
            fitted(model, keep, epochs=2)
    assert saved[0] == saved[1] == ["a.keras"] * 2
    for package in BOTH:
        with pytest.raises(KeyError, match="nope"):
            fitted(compiled(package), package.callbacks.ModelCheckpoint("{nope}.keras"))


def test_terminate_on_nan(capsys):
    x = X.copy()
    x[9] = np.nan
    steps = []
    for package in BOTH:
        model = compiled(package)
        history = fitted(model, package.callbacks.TerminateOnNaN(), x=x)
        steps.append((int(np.asarray(model.optimizer.iterations)), history.epoch))
        assert "Batch 2: Invalid loss, terminating training" in capsys.readouterr().out
        with pytest.raises(RuntimeError, match="NaN or Inf loss"):
            fitted(compiled(package), package.callbacks.TerminateOnNaN(True), x=x)
    assert steps[0] == steps[1] == (3, [0])


@pytest.mark.parametrize("on_epoch", [False, True])
def test_swap_ema_weights(on_epoch):
    histories, models = [], []
    for package in BOTH:
        seen = package.callbacks.LambdaCallback(
            on_epoch_end=lambda e, logs: logs.update(first=float(models[-1].get_weights()[0].sum()))
        )
        models.append(
            compiled(package, package.optimizers.SGD(0.2, use_ema=True, ema_momentum=0.8))
        )
        swap = package.callbacks.SwapEMAWeights(on_epoch)
        histories.append(fitted(models[-1], swap, seen))
    same_history(*histories)
    for ours, theirs in zip(*(m.get_weights() for m in models)):
        close(ours, theirs, 1e-5, "weights")
    averaged = [
        m.evaluate(XV, YV, verbose=0, callbacks=[p.callbacks.SwapEMAWeights()])
        for m, p in zip(models, BOTH)
    ]
    close(np.float32(averaged[0]), np.float32(averaged[1]), 1e-5)
    predictions = [
        m.predict(XV, verbose=0, callbacks=[p.callbacks.SwapEMAWeights()])
        for m, p in zip(models, BOTH)
    ]
    close(*predictions)


@pytest.mark.parametrize("save_freq", ["epoch", 2])
def test_backup_and_restore(tmp_path, save_freq):
    histories, weights, metadata = [], [], []
    for package in BOTH:
        folder = tmp_path / package.__name__

        def interrupted(epoch, logs):
            if epoch == 2:
                raise KeyboardInterrupt

        def backup(package=package, folder=folder):
            return package.callbacks.BackupAndRestore(str(folder), save_freq=save_freq)

        sgd = package.optimizers.SGD
        stop = package.callbacks.LambdaCallback(on_epoch_begin=interrupted)
        with pytest.raises(KeyboardInterrupt):
            fitted(compiled(package, sgd(0.1, momentum=0.9)), backup(), stop)
        metadata.append(json.loads((folder / "training_metadata.json").read_text()))
        model = compiled(package, sgd(0.1, momentum=0.9))
        histories.append(fitted(model, backup()))
        weights.append(model.get_weights())
        assert not folder.exists()
    same_history(*histories)
    assert histories[0].epoch == ([2, 3] if save_freq == "epoch" else [1, 2, 3])
    close(weights[0], weights[1], 1e-5, "weights")
    assert metadata[0]["epoch"] == metadata[1]["epoch"]


def recorder(base, log):
    """A callback that notes each hook with its number and the names and values of its logs."""
    hooks = [n for n in dir(base) if n.startswith("on_") and n not in ("on_batch_begin",)]

    def noting(name):
        def hook(self, number=None, logs=None):
            if isinstance(number, dict):  # a hook without a number
                number, logs = None, number
            log.append((name, number, dict(logs or {})))

        return hook

    return type("Recorder", (base,), {n: noting(n) for n in hooks if n != "on_batch_end"})()


def test_hooks():
    """All hooks, in order, of fit, evaluate and predict."""
    logs = [[], []]
    for log, package in zip(logs, BOTH):
        note = recorder(package.callbacks.Callback, log)
        model = compiled(package)
        history = fitted(model, note, epochs=2)
        assert isinstance(history, package.callbacks.History)
        model.evaluate(XV, YV, batch_size=4, verbose=0, callbacks=[note])
        model.predict(XV, batch_size=4, verbose=0, callbacks=[note])
    ours, theirs = logs
    assert [(n, a) for n, a, _ in ours] == [(n, a) for n, a, _ in theirs]
    for (name, _, got), (_, _, expected) in zip(ours, theirs):
        got, expected = ({k: v for k, v in d.items() if k != "outputs"} for d in (got, expected))
        assert list(got) == list(expected), name
        close(np.float32(list(got.values())), np.float32(list(expected.values())), 1e-5, name)


def test_lambda_callback_and_list():
    for package in BOTH:
        seen = []
        note = package.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs, seen=seen: seen.append(("epoch", epoch, logs)),
            on_train_end=lambda logs, seen=seen: seen.append(("end", logs)),
            on_test_begin=lambda logs, seen=seen: seen.append(("test", logs)),
        )
        every = package.callbacks.CallbackList(
            [note], add_history=True, model=compiled(package), epochs=2, steps=3, verbose=0
        )
        assert note.params == {"epochs": 2, "steps": 3, "verbose": 0}
        every.on_train_begin()
        every.on_test_begin({"a": 1})
        every.on_epoch_end(0, {"loss": 0.5})
        every.on_train_end({"loss": 0.5})
        assert seen == [("test", {"a": 1}), ("epoch", 0, {"loss": 0.5}), ("end", {"loss": 0.5})]
        history = next(c for c in every.callbacks if isinstance(c, package.callbacks.History))
        assert history.history == {"loss": [0.5]} and history.epoch == [0]
        added = package.callbacks.CallbackList(add_progbar=True, model=compiled(package))
        assert any(isinstance(c, package.callbacks.ProgbarLogger) for c in added.callbacks)


def test_progress(capsys):
    """What verbose=2 prints, times aside."""
    lines = []
    for package in BOTH:
        package.config.enable_interactive_logging()
        fitted(compiled(package), verbose=2, epochs=2)
        compiled(package).evaluate(XV, YV, batch_size=4, verbose=2)
        text = re.sub(r"\d+(s|ms|us|m?s/(step|epoch))", "T", capsys.readouterr().out)
        lines.append([re.sub(r" +", " ", line).strip() for line in text.splitlines()])
    numbers = [[re.findall(r"\d+\.\d+", line) for line in text] for text in lines]
    words = [[re.sub(r"\d+\.\d+", "#", line) for line in text] for text in lines]
    assert words[0] == words[1]
    for ours, theirs in zip(*numbers):
        close(np.float32(ours), np.float32(theirs), 1e-4)


@pytest.mark.parametrize("as_json", [False, True])
def test_remote_monitor(monkeypatch, as_json):
    """The same body to the same path; Keras's goes to a stand-in for `requests`."""
    import keras.src.callbacks.remote_monitor as theirs

    sent, received = [], []

    def post(url, data=None, json=None, headers=None):
        sent.append((url.removeprefix("http://here"), json if as_json else data["data"]))

    stand_in = types.SimpleNamespace(
        post=post, exceptions=types.SimpleNamespace(RequestException=OSError)
    )
    monkeypatch.setattr(theirs, "requests", stand_in)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            value = json.loads(body) if as_json else urllib.parse.parse_qs(body)["data"][0]
            received.append((self.path, value))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        for package, root in zip(BOTH, (f"http://127.0.0.1:{server.server_port}", "http://here")):
            monitor = package.callbacks.RemoteMonitor(root, send_as_json=as_json)
            monitor.on_epoch_end(3, {"loss": 0.5, "mae": np.float64(0.25)})
    finally:
        server.shutdown()
        server.server_close()
    assert len(received) == len(sent) == 1
    as_value = json.loads if not as_json else lambda v: v
    assert received[0][0] == sent[0][0]
    assert as_value(received[0][1]) == as_value(sent[0][1])
