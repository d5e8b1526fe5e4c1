"""IMDB: 50,000 film reviews, positive or negative."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from lamina.datasets import _formats
from lamina.utils._files import get_file

_SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
_INDEX_MD5 = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: str | os.PathLike = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    **kwargs: Any,
) -> tuple:
    """Load the IMDB reviews (A. Maas et al., 2011) as lists of word ranks, downloading them once.

    Args:
        path: Name in the cache folder, or a local npz file with `x_train`, `y_train`, `x_test` and
            `y_test`, or the folder that it lies in.
        num_words: Keep the most frequent words only; rarer ones become `oov_char`.
        skip_top: Replace as many of the most frequent words.
        maxlen: Leave out reviews of this length and longer.
        seed: Seed of the order of the reviews.
        start_char: What each review begins with; None for nothing.
        oov_char: What stands for words left out; None to drop them.
        index_from: Added to each word's rank.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of integers, and labels 0 or 1.

    Raises:
        OSError: The download failed, or there is no such file.
        ValueError: The file is damaged, or `maxlen` leaves nothing.
    """
    if kwargs:
        raise TypeError(f"imdb: unknown arguments {sorted(kwargs)}")
    local = _formats.local_path(path, "imdb.npz")
    if local is None:
        file = get_file(os.fspath(path), _formats.ORIGIN + "imdb.npz", file_hash=_SHA256)
    else:
        file = str(local / "imdb.npz" if local.is_dir() else local)
    arrays = _formats.read_npz(file, ("x_train", "y_train", "x_test", "y_test"))
    rng = np.random.RandomState(seed)
    parts: list[tuple[list, np.ndarray]] = []
    for x, y in (arrays[:2], arrays[2:]):
        order = np.arange(len(x))
        rng.shuffle(order)
        rows = _formats.shift_words(x[order], start_char, index_from)
        labels = y[order]
        if maxlen:
            rows, labels = _formats.drop_long(rows, labels, maxlen)
            if not rows:
                raise ValueError(f"imdb: no review is shorter than maxlen={maxlen}")
        parts.append((rows, labels))
    (train, y_train), (test, y_test) = parts
    rows = _formats.limit_words(train + test, num_words, skip_top, oov_char)
    n = len(train)
    return (_formats.ragged(rows[:n]), y_train), (_formats.ragged(rows[n:]), y_test)


def get_word_index(path: str | os.PathLike = "imdb_word_index.json") -> dict[str, int]:
    """Word -> rank. In the data of `load_data`, index_from (3) is added to each rank.

    Args:
        path: Name in the cache folder, or a local file.
    """
    file: Any = _formats.local_path(path, "imdb_word_index.json")
    if file is None:
        origin = _formats.ORIGIN + "imdb_word_index.json"
        file = get_file(os.fspath(path), origin, file_hash=_INDEX_MD5)
    with open(file, encoding="utf-8") as f:
        return json.load(f)
