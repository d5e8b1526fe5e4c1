"""What get_config() says of a layer or model whose class does not define it: the arguments that its
constructor was given, where they are plain values."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from lamina import _core

# What the base class says of every layer.
_OF_ALL = ("name", "trainable", "dtype", "autocast")
_plain_new = _core.Layer.__new__


class _NotPlain(Exception):
    """An argument that a config cannot hold; says which."""


@functools.cache
def _signature(cls: type) -> inspect.Signature:
    return inspect.signature(cls.__init__)  # type: ignore[misc]


def takes(cls: type, argument: str) -> bool:
    """Whether the constructor has a place for a keyword argument."""
    if not inspect.isfunction(cls.__init__):  # type: ignore[misc]
        return True
    parameters = _signature(cls).parameters
    found = parameters.get(argument)
    return any(p.kind is p.VAR_KEYWORD for p in parameters.values()) or (
        found is not None and found.kind in (found.POSITIONAL_OR_KEYWORD, found.KEYWORD_ONLY)
    )


def _plain(value: Any, name: str) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(v, name) for v in value]
    if isinstance(value, dict) and all(isinstance(k, str) for k in value):
        return {k: _plain(v, name) for k, v in value.items()}
    raise _NotPlain(f"argument '{name}' is a {type(value).__name__}")


def _arguments(cls: type, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name, those left out too."""
    bound = _signature(cls).bind(None, *args, **kwargs)
    bound.apply_defaults()
    found: dict[str, Any] = {}
    for name, parameter in list(_signature(cls).parameters.items())[1:]:
        value = bound.arguments[name]
        if parameter.kind is parameter.VAR_KEYWORD:
            found.update(value)
        elif parameter.kind is parameter.POSITIONAL_ONLY or (
            parameter.kind is parameter.VAR_POSITIONAL and value
        ):
            raise _NotPlain(f"argument '{name}' cannot be given by name")
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            found[name] = value
    return {k: _plain(v, k) for k, v in found.items() if k not in _OF_ALL}


def _new(cls: Any, *args: Any, **kwargs: Any) -> Any:
    """An object, which remembers what its constructor is given."""
    self = _plain_new(cls)
    if inspect.isfunction(cls.__init__) and not hasattr(cls, "_lamina_class"):
        given: Any
        try:
            given = _arguments(cls, args, kwargs)
        except _NotPlain as e:
            given = str(e)
        except TypeError:  # the constructor says what is wrong
            given = {}
        object.__setattr__(self, "_given", given)
    return self


def own_config(self: Any, config: dict[str, Any]) -> dict[str, Any]:
    """The base class's config with the arguments of the constructor.

    Raises:
        NotImplementedError: An argument is no plain value.
    """
    config = {**config, "name": self.name}
    given = self.__dict__.get("_given")
    if given is None:
        return config
    if isinstance(given, str):
        raise NotImplementedError(
            f"{type(self).__name__} '{self.name}': {given}, which its config cannot hold; "
            "define get_config() and from_config()"
        )
    cls = type(self)
    return {k: v for k, v in config.items() if k not in _OF_ALL or takes(cls, k)} | given


def name_of(thing: Any) -> str:
    """The name under which a class or function is saved."""
    # A class derived from a registered one is not registered with it.
    return getattr(thing, "__dict__", {}).get("_lamina_name", thing.__name__)


def own_classes(layer: _core.Layer) -> dict[str, type]:
    """The classes written in Python of a layer and those inside, by name."""
    found: dict[str, type] = {}
    for inner in layer._layers:
        found.update(own_classes(inner))
    cls = type(layer)
    if cls.__module__.split(".")[0] != "lamina":
        found[name_of(cls)] = cls
    return found


def made_from(cls: Any, config: dict[str, Any]) -> Any:
    """The layer or model again. Its constructor need not take what all layers have."""
    config = {k: v for k, v in config.items() if k != "dtype" or (v is not None and takes(cls, k))}
    apart = {k: config.pop(k) for k in ("name", "trainable") if k in config and not takes(cls, k)}
    layer = cls(**config)
    for key, value in apart.items():
        setattr(layer, key, value)
    return layer


_core.Layer.__new__ = _new  # type: ignore[method-assign,assignment]
