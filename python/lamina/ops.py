"""Operations on tensors, with the names and arguments of `keras.ops`."""

from __future__ import annotations

import builtins
from typing import Any

from lamina import _core
from lamina._core import Tensor, convert_to_tensor

_public = [
    n
    for n in dir(_core)
    if callable(getattr(_core, n))
    and not n.startswith("_")
    and not isinstance(getattr(_core, n), type)
]
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
}  # fmt: skip
globals().update({n: getattr(_core, n) for n in _public if n not in _not_ops})

abs = _core.absolute
bitwise_invert = _core.bitwise_not
bitwise_left_shift = _core.left_shift
bitwise_right_shift = _core.right_shift
true_divide = _core.divide
swish = _core.silu
hard_swish = _core.hard_silu
array = convert_to_tensor
image = _core.image  # a module: lamina.ops.image.resize(...)


def convert_to_numpy(x: Any) -> Any:
    """The values of a tensor as a NumPy array."""
    import numpy as np

    return np.asarray(x.detach() if isinstance(x, Tensor) else x)


def is_tensor(x: Any) -> bool:
    """Whether x is a lamina tensor."""
    return isinstance(x, Tensor)


def dtype(x: Any) -> str:
    """Name of the element type."""
    return convert_to_tensor(x).dtype


def average(x: Any, axis: Any = None, weights: Any = None) -> Tensor:
    """Mean over axes, weighted where weights are given."""
    if weights is None:
        return _core.mean(x, axis)
    x, weights = convert_to_tensor(x), convert_to_tensor(weights)
    if weights.shape != x.shape:
        if axis is None or weights.ndim != 1:
            raise ValueError(
                f"average: weights of shape {weights.shape} do not fit x of shape {x.shape}"
            )
        shape = [1] * x.ndim
        shape[axis] = weights.shape[0]
        weights = _core.reshape(weights, shape)
    return _core.sum(x * weights, axis) / _core.sum(_core.broadcast_to(weights, x.shape), axis)


def append(x1: Any, x2: Any, axis: int | None = None) -> Tensor:
    """x2 after x1 along an axis, or both flattened."""
    if axis is None:
        return _core.concatenate([_core.ravel(x1), _core.ravel(x2)])
    return _core.concatenate([x1, x2], axis)


def hstack(xs: Any) -> Tensor:
    """Joined along the second axis (the first of vectors)."""
    xs = [convert_to_tensor(x) for x in xs]
    return _core.concatenate(xs, 0 if xs[0].ndim <= 1 else 1)


def vstack(xs: Any) -> Tensor:
    """Joined along the first axis, vectors as rows."""
    xs = [convert_to_tensor(x) for x in xs]
    return _core.concatenate([x if x.ndim > 1 else _core.reshape(x, (1, -1)) for x in xs], 0)


def median(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Middle value along an axis, the mean of the two middle ones for even lengths."""
    x = convert_to_tensor(x)
    flat = axis is None
    a = 0 if axis is None else axis
    y = _core.sort(_core.ravel(x) if flat else x, a)
    n = y.shape[a]
    middle = _core.take(y, [(n - 1) // 2, n // 2], a)
    out = _core.mean(middle, a, keepdims)
    return _core.reshape(out, (1,) * x.ndim) if flat and keepdims else out


def diff(a: Any, n: int = 1, axis: int = -1) -> Tensor:
    """Differences between neighbours along an axis, n times."""
    a = convert_to_tensor(a)
    for _ in range(n):
        low: list[Any] = [builtins.slice(None)] * a.ndim
        high = list(low)
        low[axis], high[axis] = builtins.slice(None, -1), builtins.slice(1, None)
        a = a[tuple(high)] - a[tuple(low)]
    return a


def ptp(x: Any, axis: Any = None) -> Tensor:
    """Maximum less minimum over axes."""
    return _core.max(x, axis) - _core.min(x, axis)


def normalize(x: Any, axis: int = -1, order: int = 2, epsilon: float | None = None) -> Tensor:
    """x divided by its norm along an axis."""
    eps = 1e-7 if epsilon is None else epsilon
    return x / _core.maximum(_core.norm(x, order, axis, True), eps)


def isreal(x: Any) -> Tensor:
    """True everywhere: lamina has no complex numbers."""
    return _core.ones_like(x, "bool")


def real(x: Any) -> Tensor:
    """x itself."""
    return convert_to_tensor(x)


conj = conjugate = real


def cond(pred: Any, true_fn: Any, false_fn: Any) -> Any:
    """true_fn() where pred holds, else false_fn(). Not inside a captured function."""
    return true_fn() if bool(pred) else false_fn()


def map(f: Any, xs: Any) -> Tensor:
    """f on each slice along the first axis, stacked."""
    return _core.stack([f(x) for x in _core.unstack(xs)])


def vectorized_map(function: Any, elements: Any) -> Tensor:
    """function on each slice along the first axis, stacked."""
    return map(function, elements)


def kron(x1: Any, x2: Any) -> Tensor:
    """Kronecker product."""
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    n = builtins.max(a.ndim, b.ndim)
    a = _core.reshape(a, (1,) * (n - a.ndim) + a.shape)
    b = _core.reshape(b, (1,) * (n - b.ndim) + b.shape)
    left = [d for s in a.shape for d in (s, 1)]
    right = [d for s in b.shape for d in (1, s)]
    out = _core.reshape(a, left) * _core.reshape(b, right)
    return _core.reshape(out, [s * t for s, t in zip(a.shape, b.shape)])


def ldexp(x1: Any, x2: Any) -> Tensor:
    """x1 * 2 ** x2."""
    return _core.multiply(x1, _core.exp2(x2))


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Tensor:
    """Integral by the trapezoidal rule."""
    y = convert_to_tensor(y)
    low: list[Any] = [builtins.slice(None)] * y.ndim
    high = list(low)
    low[axis], high[axis] = builtins.slice(None, -1), builtins.slice(1, None)
    step = dx if x is None else diff(x, axis=axis)
    return _core.sum((y[tuple(high)] + y[tuple(low)]) * 0.5 * step, axis)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.ops has no operation '{name}'")
