"""Input, and KerasTensor: what it and layers of functional models give."""

from __future__ import annotations

from typing import Any

from lamina import _core
from lamina._core import Input as _input
from lamina._core import Tensor


class _Symbolic(type):
    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, _core.Tensor) and x.is_symbolic

    def __call__(
        cls,
        shape: Any,
        dtype: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
    ) -> _core.Tensor:
        if sparse or ragged:
            raise ValueError("KerasTensor: sparse and ragged are not supported")
        return _core.Input(batch_shape=tuple(shape), dtype=dtype, name=name)


class KerasTensor(metaclass=_Symbolic):
    """A tensor of a functional model, of which only shape and element type are known.

    Every tensor is a `lamina.Tensor`; `isinstance(x, KerasTensor)` says whether it is symbolic.

    Args:
        shape: Shape with the batch axis; None for unknown lengths.
        dtype: Element type; `lamina.config.floatx()` by default.
        sparse: Only False is supported.
        ragged: Only False is supported.
        record_history: Taken for Keras's sake.
        name: Name of the tensor.

    Example:

    >>> import lamina
    >>> x = lamina.KerasTensor((None, 8))
    >>> isinstance(lamina.layers.Dense(4)(x), lamina.KerasTensor)
    True
    """


def Input(
    shape=None,
    batch_size=None,
    dtype=None,
    sparse=None,
    ragged=None,
    batch_shape=None,
    name=None,
    tensor=None,
    optional=False,
) -> Tensor:
    """A symbolic tensor: the start of a functional model.

    Args:
        shape: Shape of one sample, without the batch axis; None for unknown lengths.
        batch_size: Fixed number of samples, if any.
        dtype: Element type; `lamina.config.floatx()` by default.
        sparse: Only False is supported.
        ragged: Taken for Keras's sake: every input takes a `lamina.Ragged`.
        batch_shape: Shape with the batch axis, instead of `shape` and `batch_size`.
        name: Name of the input.
        tensor: A symbolic tensor to begin with, instead of a new one.
        optional: Only False is supported.

    Raises:
        ValueError: Arguments that do not go together, or are not supported.

    Example:

    >>> import lamina
    >>> x = lamina.Input((8,))
    >>> lamina.layers.Dense(4)(x).shape
    (None, 4)
    """
    if sparse or optional:
        raise ValueError("Input: sparse and optional inputs are not supported")
    if tensor is not None:
        return _begin_with(tensor, shape, batch_size, dtype, batch_shape)
    if (shape is None) == (batch_shape is None):
        raise ValueError("Input: pass either shape or batch_shape")
    if batch_size is not None and batch_shape is not None:
        raise ValueError("Input: pass either batch_size or batch_shape")
    return _input(shape, batch_size, dtype, name, batch_shape)


def _begin_with(tensor, shape, batch_size, dtype, batch_shape) -> Tensor:
    if not isinstance(tensor, Tensor) or not tensor.is_symbolic:
        raise ValueError(f"Input: argument 'tensor' must be a symbolic tensor, received {tensor!r}")
    known = tuple(tensor.shape)
    for what, given, has in (
        ("batch_size", batch_size, known[0]),
        ("shape", None if shape is None else tuple(shape), known[1:]),
        ("batch_shape", None if batch_shape is None else tuple(batch_shape), known),
        ("dtype", dtype, tensor.dtype),
    ):
        if given is not None and given != has:
            raise ValueError(f"Input: '{what}' is {given}, but that of the tensor is {has}")
    return tensor
