"""Saving, loading, and classes of one's own in model files."""

from __future__ import annotations

import contextlib
import operator
import os
from collections.abc import Callable
from typing import Any, ClassVar

from lamina import _choice, _core, _keras_config, _keras_files, _layer
from lamina._keras_editor import KerasFileEditor
from lamina._own_config import name_of

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
        with contextlib.suppress(AttributeError):  # builtin functions take no attributes
            thing._lamina_name = full
        return thing

    return register


def _make_known(name: str, thing: Any) -> None:
    if isinstance(thing, type) and issubclass(thing, _core.Layer):
        _core.register_layer(name, thing.from_config)  # type: ignore[attr-defined]
    elif isinstance(thing, type) and issubclass(thing, _core.Loss):
        _core._register_loss(name, thing.from_config)  # type: ignore[attr-defined]
    elif isinstance(thing, type) and issubclass(thing, _core.Metric):
        _core._register_metric(name, thing.from_config)  # type: ignore[attr-defined]
    elif isinstance(thing, type) and issubclass(thing, _core.Optimizer):
        _core.register_optimizer(name, thing.from_config)  # type: ignore[attr-defined]
    elif isinstance(thing, type) and issubclass(thing, _core.LearningRateSchedule):
        _core.register_schedule(name, thing.from_config)  # type: ignore[attr-defined]
    elif isinstance(thing, type) and issubclass(thing, _choice.Choice):
        thing._family.register(name, thing.from_config)
    elif not isinstance(thing, type) and callable(thing):
        _core.register_activation(name, lambda _config, thing=thing: thing)
        _core._register_loss(name, lambda _config, thing=thing: _core.function_loss(name, thing))
        _core._register_metric(name, lambda _config, thing=thing: _layer.metric_of(thing, name))


class CustomObjectScope:
    """Context in which these classes and functions are known by these names.

    Args:
        custom_objects: Name -> class or function.

    Example:

    >>> import lamina
    >>> def twice(x):
    ...     return 2 * x
    >>> with lamina.saving.CustomObjectScope({"twice": twice}):
    ...     lamina.saving.get_registered_object("twice") is twice
    True
    """

    _active: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, custom_objects: dict[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})

    def __enter__(self) -> CustomObjectScope:
        self._active.append(self.custom_objects)
        for name, thing in self.custom_objects.items():
            _make_known(name, thing)
        return self

    def __exit__(self, *args: Any) -> None:
        self._active.remove(self.custom_objects)


custom_object_scope = CustomObjectScope


def get_custom_objects() -> dict[str, Any]:
    """The registered classes and functions by name; changes of the dict count.

    Example:

    >>> import lamina
    >>> isinstance(lamina.saving.get_custom_objects(), dict)
    True
    """
    return _registered


def get_registered_name(obj: Any) -> str:
    """The name under which a class or function is registered, or else its own.

    Example:

    >>> import lamina
    >>> @lamina.saving.register_keras_serializable("mine")
    ... def half(x):
    ...     return x / 2
    >>> lamina.saving.get_registered_name(half)
    'mine>half'
    """
    return next((n for n, thing in _registered.items() if thing is obj), obj.__name__)


def get_registered_object(name: str, custom_objects: Any = None, module_objects: Any = None) -> Any:
    """The class or function registered under a name, or None."""
    for source in (
        *reversed(CustomObjectScope._active),
        custom_objects,
        _registered,
        module_objects,
    ):
        if source and name in source:
            return source[name]
    return None


def load_model(
    filepath: str | os.PathLike,
    custom_objects: dict[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """A model from a file that `save` wrote, in Python or C++, or that Keras wrote.

    Args:
        filepath: The file; one that ends in ".keras" is Keras's, which takes the extra
            `lamina[keras-files]`.
        custom_objects: Name -> class or function, for those that are not registered.
        compile: Restore optimizer, loss and metrics too, so that training goes on.
        safe_mode: Kept for Keras's sake: code in a model file is never run.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is damaged, not a model file, or names an unknown class.
        ImportError: A file of Keras's, and h5py is not installed.
    """
    path = os.fspath(filepath)
    _keras_files.refuse_other_hdf5(path)
    with custom_object_scope(custom_objects or {}):
        if _keras_files.is_model_file(path):
            return _keras_files.load(path, compile)
        return _core.load(path, compile)


load = load_model


def save_model(
    model: Any, filepath: str | os.PathLike, overwrite: bool = True, zipped: bool | None = None
) -> None:
    """See `Model.save`. `zipped` is taken for Keras's sake."""
    model.save(filepath, overwrite=overwrite)


def save_weights(
    model: Any,
    filepath: str | os.PathLike,
    overwrite: bool = True,
    max_shard_size: float | None = None,
) -> None:
    """See `Model.save_weights`. Files of several parts are not supported."""
    if max_shard_size is not None:
        raise ValueError("save_weights: files of several parts (max_shard_size) are not supported")
    model.save_weights(filepath, overwrite=overwrite)


def load_weights(model: Any, filepath: str | os.PathLike, skip_mismatch: bool = False) -> None:
    """See `Model.load_weights`."""
    model.load_weights(filepath, skip_mismatch=skip_mismatch)


def serialize_keras_object(obj: Any) -> Any:
    """{"class_name", "config"} of a layer or of any object with get_config()."""
    if isinstance(obj, _core.Layer):
        return obj._serialize()
    if obj is None or isinstance(obj, (bool, int, float, str, list, dict)):
        return obj
    if hasattr(obj, "get_config"):
        cls = type(obj)
        return {"module": cls.__module__, "class_name": name_of(cls), "config": obj.get_config()}
    if callable(obj):
        return obj.__name__
    raise TypeError(f"cannot serialize {type(obj).__name__}")


def deserialize_keras_object(
    config: Any, custom_objects: Any = None, safe_mode: bool = True
) -> Any:
    """The object that serialize_keras_object described.

    Args:
        config: {"class_name", "config"}, or what needs no description.
        custom_objects: Name -> class or function, for those that are not registered.
        safe_mode: Taken for Keras's sake: a description holds no code.
    """
    if not isinstance(config, dict) or "class_name" not in config:
        return config
    if "module" in config and _keras_config.is_layer(config):
        with custom_object_scope(custom_objects or {}):
            return _keras_config.layer_of(config)
    cls = get_registered_object(config["class_name"], custom_objects)
    cls = cls or _public_class(config.get("module"), config["class_name"])
    if cls is not None:
        return cls.from_config(config["config"]) if hasattr(cls, "from_config") else cls
    with custom_object_scope(custom_objects or {}):
        return _core.deserialize_layer(config)


def _public_class(module: str | None, name: str) -> Any:
    """A class of lamina's that is no layer, by the last part of its module where that is given."""
    import lamina

    families = [
        "initializers",
        "regularizers",
        "constraints",
        "losses",
        "metrics",
        "optimizers",
        "dtype_policies",
        "optimizers.schedules",
    ]
    last = (module or "").rsplit(".", 1)[-1].replace("schedules", "optimizers.schedules")
    if last == "layers" or (module is None and name in _core.layer_classes()):
        return None
    for family in [last] if last in families else families:
        found = vars(operator.attrgetter(family)(lamina)).get(name)
        if isinstance(found, type):
            return found
    return None


__all__ = [
    "CustomObjectScope",
    "KerasFileEditor",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]
