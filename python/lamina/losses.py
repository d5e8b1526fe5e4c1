"""Loss classes and functions, with Keras's names and arguments."""

from __future__ import annotations

from typing import Any

from lamina import _core, _layer
from lamina._core import Loss

_listing = _core.loss_classes()
_classes = _layer.make_classes(Loss, _listing, __name__)
globals().update(_classes)


def get(identifier: Any) -> Any:
    """A loss by name, from a config, or as it is."""
    if identifier is None or isinstance(identifier, Loss) or callable(identifier):
        return identifier
    return _core.make_loss(identifier)


def serialize(loss: Loss) -> dict[str, Any]:
    """{"class_name", "config"} of a loss."""
    name = getattr(loss, "class_name", type(loss).__name__)
    return {"class_name": name, "config": loss.get_config()}


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """A loss from {"class_name", "config"}."""
    own = (custom_objects or {}).get(config["class_name"]) if isinstance(config, dict) else None
    return own.from_config(config["config"]) if own is not None else get(config)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.losses has no '{name}'")


__all__ = [*sorted(_classes), "Loss", "deserialize", "get", "serialize"]


def _function(class_name: str, function_name: str) -> Any:
    def loss(y_true: Any, y_pred: Any, **kwargs: Any) -> Any:
        return _classes[class_name](**kwargs).call(y_true, y_pred)

    loss.__name__ = function_name
    loss.__doc__ = f"Per-sample values of `{class_name}`, whose arguments it takes."
    return loss


for _class, (_defaults, _doc, _fn) in _listing.items():
    if _fn:
        globals()[_fn] = _function(_class, _fn)
