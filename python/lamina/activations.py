"""Activation functions, by their Keras names."""

from __future__ import annotations

from typing import Any

from lamina import _core
from lamina._core import Tensor


def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Tensor:
    """max(x, 0), with an optional slope below, ceiling and threshold."""
    if negative_slope == 0.0 and max_value is None and threshold == 0.0:
        return _core.relu(x)
    return _core.relu_general(x, negative_slope, max_value, threshold)


def gelu(x: Any, approximate: bool = False) -> Tensor:
    """x * Phi(x) (Hendrycks and Gimpel, 2016)."""
    return _core.gelu(x, approximate)


def softmax(x: Any, axis: int = -1) -> Tensor:
    """Shares that add up to one along an axis."""
    return _core.softmax(x, axis)


def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """Logarithm of the softmax."""
    return _core.log_softmax(x, axis)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """x where positive, else negative_slope * x."""
    return _core.leaky_relu(x, negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where positive, else alpha * (exp(x) - 1)."""
    return _core.elu(x, alpha)


def celu(x: Any, alpha: float = 1.0) -> Tensor:
    """max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))."""
    return _core.celu(x, alpha)


def glu(x: Any, axis: int = -1) -> Tensor:
    """First half of an axis times the sigmoid of the second."""
    return _core.glu(x, axis)


def sparsemax(x: Any, axis: int = -1) -> Tensor:
    """Projection on the simplex."""
    return _core.sparsemax(x, axis)


def hard_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """x where |x| > threshold, else zero."""
    return _core.hard_shrink(x, threshold)


def soft_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """x moved towards zero by threshold."""
    return _core.soft_shrink(x, threshold)


def squareplus(x: Any, b: float = 4.0) -> Tensor:
    """(x + sqrt(x * x + b)) / 2."""
    return _core.squareplus(x, b)


def threshold(x: Any, threshold: float, default_value: float) -> Tensor:
    """x where x > threshold, else default_value."""
    return _core.threshold(x, threshold, default_value)


def linear(x: Any) -> Tensor:
    """x itself."""
    return _core.convert_to_tensor(x)


def _named(name: str) -> Any:
    def activation(x: Any) -> Tensor:
        return _core.activation(x, name)

    activation.__name__ = name
    activation.__doc__ = f"The activation {name}."
    return activation


for _name in _core.activation_names():
    if _name and _name not in globals():
        globals()[_name] = _named(_name)


swish = globals()["silu"]
hard_swish = globals()["hard_silu"]


def get(identifier: Any) -> Any:
    """An activation by name, or the function as it is; None is linear.

    Raises:
        ValueError: No activation has that name.
    """
    if identifier is None:
        return linear
    if callable(identifier):
        return identifier
    if isinstance(identifier, dict):  # as Keras serializes a function
        config = identifier.get("config")
        identifier = config if isinstance(config, str) else identifier.get("class_name")
    found = None
    if isinstance(identifier, str):
        from lamina import saving

        known = identifier in _core.activation_names()
        found = globals().get(identifier) if known else None
        found = found or saving.get_registered_object(identifier)
    if found is None:
        raise ValueError(f"Could not interpret activation function identifier: {identifier}")
    return found


def serialize(activation: Any) -> str:
    """The name of an activation."""
    return activation.__name__


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The activation of a name.

    Args:
        config: Its name; None gives None.
        custom_objects: Name -> function of your own.

    Raises:
        ValueError: No activation has that name.
    """
    if config is None:
        return None
    found = (custom_objects or {}).get(config) if isinstance(config, str) else None
    return found or get(config)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.activations has no '{name}'")
