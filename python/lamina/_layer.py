"""What the core asks of Python: classes for layers made in C++, tracking of attributes, hooks."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from lamina import _core
from lamina._own_config import made_from
from lamina._signatures import OwnSignature

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


@functools.cache
def call_parameters(cls: type) -> tuple[str, ...]:
    """Names of the arguments of call()."""
    parameters = inspect.signature(cls.call).parameters.values()  # type: ignore[attr-defined]
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return tuple(p.name for p in parameters if p.kind not in variadic)[1:]


_PHASES = ("train", "test", "predict")


@functools.cache
def _overrides_batches(cls: type) -> bool:
    from lamina.callbacks import Callback

    hooks = [f"on_{phase}_batch_{end}" for phase in _PHASES for end in ("begin", "end")]
    return any(getattr(cls, name, None) is not getattr(Callback, name) for name in hooks)


def batch_hooks(callback: Any) -> bool:
    """Whether a callback does anything with single batches."""
    wanted = getattr(callback, "wants_batches", None)
    return _overrides_batches(callback.__class__) if wanted is None else bool(wanted)


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


def _set_metric_attribute(self: Any, name: str, value: Any) -> None:
    if not isinstance(getattr(type(self), name, None), property):
        for v in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(v, _core.Metric):
                self._track_metric(v)
            elif isinstance(v, _core.Variable):
                self._track_variable(v)
    object.__setattr__(self, name, value)


def _repr(self: Any) -> str:
    return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _from_config(cls: Any, config: dict[str, Any]) -> Any:
    return cls(**{k: v for k, v in config.items() if k != "dtype" or v is not None})


def _quantize(self: Any, *args: Any, **kwargs: Any) -> None:
    """Not available: raises NotImplementedError."""
    raise NotImplementedError(
        f"quantize: lamina has no quantized layers; layer '{self.name}' stays in {self.dtype}"
    )


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
_core.Layer.__repr__ = _repr  # type: ignore[method-assign,assignment]
_core.Layer.from_config = classmethod(made_from)  # type: ignore[method-assign,assignment]
_core.Metric.__setattr__ = _set_metric_attribute  # type: ignore[method-assign,assignment]
_core.Metric.__repr__ = lambda self: f"<{type(self).__name__} name={self.name}>"  # type: ignore[method-assign,assignment]
_core.Layer.quantize = _quantize  # type: ignore[method-assign]
_core.Metric.from_config = classmethod(_from_config)  # type: ignore[method-assign,assignment]
_core.Loss.from_config = classmethod(_from_config)  # type: ignore[method-assign,assignment]
_core.Optimizer.from_config = classmethod(_from_config)  # type: ignore[method-assign,assignment]


# Leading arguments of these names must be given; those of the second set where their default in the
# core says nothing.
_REQUIRED = frozenset(
    "boundaries cell cells decay_rate decay_steps dims equation filters first_decay_steps fn "
    "function head_dim height initial_learning_rate inner_optimizer input_dim intermediate_dim "
    "key_dim layer layers max_learning_rate max_number n num_classes num_heads "
    "num_key_value_heads num_query_heads optimizer_map output_dim output_size precision rate "
    "recall scale sensitivity sequence_length specificity stddev target_shape total_steps units "
    "values width".split()
)
_REQUIRED_IF_EMPTY = frozenset(
    "axes factor height_factor kernel_size num_bins output_shape target_class_ids "
    "width_factor".split()
)
_REQUIRED_OF = {("Activation", "activation"), ("Dot", "axes")} | {
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
        signature = _signature(defaults, name)
        cls.__signature__ = OwnSignature(signature)  # type: ignore[attr-defined]
        cls._required = tuple(  # type: ignore[attr-defined]
            p.name
            for p in signature.parameters.values()
            if p.default is p.empty and (name, p.name) not in _REQUIRED_OF
        )
        out[name] = cls
    return out


def function_form(class_name: str, name: str, defaults: dict[str, Any], values: Any) -> Any:
    """A function of (y_true, y_pred) and the arguments of a loss or metric, by `values`."""
    targets = inspect.Signature(
        [
            inspect.Parameter(k, inspect.Parameter.POSITIONAL_OR_KEYWORD)
            for k in ("y_true", "y_pred")
        ]
    )
    own = {k: v for k, v in defaults.items() if k not in ("reduction", "name", "dtype")}
    signature = targets.replace(
        parameters=[*targets.parameters.values(), *_signature(own).parameters.values()]
    )

    def function(*args: Any, **kwargs: Any) -> _core.Tensor:
        given = signature.bind(*args, **kwargs).arguments
        y_true, y_pred = given.pop("y_true"), given.pop("y_pred")
        return values({"class_name": class_name, "config": given}, y_true, y_pred)

    function.__name__ = function.__qualname__ = name
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__doc__ = f"The values that `{class_name}` reduces, whose arguments it takes."
    return function


def serialize(thing: Any) -> Any:
    """{"class_name", "config"} of an object; the name of a function."""
    if thing is None or isinstance(thing, str):
        return thing
    if not hasattr(thing, "get_config"):
        return getattr(thing, "_lamina_name", thing.__name__)
    cls = type(thing)
    name = getattr(cls, "_lamina_name", None) or getattr(thing, "class_name", cls.__name__)
    return {"class_name": name, "config": thing.get_config()}


def metric_of(fn: Any, known_as: str = "") -> Any:
    """A metric of a function of (y_true, y_pred), named after it."""
    name: str = getattr(fn, "__name__", "metric")
    metric = _core.function_metric(known_as or getattr(fn, "_lamina_name", name), fn)
    metric.name = name
    return metric


def find(name: str, named: dict[str, Any]) -> Any:
    """A class or function by name, of these or of the registered ones; None where there is none."""
    from lamina import saving

    return named.get(name) or saving.get_registered_object(name)


def get(identifier: Any, kind: str, named: dict[str, Any], family: Any, make: Any) -> Any:
    """A loss or metric by name, from a config, or as it is."""
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        return family.deserialize(identifier)
    found = find(identifier, named) if isinstance(identifier, str) else identifier
    if found is None:
        return make(identifier)
    if isinstance(found, type):
        return found()
    if not callable(found):
        raise ValueError(f"Could not interpret {kind} identifier: {identifier!r}")
    return found


def check_described(config: Any, where: str) -> None:
    """Raises ValueError where config cannot be what serialize() gives for an object."""
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(
            f"{where}: expected a dict with 'class_name' and 'config', received {config!r}"
        )


def deserialize(config: Any, named: dict[str, Any], make: Any) -> Any:
    """What serialize() described: of these classes and functions, or by the core's `make`."""
    if isinstance(config, dict) and config.get("class_name") == "function":  # Keras's description
        config = config.get("config")
    if not isinstance(config, str):
        check_described(config, "deserialize")
    name = config["class_name"] if isinstance(config, dict) else config
    found = find(name, named)
    if found is None:
        return make(config)
    if not isinstance(found, type):
        return found
    return found.from_config(config.get("config", {})) if isinstance(config, dict) else found()  # type: ignore[attr-defined]


def name_callable(fn: Any) -> str:
    """A name under which the core knows a Python function, for use as activation or initializer."""
    name = getattr(fn, "__name__", type(fn).__name__)
    if name in _core.activation_names():
        from lamina import activations

        if getattr(activations, name, None) is fn:
            return name
    registered = getattr(fn, "_lamina_name", None)
    name = registered or name
    if _custom.get(name) is not fn:
        stem, i = name, 0
        while not registered and (
            name in _core.activation_names() or (name in _custom and _custom[name] is not fn)
        ):
            i += 1
            name = f"{stem}_{i}"
        _custom[name] = fn
        _core.register_activation(name, lambda _config: fn)
        _core.register_text_functions(name, fn)
        _core.register_regularizer(name, lambda _config: fn)
        _core.register_constraint(name, lambda _config: fn)
        _core.register_initializer(name, lambda _config: fn)
    return name
