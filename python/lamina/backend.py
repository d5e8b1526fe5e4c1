"""What `keras.backend` offers about dtypes, names and global settings."""

from __future__ import annotations

import collections
import gc
from typing import Any

from lamina import _core
from lamina.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)

_DTYPES = (
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64",
)  # fmt: skip
_PYTHON = {bool: "bool", int: "int32", float: "float32", "int": "int32", "float": "float32"}
_uids: collections.Counter = collections.Counter()


def standardize_dtype(dtype: Any) -> str:
    """Name of a dtype given by name, as a Python or NumPy type, or by another library.

    Args:
        dtype: The dtype; None is `floatx()`.

    Raises:
        ValueError: Not a dtype of lamina's.

    Example:

    >>> import lamina, numpy
    >>> lamina.backend.standardize_dtype(numpy.int16)
    'int16'
    """
    if dtype is None:
        return floatx()
    name = _PYTHON.get(dtype, dtype) if isinstance(dtype, (type, str)) else dtype
    name = getattr(name, "name", getattr(name, "__name__", name))
    name = str(name).rsplit(".", 1)[-1]  # torch.float32
    if name not in _DTYPES:
        raise ValueError(f"expected a dtype, one of {', '.join(_DTYPES)}; received {dtype!r}")
    return name


def is_float_dtype(dtype: Any) -> bool:
    """Whether a dtype is one of floating point."""
    return "float" in standardize_dtype(dtype)


def is_int_dtype(dtype: Any) -> bool:
    """Whether a dtype is one of integers."""
    return "int" in standardize_dtype(dtype)


def result_type(*dtypes: Any) -> str:
    """The dtype of a result of operands of these dtypes.

    Python's `int` and `float` follow the other operands where they can.

    Example:

    >>> import lamina
    >>> lamina.backend.result_type("int32", "float16"), lamina.backend.result_type(int, "int8")
    ('float16', 'int8')
    """
    if not dtypes:
        return floatx()
    firm = [standardize_dtype(d) for d in dtypes if d not in (int, float)]
    weak = [_PYTHON[d] for d in dtypes if d in (int, float)]
    if not firm:
        return "float32" if "float32" in weak else "int32"
    out = firm[0]
    for name in firm[1:]:
        out = _core.where(True, _core.zeros((), out), _core.zeros((), name)).dtype
    if "float32" in weak and not is_float_dtype(out):
        return "float32"
    return "int32" if weak and out == "bool" else out


def is_keras_tensor(x: Any) -> bool:
    """Whether x stands for a layer's output in a functional model.

    Example:

    >>> import lamina
    >>> lamina.backend.is_keras_tensor(lamina.Input((2,)))
    True
    """
    return isinstance(x, _core.Tensor) and x.is_symbolic


def get_uid(prefix: str = "") -> int:
    """A number that grows with each call for a prefix, from 1."""
    _uids[prefix] += 1
    return _uids[prefix]


def clear_session(free_memory: bool = True) -> None:
    """Start names of layers anew, and let go of what is unused.

    Args:
        free_memory: Whether to run Python's garbage collection.
    """
    _core.reset_layer_names()
    _uids.clear()
    if free_memory:
        gc.collect()


__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]
