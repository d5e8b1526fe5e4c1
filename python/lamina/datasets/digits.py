"""Handwritten digits of UCI, 8x8: small enough to come with lamina."""

from __future__ import annotations

import numpy as np


def load_data(test_split: float = 0.2, seed: int = 0) -> tuple:
    """Load the 1,797 handwritten digits that come with lamina.

    The test part of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak, UCI
    Machine Learning Repository, 1998 (CC BY 4.0). Pixels count the dark dots of a 4x4 block.

    Args:
        test_split: Share of the samples to hold out.
        seed: Seed of the permutation before the split. With the default values the split is always
            the same: 1,437 samples to train on, 360 to test.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, uint8 of shape `(n, 8, 8)` with values 0 to
        16, and labels, uint8 of shape `(n,)` with values 0 to 9.

    Raises:
        ValueError: `test_split` is not in [0, 1).

    Example:

    >>> import lamina
    >>> (x_train, y_train), (x_test, y_test) = lamina.datasets.digits.load_data()
    >>> x_train.shape, x_test.shape
    ((1437, 8, 8), (360, 8, 8))
    """
    import gzip
    from pathlib import Path

    if not 0 <= test_split < 1:
        raise ValueError(f"digits: expected test_split in [0, 1), received {test_split}")
    with gzip.open(Path(__file__).with_name("data") / "digits.csv.gz", "rb") as f:
        text = f.read().replace(b"\n", b",").rstrip(b",").decode("ascii")
    table = np.fromiter(map(int, text.split(",")), "uint8").reshape(-1, 65)
    # Numbers of our own, so that the split outlives changes of NumPy's generators.
    order = np.argsort(_hash(np.arange(len(table), dtype="uint64"), seed), kind="stable")
    table = table[order]
    x, y = table[:, :64].reshape(-1, 8, 8), table[:, 64]
    n = int(len(x) * (1 - test_split))
    return (x[:n].copy(), y[:n].copy()), (x[n:].copy(), y[n:].copy())


def _hash(index: np.ndarray, seed: int) -> np.ndarray:
    """splitmix64 of (index, seed)."""
    z = (index + np.uint64(1) + (np.uint64(seed) << np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
