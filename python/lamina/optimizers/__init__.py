"""Optimizers, with Keras's names and arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from lamina import _core, _layer, _signatures
from lamina._core import Optimizer
from lamina.optimizers import schedules

_signatures.give(
    Optimizer,
    "(learning_rate, weight_decay=None, clipnorm=None, clipvalue=None, global_clipnorm=None,"
    " use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None, loss_scale_factor=None,"
    " gradient_accumulation_steps=None, name='optimizer')",
)

_listing = _core.optimizer_classes()
_classes = _layer.make_classes(Optimizer, _listing, __name__)
globals().update(_classes)
_by_name = {name.lower(): cls for name, cls in _classes.items()}


def get(identifier: Any) -> Any:
    """An optimizer by name, from a config, or as it is.

    Raises:
        ValueError: It names no optimizer, or is none.
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        return deserialize({"class_name": identifier, "config": {}})
    if isinstance(identifier, dict):
        return deserialize(identifier)
    raise ValueError(f"Could not interpret optimizer identifier: {identifier!r}")


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """{"class_name", "config"} of an optimizer."""
    return {"class_name": optimizer.class_name, "config": optimizer.get_config()}


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> Any:
    """An optimizer from {"class_name", "config"}; names of built-in ones in any case.

    Raises:
        ValueError: An unknown class.
    """
    _layer.check_described(config, "optimizers.deserialize")
    name = config["class_name"]
    cls: Any = (custom_objects or {}).get(name) or _by_name.get(name.lower())
    if cls is None:
        return _core.make_optimizer(config)
    return cls.from_config(dict(config.get("config") or {}))


class OptimizerMap(MutableMapping):
    """Which optimizer of a `MultiOptimizer` a variable gets, by its path.

    A key is the exact path of a variable, or a regular expression that matches all of it.

    Args:
        default_optimizer: For variables that no key matches.
        optimizer_map: Keys and optimizers to begin with.

    Example:

    >>> from lamina import optimizers
    >>> parts = optimizers.OptimizerMap(optimizers.SGD(0.1), {"encoder/.*": optimizers.Adam()})
    >>> parts["encoder/dense/kernel"].class_name
    'Adam'
    """

    def __init__(self, default_optimizer: Optimizer, optimizer_map: dict | None = None) -> None:
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(
                "OptimizerMap: expected an Optimizer as default_optimizer, received "
                f"{default_optimizer!r}"
            )
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(
                f"OptimizerMap: expected a dictionary as optimizer_map, received {optimizer_map!r}"
            )
        self.default_optimizer = default_optimizer
        self._map: dict[str, Optimizer] = {}
        for key, optimizer in (optimizer_map or {}).items():
            self[key] = optimizer

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._map:
            return self._map[key]
        found = [pattern for pattern in self._map if re.fullmatch(pattern, key)]
        if len(found) > 1:
            raise ValueError(f"Multiple optimizers assigned to variable {key}.")
        return self._map[found[0]] if found else self.default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if not isinstance(key, str):
            raise ValueError(f"OptimizerMap: expected a string as key, received {key!r}")
        if key in self._map:
            raise ValueError(f"OptimizerMap: '{key}' has an optimizer already")
        if not isinstance(optimizer, Optimizer):
            raise ValueError(f"OptimizerMap: expected an Optimizer, received {optimizer!r}")
        if optimizer.class_name in ("LossScaleOptimizer", "MultiOptimizer"):
            raise ValueError(f"OptimizerMap: the optimizer cannot be {optimizer.class_name}")
        self._map[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._map[key]

    def __len__(self) -> int:
        return len(self._map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._map)

    def __call__(self, variable: Any) -> Optimizer:
        return self[variable.path]

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {
            "default_optimizer": serialize(self.default_optimizer),
            "optimizer_map": {key: serialize(o) for key, o in self._map.items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> OptimizerMap:
        """The same again."""
        return cls(
            deserialize(config["default_optimizer"], custom_objects),
            {k: deserialize(o, custom_objects) for k, o in config["optimizer_map"].items()},
        )


# ---- what Python adds to the core's class


def _typed(optimizer: Any) -> Any:
    """An optimizer that C++ made, as an object of the Python class of its name."""
    if type(optimizer) is Optimizer and optimizer.class_name in _classes:
        return _classes[optimizer.class_name](_existing=optimizer)
    return optimizer


def _hyperparameter(self: Any, name: str) -> Any:
    """Constructor arguments are attributes: `optimizer.beta_1`."""
    if not name.startswith("_"):
        try:
            config = self._native_config()
        except NotImplementedError:  # what cannot be saved has no config
            config = {}
        if name in config:
            return config[name]
    raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


def _add_optimizer_variables(
    self: Any, trainable_variables: Any, name: Any, initializer: Any = "zeros"
) -> Any:
    """State variables like those of the model, one for each or, with several names, lists of them.

    Args:
        trainable_variables: Variables of the model.
        name: Name, or list of names.
        initializer: For all of them, or a list with one for each name.

    Raises:
        ValueError: The lists are of different lengths.
    """
    names = [name] if isinstance(name, str) else list(name)
    several = isinstance(initializer, (list, tuple))
    initializers = list(initializer) if several else [initializer] * len(names)
    if len(names) != len(initializers):
        raise ValueError(
            "The number of provided names must match the number of provided initializers. "
            f"Received name={name!r}, initializer={initializer!r}"
        )
    out: tuple[list, ...] = tuple([] for _ in names)
    for variable in trainable_variables:
        for made, n, start in zip(out, names, initializers):
            made.append(self.add_variable_from_reference(variable, name=n, initializer=start))
    return out[0] if isinstance(name, str) else out


def _assign(self: Any, variable: Any, value: Any) -> None:
    """Replaces the value of a variable."""
    variable.assign(value)


def _assign_add(self: Any, variable: Any, value: Any) -> None:
    """Adds to the value of a variable."""
    variable.assign_add(value)


def _assign_sub(self: Any, variable: Any, value: Any) -> None:
    """Subtracts from the value of a variable."""
    variable.assign_sub(value)


def _set_weights(self: Any, weights: Any) -> None:
    """Sets all state from a list of arrays, in the order of `variables`.

    Raises:
        ValueError: The optimizer is not built, or the arrays do not fit.
    """
    if not self.built:
        raise ValueError(
            "set_weights() was called on an optimizer that is not built; call "
            "build(trainable_variables) before it"
        )
    variables = self.variables
    if len(weights) != len(variables):
        raise ValueError(f"set_weights: expected {len(variables)} arrays, received {len(weights)}")
    for v, w in zip(variables, weights):
        if tuple(v.shape) != tuple(w.shape):
            raise ValueError(
                f"Optimizer variable '{v.path}' has shape {tuple(v.shape)}, which does not fit "
                f"the given shape {tuple(w.shape)}"
            )
    for v, w in zip(variables, weights):
        v.assign(w)


def _stateless_apply(
    self: Any, optimizer_variables: list, grads: list, trainable_variables: list
) -> tuple[list, list]:
    """A step on given values: the new values of the model's and of the optimizer's variables.

    Raises:
        ValueError: The optimizer is not built, or the lists do not fit its variables.
    """
    if not self.built:
        raise ValueError(
            f"To call `stateless_apply`, {type(self).__name__} must be built; call "
            "build(trainable_variables) before it"
        )
    own, theirs = self.variables, self._trainable_variables
    if len(optimizer_variables) != len(own):
        raise ValueError(
            f"stateless_apply: expected {len(own)} optimizer_variables, received "
            f"{len(optimizer_variables)}"
        )
    if len(trainable_variables) != len(theirs):
        raise ValueError(
            f"stateless_apply: expected {len(theirs)} trainable_variables, received "
            f"{len(trainable_variables)}"
        )
    held = [*own, *theirs]
    before = [v.numpy() for v in held]
    try:
        for v, value in zip(held, [*optimizer_variables, *trainable_variables]):
            v.assign(value)
        self.apply(grads)
        after = [_core.tensor(v.numpy()) for v in held]
    finally:
        for v, value in zip(held, before):
            v.assign(value)
    return after[len(own) :], after[: len(own)]


def _save_own_variables(self: Any, store: Any) -> None:
    """Puts all state into a mapping of arrays."""
    for i, variable in enumerate(self.variables):
        store[str(i)] = variable.numpy()


def _load_own_variables(self: Any, store: Any) -> None:
    """Takes all state from a mapping that save_own_variables() filled."""
    import warnings

    if len(store) != len(self.variables):
        warnings.warn(
            f"Skipping variable loading for optimizer '{self.name}': it has "
            f"{len(self.variables)} variables, the saved one has {len(store)}",
            stacklevel=2,
        )
        return
    for i, variable in enumerate(self.variables):
        variable.assign(store[str(i)])


def _register(cls: Any, **kwargs: Any) -> None:
    super(Optimizer, cls).__init_subclass__(**kwargs)
    if "_lamina_class" not in cls.__dict__ and getattr(cls, "_lamina_class", None) is None:
        _core.register_optimizer(cls.__name__, cls.from_config)


_methods: dict[str, Callable] = {
    "__getattr__": _hyperparameter,
    "add_optimizer_variables": _add_optimizer_variables,
    "assign": _assign,
    "assign_add": _assign_add,
    "assign_sub": _assign_sub,
    "set_weights": _set_weights,
    "stateless_apply": _stateless_apply,
    "save_own_variables": _save_own_variables,
    "load_own_variables": _load_own_variables,
}
for _name, _method in _methods.items():
    setattr(Optimizer, _name, _method)
Optimizer.__init_subclass__ = classmethod(_register)  # type: ignore[assignment]


def _inner(self: Any) -> Any:
    return _typed(self._inner_optimizer)


def _scale(self: Any) -> Any:
    return self._scale_state[1] if self.built else self.initial_scale


_classes["LossScaleOptimizer"].inner_optimizer = property(  # type: ignore[attr-defined]
    _inner, doc="The optimizer that makes the updates."
)
_classes["LossScaleOptimizer"].dynamic_scale = property(  # type: ignore[attr-defined]
    _scale, doc="Current factor of the loss."
)
_classes["LossScaleOptimizer"].step_counter = property(  # type: ignore[attr-defined]
    lambda self: self._scale_state[0], doc="Finite steps since the factor changed."
)
_classes["MultiOptimizer"].optimizers = property(  # type: ignore[attr-defined]
    lambda self: [_typed(o) for o in self._optimizers], doc="The optimizers that share the work."
)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.optimizers has no '{name}'")


__all__ = [
    *sorted(_classes),
    "Optimizer",
    "OptimizerMap",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]
