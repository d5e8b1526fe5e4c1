"""Boston housing: median house values of 506 tracts in 1970."""

from __future__ import annotations

import os

import numpy as np

from lamina.datasets import _formats
from lamina.utils._files import get_file

_SHA256 = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(
    path: str | os.PathLike = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple:
    """Load the Boston housing data set (D. Harrison and D. Rubinfeld, 1978), downloading it once.

    One of its 13 features, "B", was made from the share of Black people in a tract, on the
    assumption that it changes prices. Better not use the data for anything but to discuss that;
    `california_housing` is a data set of the same kind.

    Args:
        path: Name in the cache folder, or a local npz file with `x` and `y`.
        test_split: Share of the samples to hold out.
        seed: Seed of the order of the samples.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: features of shape `(n, 13)`, targets of shape
        `(n,)` in thousands of dollars.

    Raises:
        OSError: The download failed, or there is no such file.
        ValueError: The file is damaged, or an argument is out of range.
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"boston_housing: expected test_split in [0, 1), received {test_split}")
    name = "boston_housing.npz"
    local = _formats.local_path(path, name)
    if local is None:
        file = get_file(os.fspath(path), _formats.ORIGIN + name, file_hash=_SHA256)
    else:
        file = str(local / name if local.is_dir() else local)
    x, y = _formats.read_npz(file, ("x", "y"))
    if x.ndim != 2 or x.shape[1] != 13 or y.shape != x.shape[:1]:
        raise ValueError(
            f"boston_housing: expected (n, 13) and (n,), received {x.shape}, {y.shape}"
        )
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    n = int(len(x) * (1 - test_split))
    return (x[order[:n]], y[order[:n]]), (x[order[n:]], y[order[n:]])
