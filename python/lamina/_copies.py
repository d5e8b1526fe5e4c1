"""Pickling and copying: a model goes through its file, a layer through its config and its weights.
Classes and functions of one's own are pickled by reference, as pickle does it."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from lamina import _core
from lamina._own_config import name_of, own_classes

_FILE = "model.safetensors"


def own_objects(given: Any) -> dict[str, Any]:
    """Classes and functions of one's own among what compile() was given, by name."""
    if isinstance(given, (list, tuple, dict)):
        found: dict[str, Any] = {}
        for value in given.values() if isinstance(given, dict) else given:
            found.update(own_objects(value))
        return found
    cls = type(given)
    if hasattr(given, "__qualname__"):  # a function or a class
        own, thing = given.__module__, given
    else:
        own, thing = cls.__module__, cls
    if own.split(".")[0] in ("lamina", "builtins", "numpy"):
        return {}
    return {name_of(thing): thing}


def _model(data: bytes, known: dict[str, Any]) -> Any:
    from lamina import saving

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, _FILE)
        with open(path, "wb") as f:
            f.write(data)
        model = saving.load_model(path, custom_objects=known)
    object.__setattr__(model, "_known", known)
    return model


def _layer(described: dict[str, Any], weights: list, assets: list, known: dict[str, Any]) -> Any:
    from lamina import saving

    with saving.custom_object_scope(known):
        layer = _core.deserialize_layer(described)
    layer.set_weights(weights)
    layer._named_assets = [(name, _core.tensor(value)) for name, value in assets]
    return layer


def _reduce_layer(self: Any) -> tuple:
    """For pickle and copy: the layer again, with its weights."""
    assets = [(name, value.numpy()) for name, value in self._named_assets]
    return _layer, (self._serialize(), self.get_weights(), assets, own_classes(self))


def _reduce_model(self: Any) -> tuple:
    """For pickle and copy: the model again, with what save() keeps of it."""
    if not self.built:
        return _reduce_layer(self)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, _FILE)
        self.save(path)
        with open(path, "rb") as f:
            data = f.read()
    return _model, (data, {**own_classes(self), **self.__dict__.get("_known", {})})


_core.Layer.__reduce__ = _reduce_layer  # type: ignore[method-assign]
_core.Model.__reduce__ = _reduce_model  # type: ignore[method-assign]
