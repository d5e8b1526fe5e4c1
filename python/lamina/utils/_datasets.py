"""Data sets: batches made on the way, and functions that make such from arrays."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lamina import _core


class Dataset:
    """Batches that can be gone through again and again; `fit` takes it as it is.

    Some of the methods that scripts call on the data sets of `tf.data` are there too.

    Args:
        batches: Function of the number of the pass, from 0, that gives an iterator of batches.
        length: Number of batches.

    Example:

    >>> import lamina, numpy as np
    >>> series = lamina.utils.timeseries_dataset_from_array(np.arange(7.0), None, 3, batch_size=2)
    >>> [batch.shape for batch in series]
    [(2, 3), (2, 3), (1, 3)]
    >>> len(series.map(lambda x: 2 * x).take(2))
    2
    """

    class_names: list[str] | None = None
    file_paths: list[str] | None = None

    def __init__(self, batches: Callable[[int], Iterator], length: int) -> None:
        self._batches = batches
        self._length = length
        self._passes = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator:
        self._passes += 1
        return self._batches(self._passes - 1)

    def _like(self, batches: Callable[[int], Iterator], length: int) -> Dataset:
        out = Dataset(batches, length)
        out.class_names, out.file_paths = self.class_names, self.file_paths
        return out

    def take(self, count: int) -> Dataset:
        """The first batches; all of them for -1."""
        n = self._length if count < 0 else min(count, self._length)
        return self._like(lambda _: (b for _i, b in zip(range(n), self)), n)

    def skip(self, count: int) -> Dataset:
        """All but the first batches."""
        n = max(self._length - count, 0) if count >= 0 else 0

        def rest(_: int) -> Iterator:
            return (b for i, b in enumerate(self) if i >= self._length - n)

        return self._like(rest, n)

    def map(self, function: Callable, **kwargs: Any) -> Dataset:
        """Each batch put through a function; of (x, y) as two arguments.

        Args:
            function: The function.
            kwargs: Taken for the sake of scripts (num_parallel_calls).
        """

        def each(_: int) -> Iterator:
            return (function(*b) if isinstance(b, tuple) else function(b) for b in self)

        return self._like(each, self._length)

    def cache(self) -> Dataset:
        """Keeps the batches of the first pass for all later ones."""
        kept: list[Any] = []

        def batches(_: int) -> Iterator:
            if not kept:
                kept.extend(self)
            return iter(kept)

        return self._like(batches, self._length)

    def prefetch(self, buffer_size: Any = None) -> Dataset:
        """The data set itself: files are read ahead anyway."""
        return self

    def cardinality(self) -> int:
        """Number of batches."""
        return self._length

    def as_numpy_iterator(self) -> Iterator:
        """The batches as NumPy arrays."""
        for b in self:
            yield tuple(v.numpy() for v in b) if isinstance(b, tuple) else b.numpy()


class Samples:
    """Samples of `split_dataset`: an item for each, and what `fit` takes by `batch`.

    Args:
        parts: Arrays of the same length: (x,) or (x, y, ...).
        single: Whether a sample is an array instead of a tuple.
    """

    def __init__(self, parts: list[np.ndarray], single: bool) -> None:
        self._parts, self._single = parts, single

    def __len__(self) -> int:
        return len(self._parts[0])

    def cardinality(self) -> int:
        """Number of samples."""
        return len(self)

    def __getitem__(self, index: int) -> Any:
        item = tuple(_core.convert_to_tensor(p[index]) for p in self._parts)
        return item[0] if self._single else item

    def __iter__(self) -> Iterator:
        return (self[i] for i in range(len(self)))

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """The samples in batches."""
        n = len(self) // batch_size if drop_remainder else -(-len(self) // batch_size)

        def batches(_: int) -> Iterator:
            for i in range(n):
                rows = slice(i * batch_size, (i + 1) * batch_size)
                item = tuple(_core.convert_to_tensor(p[rows]) for p in self._parts)
                yield item[0] if self._single else item

        return Dataset(batches, n)


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Split data in two, as for training and testing.

    Args:
        dataset: An array, a list or tuple of arrays of the same length, or a data set of batches,
            which is read into memory.
        left_size: Share of the samples in the first part, or their number; the rest by default.
        right_size: The same of the second part.
        shuffle: Whether to mix the samples first, in the order of `random.shuffle`.
        seed: Seed of that order.
        preferred_backend: Unused.

    Returns:
        Two objects that give samples one by one, know `len()`, and give batches for `fit` by
        `batch(size)`; two data sets of batches where `dataset` was one.

    Raises:
        ValueError: Sizes that are missing, do not fit, or leave a part empty.
        TypeError: Something else than arrays or a data set.

    Example:

    >>> import lamina, numpy as np
    >>> left, right = lamina.utils.split_dataset(np.arange(10.0), left_size=0.8)
    >>> len(left), len(right), right[0].item()
    (8, 2, 8.0)
    """
    if left_size is None and right_size is None:
        raise ValueError(
            "At least one of the `left_size` or `right_size` must be specified. Received: "
            "left_size=None and right_size=None"
        )
    parts, single, batch_size = _samples_of(dataset)
    n = len(parts[0])
    order = list(range(n))
    if shuffle:
        random.Random(random.randint(0, int(1e6)) if seed is None else seed).shuffle(order)
    left, right = _sizes(left_size, right_size, n)
    halves = [
        Samples([p[rows] for p in parts], single)
        for rows in (np.asarray(order[:left]), np.asarray(order[n - right :]))
    ]
    if batch_size is None:
        return halves[0], halves[1]
    return halves[0].batch(batch_size), halves[1].batch(batch_size)


def _samples_of(dataset: Any) -> tuple[list[np.ndarray], bool, int | None]:
    """Arrays of all samples, whether a sample is one array, and the size of batches."""
    if isinstance(dataset, Samples):
        return dataset._parts, dataset._single, None
    if isinstance(dataset, (list, tuple)):
        parts = [np.asarray(p) for p in dataset]
        if not parts or len({len(p) for p in parts}) != 1:
            raise ValueError(
                "Expected all `dataset` arrays to have the same length, received lengths "
                f"{[len(p) for p in parts]}"
            )
        return parts, False, None
    if hasattr(dataset, "shape"):
        return [np.asarray(dataset)], True, None
    if not hasattr(dataset, "__iter__"):
        raise TypeError(
            "The `dataset` argument must be either a data set or a list/tuple of arrays. "
            f"Received: dataset={dataset} of type {type(dataset)}"
        )
    batches = [b if isinstance(b, tuple) else (b,) for b in dataset]
    if not batches:
        raise ValueError("Received an empty dataset.")
    parts = [np.concatenate([np.asarray(p) for p in column]) for column in zip(*batches)]
    return parts, len(batches[0]) == 1, len(batches[0][0])


def _sizes(left: float | None, right: float | None, total: int) -> tuple[int, int]:
    for name, size in (("left", left), ("right", right)):
        if size is None:
            continue
        if type(size) not in (int, float):
            raise TypeError(
                f"Invalid `{name}_size` Type. Expected: int or float or None, Received: "
                f"type({name}_size)={type(size)}."
            )
        most = total if isinstance(size, int) else 1
        if not 0 < size < most:
            raise ValueError(
                f"`{name}_size` should be either a positive integer smaller than {total}, or a "
                f"float within the range `[0, 1]`. Received: {name}_size={size}"
            )
    if isinstance(left, float) and isinstance(right, float) and left + right > 1:
        raise ValueError(
            "The sum of `left_size` and `right_size` is greater than 1. It must be less than or "
            "equal to 1."
        )
    known = [round(s * total) if isinstance(s, float) else s for s in (left, right)]
    counts = [total - (known[1 - i] or 0) if n is None else int(n) for i, n in enumerate(known)]
    if sum(counts) > total:
        raise ValueError(
            f"The sum of `left_size` and `right_size` should be smaller than the {total}. "
            f"Received: left_size + right_size = {sum(counts)} and total_length = {total}"
        )
    for count, side in zip(counts, ("left", "right")):
        if count == 0:
            raise ValueError(
                f"With `dataset` of length={total}, `left_size`={counts[0]} and `right_size`="
                f"{counts[1]}. Resulting {side} side dataset split will be empty. Adjust any of "
                "the aforementioned parameters"
            )
    return counts[0], counts[1]


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Windows that slide over a series, in batches.

    Window i is data[start_index + i * sequence_stride + k * sampling_rate] for
    k = 0, ..., sequence_length - 1; its target is targets[start_index + i * sequence_stride].

    Args:
        data: Array (steps, ...), or a list.
        targets: One target for each step at which a window may begin; None for windows alone.
        sequence_length: Steps in a window.
        sequence_stride: Steps from the beginning of a window to that of the next.
        sampling_rate: Steps from one entry of a window to the next.
        batch_size: Windows in a batch; None for single windows.
        shuffle: Whether to mix the windows, anew in each pass.
        seed: Seed of that order.
        start_index: First step to use.
        end_index: Step before which to stop.
        format: Taken for Keras's sake.

    Returns:
        A data set of windows, or of (windows, targets).

    Raises:
        ValueError: Numbers that do not fit the length of the data.

    Example:

    >>> import lamina, numpy as np
    >>> x = np.arange(6)
    >>> for windows, targets in lamina.utils.timeseries_dataset_from_array(x, x[3:], 3):
    ...     print(windows.numpy().tolist(), targets.numpy().tolist())
    [[0, 1, 2], [1, 2, 3], [2, 3, 4]] [3, 4, 5]
    """
    n = len(data)
    _check_windows(n, start_index, end_index, sampling_rate, sequence_stride)
    if format not in ("tf", "grain"):
        raise ValueError(f'`format` should be either "tf" or "grain". Received: format={format}')
    start, end = start_index or 0, end_index or n
    windows = end - start - (sequence_length - 1) * sampling_rate
    if targets is not None:
        windows = min(windows, len(targets))
    begin = np.arange(0, max(windows, 0), sequence_stride)
    values = np.asarray(data)[start:end]
    wanted = None if targets is None else np.asarray(targets)[start:]
    steps = np.arange(sequence_length) * sampling_rate
    size = batch_size or 1
    seed = random.randrange(10**6) if seed is None else seed

    def batches(epoch: int) -> Iterator:
        order = begin
        if shuffle:
            order = np.random.default_rng((seed, epoch)).permutation(begin)
        for i in range(0, len(order), size):
            first = order[i : i + size]
            x = values[first[:, None] + steps]
            y = None if wanted is None else wanted[first]
            if batch_size is None:
                x, y = x[0], None if y is None else y[0]
            x = _core.convert_to_tensor(x)
            yield x if y is None else (x, _core.convert_to_tensor(y))

    return Dataset(batches, -(-len(begin) // size))


def _check_windows(n: int, start: Any, end: Any, sampling_rate: int, stride: int) -> None:
    if start and not 0 <= start < n:
        what = "0 or greater" if start < 0 else "lower than the length of the data"
        raise ValueError(
            f"`start_index` must be {what}. Received: start_index={start}, for data of length {n}"
        )
    if end:
        if start and end <= start:
            raise ValueError(
                "`end_index` must be higher than `start_index`. Received: "
                f"start_index={start}, and end_index={end}"
            )
        if not 0 < end < n:
            what = "higher than 0" if end <= 0 else "lower than the length of the data"
            raise ValueError(
                f"`end_index` must be {what}. Received: end_index={end}, for data of length {n}"
            )
    for name, value in (("sampling_rate", sampling_rate), ("sequence_stride", stride)):
        if not 0 < value < n:
            what = "higher than 0" if value <= 0 else "lower than the length of the data"
            raise ValueError(
                f"`{name}` must be {what}. Received: {name}={value}, for data of length {n}"
            )
