"""Saving, loading, and classes of one's own in model files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

from lamina import _core

_registered: dict[str, Any] = {}


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable:
    """Decorator that makes a class or function known to model files.

    Args:
        package: Prefix of the name, so that two packages may use the same one.
        name: Name in the file; that of the class by default.
    """

    def register(thing: Any) -> Any:
        full = f"{package}>{name or thing.__name__}"
        _registered[full] = thing
        _make_known(full, thing)
        if isinstance(thing, type):
            thing._lamina_name = full  # type: ignore[attr-defined]
        return thing

    return register


def _make_known(name: str, thing: Any) -> None:
    if isinstance(thing, type) and issubclass(thing, _core.Layer):
        _core.register_layer(name, thing.from_config)  # type: ignore[attr-defined]
    elif not isinstance(thing, type) and callable(thing):
        _core.register_activation(name, lambda _config, thing=thing: thing)


@contextlib.contextmanager
def custom_object_scope(objects: dict[str, Any]) -> Iterator[None]:
    """Context in which these classes and functions are known by these names."""
    for name, thing in objects.items():
        _make_known(name, thing)
    yield


def get_registered_object(name: str, custom_objects: Any = None, module_objects: Any = None) -> Any:
    """The class or function registered under a name, or None."""
    for source in (custom_objects, _registered, module_objects):
        if source and name in source:
            return source[name]
    return None


def load_model(
    filepath: str | os.PathLike,
    custom_objects: dict[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """A model from a file that `save` wrote, in Python or C++.

    Args:
        filepath: The file.
        custom_objects: Name -> class or function, for those that are not registered.
        compile: Restore optimizer, loss and metrics too, so that training goes on.
        safe_mode: Kept for Keras's sake: a model file holds no code.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is damaged, not a model file, or names an unknown class.
    """
    with custom_object_scope(custom_objects or {}):
        return _core.load(os.fspath(filepath), compile)


load = load_model


def save_model(model: Any, filepath: str | os.PathLike, overwrite: bool = True) -> None:
    """See `Model.save`."""
    model.save(filepath, overwrite=overwrite)


def serialize_keras_object(thing: Any) -> Any:
    """{"class_name", "config"} of a layer or of any object with get_config()."""
    if isinstance(thing, _core.Layer):
        return thing._serialize()
    if thing is None or isinstance(thing, (bool, int, float, str, list, dict)):
        return thing
    if hasattr(thing, "get_config"):
        cls = type(thing)
        name = cls.__dict__.get("_lamina_name", cls.__name__)
        return {"class_name": name, "config": thing.get_config()}
    if callable(thing):
        return thing.__name__
    raise TypeError(f"cannot serialize {type(thing).__name__}")


def deserialize_keras_object(config: Any, custom_objects: Any = None) -> Any:
    """The object that serialize_keras_object described."""
    if not isinstance(config, dict) or "class_name" not in config:
        return config
    cls = get_registered_object(config["class_name"], custom_objects)
    if cls is not None:
        return cls.from_config(config["config"])
    with custom_object_scope(custom_objects or {}):
        return _core.deserialize_layer(config)


__all__ = [
    "custom_object_scope",
    "deserialize_keras_object",
    "get_registered_object",
    "load",
    "load_model",
    "register_keras_serializable",
    "save_model",
    "serialize_keras_object",
]
