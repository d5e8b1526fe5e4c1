"""CIFAR-100: 60,000 colour photos, 32x32, 100 classes in 20 groups."""

from __future__ import annotations

import os
from pathlib import Path

from lamina.datasets import _formats
from lamina.utils._files import get_file

_ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
_SHA256 = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode: str = "fine", path: str | os.PathLike | None = None) -> tuple:
    """Load the CIFAR-100 data set (A. Krizhevsky, 2009), downloading it once.

    Args:
        label_mode: `"fine"` for 100 classes, `"coarse"` for 20.
        path: A local `cifar-100-python.tar.gz`, or the folder that it unpacks to.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, uint8 of shape `(n, 32, 32, 3)`, and labels,
        uint8 of shape `(n, 1)`.

    Raises:
        OSError: The download failed, or there is no such file.
        ValueError: A file is damaged, or `label_mode` is unknown.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(
            f"cifar100: expected label_mode 'fine' or 'coarse', received {label_mode!r}"
        )
    file = _formats.local_path(path)
    if file is None:
        file = Path(get_file("cifar-100-python.tar.gz", _ORIGIN, file_hash=_SHA256))
    key = f"{label_mode}_labels"
    return (
        _formats.read_cifar(file, ["train"], key),
        _formats.read_cifar(file, ["test"], key),
    )
