"""Callbacks that write: backups, averages, TensorBoard's files, requests to a server."""

import http.server
import json
import struct
import threading
import urllib.parse

import numpy as np
import pytest

import lamina
from lamina import callbacks as cb
from lamina.callbacks import _events

rng = np.random.default_rng(0)
x = rng.normal(size=(40, 3)).astype("float32")
y = x.sum(1, keepdims=True)


def make_model(**options):
    lamina.utils.set_random_seed(0)
    m = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(1, name="d")])
    m.compile(lamina.optimizers.Adam(0.1, **options), "mse")
    return m


def fit(model, callbacks, epochs=4, **options):
    return model.fit(
        x, y, epochs=epochs, batch_size=20, shuffle=False, verbose=0, callbacks=callbacks, **options
    )


class Interrupt(cb.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.at = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.at:
            raise KeyboardInterrupt


# ---- BackupAndRestore


def test_backup_and_restore(tmp_path):
    whole = make_model()
    expected = fit(whole, [], epochs=5)
    folder = tmp_path / "backup"
    model = make_model()
    with pytest.raises(KeyboardInterrupt):
        fit(model, [cb.BackupAndRestore(folder, double_checkpoint=True), Interrupt(3)], epochs=5)
    assert json.loads((folder / "training_metadata.json").read_text()) == {"epoch": 3, "batch": 0}
    assert json.loads((folder / "training_metadata.json.bkp").read_text())["epoch"] == 2
    # Another process would begin with other weights.
    fresh = make_model()
    fresh.set_weights([w + 1 for w in fresh.get_weights()])
    history = fit(fresh, [cb.BackupAndRestore(folder, delete_checkpoint=False)], epochs=5)
    assert history.epoch == [3, 4]
    assert history.history["loss"] == expected.history["loss"][3:]
    # A damaged backup: the one before it counts.
    state = folder / "latest.safetensors"
    state.write_bytes(state.read_bytes()[:-7])
    (folder / "training_metadata.json.bkp").write_text('{"epoch": 2, "batch": 0}')
    history = fit(make_model(), [cb.BackupAndRestore(folder)], epochs=5)
    assert history.epoch == [2, 3, 4] and not folder.exists()


def test_backup_every_few_batches(tmp_path):
    folder = tmp_path / "backup"
    with pytest.raises(KeyboardInterrupt):
        fit(make_model(), [cb.BackupAndRestore(folder, save_freq=3), Interrupt(2)])
    assert json.loads((folder / "training_metadata.json").read_text()) == {"epoch": 1, "batch": 0}
    with pytest.raises(ValueError, match="Empty"):
        cb.BackupAndRestore("")
    with pytest.raises(ValueError, match="save_freq"):
        cb.BackupAndRestore(folder, save_freq="batch")
    bare = lamina.Sequential([lamina.layers.Dense(1)])
    bare.compile("sgd", "mse")
    with pytest.raises(ValueError, match="must be built"):
        fit(bare, [cb.BackupAndRestore(folder)])


# ---- SwapEMAWeights


def test_swap_ema_weights(tmp_path):
    model = make_model(use_ema=True, ema_momentum=0.5)
    seen = {}

    class Look(cb.Callback):
        def on_test_begin(self, logs=None):
            seen["test"] = [w.copy() for w in self.model.get_weights()]

        def on_train_batch_end(self, batch, logs=None):
            seen["own"] = [w.copy() for w in self.model.get_weights()]
            seen["average"] = [v.numpy() for v in self.model.optimizer._averages]

    fit(model, [cb.SwapEMAWeights(), Look()], epochs=1, validation_data=(x, y))
    for test, average, own in zip(seen["test"], seen["average"], seen["own"]):
        np.testing.assert_array_equal(test, average)
        assert (test != own).all()
    files = cb.ModelCheckpoint(tmp_path / "m.weights.safetensors", save_weights_only=True)
    fit(model, [cb.SwapEMAWeights(swap_on_epoch=True), Look(), files], epochs=2)
    saved = make_model()
    saved.load_weights(tmp_path / "m.weights.safetensors")
    for a, average, final in zip(saved.get_weights(), seen["average"], model.get_weights()):
        np.testing.assert_array_equal(a, average)
        np.testing.assert_array_equal(final, average)
    with pytest.raises(ValueError, match="use_ema"):
        fit(make_model(), [cb.SwapEMAWeights()], validation_data=(x, y))


# ---- TensorBoard


def fields(data):
    """(number, value) of the fields of a protocol buffer."""

    def varint(i):
        n = shift = 0
        while True:
            n |= (data[i] & 0x7F) << shift
            shift += 7
            i += 1
            if not data[i - 1] & 0x80:
                return n, i

    out, i = [], 0
    while i < len(data):
        key, i = varint(i)
        kind = key & 7
        if kind == 0:
            value, i = varint(i)
        elif kind == 1:
            value, i = struct.unpack_from("<d", data, i)[0], i + 8
        elif kind == 5:
            value, i = struct.unpack_from("<f", data, i)[0], i + 4
        else:
            n, i = varint(i)
            value, i = data[i : i + n], i + n
        out.append((key >> 3, value))
    return out


def read_scalars(folder):
    """tag -> [(step, value)] of the one event file in a folder; checks every checksum."""
    (path,) = folder.glob("events.out.tfevents.*")
    data, i, out = path.read_bytes(), 0, {}
    while i < len(data):
        (n,) = struct.unpack_from("<Q", data, i)
        body = data[i + 12 : i + 12 + n]
        assert struct.unpack_from("<I", data, i + 8)[0] == _events.masked_crc32c(data[i : i + 8])
        assert struct.unpack_from("<I", data, i + 12 + n)[0] == _events.masked_crc32c(body)
        i += 16 + n
        event = dict(fields(body))
        if 5 in event:
            value = dict(fields(dict(fields(event[5]))[1]))
            if 2 in value:
                out.setdefault(value[1].decode(), []).append((event[2], value[2]))
        else:
            assert event[3] == b"brain.Event:2"
    return out


def test_checksums():
    assert _events.crc32c(b"123456789") == 0xE3069283  # RFC 3720's polynomial, the usual check
    assert _events.crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4
    assert _events.crc32c(b"\xff" * 32) == 0x62A8AB43


def test_tensorboard_scalars(tmp_path):
    board = cb.TensorBoard(tmp_path, update_freq=2, write_steps_per_second=True, histogram_freq=1)
    model = make_model()
    history = fit(model, [board], epochs=3, validation_split=0.5).history
    train, validation = read_scalars(tmp_path / "train"), read_scalars(tmp_path / "validation")
    assert set(train) == {
        "epoch_loss",
        "epoch_learning_rate",
        "epoch_steps_per_second",
        "batch_loss",
        "batch_steps_per_second",
    }
    assert train["epoch_loss"] == [
        (i, pytest.approx(v, rel=1e-6)) for i, v in enumerate(history["loss"])
    ]
    assert [s for s, _ in train["batch_loss"]] == [2]  # three batches, one an epoch
    assert train["epoch_learning_rate"][0][1] == pytest.approx(0.1)
    assert [v for _, v in validation["epoch_loss"]] == pytest.approx(history["val_loss"])
    assert [s for s, _ in validation["evaluation_loss_vs_iterations"]] == [1, 2, 3]
    assert not cb.TensorBoard(tmp_path).wants_batches
    with pytest.raises(ValueError, match="update_freq"):
        cb.TensorBoard(tmp_path, update_freq=0)
    with pytest.warns(UserWarning, match="write_images"):
        cb.TensorBoard(tmp_path, write_images=True)


def test_tensorboard_reads_it(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    model = make_model()
    history = fit(model, [cb.TensorBoard(tmp_path, histogram_freq=1)], epochs=2).history
    events = accumulator.EventAccumulator(str(tmp_path / "train"), {"histograms": 0})
    events.Reload()
    read = [(e.step, e.value) for e in events.Scalars("epoch_loss")]
    assert read == [(i, pytest.approx(v, rel=1e-6)) for i, v in enumerate(history["loss"])]
    (_, last) = events.Histograms(f"{model.weights[0].path}/histogram")
    values = model.get_weights()[0]
    assert last.histogram_value.num == values.size and last.step == 1
    assert last.histogram_value.max == pytest.approx(values.max())
    assert sum(last.histogram_value.bucket) == values.size


# ---- the rest


def test_remote_monitor():
    bodies = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            bodies.append((self.path, self.headers["Content-Type"], text))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = f"http://127.0.0.1:{server.server_port}"
    try:
        cb.RemoteMonitor(root).on_epoch_end(2, {"loss": np.float32(0.5)})
        cb.RemoteMonitor(root, "/x", send_as_json=True).on_epoch_end(3, {"loss": 0.25})
    finally:
        server.shutdown()
        server.server_close()
    path, kind, text = bodies[0]
    assert path == "/publish/epoch/end/" and "form" in kind
    assert json.loads(urllib.parse.parse_qs(text)["data"][0]) == {"epoch": 2, "loss": 0.5}
    assert bodies[1][0] == "/x" and json.loads(bodies[1][2]) == {"epoch": 3, "loss": 0.25}
    with pytest.warns(UserWarning, match="Could not reach"):
        cb.RemoteMonitor(root).on_epoch_end(0, {})


def test_callback_list():
    seen = []

    class Note(cb.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((batch, logs["loss"], self.params["epochs"], self.model.name))

    model = make_model()
    every = cb.CallbackList([Note()], add_history=True, model=model, epochs=2, verbose=0)
    every.on_train_begin()
    every.on_train_batch_end(3, {"loss": 1.0})
    every.on_epoch_end(0, {"loss": 2.0})
    every.on_train_end()
    assert seen == [(3, 1.0, 2, model.name)]
    assert model.history.history == {"loss": [2.0]}
    assert len(cb.CallbackList([cb.History()], add_history=True, add_progbar=True).callbacks) == 2


def test_terminate_on_nan_raises():
    with pytest.raises(RuntimeError, match="batch 0"):
        make_model().fit(x, y * np.nan, verbose=0, callbacks=[cb.TerminateOnNaN(raise_error=True)])
