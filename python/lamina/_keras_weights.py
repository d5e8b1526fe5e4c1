"""Where Keras's HDF5 files have the weights of each layer, and reading and writing them.

A layer's own weights are "<path>/vars/0", "1", ... in the order of their creation, trained ones
first. The path follows the attributes that hold the layers, "layers/<class>_<n>" in a model; a
layer that is met twice is stored where it is met first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lamina import _core
from lamina._keras_ops import snake_case

# Names of the attributes that hold the layers inside, in order.
_BY_PLACE = {
    "Bidirectional": ("forward_layer", "backward_layer"),
    **dict.fromkeys(("RNN", "SimpleRNN", "LSTM", "GRU"), ("cell",)),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), ("cell",)),
    "SpectralNormalization": ("layer",),
    "TimeDistributed": ("layer",),
}
# The same by the names of the layers inside.
_PROJECTIONS = {
    "query": "query_dense",
    "key": "key_dense",
    "value": "value_dense",
    "attention_output": "output_dense",
    "gate": "_gate_dense",
}
_BY_NAME = {
    "MultiHeadAttention": _PROJECTIONS,
    "GroupQueryAttention": {k: "_" + v.lstrip("_") for k, v in _PROJECTIONS.items()},
}
# Classes of Keras that have another name than the one they are found under.
_RENAMED = {"GroupQueryAttention": "GroupedQueryAttention"}
_LISTS = {"StackedRNNCells": "cells", "Pipeline": "layers"}
# How much larger than what is stored an array may be, beyond some bytes that all may have.
_MOST_EXPANSION, _FREE_SIZE = 1000, 1 << 16
# Layers of which Keras's file has no weights.
_LEFT_OUT = {"Operation", "InputLayer"}


@dataclass
class Place:
    """A layer (or the optimizer) and where its own weights are."""

    path: str
    owner: Any
    variables: list[Any] = field(default_factory=list)

    def __str__(self) -> str:
        kind = getattr(self.owner, "class_name", type(self.owner).__name__)
        return f"{kind} '{self.owner.name}'"


def places(model: _core.Layer) -> list[Place]:
    """The layers of a model, itself first, and last its optimizer where it is compiled."""
    out: list[Place] = []
    _visit(model, "", {}, out)
    optimizer = getattr(model, "optimizer", None) if isinstance(model, _core.Model) else None
    path = "optimizer"
    while optimizer is not None:
        out.append(Place(path, optimizer, list(optimizer.variables)))
        optimizer = getattr(optimizer, "inner_optimizer", None)
        path += "/inner_optimizer"
    return out


def _visit(layer: _core.Layer, path: str, seen: dict[int, Any], out: list[Place]) -> None:
    if id(layer) in seen:
        return
    seen[id(layer)] = layer  # held, so that no other object gets its number
    own = list(layer._own_weights)
    out.append(Place(path, layer, own))
    for attribute, held in _inside(layer):
        where = _join(path, attribute)
        if isinstance(held, _core.Layer):
            _visit(held, where, seen, out)
        else:
            _visit_list(held, where, seen, out)


def _visit_list(held: Any, path: str, seen: dict[int, Any], out: list[Place]) -> None:
    taken: dict[str, int] = {}
    for item in held.values() if isinstance(held, dict) else held:
        if isinstance(item, _core.Layer):
            if item.class_name not in _LEFT_OUT:
                name = _unique(_class_name(item), taken)
                _visit(item, _join(path, name), seen, out)
        elif isinstance(item, (list, tuple, dict)):
            _visit_list(item, _join(path, _unique("container", taken)), seen, out)


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _unique(name: str, taken: dict[str, int]) -> str:
    taken[name] = taken.get(name, -1) + 1
    return f"{name}_{taken[name]}" if taken[name] else name


def _class_name(layer: _core.Layer) -> str:
    name = layer.class_name if _native(layer) else type(layer).__name__
    return snake_case(_RENAMED.get(name, name))


def _native(layer: _core.Layer) -> bool:
    return (
        "_lamina_native" in vars(type(layer))
        or "_lamina_class" in vars(type(layer))
        or (type(layer) is _core.Layer)
    )


def _inside(layer: _core.Layer) -> Iterator[tuple[str, Any]]:
    """Attributes of Keras's layer that hold layers, and what they hold."""
    kind, layers = layer.class_name, layer._layers
    if isinstance(layer, _core.Sequential) or (
        isinstance(layer, _core.Model) and layer._functional
    ):
        yield "layers", layers
    if not _native(layer):
        held = {k: v for k, v in vars(layer).items() if not k.startswith("_held")}
        for name in sorted(held, key=lambda n: f"~{n}" if n.startswith("_") else n):
            if isinstance(held[name], (_core.Layer, list, tuple, dict)):
                yield name, held[name]
    elif kind in _BY_PLACE:
        yield from zip(_BY_PLACE[kind], layers)
    elif kind in _BY_NAME:
        for inner in layers:
            if inner.weights:
                yield _BY_NAME[kind][inner.name], inner
    elif kind in _LISTS:
        yield _LISTS[kind], layers
    elif not isinstance(layer, _core.Model) and any(la.weights for la in layers):
        raise ValueError(f"{kind} '{layer.name}': its weights cannot be kept in a Keras file")


# ---- reading and writing


def write(model: _core.Layer, file: Any) -> None:
    """Put the weights, and the optimizer's state, into an open HDF5 file."""
    for place in places(model):
        group = file.create_group(_join(place.path, "vars"))
        group.attrs["name"] = place.owner.name
        for i, v in enumerate(place.variables):
            value = v.numpy()
            if place.path.startswith("optimizer") and value.dtype == np.int64:
                value = value.astype(np.int32)
            group[str(i)] = value
        weights = _idf_weights(place.owner)
        if weights is not None:
            group["idf_weights"] = weights.numpy().astype("float32")


def read(model: _core.Layer, file: Any, path: str, skip_mismatch: bool = False) -> None:
    """Take the weights, and the optimizer's state, from an open HDF5 file.

    Nothing changes unless all weights fit, or with skip_mismatch, which warns of those that do not.

    Raises:
        ValueError: A layer's weights are missing, or have another shape.
    """
    import warnings

    values: list[tuple[Any, np.ndarray]] = []
    for place in places(model):
        try:
            values += _read_place(place, file)
        except ValueError as e:
            message = f"load '{path}': {e}"
            if place.path.startswith("optimizer"):
                message += "; the optimizer starts anew"
            elif not skip_mismatch:
                raise ValueError(message) from None
            warnings.warn(message, stacklevel=4)
    for variable, value in values:
        variable.assign(value)


def _read_place(place: Place, file: Any) -> list[tuple[Any, np.ndarray]]:
    group = _group(file, _join(place.path, "vars"))
    if group is None:  # as Keras 2.13 named it
        other = place.path.replace("layers", "_layer_checkpoint_dependencies")
        group = _group(file, _join(other, "vars"))
    names = [] if group is None else [n for n in group if n != "idf_weights"]
    if place.path.startswith("optimizer"):
        model_was_not_trained = len(names) < len(place.variables) and len(names) <= 2
        if group is None or model_was_not_trained:
            return []
    if len(names) != len(place.variables):
        raise ValueError(
            f"{place}: expected {len(place.variables)} weights "
            f"({', '.join(v.name for v in place.variables)}), received {len(names)} "
            f"at '{_join(place.path, 'vars')}'"
        )
    out = []
    for i, variable in enumerate(place.variables):
        data = _dataset(group, str(i), place)
        if tuple(data.shape) != tuple(variable.shape):
            raise ValueError(
                f"{place}: weight '{variable.name}' has shape {tuple(data.shape)} in the file, "
                f"expected {tuple(variable.shape)}"
            )
        out.append((variable, _array(data)))
    return out


def _group(file: Any, path: str) -> Any:
    """A group of the file, through plain links alone; None where there is none."""
    import h5py

    at = file
    for part in path.split("/"):
        if part not in at:
            return None
        if not isinstance(at.get(part, getlink=True), h5py.HardLink):
            raise ValueError(f"'{path}' is a link to elsewhere, which is not followed")
        at = at[part]
        if not isinstance(at, h5py.Group):
            raise ValueError(f"'{path}' is no group")
    return at


def _dataset(group: Any, name: str, place: Place) -> Any:
    import h5py

    if name not in group:
        raise ValueError(f"{place}: there is no weight {name} in the file")
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ValueError(f"{place}: weight {name} is a link to elsewhere, which is not followed")
    data = group[name]
    if not isinstance(data, h5py.Dataset) or data.external or data.is_virtual:
        raise ValueError(f"{place}: weight {name} is no plain data set of the file")
    return data


def _array(data: Any) -> np.ndarray:
    if data.attrs.get("dtype") == "bfloat16":  # the upper halves of float32
        bits = np.asarray(data).view(np.uint16).astype(np.uint32) << 16
        return bits.view(np.float32).reshape(data.shape)
    return np.asarray(data)


def tree(file: Any) -> dict[str, Any]:
    """The arrays of an open HDF5 file by the names of objects, "vars" left out."""
    import h5py

    out: dict[str, Any] = {}
    for name in file:
        if not isinstance(file.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"'{name}' is a link to elsewhere, which is not followed")
        item = file[name]
        if isinstance(item, h5py.Group):
            inner = tree(item)
            if name == "vars":
                out.update(inner)
            else:
                out[name] = inner
        elif (
            item.external
            or item.is_virtual
            or item.nbytes > _MOST_EXPANSION * (item.id.get_storage_size() + _FREE_SIZE)
        ):
            raise ValueError(f"'{name}' is no plain data set of the file")
        else:
            out[name] = _array(item)
    return out


# ---- vocabularies


def vocabularies(model: _core.Layer) -> Iterator[tuple[Place, str]]:
    """Layers whose vocabulary the config does not say, and the text of its file."""
    for place in places(model):
        if _has_vocabulary(place.owner):
            tokens = place.owner.get_vocabulary()
            yield place, "\n".join(str(t) for t in tokens)


def set_vocabulary(place: Place, text: str, file: Any) -> None:
    """The vocabulary of a layer from the text of its file, idf weights from the HDF5 file."""
    tokens: list[Any] = text.splitlines()
    while tokens and tokens[-1] == "":
        tokens.pop()
    layer, weights = place.owner, None
    if layer.class_name == "IntegerLookup":
        try:
            tokens = [int(t) for t in tokens]
        except ValueError:
            raise ValueError(f"{place}: its vocabulary in the file is not of integers") from None
    group = _group(file, _join(place.path, "vars"))
    if group is not None and "idf_weights" in group:
        weights = _array(_dataset(group, "idf_weights", place))[: len(tokens)]
    layer.set_vocabulary(tokens, weights)


def _has_vocabulary(layer: Any) -> bool:
    if getattr(layer, "class_name", "") not in (
        "StringLookup",
        "IntegerLookup",
        "TextVectorization",
    ):
        return False
    return layer.get_config().get("vocabulary") is None


def _idf_weights(layer: Any) -> Any:
    return dict(layer._assets).get("idf_weights") if isinstance(layer, _core.Layer) else None
