"""examples/cpp, built against the installed package: the same bits as Python, both ways."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.__main__ import cmake_dir

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def call(*args, **kwargs):
    done = subprocess.run(
        [str(a) for a in args], capture_output=True, text=True, timeout=600, **kwargs
    )
    assert done.returncode == 0, f"{args}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    cmake = shutil.which(
        "cmake", path=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
    )
    if cmake is None:
        pytest.skip("needs cmake")
    build = tmp_path_factory.mktemp("cpp")
    call(cmake, "-S", EXAMPLES / "cpp", "-B", build, f"-DCMAKE_PREFIX_PATH={cmake_dir()}")
    call(cmake, "--build", build, "--config", "Release", "--parallel", "2")
    suffix = ".exe" if os.name == "nt" else ""
    folder = build / "Release" if (build / "Release").is_dir() else build
    return {name: folder / (name + suffix) for name in ("train", "predict", "generate")}


def cpp_predict(programs, model, x, folder):
    np.save(folder / "x.npy", x)
    call(programs["predict"], model, folder / "x.npy", folder / "y.bin")
    return np.fromfile(folder / "y.bin", "float32")


def assert_same_bits(cpp, python):
    np.testing.assert_array_equal(cpp.view("uint32"), python.reshape(-1).view("uint32"))


def test_python_to_cpp(programs, tmp_path):
    lamina.utils.set_random_seed(0)
    (x, y), (x_test, _) = lamina.datasets.digits.load_data()
    model = lamina.Sequential(
        [
            lamina.Input((8, 8, 1)),
            layers.Rescaling(1 / 16),
            layers.Conv2D(16, 3, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x[..., None].astype("float32"), y.astype("int32"), epochs=2, verbose=0)
    file = tmp_path / "model.safetensors"
    model.save(file)
    x_test = x_test[..., None]
    expected = model.predict(x_test.astype("float32"), verbose=0)
    assert_same_bits(cpp_predict(programs, file, x_test.astype("float32"), tmp_path), expected)
    assert_same_bits(cpp_predict(programs, file, x_test, tmp_path), expected)


def test_cpp_to_python(programs, tmp_path):
    data = Path(lamina.datasets.digits.__file__).with_name("data") / "digits.csv.gz"
    csv = tmp_path / "digits.csv"
    csv.write_bytes(gzip.decompress(data.read_bytes()))
    file = tmp_path / "cpp.safetensors"
    out = call(programs["train"], file, csv, 8)
    assert float(out.split("validation accuracy ")[1].split()[0]) > 0.85
    model = lamina.load_model(file)
    x = lamina.datasets.digits.load_data()[0][0][:100, ..., None].astype("float32")
    assert_same_bits(cpp_predict(programs, file, x, tmp_path), model.predict(x, verbose=0))
    y = lamina.datasets.digits.load_data()[0][1][:100].astype("int32")
    assert model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"] > 0.85
    model.fit(x, y, epochs=1, verbose=0)  # the optimizer came along


def test_errors_name_the_file(programs, tmp_path):
    (tmp_path / "bad.safetensors").write_bytes(b"\xff" * 100)
    np.save(tmp_path / "x.npy", np.zeros((1, 4), "float32"))
    done = subprocess.run(
        [programs["predict"], tmp_path / "bad.safetensors", tmp_path / "x.npy"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "bad.safetensors" in done.stderr


def test_text_that_cpp_writes(programs, tmp_path):
    lamina.utils.set_random_seed(0)
    characters = lamina.Input((None,), dtype="int32")
    states = [lamina.Input((8,)), lamina.Input((8,))]
    x = layers.Embedding(128, 8)(characters)
    x, *new_states = layers.LSTM(8, return_sequences=True, return_state=True)(
        x, initial_state=states
    )
    dense = layers.Dense(128)
    model = lamina.Model([characters, *states], [dense(x), *new_states])
    kernel, bias = dense.get_weights()
    bias[:32] = bias[127] = -1e9  # printable ones only
    dense.set_weights([40 * kernel, bias])
    model.save(tmp_path / "model.safetensors")

    def next(tokens, states):
        logits, *states = model([tokens, *states])
        return logits, states

    (expected,) = lamina.decoding.sample(
        next, [[*b"hello"]], 60, states=[np.zeros((1, 8), "float32")] * 2, temperature=0.9, seed=3
    )
    found = call(programs["generate"], tmp_path / "model.safetensors", "hello", 60, 0.9, 3)
    assert found == "hello" + bytes(expected).decode() + "\n"
    assert len(set(expected)) > 10
