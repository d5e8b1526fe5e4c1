"""lamina: a small, fast deep-learning library with the Keras 3 API over a C++ core."""

from lamina import _core
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
    callbacks,
    config,
    constraints,
    datasets,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    random,
    regularizers,
    saving,
    utils,
)
from lamina.initializers import Initializer
from lamina.losses import Loss
from lamina.metrics import Metric
from lamina.models import Model, Sequential
from lamina.optimizers import Optimizer
from lamina.regularizers import Regularizer
from lamina.saving import load, load_model

__version__ = _core.version()
KerasTensor = Tensor


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
    "Initializer",
    "Input",
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
    "callbacks",
    "config",
    "constraints",
    "custom_gradient",
    "datasets",
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
    "models",
    "no_grad",
    "ops",
    "optimizers",
    "random",
    "regularizers",
    "saving",
    "stop_gradient",
    "tensor",
    "utils",
    "value_and_grad",
]
