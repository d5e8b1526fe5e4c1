"""Helpers for training steps of one's own, with the semantics of `keras.utils`."""

from __future__ import annotations

from typing import Any


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """A batch in the form that `fit` takes: x, (x, y) or (x, y, sample_weight).

    Example:

    >>> import lamina
    >>> lamina.utils.pack_x_y_sample_weight([1], [2])
    ([1], [2])
    """
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """x, y and sample_weight of a batch, with None for what is not there.

    Args:
        data: x, (x,), (x, y) or (x, y, sample_weight).

    Raises:
        ValueError: More than three parts.

    Example:

    >>> import lamina
    >>> lamina.utils.unpack_x_y_sample_weight(([1], [2]))
    ([1], [2], None)
    """
    parts = tuple(data) if isinstance(data, (tuple, list)) else (data,)
    if len(parts) > 3:
        raise ValueError(
            "unpack_x_y_sample_weight: expected x, (x,), (x, y) or (x, y, sample_weight), received "
            f"{len(parts)} parts"
        )
    x, y, sample_weight = (*parts, None, None)[:3]
    return x, y, sample_weight


__all__ = ["pack_x_y_sample_weight", "unpack_x_y_sample_weight"]
