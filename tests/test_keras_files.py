"""Keras's files without Keras: what lamina reads again, and files that must be refused."""

import io
import json
import sys
import zipfile

import numpy as np
import pytest

import lamina

h5py = pytest.importorskip("h5py")
L = lamina.layers


def small():
    model = lamina.Sequential([lamina.Input((3,)), L.Dense(4, name="first"), L.Dense(2)])
    model.compile("sgd", "mse")
    return model


@pytest.fixture
def path(tmp_path):
    small().save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path, change, compression=zipfile.ZIP_STORED):
    parts = members(path)
    change(parts)
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def with_config(path, change):
    def edit(parts):
        config = json.loads(parts["config.json"])
        change(config)
        parts["config.json"] = json.dumps(config)

    return rewritten(path, edit)


def with_weights(path, change):
    def edit(parts):
        file = io.BytesIO(parts["model.weights.h5"])
        with h5py.File(file, "r+") as weights:
            change(weights)
        parts["model.weights.h5"] = file.getvalue()

    return rewritten(path, edit)


def refused(path, message, **kwargs):
    with pytest.raises(ValueError, match=message):
        lamina.saving.load_model(path, **kwargs)


# ---- what comes back


def test_training_goes_on(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
    model = small()
    model.compile(lamina.optimizers.Adam(0.01), "mse", metrics=["mae"])
    model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    again = lamina.load(tmp_path / "model.keras")
    histories = [m.fit(x, y, epochs=3, shuffle=False, verbose=0).history for m in (model, again)]
    assert histories[0] == histories[1]


def test_members_are_those_of_keras(path):
    parts = members(path)
    assert sorted(parts) == ["config.json", "metadata.json", "model.weights.h5"]
    assert json.loads(parts["metadata.json"])["keras_version"].startswith("3.")
    config = json.loads(parts["config.json"])
    assert (config["module"], config["class_name"]) == ("keras", "Sequential")
    first = config["config"]["layers"][1]
    assert first["module"] == "keras.layers"
    assert first["build_config"] == {"input_shape": [None, 3]}
    with h5py.File(io.BytesIO(parts["model.weights.h5"])) as file:
        assert file["layers/dense/vars/0"].shape == (3, 4)
        assert file["layers/dense_1/vars/1"].shape == (2,)
        assert file["layers/dense/vars"].attrs["name"] == "first"
        assert file["optimizer/vars/0"].dtype == "int32"


def test_without_compile(path):
    assert not lamina.saving.load_model(path, compile=False).compiled


@lamina.saving.register_keras_serializable("tests")
class Scaled(L.Layer):
    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.inner = L.Dense(3)
        self.more = [L.Dense(3), {"deep": L.Dense(3, use_bias=False)}]

    def build(self, input_shape):
        for layer in (self.inner, self.more[0], self.more[1]["deep"]):
            layer.build(input_shape)
        self.shift = self.add_weight((3,), name="shift", initializer="ones")

    def call(self, x):
        for layer in (self.inner, self.more[0], self.more[1]["deep"]):
            x = layer(x)
        return self.factor * x + self.shift

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def test_layers_of_ones_own(tmp_path):
    model = lamina.Sequential([lamina.Input((3,)), Scaled(2.0)])
    x = np.ones((2, 3), "float32")
    model.save(tmp_path / "own.keras")
    described = json.loads(members(tmp_path / "own.keras")["config.json"])["config"]["layers"][1]
    assert described["registered_name"] == "tests>Scaled"
    assert described["class_name"] == "Scaled"
    again = lamina.saving.load_model(tmp_path / "own.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    with h5py.File(io.BytesIO(members(tmp_path / "own.keras")["model.weights.h5"])) as file:
        assert file["layers/scaled/vars/0"].shape == (3,)
        assert file["layers/scaled/inner/vars/0"].shape == (3, 3)
        assert file["layers/scaled/more/dense/vars/0"].shape == (3, 3)
        assert file["layers/scaled/more/container/dense/vars/0"].shape == (3, 3)


@lamina.saving.register_keras_serializable("tests")
class Twice(lamina.Model):
    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.a, self.b = L.Dense(4), L.Dense(units)

    def call(self, x):
        return self.b(self.a(x))

    def get_config(self):
        return {"units": self.units}


def test_models_of_ones_own(tmp_path):
    model = Twice(3)
    x = np.ones((2, 5), "float32")
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "own.keras")
    again = lamina.saving.load_model(tmp_path / "own.keras")
    assert isinstance(again, Twice)
    np.testing.assert_array_equal(again.predict(x, verbose=0), expected)


def test_vocabularies(tmp_path):
    lookup = L.StringLookup()
    lookup.adapt(["b", "a", "b", "ä"])
    counts = L.TextVectorization(output_mode="tf_idf", max_tokens=9)
    counts.adapt(["one two", "two three", "two"])
    text, word = lamina.Input((1,), dtype="string"), lamina.Input((1,), dtype="string")
    model = lamina.Model([word, text], [lookup(word), counts(text)])
    model.save(tmp_path / "text.keras")
    assert "assets/layers/string_lookup/vocabulary.txt" in members(tmp_path / "text.keras")
    again = lamina.saving.load_model(tmp_path / "text.keras")
    given = [np.array([["a"], ["ä"], ["x"]]), np.array([["one two"], ["three"], ["four two"]])]
    for a, b in zip(again.predict(given, verbose=0), model.predict(given, verbose=0)):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_weights_file_into_a_model_built_again(tmp_path):
    model, other = small(), small()
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    for a, b in zip(other.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_a_callback_can_keep_the_best(tmp_path):
    x, y = np.ones((4, 3)), np.ones((4, 2))
    keep = lamina.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
    model = small()
    model.fit(x, y, epochs=2, verbose=0, callbacks=[keep])
    assert lamina.load(tmp_path / "2.keras").get_weights()[0].shape == (3, 4)


# ---- what is refused


def test_nothing_changes_unless_all_fits(path, tmp_path):
    model = small()
    before = model.get_weights()

    def change(file):
        del file["layers/dense_1/vars/0"]
        file["layers/dense_1/vars/0"] = np.zeros((4, 5), "float32")

    with_weights(path, change)
    message = r"Dense 'dense.*': weight 'kernel' has shape \(4, 5\) in the file, expected \(4, 2\)"
    with pytest.raises(ValueError, match=message):
        model.load_weights(path)
    for a, b in zip(model.get_weights(), before):
        np.testing.assert_array_equal(a, b)
    with pytest.warns(UserWarning, match="kernel"):
        model.load_weights(path, skip_mismatch=True)
    assert not np.array_equal(model.get_weights()[0], before[0])
    np.testing.assert_array_equal(model.get_weights()[2], before[2])


def test_missing_weights(path):
    refused(
        with_weights(path, lambda f: f["layers/dense"].pop("vars")), "Dense 'first': expected 2"
    )


def test_missing_members(path):
    refused(rewritten(path, lambda p: p.pop("config.json")), "no config.json")
    small().save(path)
    refused(rewritten(path, lambda p: p.pop("model.weights.h5")), "no model.weights.h5")


def test_damaged_members(path):
    refused(rewritten(path, lambda p: p.update({"config.json": b"{"})), "config.json is damaged")
    small().save(path)
    refused(rewritten(path, lambda p: p.update({"config.json": b"[1]"})), "no object")
    small().save(path)
    refused(rewritten(path, lambda p: p.update({"model.weights.h5": b"abc"})), "no HDF5 file")
    deep = b'{"class_name": "Sequential", "config": ' + b"[" * 100000 + b"}"
    small().save(path)
    refused(rewritten(path, lambda p: p.update({"config.json": deep})), "damaged")


@pytest.mark.parametrize("part", np.linspace(0.02, 0.98, 15))
def test_truncated_files(path, part):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    refused(path, "not a Keras file|damaged")


@pytest.mark.parametrize("seed", range(40))
def test_damaged_bytes_give_errors_alone(path, seed):
    rng = np.random.default_rng(seed)
    data = bytearray(path.read_bytes())
    for at in rng.integers(0, len(data), 20):
        data[at] = rng.integers(0, 256)
    path.write_bytes(bytes(data))
    try:
        lamina.saving.load_model(path)
    except (ValueError, TypeError, OSError):
        pass


def test_damaged_weights_give_errors_alone(path):
    weights = members(path)["model.weights.h5"]
    for seed in range(60):
        rng = np.random.default_rng(seed)
        data = bytearray(weights)
        for at in rng.integers(0, len(data), 8):
            data[at] = rng.integers(0, 256)
        target = path.with_name("damaged.weights.h5")
        target.write_bytes(bytes(data))
        try:
            small().load_weights(target)
        except (ValueError, OSError):
            pass


def test_bombs(path):
    huge = bytes(1 << 27)
    rewritten(path, lambda p: p.update({"model.weights.h5": huge}), zipfile.ZIP_DEFLATED)
    refused(path, "claims to be 134217728 bytes")


def test_shape_bombs(path):
    def change(file):
        del file["layers/dense/vars/0"]
        file["layers/dense/vars"].create_dataset(
            "0", (1 << 20, 1 << 20), "float32", chunks=(1024, 1024), compression="gzip"
        )

    refused(with_weights(path, change), "has shape")


def test_links_are_not_followed(path, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.zeros((3, 4), "float32")

    def change(file):
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "secret")

    refused(with_weights(path, change), "link")


def test_code_is_not_run(path):
    function = {"class_name": "__lambda__", "config": {"code": "4wAAAAAAAAA=", "defaults": None}}

    def change(config):
        config["config"]["layers"].append(
            {
                "module": "keras.layers",
                "class_name": "Lambda",
                "config": {"name": "bad", "function": function, "arguments": {}},
                "registered_name": None,
            }
        )

    with_config(path, change)
    for safe_mode in (True, False):
        refused(path, "lambda", safe_mode=safe_mode)


@pytest.mark.parametrize(
    "module, name", [("os", "system"), ("builtins", "eval"), ("keras.utils", "get_file")]
)
def test_other_classes_are_not_looked_up(path, module, name):
    def change(config):
        layer = config["config"]["layers"][1]
        layer.update(module=module, class_name=name, registered_name=name)

    refused(with_config(path, change), f"unknown layer class '{name}'")


def test_unknown_layers_and_references(path):
    refused(
        with_config(path, lambda c: c["config"]["layers"][1].update(class_name="Dence")),
        "unknown layer class 'Dence'",
    )
    x = lamina.Input((3,), name="x")
    lamina.Model(x, L.Dense(2, name="d")(x)).save(path)

    def circle(config):
        node = config["config"]["layers"][1]["inbound_nodes"][0]
        node["args"][0]["config"]["keras_history"] = ["d", 0, 0]

    refused(with_config(path, circle), "circle")

    def nowhere(config):
        config["config"]["output_layers"] = ["e", 0, 0]

    lamina.Model(x, L.Dense(2, name="d")(x)).save(path)
    refused(with_config(path, nowhere), "unknown layer 'e'")


def test_layers_in_two_models_inside(tmp_path):
    a, x = lamina.Input((3,)), lamina.Input((3,))
    both = L.Dense(3, name="both")
    one, two = lamina.Model(a, both(a)), lamina.Sequential([lamina.Input((3,)), both])
    model = lamina.Model(x, one(x) + two(x))
    with pytest.raises(ValueError, match="layer 'both' is in two of the models inside"):
        model.save(tmp_path / "model.keras")
    assert not (tmp_path / "model.keras").exists()


def test_old_files_by_their_names(tmp_path):
    model = small()
    for name in ("model.h5", "model.hdf5"):
        with pytest.raises(ValueError, match="not supported"):
            model.save(tmp_path / name)
        with pytest.raises(ValueError, match="not supported"):
            lamina.load(tmp_path / name)


def test_an_older_file_stays_when_writing_fails(path, monkeypatch):
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        small().save(path, overwrite=False)
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(OSError, match="no space"):
        small().save(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_without_h5py(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    for act in (lambda: lamina.load(path), lambda: small().save(path)):
        with pytest.raises(ImportError, match=r"lamina\[keras-files\]"):
            act()


# ---- changing files


def test_editor(path, tmp_path, capsys):
    editor = lamina.saving.KerasFileEditor(path)
    assert editor.compare(small()) == {"status": "success", "error_count": 0, "match_count": 6}
    editor.rename_object("layers/dense_1", "head")
    kernel = np.ones((4, 2), "float32")
    editor.add_object("layers/dense_1", {"0": kernel})
    editor.add_weights("dense_1", {"1": np.ones(2, "float32"), "2": kernel})
    editor.delete_weight("dense_1", "2")
    editor.delete_object("head")
    editor.save(tmp_path / "new.weights.h5")
    model = small()
    model.load_weights(tmp_path / "new.weights.h5")
    np.testing.assert_array_equal(model.get_weights()[2], kernel)
    editor.delete_weight("dense", "1")
    capsys.readouterr()
    assert editor.compare(model)["error_count"] == 1
    assert "layers/dense/1 (Dense 'first" in capsys.readouterr().out
    for act, message in (
        (lambda: editor.rename_object("nothing", "x"), "does not appear"),
        (lambda: editor.rename_object("dense", "a/b"), "without '/'"),
        (lambda: editor.delete_weight("dense", "7"), "Weight 7 not found"),
        (lambda: editor.add_weights("dense", [kernel]), "should be a dict"),
        (lambda: editor.save(tmp_path / "x.h5"), "weights.h5"),
        (lambda: lamina.saving.KerasFileEditor(tmp_path / "x.txt"), "Invalid filename"),
    ):
        with pytest.raises(ValueError, match=message):
            act()
