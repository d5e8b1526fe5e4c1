"""California housing: median house values of 20,640 block groups in 1990."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from lamina.datasets import _formats
from lamina.utils._files import get_file

_SHA256 = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"


def _read_csv(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Eight features and the target a row; a first row of names is skipped."""
    with open(path, encoding="utf-8") as f:
        header = any(c.isalpha() for c in f.readline().replace("e", "").replace("E", ""))
    try:
        table = np.loadtxt(path, delimiter=",", skiprows=int(header), ndmin=2, encoding="utf-8")
    except ValueError as e:
        raise ValueError(f"'{path}': expected rows of 9 numbers: {e}") from e
    if table.shape[1] != 9:
        raise ValueError(f"'{path}': expected 9 columns, received {table.shape[1]}")
    return table[:, :8], table[:, 8]


def load_data(
    version: str = "large",
    path: str | os.PathLike = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> tuple:
    """Load the California housing data set (R. Pace and R. Barry, 1997), downloading it once.

    The features: median income, house age, rooms and bedrooms a household, population, household
    size, latitude, longitude. The target: the median house value in dollars.

    Args:
        version: `"large"` (20,640 samples) or `"small"` (600).
        path: Name in the cache folder, or a local file: npz with `x` and `y`, or csv with the eight
            features and the target in each row.
        test_split: Share of the samples to hold out.
        seed: Seed of the order of the samples.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: features of shape `(n, 8)`, targets of shape `(n,)`.

    Raises:
        OSError: The download failed, or there is no such file.
        ValueError: The file is damaged, or an argument is out of range.
    """
    if not 0 <= test_split < 1:
        raise ValueError(
            f"california_housing: expected test_split in [0, 1), received {test_split}"
        )
    if version not in ("small", "large"):
        raise ValueError(
            f"california_housing: expected version 'small' or 'large', received {version!r}"
        )
    local = _formats.local_path(path, "california_housing.npz")
    if local is not None and local.suffix == ".csv":
        x, y = _read_csv(local)
    else:
        name = "california_housing.npz"
        if local is None:
            file = get_file(os.fspath(path), _formats.ORIGIN + name, file_hash=_SHA256)
        else:
            file = str(local / name if local.is_dir() else local)
        x, y = _formats.read_npz(file, ("x", "y"))
    if x.ndim != 2 or x.shape[1] != 8 or y.shape != x.shape[:1]:
        raise ValueError(
            f"california_housing: expected (n, 8) and (n,), received {x.shape}, {y.shape}"
        )
    if version == "small":
        x, y = x[:600], y[:600]
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    x, y = x[order], y[order]
    n = int(len(x) * (1 - test_split))
    return (x[:n].copy(), y[:n].copy()), (x[n:].copy(), y[n:].copy())
