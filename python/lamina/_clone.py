"""Copies of models, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamina import _core, _keras_describe


def clone(
    model: _core.Model,
    input_tensors: Any,
    clone_function: Callable[[Any], Any],
    call_function: Callable | None,
    recursive: bool,
) -> _core.Model:
    """The model with the layers that clone_function gives, called as the old ones were."""

    def copy(layer: Any) -> Any:
        if recursive and _is_built_of_layers(layer):
            return clone(layer, None, clone_function, call_function, True)
        new = clone_function(layer)
        if not isinstance(new, _core.Layer):
            raise ValueError(
                f"clone_model: clone_function must return a layer, received {new!r} for layer "
                f"'{layer.name}'"
            )
        return new

    if isinstance(model, _core.Sequential):
        return _sequential(model, input_tensors, copy, call_function)
    if not model._functional:
        raise ValueError(
            "clone_model: clone_function, call_function and input_tensors need a Sequential or "
            f"functional model, received {type(model).__name__}"
        )
    return _functional(model, input_tensors, copy, call_function)


def _is_built_of_layers(layer: Any) -> bool:
    return isinstance(layer, _core.Model) and (
        isinstance(layer, _core.Sequential) or layer._functional
    )


def _sequential(model: Any, input_tensors: Any, copy: Any, call_function: Any) -> Any:
    if call_function is not None:
        raise ValueError("clone_model: call_function is for functional models")
    layers = [copy(la) for la in model.layers]
    inputs = input_tensors[0] if isinstance(input_tensors, (list, tuple)) else input_tensors
    if inputs is None and model._functional:
        x = model.inputs[0]
        inputs = _core.Input(None, None, x.dtype, x.name, list(x.shape))
    from lamina import _layer

    front = [] if inputs is None else [_layer.as_layer(inputs)]
    return _core.Sequential([*front, *layers], name=model.name)


def _functional(model: Any, input_tensors: Any, copy: Any, call_function: Any) -> Any:
    config = model._serialize()["config"]
    old = {la.name: la for la in model._layers}
    given = input_tensors
    if given is None:
        given = [_core.Input(None, None, x.dtype, x.name, list(x.shape)) for x in model.inputs]
    elif isinstance(given, dict):
        given = [given[name] for name in model.input_names]
    elif not isinstance(given, (list, tuple)):
        given = [given]
    if len(given) != len(model.inputs):
        raise ValueError(
            f"clone_model: expected {len(model.inputs)} input_tensors, received {len(given)}"
        )
    made: dict[str, list] = {r[0]: [[t]] for r, t in zip(config["input_layers"], given)}
    new: dict[str, Any] = {}
    calls = []
    for described in config["layers"]:
        name = described["name"]
        if name in made:
            continue
        if described["class_name"] == "Operation":
            plain = {k: described[k] for k in ("class_name", "config")}
            new[name] = _core.deserialize_layer(plain)
        else:
            new[name] = copy(old[name])
        made[name] = [None] * len(described["inbound_nodes"])
        calls += [(name, i, node) for i, node in enumerate(described["inbound_nodes"])]

    def tensor(reference: list) -> Any:
        layer, node, index = reference
        if made[layer][node] is None:
            raise KeyError(layer)
        return made[layer][node][index]

    while calls:  # the config lists layers, not calls, in their order
        later = []
        for name, i, node in calls:
            try:
                parts = _keras_describe.call_arguments(node, old[name], tensor)
            except KeyError:
                later.append((name, i, node))
                continue
            call = call_function if old[name].class_name != "Operation" else None
            args, kwargs = parts["args"], parts["kwargs"]
            out = (
                call(new[name], *args, **kwargs) if call is not None else new[name](*args, **kwargs)
            )
            made[name][i] = list(out) if isinstance(out, (list, tuple)) else [out]
        calls = later
    ends = config["output_layers"]
    outputs: Any = [tensor(r) for r in (ends.values() if isinstance(ends, dict) else ends)]
    if isinstance(ends, dict):
        outputs = dict(zip(ends, outputs))
    return _core.Model(list(given), outputs, name=model.name)
