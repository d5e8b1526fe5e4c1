"""Inputs of fit, evaluate and predict: arrays, frames, generators and datasets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lamina import _core
from lamina.utils._py_dataset import PyDataset, batches_of


def _is_frame(x: Any) -> bool:
    return type(x).__module__.split(".")[0] == "pandas"


def _rank(x: Any) -> int:
    """Axes of an array, or of nested lists."""
    if isinstance(x, (list, tuple)):
        return 1 + (_rank(x[0]) if x else 0)
    return getattr(x, "ndim", 0)


def _sequences(x: Any, shape: Any = None, samples: int | None = None) -> list | None:
    """x as a list of sequences where it is one, else None.

    Args:
        x: Anything.
        shape: Of the model's input or output that x is for, if known.
        samples: For targets, the number of samples; they may lack the last axis.
    """
    if isinstance(x, np.ndarray) and x.dtype == object and x.ndim == 1:
        x = list(x)
    if not isinstance(x, (list, tuple)) or not x or any(_rank(v) == 0 for v in x):
        return None
    plain = all(isinstance(v, (list, tuple)) for v in x)
    differ = len({len(v) for v in x}) > 1
    if shape is None:
        features = {v.shape[1:] for v in x if hasattr(v, "shape")}
        return list(x) if differ and len(features) <= 1 else None
    if samples is not None and len(x) != samples:
        return None
    rank = max(_rank(v) for v in x)
    short = rank == len(shape) - 2 and (samples is not None or shape[-1] == 1)
    if rank != len(shape) - 1 and not short:
        return None
    return list(x) if differ or (shape[1] is None and not plain) else None


def _one(x: Any, shape: Any = None, samples: int | None = None) -> Any:
    """One array-like as a tensor; sequences of different lengths as a ragged batch."""
    rows = _sequences(x, shape, samples)
    if rows is not None:
        return _core.Ragged(rows).batch()
    if _is_frame(x):
        values = x.to_numpy()
        return _core.convert_to_tensor(
            values[:, None] if values.ndim == 1 and hasattr(x, "columns") else values
        )
    return _core.convert_to_tensor(x)


def _is_array(x: Any) -> bool:
    return (
        isinstance(x, (_core.Tensor, _core.Variable, _core.Ragged))
        or _is_frame(x)
        or (hasattr(x, "shape") and hasattr(x, "dtype") and not callable(x))
    )


def sample_count(t: Any) -> int:
    """Samples in a tensor: the sequences of a ragged batch."""
    first = t if t.row_lengths is None else t.row_lengths
    return first.shape[0] if first.ndim else 0


def flatten(
    x: Any,
    names: list[str] | None = None,
    what: str = "x",
    shapes: list | None = None,
    samples: int | None = None,
) -> list:
    """The arrays in x, as tensors: in order, or by name.

    Args:
        x: An array, or a list or dict of them.
        names: Of the model's inputs or outputs, if known.
        what: Name for messages.
        shapes: Of the same.
        samples: For targets, the number of samples.
    """
    if x is None:
        return []
    known = shapes or [None]
    if len(known) == 1 and _sequences(x, known[0], samples) is not None:
        return [_one(x, known[0], samples)]
    if isinstance(x, dict):
        if names:
            missing = [n for n in names if n not in x]
            if missing:
                raise ValueError(f"{what}: missing {missing}; received {sorted(x)}")
            return [_one(x[n], s, samples) for n, s in zip(names, shapes or known * len(names))]
        return [_one(v) for v in x.values()]
    if _is_array(x):
        return [_one(x)]
    if isinstance(x, (list, tuple)):
        if len(x) == len(known) > 1 and any(
            _is_array(v) or _sequences(v, s, samples) for v, s in zip(x, known)
        ):
            return [_one(v, s, samples) for v, s in zip(x, known)]
        if any(_is_array(v) for v in x):
            return [_one(v) for v in x]
        if (
            x
            and all(isinstance(v, (list, tuple)) for v in x)
            and any(_is_array(u) for v in x for u in v)
        ):
            return [t for v in x for t in flatten(v)]
    return [_one(x)]


def _is_dataset(x: Any) -> bool:
    if x is None or _is_array(x) or isinstance(x, (list, tuple, dict, int, float)):
        return False
    return hasattr(x, "__iter__") or hasattr(x, "__getitem__") or callable(x)


def arrays_of(model: _core.Model, x: Any, y: Any, sample_weight: Any) -> tuple | None:
    """(x, y, sample_weight) as lists of tensors; None where x is a generator or dataset."""
    if x is None or isinstance(x, (str, bytes)):
        raise ValueError(f"x: expected arrays or a dataset, received {x!r}")
    if y is None and sample_weight is None and isinstance(x, np.ndarray) and x.dtype != object:
        return [_core.convert_to_tensor(x)], [], []  # nothing to sort out, and predict in a hurry
    if _is_dataset(x):
        return None
    functional = model._functional
    inputs = list(model.input_names) if functional else None
    outputs = list(model.output_names) if functional else None
    wanted = [t.shape for t in model.outputs] if functional else None
    xs = flatten(x, inputs, "x", [t.shape for t in model.inputs] if functional else None)
    n = sample_count(xs[0]) if xs else 0
    return (
        xs,
        flatten(y, outputs, "y", wanted, n),
        flatten(sample_weight, outputs, "sample_weight", wanted, n),
    )


def weights_of_classes(y: Any, sample_weight: list, class_weight: dict[int, float]) -> Any:
    """Sample weights times the weight of each sample's class."""
    rows = y.row_lengths
    labels = np.asarray(y) if rows is None else _core.Ragged(y).values.numpy()
    labels = labels.argmax(-1) if labels.ndim > 1 and labels.shape[-1] > 1 else labels.reshape(-1)
    w = np.asarray([class_weight.get(int(c), 1.0) for c in labels], "float32")
    if rows is not None:  # a weight of each step
        if sample_weight and sample_weight[0].row_lengths is not None:
            w = w * _core.Ragged(sample_weight[0]).values.numpy()
        elif sample_weight:
            w = w * np.repeat(np.asarray(sample_weight[0]).reshape(-1), rows.numpy())
        return _core.Ragged(w, rows).batch()
    return _core.convert_to_tensor(w * np.asarray(sample_weight[0]) if sample_weight else w)


class Batches:
    """Batches from a generator, an iterable, a sequence with __getitem__, or a function."""

    def __init__(
        self,
        model: _core.Model,
        source: Any,
        class_weight: dict[int, float] | None = None,
        shuffle: bool = False,
    ) -> None:
        self._shuffle = shuffle  # the order of batches that are found by number
        self._model = model
        self._source = source
        self._class_weight = class_weight
        self._iterator: Iterator | None = None
        self.steps = -1
        if not _is_dataset(source):
            raise ValueError(
                f"expected arrays, or a dataset that yields batches of them, received {source!r}"
            )
        if hasattr(source, "num_batches"):
            n = source.num_batches
            self.steps = -1 if n is None else int(n)
        elif hasattr(source, "__len__"):
            self.steps = len(source)

    def _items(self) -> Iterator:
        s = self._source
        if callable(s) and not hasattr(s, "__iter__"):
            s = s()
        if hasattr(s, "__next__"):  # a generator goes on where it stopped
            if self._iterator is None:
                self._iterator = iter(s)
            return self._iterator
        if isinstance(s, PyDataset):
            return batches_of(s, self._shuffle)
        if hasattr(s, "__getitem__") and hasattr(s, "__len__"):
            return (s[i] for i in range(len(s)))
        return iter(s)

    def __call__(self, epoch: int) -> Iterator:
        return self._batches()

    def tell(self, what: str) -> None:
        """Call a method of the source, on_epoch_begin or on_epoch_end, if it has it."""
        method = getattr(self._source, what, None)
        if method is not None:
            method()

    def _batches(self) -> Iterator:
        for item in self._items():
            x, y, w = (
                (*item, None, None)[:3] if isinstance(item, (tuple, list)) else (item, None, None)
            )
            data = arrays_of(self._model, x, y, w)
            if data is None:
                raise TypeError("dataset: expected batches of arrays: x, (x, y) or (x, y, weight)")
            if self._class_weight:
                data = (
                    data[0],
                    data[1],
                    [weights_of_classes(data[1][0], data[2], self._class_weight)],
                )
            yield data
