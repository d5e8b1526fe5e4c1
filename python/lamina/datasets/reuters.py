"""Reuters: 11,228 newswires in 46 topics."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from lamina.datasets import _formats
from lamina.utils._files import get_file

_SHA256 = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_INDEX_MD5 = "4d44cc38712099c9e383dc6e5f11a921"
_TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves "
    "ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin "
    "strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem "
    "dlr gas silver wpi hog lead"
)


def load_data(
    path: str | os.PathLike = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> tuple:
    """Load the Reuters newswires as lists of word ranks, downloading them once.

    Args:
        path: Name in the cache folder, or a local npz file with `x` and `y`, or the folder that it
            lies in.
        num_words: Keep the most frequent words only; rarer ones become `oov_char`.
        skip_top: Replace as many of the most frequent words.
        maxlen: Leave out newswires of this length and longer.
        test_split: Share of the newswires to hold out.
        seed: Seed of the order of the newswires.
        start_char: What each newswire begins with; None for nothing.
        oov_char: What stands for words left out; None to drop them.
        index_from: Added to each word's rank.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of integers, and topics 0 to 45.

    Raises:
        OSError: The download failed, or there is no such file.
        ValueError: The file is damaged, or `maxlen` leaves nothing.
    """
    local = _formats.local_path(path, "reuters.npz")
    if local is None:
        file = get_file(os.fspath(path), _formats.ORIGIN + "reuters.npz", file_hash=_SHA256)
    else:
        file = str(local / "reuters.npz" if local.is_dir() else local)
    x, labels = _formats.read_npz(file, ("x", "y"))
    rng = np.random.RandomState(seed)
    order = np.arange(len(x))
    rng.shuffle(order)
    rows = _formats.shift_words(x[order], start_char, index_from)
    labels = labels[order]
    if maxlen:
        rows, labels = _formats.drop_long(rows, labels, maxlen)
        if not rows:
            raise ValueError(f"reuters: no newswire is shorter than maxlen={maxlen}")
    rows = _formats.limit_words(rows, num_words, skip_top, oov_char)
    n = int(len(rows) * (1 - test_split))
    return (
        (_formats.ragged(rows[:n]), labels[:n]),
        (_formats.ragged(rows[n:]), labels[n:]),
    )


def get_word_index(path: str | os.PathLike = "reuters_word_index.json") -> dict[str, int]:
    """Word -> rank. In the data of `load_data`, index_from (3) is added to each rank.

    Args:
        path: Name in the cache folder, or a local file.
    """
    file: Any = _formats.local_path(path, "reuters_word_index.json")
    if file is None:
        origin = _formats.ORIGIN + "reuters_word_index.json"
        file = get_file(os.fspath(path), origin, file_hash=_INDEX_MD5)
    with open(file, encoding="utf-8") as f:
        return json.load(f)


def get_label_names() -> tuple[str, ...]:
    """The names of the 46 topics, in the order of the labels."""
    return tuple(_TOPICS.split())
