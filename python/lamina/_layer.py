"""What the core asks of Python: classes for layers made in C++, tracking of attributes, hooks."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from lamina import _core

_native: dict[str, type] = {}  # class name -> Python class, of layers and models
_custom: dict[str, type] = {}  # registered name -> Python class


def python_class(name: str) -> type:
    """The Python class for a layer that C++ made."""
    return _native.get(name, _core.Layer)


@functools.cache
def takes_training(cls: type) -> bool:
    """Whether call() has a place for `training`."""
    parameters = inspect.signature(cls.call).parameters.values()  # type: ignore[attr-defined]
    return any(p.name == "training" or p.kind is p.VAR_KEYWORD for p in parameters)


def batch_hooks(callback: Any) -> bool:
    """Whether a callback does anything with single batches."""
    from lamina.callbacks import Callback

    names = [
        "on_train_batch_begin",
        "on_train_batch_end",
        "on_test_batch_begin",
        "on_test_batch_end",
        "on_predict_batch_begin",
        "on_predict_batch_end",
    ]
    wanted = getattr(callback, "wants_batches", None)
    if wanted is not None:
        return bool(wanted)
    return any(getattr(type(callback), n, None) is not getattr(Callback, n) for n in names)


def as_layer(x: Any) -> _core.Layer:
    """An item of a Sequential model: a layer, or the tensor that Input() gives."""
    if isinstance(x, _core.Layer):
        return x
    if isinstance(x, _core.Tensor) and x.is_symbolic:
        return _native["InputLayer"](batch_shape=x.shape, dtype=x.dtype, name=x.name)
    raise TypeError(f"Sequential: expected a layer, received {type(x).__name__}")


class TrackedList(list):
    """A list whose layers belong to the layer that has it as an attribute."""

    def __init__(self, owner: _core.Layer, values: Any = ()) -> None:
        super().__init__(values)
        self._owner = owner
        for v in self:
            _track(owner, v)

    def append(self, value: Any) -> None:
        super().append(value)
        _track(self._owner, value)

    def insert(self, index: Any, value: Any) -> None:
        super().insert(index, value)
        _track(self._owner, value)

    def extend(self, values: Any) -> None:
        for v in values:
            self.append(v)

    def __iadd__(self, values: Any) -> TrackedList:  # type: ignore[override,misc]
        self.extend(values)
        return self


def _track(owner: Any, value: Any) -> None:
    if isinstance(value, _core.Layer):
        owner._track_layer(value)
    elif isinstance(value, _core.Variable):
        owner._track_variable(value)
    elif isinstance(value, _core.Metric) and isinstance(owner, _core.Model):
        owner._track_metric(value)
    elif isinstance(value, (list, tuple)):
        for v in value:
            _track(owner, v)
    elif isinstance(value, dict):
        for v in value.values():
            _track(owner, v)


def _set_attribute(self: Any, name: str, value: Any) -> None:
    if not isinstance(getattr(type(self), name, None), property):
        if isinstance(value, list) and not isinstance(value, TrackedList):
            value = TrackedList(self, value)
        else:
            _track(self, value)
    object.__setattr__(self, name, value)


def _repr(self: Any) -> str:
    return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _from_config(cls: Any, config: dict[str, Any]) -> Any:
    config = {k: v for k, v in config.items() if k != "dtype" or v is not None}
    return cls(**config)


def _quantize(self: Any, *args: Any, **kwargs: Any) -> None:
    raise NotImplementedError("quantize() is not available")


def _no_call(self: Any, *args: Any, **kwargs: Any) -> Any:
    """The computation: a layer of one's own defines it."""
    if getattr(type(self), "_lamina_class", None) is not None or isinstance(self, _core.Model):
        return self(*args, **kwargs)
    raise NotImplementedError(f"{type(self).__name__} must define call()")


def _policy(self: Any) -> Any:
    from lamina.dtype_policies import DTypePolicy

    return DTypePolicy(_name_of_policy(self))


_name_of_policy = _core.Layer.dtype_policy.fget  # type: ignore[attr-defined]
_core.Layer.dtype_policy = property(_policy, doc="Dtypes of the computation and of the weights.")  # type: ignore[method-assign,assignment]
_core.Layer.compute_dtype = property(  # type: ignore[attr-defined,method-assign,assignment]
    lambda self: _policy(self).compute_dtype, doc="Dtype of the operands of products."
)
_core.Layer.variable_dtype = property(  # type: ignore[attr-defined,method-assign,assignment]
    lambda self: _policy(self).variable_dtype, doc="Dtype of the weights."
)
_core.Layer.__setattr__ = _set_attribute  # type: ignore[method-assign,assignment]
_core.Layer.__repr__ = _repr  # type: ignore[method-assign,assignment]
_core.Layer.from_config = classmethod(_from_config)  # type: ignore[method-assign,assignment]
_core.Layer.call = _no_call  # type: ignore[method-assign,assignment]
_core.Metric.from_config = classmethod(_from_config)  # type: ignore[method-assign,assignment]
_core.Loss.from_config = classmethod(_from_config)  # type: ignore[method-assign,assignment]
_core.Optimizer.from_config = classmethod(_from_config)  # type: ignore[method-assign,assignment]


# Leading arguments of these names must be given; those of the second set where their default in the
# core says nothing.
_REQUIRED = frozenset(
    "cell cells dims equation filters fn function head_dim height input_dim key_dim layer layers "
    "max_number n num_classes num_heads num_key_value_heads num_query_heads output_dim output_size "
    "precision rate recall scale sensitivity specificity stddev target_shape units width".split()
)
_REQUIRED_IF_EMPTY = frozenset(
    "axes factor height_factor kernel_size num_bins target_class_ids width_factor".split()
)
_REQUIRED_OF = {("Activation", "activation")} | {
    (f"{name}{n}D", "pool_size") for name in ("AveragePooling", "AvgPool") for n in (1, 2, 3)
}
_OPTIONAL_OF = {("RandomZoom", "width_factor")}


def _signature(defaults: dict[str, Any], owner: str = "") -> inspect.Signature:
    parameters = []
    leading = True
    for name, default in defaults.items():
        leading = leading and (
            name in _REQUIRED
            or (name in _REQUIRED_IF_EMPTY and not default and (owner, name) not in _OPTIONAL_OF)
            or (owner, name) in _REQUIRED_OF
        )
        parameters.append(
            inspect.Parameter(
                name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=inspect.Parameter.empty if leading else _immutable(default),
            )
        )
    return inspect.Signature(parameters)


def _immutable(value: Any) -> Any:
    return tuple(_immutable(v) for v in value) if isinstance(value, list) else value


def make_classes(base: type, listing: dict[str, tuple], module: str) -> dict[str, type]:
    """Python classes for the core's registered ones: name -> class."""
    out = {}
    for name, (defaults, doc, *_) in listing.items():
        cls = type(name, (base,), {"_lamina_class": name, "__doc__": doc, "__module__": module})
        cls.__signature__ = _signature(defaults, name)  # type: ignore[attr-defined]
        out[name] = cls
    return out


def name_callable(fn: Any) -> str:
    """A name under which the core knows a Python function, for use as activation or initializer."""
    name = getattr(fn, "__name__", type(fn).__name__)
    if name in _core.activation_names():
        from lamina import activations

        if getattr(activations, name, None) is fn:
            return name
    if _custom.get(name) is not fn:
        stem, i = name, 0
        while name in _core.activation_names() or (name in _custom and _custom[name] is not fn):
            i += 1
            name = f"{stem}_{i}"
        _custom[name] = fn
        _core.register_activation(name, lambda _config: fn)
        _core.register_regularizer(name, lambda _config: fn)
        _core.register_constraint(name, lambda _config: fn)
        _core.register_initializer(name, lambda _config: fn)
    return name
