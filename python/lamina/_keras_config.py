"""Keras's descriptions of models: objects from them.

Keras writes an object as {"module", "class_name", "config", "registered_name"}, a layer with its
"build_config", and the calls of a functional model as "inbound_nodes": the arguments of each call,
in which a tensor is {"class_name": "__keras_tensor__"} with its layer, node and output. Names are
looked up among lamina's classes and the registered ones; nothing in a description is executed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina import _core, _keras_ops

_REFERENCE = "__keras_tensor__"
# Arguments of layers that take several tensors one by one, where a call may name them.
_POSITIONAL = {
    "MultiHeadAttention": ("query", "value", "key"),
    "GroupQueryAttention": ("query", "value", "key"),
}


def model_of(described: Any) -> _core.Model:
    """The model that Keras's config.json describes, not compiled.

    Raises:
        ValueError: It describes no model, or names an unknown class.
    """
    if not isinstance(described, dict) or "class_name" not in described:
        raise ValueError("Keras model: the description is no object with a class_name")
    try:
        model = layer_of(described)
    except (KeyError, IndexError, AttributeError) as e:
        raise ValueError(f"Keras model: the description is damaged: {e!r}") from e
    if not isinstance(model, _core.Model):
        raise ValueError(f"Keras model: '{described['class_name']}' is not a model")
    return model


def layer_of(described: dict[str, Any]) -> _core.Layer:
    """A layer or model from its description."""
    kind, config = described["class_name"], described.get("config") or {}
    own = _own_class(described)
    if own is not None and not (issubclass(own, _core.Model) and "input_layers" in config):
        layer = own.from_config(plain(config))
        _build(layer, described.get("build_config"))
        return layer
    if "input_layers" in config:
        return _functional(config)
    if kind == "Sequential":
        return _sequential(config)
    if kind == "Lambda":
        from lamina import layers

        return layers.Lambda.from_config(_lambda_arguments(config))
    known = _core.layer_classes()
    if kind not in known:
        raise ValueError(
            f"Keras model: unknown layer class '{kind}'. A class of your own must be registered "
            "with lamina.saving.register_keras_serializable() or given in custom_objects"
        )
    # What lamina has no argument for must be switched off.
    config = {k: v for k, v in plain(config).items() if k in known[kind][0] or v}
    return _core.make_layer(kind, config)


def plain(value: Any, key: str = "") -> Any:
    """A value of a config as lamina's configs have it: policies by name, layers as lamina
    describes them, functions by name, without Keras's modules."""
    if isinstance(value, (list, tuple)):
        return [plain(v, key) for v in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {k: plain(v, k) for k, v in value.items()}
    kind: str = value["class_name"]
    config: Any = value.get("config")
    if kind in ("DTypePolicy", "FloatDTypePolicy"):
        return config["name"]
    if kind in ("__numpy__", "__tensor__"):
        return np.asarray(config["value"], dtype=config["dtype"]).tolist()
    if kind == "__bytes__":
        return config["value"]
    if kind == "function":
        return _registered_name(value)
    if is_layer(value):
        return layer_of(value)._serialize()
    if isinstance(config, dict):
        config = plain(config)
    return {"class_name": _registered_name(value), "config": config}


def is_layer(described: dict[str, Any]) -> bool:
    """Whether a description is that of a layer or model."""
    own = _own_class(described)
    if own is not None:
        return issubclass(own, _core.Layer)
    if described["class_name"] in ("Functional", "Sequential", "Lambda"):
        return True
    module = str(described.get("module") or "keras.layers")
    return module.endswith("layers") and described["class_name"] in _core.layer_classes()


def _registered_name(described: dict[str, Any]) -> str:
    """The name under which lamina knows a class or function of the user's, or Keras's name."""
    from lamina import saving

    names = [described.get("registered_name"), described["class_name"]]
    if described["class_name"] == "function":
        names[1] = described["config"]
    for name in names:
        if isinstance(name, str) and saving.get_registered_object(name) is not None:
            return name
    return str(names[1])


def _own_class(described: dict[str, Any]) -> Any:
    """A class of the user's that is registered or among the custom objects; else None."""
    from lamina import saving

    found = saving.get_registered_object(_registered_name(described))
    return found if isinstance(found, type) else None


def _lambda_arguments(config: dict[str, Any]) -> dict[str, Any]:
    out = {}
    for key, value in config.items():
        kept = isinstance(value, dict) and value.get("class_name") == "__lambda__"
        out[key] = {"class_name": "__lambda__", "config": {}} if kept else plain(value, key)
    return out


def _build(layer: _core.Layer, build_config: Any) -> None:
    if layer.built or not build_config:
        return
    if build_config.get("input_shape") is not None:
        layer.build(build_config["input_shape"])
    elif build_config.get("shapes_dict"):
        layer.build(list(build_config["shapes_dict"].values()))


def _is_frozen(config: dict[str, Any]) -> bool:
    return config.get("trainable") is False


# ---- models


def _sequential(config: dict[str, Any]) -> _core.Sequential:
    layers = [_input_layer(la) or layer_of(la) for la in config["layers"]]
    model = _core.Sequential(layers, name=config.get("name"))
    shape = config.get("build_input_shape")
    if shape is not None and not model.built and layers:
        model.build(shape)
    if _is_frozen(config):
        model.trainable = False
    return model


def _input_layer(described: dict[str, Any]) -> Any:
    """An InputLayer; None for a description of another layer."""
    from lamina import layers

    if described["class_name"] != "InputLayer":
        return None
    config = described["config"]
    make: Any = layers.InputLayer  # type: ignore[attr-defined]
    return make(
        batch_shape=_batch_shape(config), dtype=config.get("dtype"), name=config.get("name")
    )


def _batch_shape(config: dict[str, Any]) -> list:
    for unsupported in ("sparse", "optional"):
        if config.get(unsupported):
            raise ValueError(
                f"Input '{config.get('name')}': {unsupported} inputs are not supported"
            )
    shape: Any = config.get("batch_shape") or config["batch_input_shape"]
    return list(shape)


class _Later(Exception):
    """A tensor of a call that has not been made yet."""


def _functional(config: dict[str, Any]) -> _core.Model:
    made: dict[str, list[Any]] = {}  # of each layer, the outputs of its calls
    layers: dict[str, Any] = {}
    pending: list[tuple[str, dict]] = []
    for described in config["layers"]:
        name = described.get("name") or described["config"]["name"]
        if name in made:
            raise ValueError(f"Keras model: two layers have the name '{name}'")
        made[name] = []
        if described["class_name"] == "InputLayer":
            inner = described["config"]
            made[name].append(
                [_core.Input(None, None, inner.get("dtype"), name, _batch_shape(inner))]
            )
            continue
        if _keras_ops.is_operation(described):
            layers[name] = _keras_ops.function_of(described)
        else:
            layers[name] = layer_of(described)
        pending += [(name, node) for node in described["inbound_nodes"]]

    def tensor(reference: Any, ahead: int = 0) -> Any:
        name, node, index = reference
        if name not in made:
            raise ValueError(f"Keras model: reference to an unknown layer '{name}'")
        calls, node = made[name], node - ahead
        if node >= len(calls):
            raise _Later
        if not 0 <= node or not 0 <= index < len(calls[node]):
            raise ValueError(f"Keras model: layer '{name}' has no output {index} of call {node}")
        return calls[node][index]

    def values(x: Any) -> Any:
        if isinstance(x, (list, tuple)):
            return [values(v) for v in x]
        if isinstance(x, dict) and x.get("class_name") == _REFERENCE:
            return tensor(x["config"]["keras_history"])
        if isinstance(x, dict) and "class_name" not in x:
            return {k: values(v) for k, v in x.items()}
        return _constant(x)

    # In the order of the file, again while something new can be made; the calls of one layer stay
    # in their order.
    while pending:
        later: list[tuple[str, dict]] = []
        waiting: set[str] = set()
        for name, node in pending:
            try:
                if name in waiting:
                    raise _Later
                args, kwargs = _arguments(node, values)
            except _Later:
                waiting.add(name)
                later.append((name, node))
                continue
            args, kwargs = _by_position(layers[name], args, kwargs)
            made[name].append(_flat(layers[name](*args, **kwargs)))
        if len(later) == len(pending):
            raise ValueError("Keras model: the layers refer to each other in a circle")
        pending = later

    # Of a functional model inside, the outer one counts calls from 1.
    inner = {d.get("name") for d in config["layers"] if "input_layers" in (d.get("config") or {})}

    def ends(structure: Any) -> list[Any]:
        if isinstance(structure, dict):
            return [t for key in sorted(structure) for t in ends(structure[key])]
        if len(structure) == 3 and isinstance(structure[0], str):
            return [tensor(structure, ahead=int(structure[0] in inner))]
        return [t for s in structure for t in ends(s)]

    try:
        inputs, outputs = ends(config["input_layers"]), ends(config["output_layers"])
        if isinstance(config["output_layers"], dict) and len(outputs) == len(
            config["output_layers"]
        ):
            outputs = dict(zip(sorted(config["output_layers"]), outputs))  # type: ignore[assignment]
    except _Later:
        raise ValueError("Keras model: an output is that of a call that is not there") from None
    model = _core.Model(inputs, outputs, name=config.get("name"))
    if _is_frozen(config):
        model.trainable = False
    return model


def _constant(x: Any) -> Any:
    """A value among the arguments of a call."""
    if not isinstance(x, dict):
        return x
    kind, config = x.get("class_name"), x.get("config") or {}
    if kind == "__slice__":
        return slice(config["start"], config["stop"], config["step"])
    if kind == "__ellipsis__":
        return Ellipsis
    if kind in ("__numpy__", "__tensor__"):
        return np.asarray(config["value"], dtype=config["dtype"])
    return plain(x)


def _arguments(node: Any, values: Any) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments of a call; as Keras 2 wrote them too."""
    if isinstance(node, list):
        parts = [
            values({"class_name": _REFERENCE, "config": {"keras_history": t[:3]}}) for t in node
        ]
        kwargs = node[0][3] if node and len(node[0]) > 3 else {}
        return [parts[0] if len(parts) == 1 else parts], kwargs
    args, kwargs = values(node["args"]), values(node.get("kwargs") or {})
    return args, {k: v for k, v in kwargs.items() if v is not None}


def _by_position(layer: Any, args: list[Any], kwargs: dict[str, Any]) -> tuple[list, dict]:
    for name in _POSITIONAL.get(getattr(layer, "class_name", ""), ())[len(args) :]:
        if name not in kwargs:
            break
        args.append(kwargs.pop(name))
    return args, kwargs


def _flat(outputs: Any) -> list[Any]:
    if isinstance(outputs, dict):
        return [t for key in sorted(outputs) for t in _flat(outputs[key])]
    if isinstance(outputs, (list, tuple)):
        return [t for o in outputs for t in _flat(o)]
    return [outputs]


# ---- compile


def compile_arguments(config: dict[str, Any]) -> dict[str, Any]:
    """Arguments of compile() from Keras's compile_config."""
    from lamina import losses, metrics, optimizers

    def each(value: Any, make: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [each(v, make) for v in value]
        if isinstance(value, dict):
            if "class_name" in value:
                return make(plain(value))
            return {k: each(v, make) for k, v in value.items()}
        return value

    def metric(described: Any) -> Any:
        # By name what depends on the shapes, as "accuracy" does.
        return described if isinstance(described, str) else metrics.get(described)

    out: dict[str, Any] = {"run_eagerly": bool(config.get("run_eagerly"))}
    out["optimizer"] = each(config.get("optimizer", "rmsprop"), optimizers.get)
    out["loss"] = each(config.get("loss"), losses.get)
    out["loss_weights"] = config.get("loss_weights")
    for key in ("metrics", "weighted_metrics"):
        out[key] = each(config.get(key), metric)
    return out
