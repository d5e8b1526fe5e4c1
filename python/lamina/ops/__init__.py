"""Operations on tensors, with the names and arguments of `keras.ops`.

Complex numbers are pairs of tensors, real and imaginary part, as `fft` has them.
"""

from __future__ import annotations

from typing import Any

from lamina import _core
from lamina._core import Tensor

_not_ops = {
    "activation", "activation_names", "apply_constraint", "apply_initializer", "apply_regularizer",
    "constraint_defaults", "cpu_isa", "custom_gradient", "debug_nans", "deserialize_layer",
    "dtype_policy", "floatx", "set_dtype_policy",
    "from_dlpack", "function_loss", "function_metric", "grad_enabled", "gradients",
    "initializer_defaults", "layer_classes", "load", "loss_classes", "make_layer", "make_loss",
    "make_metric", "make_optimizer", "metric_classes", "model_from_config", "num_threads",
    "op_names",
    "optimizer_classes", "register_activation", "register_constraint", "register_initializer",
    "register_layer", "register_regularizer", "regularizer_defaults", "relu_general",
    "reset_layer_names", "set_debug_nans", "set_floatx", "set_num_threads", "to_snake_case",
    "unique_layer_name", "version", "Input", "tensor", "rint", "scale", "convert_to_tensor",
    "adapt_array", "adapt_batches", "check_constraint", "check_initializer", "check_regularizer",
    "get_vocabulary", "make_pipeline", "make_schedule", "normalization_statistics",
    "register_optimizer", "register_schedule", "register_text_functions", "schedule_classes",
    "set_vocabulary", "vocabulary_size",
}  # fmt: skip
_public = [
    n
    for n in dir(_core)
    if callable(getattr(_core, n))
    and not n.startswith("_")
    and not isinstance(getattr(_core, n), type)
    and n not in _not_ops
]
globals().update({n: getattr(_core, n) for n in _public})

from lamina.ops._control import *  # noqa: E402, F403

abs = _core.absolute
bitwise_invert = _core.bitwise_not
bitwise_left_shift = _core.left_shift
bitwise_right_shift = _core.right_shift
true_divide = _core.divide
swish = _core.silu
hard_swish = _core.hard_silu


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Tensor:
    """x as a tensor; NumPy arrays share their memory.

    Args:
        x: A number, an array, a list of them, a tensor or a variable.
        dtype: Element type, that of x by default.
        sparse: Not supported.
        ragged: Not supported.

    Example:

    >>> import lamina
    >>> lamina.ops.convert_to_tensor([1, 2], dtype="float32").tolist()
    [1.0, 2.0]
    """
    if sparse or ragged:
        raise ValueError("convert_to_tensor: sparse and ragged tensors are not supported")
    return _core.convert_to_tensor(x, dtype)


def array(x: Any, dtype: Any = None) -> Tensor:
    """x as a tensor; see `convert_to_tensor`."""
    return _core.convert_to_tensor(x, dtype)


def convert_to_numpy(x: Any) -> Any:
    """The values of a tensor as a NumPy array."""
    import numpy as np

    return np.asarray(x.detach() if isinstance(x, Tensor) else x)


def is_tensor(x: Any) -> bool:
    """Whether x is a lamina tensor."""
    return isinstance(x, Tensor)


def dtype(x: Any) -> str:
    """Name of the element type."""
    return _core.convert_to_tensor(x).dtype


def get_item(x: Any, key: Any) -> Tensor:
    """x[key].

    Example:

    >>> import lamina
    >>> lamina.ops.get_item([1, 2, 3], -1).item()
    3
    """
    return _core.convert_to_tensor(x)[key]


# ---- complex numbers: pairs of tensors ----


def _is_pair(x: Any) -> bool:
    pair = isinstance(x, tuple) and len(x) == 2
    return pair and isinstance(x[0], Tensor) and isinstance(x[1], Tensor)


def isreal(x: Any) -> Tensor:
    """Whether the imaginary part is 0: everywhere, but for pairs."""
    return _core.equal(x[1], 0) if _is_pair(x) else _core.ones_like(x, "bool")


def real(x: Any) -> Tensor:
    """x itself, or the real part of a pair."""
    return x[0] if _is_pair(x) else _core.convert_to_tensor(x)


def imag(x: Any) -> Tensor:
    """Zeros, or the imaginary part of a pair."""
    return x[1] if _is_pair(x) else _core.zeros_like(x)


def conj(x: Any) -> Any:
    """x itself, or a pair with the other sign of the imaginary part."""
    return (x[0], -x[1]) if _is_pair(x) else _core.convert_to_tensor(x)


conjugate = conj


def angle(x: Any) -> Tensor:
    """Angle of x in the complex plane: 0 or pi, or that of a pair.

    Example:

    >>> import lamina
    >>> [round(v, 3) for v in lamina.ops.angle([1.0, -1.0]).tolist()]
    [0.0, 3.142]
    """
    return _core.arctan2(x[1], x[0]) if _is_pair(x) else _core.angle(x)


def view_as_complex(x: Any) -> tuple[Tensor, Tensor]:
    """The pair (real part, imaginary part) of a tensor whose last axis holds the two.

    Example:

    >>> import lamina
    >>> real, imaginary = lamina.ops.view_as_complex([[1.0, 2.0], [3.0, 4.0]])
    >>> imaginary.tolist()
    [2.0, 4.0]
    """
    x = _core.convert_to_tensor(x)
    if x.ndim < 1 or x.shape[-1] != 2:
        raise ValueError(f"view_as_complex: expected a last axis of length 2, received {x.shape}")
    return x[..., 0], x[..., 1]


def view_as_real(x: Any) -> Tensor:
    """Real and imaginary part of a pair along a new last axis.

    Example:

    >>> import lamina
    >>> pair = lamina.tensor([1.0]), lamina.tensor([2.0])
    >>> lamina.ops.view_as_real(pair).tolist()
    [[1.0, 2.0]]
    """
    if not _is_pair(x):
        raise ValueError("view_as_real: expected a pair of tensors, real and imaginary part")
    return _core.stack(list(x), -1)


from lamina.ops import image as image  # noqa: E402
from lamina.ops import linalg as linalg  # noqa: E402
from lamina.ops import nn as nn  # noqa: E402
from lamina.ops import numpy as numpy  # noqa: E402


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.ops has no operation '{name}'")
