"""Readers of the file formats that data sets come in. None of them runs code from a file."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_DAMAGED = (EOFError, OSError, zlib.error, zipfile.BadZipFile, tarfile.TarError)


def local_path(path: Any, default: str | None = None) -> Path | None:
    """The local file or folder that `path` means, or None where it means the cache.

    The loader's default name means the cache, as in Keras; other names are looked for in the file
    system first.
    """
    if path is None or path == default:
        return None
    found = Path(os.fspath(path)).expanduser()
    if found.exists():
        return found
    if default is None or found.name != os.fspath(path):
        raise FileNotFoundError(f"datasets: there is no '{found}'")
    return None


# ---- IDX (MNIST and its relatives) ---------------------------------------------------------------
_IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_idx(path: str | os.PathLike) -> np.ndarray:
    """The array of an IDX file, plain or compressed with gzip.

    Raises:
        ValueError: It is no IDX file, or shorter or longer than its header says.
    """
    path = Path(path)
    with open(path, "rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else open(path, "rb") as f:
            head = f.read(4)
            if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _IDX_TYPES:
                raise ValueError(f"'{path}' is no IDX file: it begins with {head!r}")
            dtype = np.dtype(_IDX_TYPES[head[2]])
            raw_dims = f.read(4 * head[3])
            if len(raw_dims) < 4 * head[3]:
                raise ValueError(f"'{path}' is truncated: it ends inside the header")
            dims = struct.unpack(f">{head[3]}I", raw_dims)
            size = dtype.itemsize
            for d in dims:
                size *= d
            if size > 1 << 33:
                raise ValueError(f"'{path}': the header asks for {size} bytes, shape {dims}")
            data = f.read(size + 1)
    except _DAMAGED as e:
        raise ValueError(f"'{path}' is truncated or damaged: {e}") from e
    if len(data) != size:
        what = "is truncated" if len(data) < size else "is longer than its header says"
        raise ValueError(
            f"'{path}' {what}: expected {size} bytes for shape {dims}, received "
            f"{len(data)}{' or more' if len(data) > size else ''}"
        )
    array = np.frombuffer(data, dtype).reshape(dims)
    return array.astype(dtype.newbyteorder("="))


def find_idx(folder: Path, name: str) -> Path:
    """A file of MNIST's naming in a folder: dashes or a dot before idx, .gz or not."""
    stem, kind = name.rsplit("-idx", 1)
    for candidate in (f"{stem}-idx{kind}", f"{stem}.idx{kind}"):
        for suffix in (".gz", ""):
            if (folder / (candidate + suffix)).is_file():
                return folder / (candidate + suffix)
    raise FileNotFoundError(f"datasets: expected '{name}.gz' or '{name}' in '{folder}'")


def check_images(x: np.ndarray, y: np.ndarray, shape: tuple[int, ...], where: Any) -> None:
    """Refuses images and labels that do not belong together."""
    if x.shape[1:] != shape or y.ndim != 1 or len(x) != len(y):
        raise ValueError(
            f"'{where}': expected images (n, {', '.join(map(str, shape))}) and labels (n,), "
            f"received {x.shape} and {y.shape}"
        )


IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def read_idx_folder(folder: Path) -> tuple:
    """((x_train, y_train), (x_test, y_test)) from a folder of the four files of MNIST."""
    x, y, x_test, y_test = (read_idx(find_idx(folder, name)) for name in IDX_FILES)
    check_images(x, y, (28, 28), folder)
    check_images(x_test, y_test, (28, 28), folder)
    return (x, y), (x_test, y_test)


# ---- pickled arrays ------------------------------------------------------------------------------
def _latin1(text: str, encoding: str = "latin1") -> bytes:
    """Stands for _codecs.encode, by which old protocols write bytes."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"refused: a text in {encoding!r}")
    return text.encode("latin1")


class ArrayUnpickler(pickle.Unpickler):
    """Reads arrays, texts, numbers, lists and dicts; refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        """The few names that an array needs."""
        multiarray = ("numpy.core.multiarray", "numpy._core.multiarray")
        numeric = ("numpy.core.numeric", "numpy._core.numeric")
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        if (module, name) == ("_codecs", "encode"):
            return _latin1
        if (module in multiarray and name in ("_reconstruct", "scalar")) or (
            module in numeric and name == "_frombuffer"
        ):
            package = "numpy._core" if hasattr(np, "_core") else "numpy.core"
            return super().find_class(f"{package}.{module.rsplit('.', 1)[1]}", name)
        raise pickle.UnpicklingError(f"refused: the file asks for {module}.{name}")


def unpickle(file: BinaryIO, where: Any, encoding: str = "ASCII") -> Any:
    """What a pickle of arrays holds.

    Raises:
        ValueError: It is damaged, or holds anything but arrays, texts, numbers, lists and dicts.
    """
    try:
        return ArrayUnpickler(file, encoding=encoding).load()
    except Exception as e:
        raise ValueError(f"'{where}' is damaged or no file of this data set: {e}") from e


def read_npz(path: str | os.PathLike, names: tuple[str, ...]) -> list[np.ndarray]:
    """Arrays of an npz file by name; arrays of lists too, without trust in the file.

    Raises:
        ValueError: The file is damaged, or has no such array.
    """
    out = []
    try:
        with zipfile.ZipFile(path) as z:
            members = set(z.namelist())
            for name in names:
                if name + ".npy" not in members:
                    have = sorted(m[:-4] for m in members if m.endswith(".npy"))
                    raise ValueError(f"'{path}': expected an array '{name}', received {have}")
                out.append(_read_npy(io.BytesIO(z.read(name + ".npy")), f"{path}:{name}"))
    except _DAMAGED as e:
        if isinstance(e, FileNotFoundError):
            raise
        raise ValueError(f"'{path}' is truncated or damaged: {e}") from e
    return out


def _read_npy(f: BinaryIO, where: Any) -> np.ndarray:
    version = np.lib.format.read_magic(f)
    read = (
        np.lib.format.read_array_header_1_0
        if version[0] == 1
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(f)
    if dtype.hasobject:
        array = unpickle(f, where)
        if not isinstance(array, np.ndarray) or array.shape != shape:
            raise ValueError(f"'{where}': expected an array of shape {shape}")
        return array
    f.seek(0)
    return np.lib.format.read_array(f, allow_pickle=False)


# ---- CIFAR ---------------------------------------------------------------------------------------
def read_cifar(path: Path, batches: list[str], label_key: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 32, 32, 3) and labels (n, 1) of batches in a folder or a tar file."""
    images, labels = [], []
    for name in batches:
        raw = _member(path, name)
        batch = unpickle(io.BytesIO(raw), f"{path}:{name}", encoding="bytes")
        where = f"{path}:{name}"
        if not isinstance(batch, dict):
            raise ValueError(f"'{where}': expected a dict, received {type(batch).__name__}")
        batch = {k.decode() if isinstance(k, bytes) else k: v for k, v in batch.items()}
        if "data" not in batch or label_key not in batch:
            raise ValueError(
                f"'{where}': expected 'data' and '{label_key}', received {list(batch)}"
            )
        x, y = np.asarray(batch["data"]), np.asarray(batch[label_key])
        if x.ndim != 2 or x.shape[1] != 3072 or x.dtype != np.uint8 or y.shape != x.shape[:1]:
            raise ValueError(
                f"'{where}': expected uint8 images (n, 3072) and n labels, received {x.dtype} "
                f"{x.shape} and {y.shape}"
            )
        images.append(x.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        labels.append(y.astype("uint8").reshape(-1, 1))
    return np.ascontiguousarray(np.concatenate(images)), np.concatenate(labels)


def _member(path: Path, name: str) -> bytes:
    """A file in a folder (or the one folder inside it) or in a tar file, by its last name."""
    if path.is_dir():
        for candidate in (path / name, *sorted(path.glob(f"*/{name}"))):
            if candidate.is_file():
                return candidate.read_bytes()
        raise FileNotFoundError(f"datasets: expected '{name}' in '{path}'")
    try:
        with tarfile.open(path) as tar:
            for m in tar:
                if m.isfile() and m.name.rsplit("/", 1)[-1] == name:
                    f = tar.extractfile(m)
                    assert f is not None
                    data = f.read()
                    if len(data) != m.size:
                        raise ValueError(f"'{path}' is truncated inside '{name}'")
                    return data
    except _DAMAGED as e:
        raise ValueError(f"'{path}' is truncated or damaged: {e}") from e
    raise ValueError(f"'{path}': there is no '{name}' in it")


# ---- sequences of words --------------------------------------------------------------------------
def ragged(rows: list) -> np.ndarray:
    """Lists of different lengths as a one-dimensional array of lists."""
    out = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows):
        out[i] = row
    return out


def shift_words(rows: Any, start_char: int | None, index_from: int) -> list[list[int]]:
    """Word ranks moved up by index_from, after a start mark."""
    shift = index_from or 0
    start = [] if start_char is None else [start_char]
    if start_char is None and not shift:
        return [list(row) for row in rows]
    return [start + [w + shift for w in row] for row in rows]


def drop_long(rows: list, labels: np.ndarray, maxlen: int) -> tuple[list, np.ndarray]:
    """Rows shorter than maxlen, and their labels."""
    keep = [i for i, row in enumerate(rows) if len(row) < maxlen]
    return [rows[i] for i in keep], np.asarray(labels)[keep]


def limit_words(rows: list, num_words: int | None, skip_top: int, oov_char: int | None) -> list:
    """Words outside [skip_top, num_words) replaced by oov_char, or left out."""
    if not num_words:
        num_words = max((max(row) for row in rows if row), default=0)
    if oov_char is None:
        return [[w for w in row if skip_top <= w < num_words] for row in rows]
    return [[w if skip_top <= w < num_words else oov_char for w in row] for row in rows]
