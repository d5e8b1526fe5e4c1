"""What scripts expect of a layer besides the core's methods: arguments and weights as attributes,
metrics, calls without side effects."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from lamina import _core, _layer
from lamina._core import Layer

# Weights that a layer may have been told to do without.
_OPTIONAL_WEIGHTS = {"bias": "use_bias", "gamma": "scale", "beta": "center"}


def _as_object(name: str, value: Any) -> Any:
    """An argument as Keras has it: functions and objects instead of their names, tuples."""
    from lamina import activations, constraints, initializers, regularizers

    for ending, module in (
        ("activation", activations),
        ("initializer", initializers),
        ("regularizer", regularizers),
        ("constraint", constraints),
    ):
        if name.endswith(ending):
            return module.get(value)
    return tuple(value) if isinstance(value, list) else value


def _get_attribute(self: Any, name: str) -> Any:
    """Weights and arguments of built-in layers, by name."""
    try:
        options = None if name.startswith("_") else self._options
    except TypeError:  # before Layer.__init__
        raise AttributeError(f"{type(self).__name__} has no attribute '{name}' yet") from None
    if options is not None:
        weight = self._own_weight(name)
        if weight is not None:
            return weight
        if name in ("layer", "cell") and name in options:
            return self._layers[0]
        if name in options:
            return _as_object(name, options[name])
        if self.built and _OPTIONAL_WEIGHTS.get(name) in options:
            return None
    raise AttributeError(f"{type(self).__name__} has no attribute '{name}'")


def _set_attribute(self: Any, name: str, value: Any) -> None:
    # A built-in layer computes with its own arguments; a class derived from one may have
    # attributes of the same name.
    native = "_lamina_class" in type(self).__dict__ and not name.startswith("_")
    if native and not hasattr(type(self), name):
        options = self._options
        if options is not None and name in options:
            self._set_option(name, value)
            return
    _layer._set_attribute(self, name, value)


def _metrics(self: Any) -> list[Any]:
    found: list[Any] = []
    for value in vars(self).values():
        for v in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(v, _core.Metric) and v not in found:
                found.append(v)
    for inner in self._layers:
        found += [m for m in inner.metrics if m not in found]
    return found


def _metrics_variables(self: Any) -> list[Any]:
    return [v for m in self.metrics for v in m.variables]


def _save_own_variables(self: Any, store: Any) -> None:
    """Puts the layer's own weights, without those of layers inside, into a mapping of arrays."""
    for i, variable in enumerate(self._own_weights):
        store[str(i)] = variable.numpy()


def _load_own_variables(self: Any, store: Any) -> None:
    """Takes the layer's own weights from a mapping that save_own_variables() filled.

    Raises:
        ValueError: The layer is not built, or there are more or fewer arrays than weights.
    """
    own = list(self._own_weights)
    if len(store) != len(own):
        state = "" if self.built else ", which is not built"
        raise ValueError(
            f"load_own_variables: layer '{self.name}'{state} has {len(own)} weights, received "
            f"{len(store)} arrays"
        )
    for i, variable in enumerate(own):
        variable.assign(store[str(i)])


def _compute_output_spec(self: Any, *args: Any, **kwargs: Any) -> Any:
    """Symbolic outputs for inputs of which only shapes and element types count."""

    def symbol(x: Any) -> Any:
        if isinstance(x, (list, tuple)):
            return type(x)(symbol(v) for v in x)
        if isinstance(x, _core.Tensor) and x.is_symbolic:
            return x
        if hasattr(x, "shape") and hasattr(x, "dtype"):
            return _core.Input(batch_shape=tuple(x.shape), dtype=str(x.dtype))
        return x

    return self(*(symbol(x) for x in args), **{k: symbol(v) for k, v in kwargs.items()})


def _stateless_call(
    self: Any,
    trainable_variables: Any,
    non_trainable_variables: Any,
    *args: Any,
    return_losses: bool = False,
    **kwargs: Any,
) -> tuple:
    """Call the layer with given values for its variables, which stay as they are.

    Args:
        trainable_variables: Values, in the order of `trainable_variables`.
        non_trainable_variables: Values, in the order of `non_trainable_variables`.
        return_losses: Whether to return the losses too.

    Returns:
        The outputs and the new values of the non-trainable variables; then the losses, if asked
        for. Gradients reach the values that were given.

    Raises:
        ValueError: The layer is not built, or the numbers of values do not fit.
    """
    if not self.built:
        raise ValueError(
            f"stateless_call needs a built layer; call or build() layer '{self.name}' first"
        )
    groups = (
        ("trainable_variables", self.trainable_variables, list(trainable_variables)),
        ("non_trainable_variables", self.non_trainable_variables, list(non_trainable_variables)),
    )
    for what, variables, values in groups:
        if len(variables) != len(values):
            raise ValueError(
                f"stateless_call: expected {len(variables)} {what}, received {len(values)}"
            )
    held: list[tuple[Any, Any]] = []
    try:
        for what, variables, values in groups:
            for v, value in zip(variables, values):
                t = _core.convert_to_tensor(value)
                if what.startswith("non"):  # written in place
                    t = t.clone()
                held.append((v, v._exchange(t)))
        outputs = self(*args, **kwargs)
        losses = self.losses
        states = [v.value for v in self.non_trainable_variables]
    finally:
        for v, before in reversed(held):
            v._exchange(before)
    return (outputs, states, losses) if return_losses else (outputs, states)


def _add_variable(self: Any, *args: Any, **kwargs: Any) -> Any:
    """The same as `add_weight`."""
    return self.add_weight(*args, **kwargs)


def _building(method: Callable) -> Callable:
    """A build() that makes names and paths, and is not run again by the first call."""

    @functools.wraps(method)
    def build(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self._building:
            return method(self, *args, **kwargs)
        if self.built:
            return None
        shapes = [*args, *kwargs.values()]
        return Layer.build(self, shapes[0] if len(shapes) == 1 else shapes)

    return build


def _init_subclass(cls: Any, **kwargs: Any) -> None:
    super(Layer, cls).__init_subclass__(**kwargs)
    if "build" in cls.__dict__:
        cls.build = _building(cls.__dict__["build"])


def builds_apart(cls: type) -> bool:
    """Whether build() takes the shapes of several inputs one by one."""
    parameters = list(inspect.signature(cls.build).parameters.values())[1:]  # type: ignore[attr-defined]
    return len([p for p in parameters if p.default is p.empty and p.kind != p.VAR_KEYWORD]) > 1


for _name, _method in {
    "__getattr__": _get_attribute,
    "__setattr__": _set_attribute,
    "__init_subclass__": classmethod(_init_subclass),
    "input_spec": None,
    "metrics": property(_metrics, doc="Metrics among the attributes of the layer and inside."),
    "metrics_variables": property(_metrics_variables, doc="State of the metrics."),
    "save_own_variables": _save_own_variables,
    "load_own_variables": _load_own_variables,
    "compute_output_spec": _compute_output_spec,
    "symbolic_call": _compute_output_spec,
    "stateless_call": _stateless_call,
    "add_variable": _add_variable,
    "input_dtype": property(lambda self: self.dtype, doc="Element type that inputs are cast to."),
    "quantization_mode": None,
}.items():
    setattr(Layer, _name, _method)
_layer.builds_apart = builds_apart  # type: ignore[attr-defined]
