"""MNIST: 70,000 handwritten digits, 28x28."""

from __future__ import annotations

import os

from lamina.datasets import _formats
from lamina.utils._files import get_file

_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path: str | os.PathLike = "mnist.npz") -> tuple:
    """Load the MNIST data set (Y. LeCun, C. Cortes; CC BY-SA 3.0), downloading it once.

    Args:
        path: Name in the cache folder, or a local file or folder: an npz file with `x_train`,
            `y_train`, `x_test` and `y_test`, or a folder with the four IDX files
            (`train-images-idx3-ubyte.gz` and so on, compressed or not).

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, uint8 of shape `(n, 28, 28)`, and labels,
        uint8 of shape `(n,)`.

    Raises:
        OSError: The download failed, or there is no such file.
        ValueError: A file is damaged.
    """
    local = _formats.local_path(path, "mnist.npz")
    if local is not None and local.is_dir() and not (local / "mnist.npz").is_file():
        return _formats.read_idx_folder(local)
    if local is None:
        file = get_file(os.fspath(path), _formats.ORIGIN + "mnist.npz", file_hash=_SHA256)
    else:
        file = str(local / "mnist.npz" if local.is_dir() else local)
    names = ("x_train", "y_train", "x_test", "y_test")
    x, y, x_test, y_test = _formats.read_npz(file, names)
    _formats.check_images(x, y, (28, 28), file)
    _formats.check_images(x_test, y_test, (28, 28), file)
    return (x, y), (x_test, y_test)
