"""Data sets that a class of one's own describes, batch by batch."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

from lamina.utils._ordered import in_order


class PyDataset:
    """Base class of data sets that make a batch from its number.

    A subclass defines `__getitem__(index)`, which gives a batch x, (x, y) or (x, y, sample_weight),
    and `__len__`, or `num_batches`. `fit` takes it as it is, mixes the batches in each epoch unless
    `shuffle=False`, and calls `on_epoch_begin` and `on_epoch_end`.

    Args:
        workers: Threads that make batches ahead, where there are more than 1.
        use_multiprocessing: Taken for Keras's sake; threads do the work.
        max_queue_size: Most batches to make ahead.

    Example:

    >>> import lamina, numpy as np
    >>> class Squares(lamina.utils.PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         x = np.arange(4.0)[:, None] + 4 * index
    ...         return x, x**2
    >>> [x.shape for x, y in Squares()]
    [(4, 1), (4, 1), (4, 1)]
    """

    # As long as a subclass does not call __init__.
    workers: int = 1
    use_multiprocessing: bool = False
    max_queue_size: int = 10

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """The batch of this number."""
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index)")

    def __iter__(self) -> Iterator:
        count = self.num_batches
        return (self[i] for i in (itertools.count() if count is None else range(count)))

    @property
    def num_batches(self) -> int | None:
        """Number of batches; None where there is no end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__} must define __len__ or num_batches")

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


def batches_of(dataset: PyDataset, shuffle: bool) -> Iterator:
    """One pass over the batches, made ahead by threads where the data set asks for them."""
    count = dataset.num_batches
    numbers: Any = itertools.count() if count is None else range(count)
    if shuffle and count is not None:
        numbers = random.sample(numbers, count)
    threads = dataset.workers if dataset.workers > 1 else 0
    tasks = ((lambda i=i: dataset[i]) for i in numbers)
    return in_order(tasks, threads, dataset.max_queue_size)


Sequence = PyDataset
