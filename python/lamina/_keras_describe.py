"""Descriptions of models in Keras's form, which `_keras_config` reads."""

from __future__ import annotations

from typing import Any

from lamina import _core, _keras_ops

# The module of Keras that the classes of an argument are in, by the end of its name.
_FAMILIES = (
    ("initializer", "initializers"),
    ("regularizer", "regularizers"),
    ("constraint", "constraints"),
    ("learning_rate", "optimizers.schedules"),
    ("optimizer", "optimizers"),
    ("layer", "layers"),
    ("layers", "layers"),
    ("cell", "layers"),
    ("cells", "layers"),
    ("activation", "layers"),
)

# Layers that may be called on states too, and are built from the shape of their input alone.
_WITH_STATES = frozenset(
    "SimpleRNNCell LSTMCell GRUCell StackedRNNCells RNN SimpleRNN LSTM GRU Bidirectional "
    "ConvLSTM1D ConvLSTM2D ConvLSTM3D".split()
)


def describe(layer: _core.Layer) -> dict[str, Any]:
    """A layer or model as Keras's serialize_keras_object() describes it.

    Raises:
        ValueError: Keras has no such operation or layer.
    """
    _met.append({})
    try:
        return _layer(layer._serialize(), layer)
    finally:
        _met.pop()


# Layers that have been described so far, by identity.
_met: list[dict[int, Any]] = []


def _layer(described: dict[str, Any], live: Any) -> dict[str, Any]:
    if live is not None and _met:
        if id(live) in _met[-1] and live.weights:
            raise ValueError(
                f"layer '{live.name}' is in two of the models inside, which Keras's files cannot "
                "hold. Save the model to a safetensors file"
            )
        _met[-1][id(live)] = live
    return _described(described, live)


def _described(described: dict[str, Any], live: Any) -> dict[str, Any]:
    kind, config = described["class_name"], described["config"]
    if kind == "Operation":
        return _keras_ops.describe(config)
    if kind == "Functional":
        out = {
            "module": "keras.src.models.functional",
            "class_name": kind,
            "config": _functional(config, live),
            "registered_name": kind,
        }
        return {**out, "build_config": {"input_shape": None}}
    if kind == "Sequential":
        out = {"module": "keras", "class_name": kind, "config": _sequential(described, live)}
    elif kind in _core.layer_classes():
        out = {"module": "keras.layers", "class_name": kind, "config": values(config, "", live)}
    else:
        return _with_build_config(_own(kind, values(config, "", live), live), described)
    return _with_build_config({**out, "registered_name": None}, described)


def _own(kind: str, config: Any, thing: Any) -> dict[str, Any]:
    """Of a class of the user's, or a layer that lamina writes in Python."""
    from lamina import layers, saving

    found = saving.get_registered_object(kind)
    cls: type = found if isinstance(found, type) else type(thing)
    if getattr(layers, cls.__name__, None) is cls:
        return {
            "module": "keras.layers",
            "class_name": cls.__name__,
            "config": config,
            "registered_name": None,
        }
    return {
        "module": cls.__module__,
        "class_name": cls.__name__,
        "config": config,
        "registered_name": kind,
    }


def _with_build_config(out: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    shapes = [_shape(s) for s in described.get("build_shapes") or ()]
    if out["class_name"] in _WITH_STATES:
        shapes = shapes[:1]
    if out["class_name"] in ("MultiHeadAttention", "GroupQueryAttention"):
        names = ("query_shape", "value_shape", "key_shape")
        out["build_config"] = {"shapes_dict": dict(zip(names, shapes))}
    elif shapes:
        out["build_config"] = {"input_shape": shapes[0] if len(shapes) == 1 else shapes}
    return out


def _shape(shape: Any) -> list:
    return [None if d is None or d < 0 else d for d in shape]


def values(value: Any, key: str = "", live: Any = None) -> Any:
    """A value of one of lamina's configs as Keras has it; `key` is its name."""
    if key == "dtype" and isinstance(value, str):
        return {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": value},
            "registered_name": None,
        }
    if isinstance(value, (list, tuple)):
        return [values(v, key, live) for v in value]
    if isinstance(value, str):
        return _function(value) if key.endswith(("activation", "function", "fn")) else value
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {k: values(v, k, live) for k, v in value.items()}
    if key.endswith(("layer", "layers", "cell", "cells")):
        inner = _layer(value, _inside(live, (value["config"] or {}).get("name")))
        inner.pop("build_config", None)  # built with the outer one
        return inner
    return thing(value, next((m for end, m in _FAMILIES if key.endswith(end)), None))


def thing(described: dict[str, Any], family: str | None) -> dict[str, Any]:
    """An object that is no layer: an initializer, a loss, an optimizer, ..."""
    from lamina import saving

    kind, config = described["class_name"], values(described.get("config") or {})
    cls = saving.get_registered_object(kind)
    if cls is not None and not isinstance(cls, type):
        return _function(kind)
    if isinstance(cls, type):
        return _own(kind, config, None)
    if family is None:
        found = saving._public_class(None, kind)
        family = found.__module__.split(".", 1)[1] if found else "layers"
    if isinstance(config, dict) and isinstance(config.get("dtype"), dict):
        config["dtype"] = config["dtype"]["config"]["name"]  # of losses and metrics, by name
    return {
        "module": f"keras.{family}",
        "class_name": kind,
        "config": config,
        "registered_name": None,
    }


def _function(name: str) -> Any:
    """A registered function; the name itself for the others."""
    from lamina import saving

    fn = saving.get_registered_object(name)
    if fn is None or isinstance(fn, type):
        return name
    return {
        "module": getattr(fn, "__module__", "builtins"),
        "class_name": "function",
        "config": name,
        "registered_name": name,
    }


def _inside(layer: Any, name: Any) -> Any:
    return (
        next((la for la in layer._layers if la.name == name), None) if layer is not None else None
    )


# ---- models


def _sequential(described: dict[str, Any], live: Any) -> dict[str, Any]:
    config = described["config"]
    out = {k: values(v, k) for k, v in config.items() if k != "layers"}
    layers = config["layers"]
    out["layers"] = [
        _layer(la, _inside(live, la["config"].get("name")))
        for la in layers
        if la["class_name"] != "InputLayer"
    ]
    declared = next((la["config"] for la in layers if la["class_name"] == "InputLayer"), None)
    shapes = described.get("build_shapes")
    if declared is not None:
        first = (declared["batch_shape"], declared["dtype"], declared["name"])
    elif shapes:
        inputs = live.inputs if live is not None and live._functional else []
        dtype = inputs[0].dtype if inputs else "float32"
        first = (shapes[0], dtype, inputs[0].name if inputs else "input_layer")
    else:
        return out
    out["layers"].insert(0, _input_layer(*first))
    out["build_input_shape"] = _shape(first[0])
    return out


def _input_layer(batch_shape: Any, dtype: str, name: str) -> dict[str, Any]:
    config = {
        "batch_shape": _shape(batch_shape),
        "dtype": dtype,
        "sparse": False,
        "ragged": False,
        "name": name,
        "optional": False,
    }
    return {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": config,
        "registered_name": None,
    }


def _functional(config: dict[str, Any], live: Any) -> dict[str, Any]:
    layers = {la.name: la for la in live._layers} if live is not None else {}
    models = {d["name"] for d in config["layers"] if d["class_name"] == "Functional"}
    specs: dict[str, list] = {}  # of each layer, shape and dtype of its outputs

    def tensor(reference: list) -> dict[str, Any]:
        name, node, index = reference
        if name not in specs:
            specs[name] = _outputs(layers.get(name))
        known = index < len(specs[name])
        shape, dtype = specs[name][index] if known else ([], "float32")
        history = {"shape": shape, "dtype": dtype, "keras_history": [name, node, index]}
        return {"class_name": "__keras_tensor__", "config": history}

    out = {k: v for k, v in config.items() if k in ("name", "trainable")}
    out["layers"] = []
    for described in config["layers"]:
        name = described["name"]
        if described["class_name"] == "InputLayer" and "inbound_nodes" not in described:
            inner = described["config"]
            layer = _input_layer(inner["batch_shape"], inner["dtype"], name)
            specs[name] = [(layer["config"]["batch_shape"], inner["dtype"])]
            nodes: list = []
        else:
            layer = _layer(described, layers.get(name))
            nodes = [
                _keras_ops.call(described["config"], [tensor(r) for r in n["inputs"]])
                if described["class_name"] == "Operation"
                else call_arguments(n, layers.get(name), tensor)
                for n in described["inbound_nodes"]
            ]
        layer.update(name=name, inbound_nodes=nodes)
        out["layers"].append(layer)

    def end(reference: list) -> list:
        name, node, index = reference  # of a model inside, the outer one counts calls from 1
        return [name, node + 1 if name in models else node, index]

    for key in ("input_layers", "output_layers"):
        if isinstance(config[key], dict):
            out[key] = {k: end(r) for k, r in config[key].items()}
        else:
            ends = [end(r) for r in config[key]]
            out[key] = ends[0] if len(ends) == 1 else ends
    return out


def _outputs(layer: Any) -> list:
    if layer is None:
        return []
    tensors = layer.output
    tensors = tensors if isinstance(tensors, (list, tuple)) else [tensors]
    return [(_shape(t.shape), t.dtype) for t in tensors]


def call_arguments(node: dict[str, Any], layer: Any, tensor: Any) -> dict[str, Any]:
    """Positional and keyword arguments of a call, as a script would write them.

    Args:
        node: A call in lamina's config.
        layer: The layer that is called.
        tensor: Function of a reference [layer, call, output] that gives what stands for it.
    """
    inputs = [tensor(r) for r in node["inputs"]]
    kwargs = dict(node.get("options") or {})
    listed = kwargs.pop("_list", 0)
    kwargs.pop("_state_alone", None)
    if not listed and len(inputs) > 1 and layer is not None:
        if layer._takes_list or isinstance(layer, _core.Model):
            listed = len(inputs)
        elif layer.class_name not in ("MultiHeadAttention", "GroupQueryAttention"):
            native = layer.class_name in _core.layer_classes()
            if native:  # the states of a recurrent layer, or of a cell
                name = "initial_state" if layer._state_size is None else "states"
                kwargs[name], inputs = inputs[1:], inputs[:1]
    args = [inputs[:listed], *inputs[listed:]] if listed else inputs
    for name, reference in (node.get("tensors") or {}).items():
        name, _, place = name.partition("/")
        if not place:
            kwargs[name] = tensor(reference)
            continue
        several = kwargs.setdefault(name, [])
        several += [None] * (int(place) + 1 - len(several))
        several[int(place)] = tensor(reference)
    return {"args": args, "kwargs": kwargs}


# ---- compile


def compile_config(model: _core.Model) -> dict[str, Any]:
    """What Keras's get_compile_config() says."""
    own = model._compile_config()
    if own is None:
        return {}
    losses = [None if la is None else thing(la, "losses") for la in own["losses"]]
    outputs = len(model.outputs) if model._functional else 1
    groups: dict[bool, list[list]] = {w: [[] for _ in range(outputs)] for w in (False, True)}
    for m in own["metrics"]:
        by = m["metric"]
        described = thing(by, "metrics") if isinstance(by, dict) else by
        groups[m["weighted"]][m["output"]].append(described)

    keys = model._output_keys

    def by_key(values: list) -> Any:
        return dict(zip(keys, values)) if keys else values[0] if len(values) == 1 else values

    def metrics(weighted: bool) -> Any:
        return by_key(groups[weighted]) if any(groups[weighted]) else None

    return {
        "optimizer": thing(own["optimizer"], "optimizers"),
        "loss": by_key(losses) if losses else None,
        "loss_weights": by_key(own["loss_weights"]) if own["loss_weights"] else None,
        "metrics": metrics(False),
        "weighted_metrics": metrics(True),
        "run_eagerly": own["run_eagerly"],
        "steps_per_execution": 1,
        "jit_compile": "auto",
    }
