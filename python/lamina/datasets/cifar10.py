"""CIFAR-10: 60,000 colour photos, 32x32, 10 classes."""

from __future__ import annotations

import os
from pathlib import Path

from lamina.datasets import _formats
from lamina.utils._files import get_file

_ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data(path: str | os.PathLike | None = None) -> tuple:
    """Load the CIFAR-10 data set (A. Krizhevsky, 2009), downloading it once.

    Args:
        path: A local `cifar-10-python.tar.gz`, or the folder that it unpacks to.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, uint8 of shape `(n, 32, 32, 3)`, and labels,
        uint8 of shape `(n, 1)`.

    Raises:
        OSError: The download failed, or there is no such file.
        ValueError: A file is damaged.
    """
    file = _formats.local_path(path)
    if file is None:
        file = Path(get_file("cifar-10-python.tar.gz", _ORIGIN, file_hash=_SHA256))
    train = [f"data_batch_{i}" for i in range(1, 6)]
    return (
        _formats.read_cifar(file, train, "labels"),
        _formats.read_cifar(file, ["test_batch"], "labels"),
    )
