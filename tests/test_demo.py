"""The command line, as a user runs it."""

import subprocess
import sys
from pathlib import Path

import numpy as np

import lamina
from lamina import demo
from lamina.__main__ import main


def run(*args, cwd):
    return subprocess.run(
        [sys.executable, "-m", "lamina", *args],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_demo(tmp_path):
    done = run("demo", "--output", "m.safetensors", "--export-test", "x.npy", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Test accuracy: 0.9" in done.stdout and "agree bit for bit" in done.stdout
    assert "Epoch 1/" in done.stdout and "\r" not in done.stdout
    accuracy = float(done.stdout.split("Test accuracy: ")[1].split()[0])
    assert accuracy >= demo.TARGET
    x = np.load(tmp_path / "x.npy")
    assert x.shape == (360, 8, 8, 1) and x.dtype == np.float32
    model = lamina.load_model(tmp_path / "m.safetensors")
    labels = lamina.datasets.digits.load_data()[1][1]
    assert np.mean(model.predict(x, verbose=0).argmax(-1) == labels) == np.float64(
        round(accuracy * 360) / 360
    )


def test_short_demo_is_no_failure(tmp_path, capsys):
    assert demo.run(1, tmp_path / "m.safetensors", verbose=0) == 0
    assert "Test accuracy" in capsys.readouterr().out


def test_version_and_info(tmp_path, capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == lamina.__version__
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert lamina.config.cpu_isa() in out and "threads" in out
    assert main([]) == 0
    assert run("demo", "--epochs", "0", cwd=tmp_path).returncode == 2


def test_cmake_dir(capsys):
    assert main(["--cmake-dir"]) == 0
    folder = Path(capsys.readouterr().out.strip())
    assert (folder / "laminaConfig.cmake").is_file()
    assert (folder.parents[2] / "include" / "lamina" / "lamina.h").is_file()


def test_curve():
    text = demo.curve({"accuracy": [0.5, 0.9, float("nan")], "val_accuracy": [0.6, 0.95, 0.99]})
    assert text.count("*") == 4 and text.count(".") > 2  # one star in the legend
    assert demo.curve({}) == ""
    assert "*" in demo.curve({"val_accuracy": [1.0] * 100})
