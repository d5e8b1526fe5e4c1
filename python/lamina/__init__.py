"""lamina: a small, fast deep-learning library with the Keras 3 API over a C++ core."""

from __future__ import annotations

import importlib as _importlib
from typing import Any

from lamina import _core, _signatures
from lamina._core import Layer, Ragged, Tensor, Variable, from_dlpack, tensor
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
    decoding,
    dtype_policies,
    initializers,
    layers,
    losses,
    metrics,
    mixed_precision,
    models,
    ops,
    optimizers,
    preprocessing,
    random,
    regularizers,
    saving,
    text,
    tree,
    utils,
    visualization,
)
from lamina._input_spec import InputSpec
from lamina._symbolic import Input, KerasTensor
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
Operation = Layer  # what a functional model is made of; a layer without weights is one
Function = Model  # a computation from symbolic inputs to symbolic outputs


def __getattr__(name: str) -> Any:
    if name == "datasets":  # seldom needed, and slow to import
        return _importlib.import_module("lamina.datasets")
    raise AttributeError(f"module 'lamina' has no attribute '{name}'")


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


__all__ = [
    "DTypePolicy",
    "FloatDTypePolicy",
    "Function",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Operation",
    "Optimizer",
    "Ragged",
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
    "decoding",
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
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "stop_gradient",
    "tensor",
    "text",
    "tree",
    "utils",
    "value_and_grad",
    "version",
    "visualization",
]
