"""Metric classes and functions, with Keras's names and arguments."""

from __future__ import annotations

from typing import Any

from lamina import _core, _layer
from lamina._core import Metric

_listing = _core.metric_classes()
_classes = _layer.make_classes(Metric, _listing, __name__)
globals().update(_classes)


def get(identifier: Any) -> Any:
    """A metric by name, from a config, or as it is."""
    if identifier is None or isinstance(identifier, Metric) or callable(identifier):
        return identifier
    return _core.make_metric(identifier)


def serialize(metric: Metric) -> dict[str, Any]:
    """{"class_name", "config"} of a metric."""
    name = getattr(metric, "class_name", type(metric).__name__)
    return {"class_name": name, "config": metric.get_config()}


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """A metric from {"class_name", "config"}."""
    own = (custom_objects or {}).get(config["class_name"]) if isinstance(config, dict) else None
    return own.from_config(config["config"]) if own is not None else get(config)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.metrics has no '{name}'")


__all__ = [*sorted(_classes), "Metric", "deserialize", "get", "serialize"]
