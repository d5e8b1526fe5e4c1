"""lamina: a small, fast deep-learning library with the Keras 3 API over a C++ core."""

from __future__ import annotations

from lamina import _core, _signatures
from lamina._core import Input as _input
from lamina._core import Layer, Tensor, Variable, from_dlpack, tensor
from lamina.autograd import (
    custom_gradient,
    enable_grad,
    function,
    grad,
    no_grad,
    stop_gradient,
    value_and_grad,
)

from lamina import (  # isort: skip
    activations,
    backend,
    callbacks,
    config,
    constraints,
    datasets,
    dtype_policies,
    initializers,
    layers,
    losses,
    metrics,
    mixed_precision,
    models,
    ops,
    optimizers,
    random,
    regularizers,
    saving,
    tree,
    utils,
)
from lamina._input_spec import InputSpec
from lamina.dtype_policies import DTypePolicy, FloatDTypePolicy
from lamina.initializers import Initializer
from lamina.losses import Loss
from lamina.metrics import Metric
from lamina.models import Model, Sequential
from lamina.optimizers import Optimizer
from lamina.regularizers import Regularizer
from lamina.saving import load, load_model

_signatures.describe(_core)
__version__ = _core.version()
KerasTensor = Tensor


def version() -> str:
    """The version of lamina."""
    return __version__


class name_scope:
    """Context that Keras uses to name variables: taken as it is, names in lamina follow layers.

    Args:
        name: Name of the scope, without "/".
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"name_scope: expected a name without '/', received {name!r}")
        self.name = name

    def __enter__(self) -> name_scope:
        return self

    def __exit__(self, *args: object) -> None:
        pass


class device:
    """Context in which tensors are made on a device; there is the CPU alone.

    Args:
        device_name: "cpu" or "cpu:0".

    Raises:
        ValueError: Another device.
    """

    def __init__(self, device_name: str) -> None:
        if device_name.lower() not in ("cpu", "cpu:0"):
            raise ValueError(f"device: expected 'cpu', received {device_name!r}")

    def __enter__(self) -> device:
        return self

    def __exit__(self, *args: object) -> None:
        pass


def Input(
    shape=None, batch_size=None, dtype=None, sparse=None, batch_shape=None, name=None, tensor=None
) -> Tensor:
    """A symbolic tensor: the start of a functional model.

    Args:
        shape: Shape of one sample, without the batch axis; None for unknown lengths.
        batch_size: Fixed number of samples, if any.
        dtype: Element type; `lamina.config.floatx()` by default.
        sparse: Not supported.
        batch_shape: Shape with the batch axis, instead of `shape`.
        name: Name of the input.
        tensor: Not supported.

    Example:

    >>> import lamina
    >>> x = lamina.Input((8,))
    >>> lamina.layers.Dense(4)(x).shape
    (None, 4)
    """
    if sparse or tensor is not None:
        raise ValueError("Input: sparse and tensor are not supported")
    if (shape is None) == (batch_shape is None):
        raise ValueError("Input: pass either shape or batch_shape")
    return _input(shape, batch_size, dtype, name, batch_shape)


__all__ = [
    "DTypePolicy",
    "FloatDTypePolicy",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "Tensor",
    "Variable",
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "custom_gradient",
    "datasets",
    "device",
    "dtype_policies",
    "enable_grad",
    "from_dlpack",
    "function",
    "grad",
    "initializers",
    "layers",
    "load",
    "load_model",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "name_scope",
    "no_grad",
    "ops",
    "optimizers",
    "random",
    "regularizers",
    "saving",
    "stop_gradient",
    "tensor",
    "tree",
    "utils",
    "value_and_grad",
    "version",
]
