"""Methods of the layers that learn from data before training, or have a vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lamina import _core
from lamina._core import Layer


def _batches(data: Any) -> Iterator:
    """What an iterable or a sequence of batches gives, inputs alone."""
    if callable(data) and not hasattr(data, "__iter__") and not hasattr(data, "__getitem__"):
        data = data()
    items = data
    if hasattr(data, "__getitem__") and hasattr(data, "__len__") and not isinstance(data, list):
        items = (data[i] for i in range(len(data)))
    for batch in items:
        yield batch[0] if isinstance(batch, tuple) else batch


def _is_array(data: Any) -> bool:
    return hasattr(data, "shape") and hasattr(data, "dtype")


def _adapt(layer: Layer, data: Any, steps: int | None, lists_are_arrays: bool) -> None:
    if hasattr(data, "to_numpy"):  # a column or frame of pandas
        data = data.to_numpy()
    if _is_array(data) or (lists_are_arrays and isinstance(data, (list, tuple))):
        _core.adapt_array(layer, data)
    elif hasattr(data, "__iter__") or hasattr(data, "__getitem__") or callable(data):
        _core.adapt_batches(layer, _batches(data), -1 if steps is None else steps)
    else:
        raise TypeError(
            f"adapt: expected an array or an iterable of batches, received {type(data).__name__}"
        )


def _adapt_numbers(self: Layer, data: Any, steps: int | None = None) -> None:
    """Learn from data what the layer needs before it is called; forgets what it learned before.

    Args:
        data: An array, or an iterable of batches: a list of arrays, a generator, a dataset. Of a
            batch (x, y) only x counts.
        steps: Number of batches to take; all by default.
    """
    _adapt(self, data, steps, False)


def _adapt_tokens(
    self: Layer, data: Any, batch_size: int | None = None, steps: int | None = None
) -> None:
    """Learn the vocabulary from data: all tokens, the most frequent first.

    Args:
        data: An array or a (nested) list of tokens, or an iterable of such batches.
        batch_size: Unused.
        steps: Number of batches to take; all by default.
    """
    _adapt(self, data, steps, True)


def _get_vocabulary(self: Layer, include_special_tokens: bool = True) -> list:
    """The tokens in order of their indices.

    Args:
        include_special_tokens: Whether those for masked and unknown values are in front.
    """
    tokens = _core.get_vocabulary(self, include_special_tokens)
    return [int(t) for t in tokens] if isinstance(self, _integers()) else tokens


def _integers() -> type:
    from lamina import layers

    return layers.IntegerLookup  # type: ignore[attr-defined]


def _set_vocabulary(self: Layer, vocabulary: Any, idf_weights: Any = None) -> None:
    """Replace the vocabulary.

    Args:
        vocabulary: The tokens, with or without special ones in front, or the path of a text file
            with one in each line.
        idf_weights: A weight for each token, with output_mode="tf_idf" alone.
    """
    if isinstance(vocabulary, str):
        with open(vocabulary, encoding="utf-8") as file:
            vocabulary = file.read().splitlines()
        if isinstance(self, _integers()):
            vocabulary = [int(v) for v in vocabulary]
    weights = [] if idf_weights is None else np.asarray(idf_weights).ravel().tolist()
    _core.set_vocabulary(self, vocabulary, weights)


def _vocabulary_size(self: Layer) -> int:
    """Number of indices, those for masked and unknown values included."""
    return _core.vocabulary_size(self)


def _pipeline_init(
    self: Layer,
    layers: Sequence[Layer] | None = None,
    name: str | None = None,
    _existing: Any = None,
    **kwargs: Any,
) -> None:
    """A pipeline of these very layers, or of layers from their configs."""
    if _existing is None:
        from lamina.layers import deserialize

        made = [la if isinstance(la, Layer) else deserialize(la) for la in layers or []]
        _existing = _core.make_pipeline(made, name or "")
    Layer.__init__(self, _existing=_existing)


def _statistic(which: int, doc: str) -> property:
    return property(lambda self: _core.normalization_statistics(self)[which], doc=doc)


_vocabulary = {
    "adapt": _adapt_tokens,
    "get_vocabulary": _get_vocabulary,
    "set_vocabulary": _set_vocabulary,
    "vocabulary_size": _vocabulary_size,
}
_methods: dict[str, dict[str, Any]] = {
    "Normalization": {
        "adapt": _adapt_numbers,
        "mean": _statistic(0, "The mean, ready to broadcast against an input."),
        "variance": _statistic(1, "The variance, ready to broadcast against an input."),
    },
    "Discretization": {
        "adapt": _adapt_numbers,
        "bin_boundaries": property(
            lambda self: self.get_config()["bin_boundaries"], doc="Given or learned boundaries."
        ),
    },
    "StringLookup": _vocabulary,
    "IntegerLookup": _vocabulary,
    "TextVectorization": _vocabulary,
    "Pipeline": {
        "__init__": _pipeline_init,
        "layers": property(lambda self: self._layers, doc="The layers, in order."),
    },
}


def add_methods(classes: dict[str, type]) -> None:
    """Give the classes of layers that need them their methods."""
    for name, methods in _methods.items():
        for method, value in methods.items():
            if method != "__init__" and callable(value):
                value.__name__ = method
            setattr(classes[name], method, value)
