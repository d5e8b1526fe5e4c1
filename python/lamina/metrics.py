"""Metric classes and functions, with Keras's names and arguments."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from lamina import _core, _layer, _signatures, losses
from lamina._core import Metric, Tensor

_signatures.give(Metric, "(dtype=None, name=None)")

_listing = _core.metric_classes()
_classes = _layer.make_classes(Metric, _listing, __name__)
globals().update(_classes)


def _values(config: dict[str, Any], y_true: Any, y_pred: Any) -> Tensor:
    values = _core._metric_values(config, y_true, y_pred)
    return _core.cast(values, _core.floatx()) if values.dtype == "bool" else values


# Those of losses are the losses' own functions.
_functions: dict[str, Callable] = {
    fn: getattr(losses, fn, None) or _layer.function_form(cls, fn, defaults, _values)
    for cls, (defaults, _doc, fn) in _listing.items()
    if fn
}
for _fn in ("binary_focal_crossentropy", "categorical_focal_crossentropy", "huber", "log_cosh"):
    _functions[_fn] = getattr(losses, _fn)
globals().update(_functions)

_named: dict[str, Any] = dict(_classes)
_named.update({_core.to_snake_case(n): c for n, c in _classes.items()})
for _alias, _class in _core._metric_aliases():
    _named[_alias] = _classes[_class]
for _alias in "mse MSE mae MAE mape MAPE msle MSLE kld KLD bce BCE".split():
    globals()[_alias] = getattr(losses, _alias)


_Mean: Any = _classes["Mean"]


class MeanMetricWrapper(_Mean):
    """The weighted mean of a function of (y_true, y_pred).

    Args:
        fn: Function that gives one value for each sample.
        name: Name of the metric.
        dtype: As of every `Metric`.
        **kwargs: Passed to the function with each call.

    Example:

    >>> import lamina
    >>> m = lamina.metrics.MeanMetricWrapper(lamina.losses.mean_absolute_error, name="distance")
    >>> m.update_state([[0.0, 0.0]], [[1.0, 2.0]])
    >>> m.result().item()
    1.5
    """

    def __init__(
        self, fn: Callable, name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name or _core.to_snake_case(type(self).__name__), dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(self._fn(y_true, y_pred, **self._fn_kwargs), sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": serialize(self._fn), **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        config = dict(config)
        if isinstance(config.get("fn"), str):
            config["fn"] = _functions.get(config["fn"]) or losses.get(config["fn"])
        return cls(**config)


_core._register_metric("MeanMetricWrapper", MeanMetricWrapper.from_config)
_named["MeanMetricWrapper"] = MeanMetricWrapper


def get(identifier: Any) -> Any:
    """A metric by name, from a config, or as it is.

    Args:
        identifier: The name of a class, as it is or in snake case, which gives an object of it; a
            dict with `class_name` and `config`; a class, an object, or a function; or None.

    Raises:
        ValueError: There is no such metric.
    """
    return _layer.get(identifier, "metric", _named, sys.modules[__name__], _core.make_metric)


def serialize(metric: Any) -> Any:
    """{"class_name", "config"} of a metric; the name of a function."""
    return _layer.serialize(metric)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """A metric from what `serialize` gave.

    Args:
        config: A dict with `class_name` and `config`, or the name of a function.
        custom_objects: Name -> class or function of your own.
    """
    named = {**_functions, **_named, **(custom_objects or {})}
    return _layer.deserialize(config, named, _core.make_metric)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.metrics has no '{name}'")


__all__ = [
    *sorted(_classes),
    *sorted(_functions),
    "MeanMetricWrapper",
    "Metric",
    "deserialize",
    "get",
    "serialize",
]
