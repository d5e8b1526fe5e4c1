"""Optimizer classes and functions, with Keras's names and arguments."""

from __future__ import annotations

from typing import Any

from lamina import _core, _layer
from lamina._core import Optimizer

_listing = _core.optimizer_classes()
_classes = _layer.make_classes(Optimizer, _listing, __name__)
globals().update(_classes)


def get(identifier: Any) -> Any:
    """A optimizer by name, from a config, or as it is."""
    if identifier is None or isinstance(identifier, Optimizer) or callable(identifier):
        return identifier
    return _core.make_optimizer(identifier)


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """{"class_name", "config"} of a optimizer."""
    name = getattr(optimizer, "class_name", type(optimizer).__name__)
    return {"class_name": name, "config": optimizer.get_config()}


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """A optimizer from {"class_name", "config"}."""
    own = (custom_objects or {}).get(config["class_name"]) if isinstance(config, dict) else None
    return own.from_config(config["config"]) if own is not None else get(config)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.optimizers has no '{name}'")


__all__ = [*sorted(_classes), "Optimizer", "deserialize", "get", "serialize"]
