"""Keras's own model files: `.keras`, a zip archive, and `.weights.h5`, its weights alone.

An archive has metadata.json, config.json (`_keras_config`, `_keras_describe`), model.weights.h5
(`_keras_weights`) and the vocabularies of layers below assets/. Members are stored as they are.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from lamina import _core, _keras_config, _keras_describe, _keras_weights

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_KERAS_VERSION = "3.15.0"  # whose form the files have
# Members that claim to be much larger than what is stored are refused.
_MOST_TEXT = 1 << 28
_FREE_SIZE, _MOST_EXPANSION = 1 << 26, 100


def h5py() -> Any:
    """The module.

    Raises:
        ImportError: It is not installed.
    """
    try:
        import h5py
    except ImportError:
        raise ImportError(
            "Keras's files need h5py, which is not installed: pip install 'lamina[keras-files]'. "
            "lamina's own files (save to 'model.safetensors') need nothing."
        ) from None
    return h5py


def is_model_file(path: str) -> bool:
    """Whether a path names an archive of Keras's."""
    return path.endswith(".keras")


def is_weights_file(path: str) -> bool:
    """Whether a path names a file of weights of Keras's."""
    return path.endswith(".weights.h5")


def refuse_other_hdf5(path: str) -> None:
    """Raises ValueError for the HDF5 files of Keras 2."""
    if path.endswith((".h5", ".hdf5")) and not is_weights_file(path):
        raise ValueError(
            f"'{path}': HDF5 files of whole models, as Keras 2 had them, are not supported. Use "
            "'.keras' for a model and '.weights.h5' for weights."
        )


# ---- writing


def save(model: _core.Model, path: str) -> None:
    """Write a model as Keras does."""
    h5py()
    if model.compiled and model.built:  # so that the file has all of its state
        model.optimizer.build(model.trainable_variables)
    config = _keras_describe.describe(model)
    config["compile_config"] = _keras_describe.compile_config(model)
    metadata = {
        "keras_version": _KERAS_VERSION,
        "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S"),
        "lamina_version": _core.version(),
    }
    weights = _weights_bytes(model)

    def write(file: Any) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(_METADATA, json.dumps(metadata))
            archive.writestr(_CONFIG, json.dumps(config))
            archive.writestr(_WEIGHTS, weights)
            for place, text in _keras_weights.vocabularies(model):
                archive.writestr(f"assets/{place.path}/vocabulary.txt", text)

    replace(path, write)


def save_weights(model: _core.Model, path: str) -> None:
    """Write the weights, and the optimizer's state, as Keras does."""
    data = _weights_bytes(model)
    replace(path, lambda file: file.write(data))


def _weights_bytes(model: _core.Model) -> bytes:
    if not model.built:
        raise ValueError(
            f"{model.class_name} '{model.name}': save: the model has no weights yet; build it or "
            "call it on data first"
        )
    buffer = io.BytesIO()
    with h5py().File(buffer, "w") as file:
        _keras_weights.write(model, file)
    return buffer.getvalue()


def replace(path: str, write: Callable[[Any], Any]) -> None:
    """Write beside a file, then put the new one in its place."""
    folder = os.path.dirname(os.path.abspath(path))
    handle, beside = tempfile.mkstemp(prefix=os.path.basename(path) + ".", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(beside, 0o666 & ~mask)
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
    if hasattr(os, "O_DIRECTORY"):
        folder_handle = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(folder_handle)
        finally:
            os.close(folder_handle)


# ---- reading


def load(path: str, compile: bool = True) -> _core.Model:
    """A model from a `.keras` file; its custom objects must be known."""
    with _archive(path) as archive:
        config = _config(archive, path)
        model = _keras_config.model_of(config)
        described = config.get("compile_config")
        if compile and described:
            model.compile(**_keras_config.compile_arguments(described))
            if model.built:
                model.optimizer.build(model.trainable_variables)
        with _weights(archive, path) as weights:
            _load_vocabularies(model, archive, weights, path)
            _keras_weights.read(model, weights, path)
    return model


def load_weights(model: _core.Model, path: str, skip_mismatch: bool = False) -> None:
    """Read weights, and the optimizer's state, from either kind of file."""
    if not model.built:
        raise ValueError(
            f"{model.class_name} '{model.name}': load_weights: the model has no weights yet; build "
            "it or call it on data first"
        )
    if model.compiled:
        model.optimizer.build(model.trainable_variables)
    with open_weights(path) as file:
        _keras_weights.read(model, file, path, skip_mismatch)


@contextlib.contextmanager
def open_weights(path: str) -> Iterator[Any]:
    """The open HDF5 file of weights in either kind of file."""
    if is_model_file(path):
        with _archive(path) as archive, _weights(archive, path) as file:
            yield file
    else:
        with _hdf5(path, path) as file:
            yield file


@contextlib.contextmanager
def _archive(path: str) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as e:
        raise ValueError(f"load '{path}': not a Keras file, or only a part of one ({e})") from None
    with archive:
        yield archive


def _member(archive: zipfile.ZipFile, name: str, path: str, most: int | None = None) -> bytes:
    """The bytes of a member."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise ValueError(f"load '{path}': there is no {name} in the file") from None
    size, stored = info.file_size, info.compress_size
    if (most and size > most) or (size > _FREE_SIZE and size > _MOST_EXPANSION * stored):
        raise ValueError(
            f"load '{path}': {name} claims to be {size} bytes, of which {stored} are stored; it is "
            "not read"
        )
    try:
        return archive.read(info)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as e:
        raise ValueError(f"load '{path}': {name} is damaged: {e}") from None


def _config(archive: zipfile.ZipFile, path: str) -> dict[str, Any]:
    try:
        config = json.loads(_member(archive, _CONFIG, path, _MOST_TEXT))
    except (UnicodeDecodeError, RecursionError, json.JSONDecodeError) as e:
        raise ValueError(f"load '{path}': {_CONFIG} is damaged: {e}") from None
    if not isinstance(config, dict):
        raise ValueError(f"load '{path}': {_CONFIG} is no object")
    return config


@contextlib.contextmanager
def _weights(archive: zipfile.ZipFile, path: str) -> Iterator[Any]:
    if _WEIGHTS not in archive.namelist() and "model.weights.npz" in archive.namelist():
        raise ValueError(f"load '{path}': weights in a model.weights.npz are not supported")
    with _hdf5(io.BytesIO(_member(archive, _WEIGHTS, path)), path) as file:
        yield file


@contextlib.contextmanager
def _hdf5(source: Any, path: str) -> Iterator[Any]:
    module = h5py()
    if isinstance(source, str) and not os.path.exists(source):
        raise FileNotFoundError(f"load '{path}': there is no such file")
    try:
        file = module.File(source, "r")
    except OSError as e:
        raise ValueError(f"load '{path}': the weights are no HDF5 file, or damaged: {e}") from None
    with file:
        try:
            yield file
        except (OSError, RuntimeError, KeyError) as e:  # what HDF5 says of damaged parts
            raise ValueError(f"load '{path}': the weights are damaged: {e}") from e


def _load_vocabularies(
    model: _core.Model, archive: zipfile.ZipFile, weights: Any, path: str
) -> None:
    there = set(archive.namelist())
    for place, _ in _keras_weights.vocabularies(model):
        name = f"assets/{place.path}/vocabulary.txt"
        if name in there:
            text = _member(archive, name, path, _MOST_TEXT).decode("utf-8", errors="strict")
            _keras_weights.set_vocabulary(place, text, weights)
