"""Loss classes and functions, with Keras's names and arguments.

A class weights and reduces: `MeanSquaredError()(y_true, y_pred, sample_weight)` is a scalar. Its
function gives one value for each sample: `mean_squared_error(y_true, y_pred)`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from lamina import _core, _layer, _signatures
from lamina._core import Loss, Tensor

_signatures.give(Loss, "(name=None, reduction='sum_over_batch_size', dtype=None)")

_listing = _core.loss_classes()
_classes = _layer.make_classes(Loss, _listing, __name__)
globals().update(_classes)
_functions: dict[str, Callable] = {
    fn: _layer.function_form(cls, fn, defaults, _core._loss_values)
    for cls, (defaults, _doc, fn) in _listing.items()
}


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Tensor:
    """Per-sample values of `Circle`, also against embeddings of another batch.

    Args:
        y_true: Integer labels (batch,).
        y_pred: Embeddings (batch, d) of length 1.
        ref_labels: Labels (m,) of what they are compared with; `y_true` by default.
        ref_embeddings: Embeddings (m, d) that they are compared with; `y_pred` by default.
        remove_diagonal: Whether a sample is left out of its own comparisons.
        gamma: Scale of the scores.
        margin: How far apart classes are to be.
    """
    return _core._circle(
        y_true, y_pred, ref_labels, ref_embeddings, bool(remove_diagonal), gamma, margin
    )


_functions["circle"] = circle
globals().update(_functions)
_named: dict[str, Any] = {**_classes, **_functions}
for _alias, _fn in _core._loss_aliases():
    _named[_alias] = _functions[_fn]
    globals()[_alias] = _functions[_fn]


class LossFunctionWrapper(Loss):
    """A function of (y_true, y_pred) as a loss.

    Args:
        fn: Function that gives one value for each sample.
        reduction: As of every `Loss`.
        name: Name of the loss; that of the function by default.
        dtype: As of every `Loss`.
        **kwargs: Passed to the function with each call.

    Example:

    >>> import lamina
    >>> def weighted_error(y_true, y_pred, factor):
    ...     return factor * lamina.ops.mean(lamina.ops.abs(y_true - y_pred), -1)
    >>> loss = lamina.losses.LossFunctionWrapper(weighted_error, factor=2.0)
    >>> loss([[1.0, 2.0]], [[0.0, 2.0]]).item()
    1.0
    """

    def __init__(
        self,
        fn: Callable,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            name=name or getattr(fn, "__name__", None), reduction=reduction, dtype=dtype
        )
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": serialize(self.fn), **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        config = dict(config)
        if isinstance(config.get("fn"), (str, dict)):
            config["fn"] = get(config["fn"])
        return cls(**config)


_core._register_loss("LossFunctionWrapper", LossFunctionWrapper.from_config)
_named["LossFunctionWrapper"] = LossFunctionWrapper


def get(identifier: Any) -> Any:
    """A loss by name, from a config, or as it is.

    Args:
        identifier: The name of a class, which gives an object of it; the name of a function; a
            dict with `class_name` and `config`; a class, an object, or a function; or None.

    Raises:
        ValueError: There is no such loss.
    """
    return _layer.get(identifier, "loss", _named, sys.modules[__name__], _core.make_loss)


def serialize(loss: Any) -> Any:
    """{"class_name", "config"} of a loss; the name of a function."""
    return _layer.serialize(loss)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """A loss from what `serialize` gave.

    Args:
        name: A dict with `class_name` and `config`, or the name of a function.
        custom_objects: Name -> class or function of your own.
    """
    return _layer.deserialize(name, {**_named, **(custom_objects or {})}, _core.make_loss)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.losses has no '{name}'")


__all__ = [
    *sorted(_classes),
    *sorted(_functions),
    "Loss",
    "LossFunctionWrapper",
    "deserialize",
    "get",
    "serialize",
]
