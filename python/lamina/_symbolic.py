"""KerasTensor: what Input() and layers of functional models give."""

from __future__ import annotations

from typing import Any

from lamina import _core


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
