"""Small conversions of NumPy arrays, with the semantics of `keras.utils`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """One-hot rows of class indices.

    Args:
        x: Integers from 0 to num_classes - 1, of any shape; a last axis of length 1 is dropped.
        num_classes: Length of a row; the largest index plus one by default.

    Returns:
        A float array of shape `x.shape + (num_classes,)`, in double precision as Keras gives it.

    Raises:
        ValueError: An index is negative or too large.

    Example:

    >>> import lamina
    >>> lamina.utils.to_categorical([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    labels = np.asarray(x).astype("int64")
    shape = labels.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    labels = labels.reshape(-1)
    if not num_classes:
        num_classes = int(labels.max()) + 1 if labels.size else 0
    if labels.size and not (labels.min() >= 0 and labels.max() < num_classes):
        raise ValueError(
            f"to_categorical: expected class indices in [0, {num_classes}), received "
            f"{labels.min()} to {labels.max()}"
        )
    out = np.zeros((labels.size, num_classes))
    out[np.arange(labels.size), labels] = 1
    return out.reshape((*shape, num_classes))


def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray:
    """An array divided by its norms along an axis; zero vectors stay zero.

    Args:
        x: Array.
        axis: Axis to normalize.
        order: Order of the norm: 2 for L2.

    Example:

    >>> import lamina
    >>> lamina.utils.normalize([[3.0, 4.0]])
    array([[0.6, 0.8]])
    """
    x = np.asarray(x)
    norms = np.atleast_1d(np.linalg.norm(x, order, axis, keepdims=True))
    norms[norms == 0] = 1
    return x / norms


def pad_sequences(
    sequences: Iterable,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Sequences of different lengths as one array.

    Args:
        sequences: Sequences of numbers, or of arrays of one shape.
        maxlen: Length of all; that of the longest by default.
        dtype: Type of the result; `object` for strings.
        padding: `"pre"` or `"post"`: where missing places are filled.
        truncating: `"pre"` or `"post"`: where longer sequences are cut.
        value: What missing places hold.

    Returns:
        An array of shape `(number of sequences, maxlen, ...)`.

    Raises:
        ValueError: A wrong option, an entry that is no sequence, or shapes that differ.

    Example:

    >>> import lamina
    >>> lamina.utils.pad_sequences([[1], [2, 3]])
    array([[0, 1],
           [2, 3]], dtype=int32)
    """
    for name, option in (("padding", padding), ("truncating", truncating)):
        if option not in ("pre", "post"):
            raise ValueError(f"pad_sequences: expected {name} 'pre' or 'post', received {option!r}")
    rows = list(sequences)
    for row in rows:
        if not hasattr(row, "__len__"):
            raise ValueError(f"pad_sequences: expected sequences, received {row!r}")
    if maxlen is None:
        maxlen = max((len(row) for row in rows), default=0)
    sample_shape: tuple[int, ...] = next((np.shape(row)[1:] for row in rows if len(row)), ())
    text = dtype is str or np.issubdtype(dtype, np.str_)
    if isinstance(value, str) and dtype is not object and not text:
        raise ValueError(f"pad_sequences: the text {value!r} needs dtype=object, received {dtype}")
    out = np.full((len(rows), maxlen, *sample_shape), value, dtype=dtype)
    for i, row in enumerate(rows):
        if not len(row):
            continue
        kept = row[max(len(row) - maxlen, 0) :] if truncating == "pre" else row[:maxlen]
        kept = np.asarray(kept, dtype=dtype)
        if kept.shape[1:] != sample_shape:
            raise ValueError(
                f"pad_sequences: expected items of shape {sample_shape}, sequence {i} has "
                f"{kept.shape[1:]}"
            )
        if padding == "post":
            out[i, : len(kept)] = kept
        else:
            out[i, maxlen - len(kept) :] = kept
    return out


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and lamina's global random numbers.

    Args:
        seed: Integer from 0 to 2**32 - 1.

    Example:

    >>> import lamina
    >>> lamina.utils.set_random_seed(0)
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ValueError(f"set_random_seed: expected an integer, received {seed!r}")
    import random

    from lamina import _core

    random.seed(int(seed))
    np.random.seed(int(seed))  # noqa: NPY002  users of np.random rely on it
    _core.random.set_seed(int(seed))
