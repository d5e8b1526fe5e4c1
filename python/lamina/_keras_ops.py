"""Operations among the layers of Keras's functional models, such as `x + y`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np


def is_operation(described: dict[str, Any]) -> bool:
    """Whether a description is that of one of Keras's operations, which are no layers."""
    return re.match(r"keras(\.src)?\.ops(\.|$)", str(described.get("module"))) is not None


def function_of(described: dict[str, Any]) -> Callable:
    """A function of the arguments of the call.

    Raises:
        ValueError: lamina has no such operation.
    """
    from lamina import ops

    kind, config = described["class_name"], dict(described.get("config") or {})
    config.pop("name", None)
    if kind == "GetItem":
        return lambda x, key: x[tuple(key) if isinstance(key, list) else key]
    name = snake_case(kind)
    last = str(described["module"]).rsplit(".", 1)[-1]
    home = getattr(ops, last) if last in ("nn", "linalg", "image") else ops
    fn = getattr(home, name, None) or getattr(ops, name, None)
    if fn is None:
        raise ValueError(f"Keras model: lamina has no operation '{name}'")
    if kind == "Einsum":
        subscripts = config.pop("subscripts")
        return lambda *operands, **kwargs: fn(subscripts, *operands, **kwargs)
    return lambda *args, **kwargs: fn(*args, **{**config, **kwargs})


def snake_case(name: str) -> str:
    """`LogSoftmax` -> log_softmax, as Keras names things after their classes."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


# ---- descriptions of lamina's operations

# Operations of the same name and arguments in a module of keras.src.ops, for those without config.
_PLAIN = {
    "numpy": """absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_and
        bitwise_not bitwise_or bitwise_xor ceil cos cosh divide equal exp exp2 expm1 floor
        floor_divide greater greater_equal isfinite isinf isnan less less_equal log log10 log1p
        log2 logaddexp logical_and logical_not logical_or logical_xor matmul maximum minimum mod
        multiply negative not_equal power reciprocal rint sign sin sinh sqrt square subtract tan
        tanh trunc where""",
    "nn": """hard_sigmoid hard_silu hard_tanh log_sigmoid relu relu6 selu sigmoid silu softplus
        softsign tanh_shrink""",
    "math": "erf erfinv rsqrt",
    "core": "stop_gradient",
}
_MODULE = {name: module for module, names in _PLAIN.items() for name in names.split()}
_CLASS = {"hard_silu": "HardSilu", "rint": "Round"}
_REDUCTIONS = ("all", "any", "max", "mean", "min", "prod", "sum")
_UNKNOWN = 2**63 - 1  # how getitem says None


def describe(config: dict[str, Any]) -> dict[str, Any]:
    """One of lamina's operations in a functional model, as Keras describes its own.

    Raises:
        ValueError: Keras has none like it.
    """
    op, attrs = config["op"], config.get("attrs") or {}
    module, kind, own = _equivalent(op, attrs, config["name"])
    return {
        "module": f"keras.src.ops.{module}",
        "class_name": kind,
        "config": {"name": config["name"], **own},
        "registered_name": kind,
    }


def _equivalent(op: str, attrs: dict[str, Any], name: str) -> tuple[str, str, dict[str, Any]]:
    if op in _MODULE:
        return _MODULE[op], _CLASS.get(op, _camel(op)), {}
    if op in _REDUCTIONS:
        axis = None if attrs["all"] else attrs["axis"]
        return "numpy", _camel(op), {"axis": _single(axis), "keepdims": attrs["keepdims"]}
    simple: dict[str, tuple[str, Any]] = {
        "argmax": ("numpy", lambda: {"axis": attrs["axis"], "keepdims": attrs["keepdims"]}),
        "argmin": ("numpy", lambda: {"axis": attrs["axis"], "keepdims": attrs["keepdims"]}),
        "cast": ("core", lambda: {"dtype": attrs["dtype"]}),
        "clip": ("numpy", lambda: {"x_min": attrs["p0"], "x_max": attrs["p1"]}),
        "concatenate": ("numpy", lambda: {"axis": attrs["axis"]}),
        "elu": ("nn", lambda: {"alpha": attrs["p0"]}),
        "expand_dims": ("numpy", lambda: {"axis": _single(attrs["axis"])}),
        "full_like": ("numpy", lambda: {}),
        "leaky_relu": ("nn", lambda: {"negative_slope": attrs["p0"]}),
        "log_softmax": ("nn", lambda: {"axis": -1}),
        "pad": ("numpy", lambda: {"pad_width": _pairs(attrs["pad_width"]), "mode": "constant"}),
        "reshape": ("numpy", lambda: {"newshape": attrs["newshape"]}),
        "softmax": ("nn", lambda: {"axis": -1}),
        "split": (
            "numpy",
            lambda: {"indices_or_sections": attrs["sections"], "axis": attrs["axis"]},
        ),
        "squeeze": ("numpy", lambda: {"axis": None if attrs["all"] else _single(attrs["axis"])}),
        "take": ("numpy", lambda: {"axis": attrs["axis"]}),
        "transpose": ("numpy", lambda: {"axes": attrs["axes"]}),
    }
    if op in simple:
        module, own = simple[op]
        return module, _camel(op), own()
    if op == "gelu" or op == "gelu_tanh":
        return "nn", "Gelu", {"approximate": op == "gelu_tanh"}
    if op == "getitem":
        return "numpy", "GetItem", {}
    raise ValueError(
        f"operation '{name}': '{op}' cannot be written to a Keras file. Save the model to a "
        "safetensors file, or put the operation into a layer of your own"
    )


def call(config: dict[str, Any], inputs: list[Any]) -> dict[str, Any]:
    """Arguments of the call of an operation, for its description."""
    given = iter(inputs)
    args = [next(given) if slot == "input" else _constant(slot) for slot in config["inputs"]]
    op, attrs = config["op"], config.get("attrs") or {}
    if op == "concatenate":
        args = [args]
    elif op == "getitem":
        parts = zip(attrs["kind"], attrs["start"], attrs["stop"], attrs["step"])
        args.append([_index(*p) for p in parts])
    elif op == "full_like":
        args.append(attrs["fill_value"])
    kwargs = {"constant_values": attrs["constant_values"]} if op == "pad" else {}
    return {"args": args, "kwargs": kwargs}


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _single(axis: Any) -> Any:
    return axis[0] if isinstance(axis, list) and len(axis) == 1 else axis


def _pairs(flat: list[int]) -> list[list[int]]:
    return [list(p) for p in zip(flat[::2], flat[1::2])]


def _index(kind: int, start: int, stop: int, step: int) -> Any:
    """An index of getitem: a slice, a number, or a new axis."""
    if kind == 2:
        return None
    if kind == 1:
        return start
    known = {"start": start, "stop": stop, "step": step}
    config = {k: None if v == _UNKNOWN else v for k, v in known.items()}
    return {"class_name": "__slice__", "config": config}


def _constant(slot: Any) -> Any:
    if slot is None:
        return None
    if not slot["shape"]:
        return slot["values"][0]
    value = np.asarray(slot["values"], slot["dtype"]).reshape(slot["shape"])
    return {"class_name": "__numpy__", "config": {"value": value.tolist(), "dtype": slot["dtype"]}}
