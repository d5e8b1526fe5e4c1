"""Layers that are written in Python: around another layer, and around a function."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable
from typing import Any

from lamina import _core
from lamina._core import Layer


class Wrapper(Layer):
    """Base of layers around another one.

    Args:
        layer: The layer inside, found again as the attribute `layer`.

    Raises:
        ValueError: `layer` is no layer.

    Example:

    >>> import lamina, numpy as np
    >>> class Doubled(lamina.layers.Wrapper):
    ...     def call(self, x):
    ...         return 2 * self.layer(x)
    >>> Doubled(lamina.layers.ReLU())(np.array([[1.0, -1.0]], "float32")).numpy().tolist()
    [[2.0, 0.0]]
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(
                f"{type(self).__name__}: argument 'layer' must be a layer, received {layer!r}"
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        """Build the layer inside."""
        if not self.layer.built:
            self.layer.build(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments, with the layer inside."""
        layer = self.layer._serialize()
        layer.pop("build_shapes", None)  # it is built with this one, under its path
        return {**super().get_config(), "layer": layer}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A wrapper from what get_config() gave."""
        from lamina import layers

        config = dict(config)
        layer = layers.deserialize(config.pop("layer"), custom_objects)
        return cls(layer, **config)


# Functions without a name that a file could hold, by number, for copies within this process.
_unnamed: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()


def _describe(fn: Callable) -> Any:
    from lamina import saving

    if fn.__name__ == "<lambda>":
        _unnamed[id(fn)] = fn
        return {"class_name": "__lambda__", "config": {"id": id(fn)}}
    return saving.get_registered_name(fn)


def _find(described: Any, custom_objects: Any) -> Any:
    from lamina import saving

    if not isinstance(described, (dict, str)):
        return described
    if isinstance(described, dict):
        if described.get("class_name") == "__lambda__":
            fn = _unnamed.get(described["config"].get("id"))
            if fn is None:
                raise ValueError(
                    "Lambda: the layer's function is a Python lambda, which lamina does not load: "
                    "a model file holds no code, with safe_mode=False either. Build the model "
                    "again and load its weights, or use a named function."
                )
            return fn
        described = described.get("config", described.get("class_name"))
    fn = saving.get_registered_object(described, custom_objects)
    if fn is None:
        raise ValueError(
            f"Lambda: unknown function '{described}'. Register it with "
            "lamina.saving.register_keras_serializable() or pass it in custom_objects."
        )
    return fn


class Lambda(Layer):
    """A function as a layer.

    The function runs once when a step is captured, as every layer written in Python; it has no
    weights of its own. A model file holds the name of the function and no code, so a function that
    is to be saved needs a name under which it is registered
    (`lamina.saving.register_keras_serializable`) or given as a custom object when loading.

    Args:
        function: function(inputs, **arguments); it may have arguments `mask` and `training`.
        output_shape: Taken for Keras's sake; shapes are found by calling the function.
        mask: Mask of the output, or function(inputs, mask) that gives it.
        arguments: Further keyword arguments of the function.

    Raises:
        ValueError: A lambda is saved, or loaded from a file.

    Example:

    >>> import lamina, numpy as np
    >>> lamina.layers.Lambda(lambda x: x ** 2)(np.array([3.0], "float32")).numpy().tolist()
    [9.0]
    """

    def __init__(
        self,
        function: Callable,
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if not callable(function):
            raise TypeError(f"Lambda: argument 'function' must be callable, received {function!r}")
        super().__init__(**kwargs)
        self.function = function
        self.arguments = dict(arguments or {})
        self.mask = mask
        self._output_shape = output_shape
        self.supports_masking = mask is not None
        try:
            names = set(inspect.signature(function).parameters)
        except (TypeError, ValueError):
            names = set()
        self._takes = names & {"mask", "training"}

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        """function(inputs)."""
        given = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{k: given[k] for k in self._takes})

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask that the layer was given, or what it gives."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    @property
    def portable(self) -> bool:
        """Whether a file can hold the layer."""
        functions = [f for f in (self.function, self.mask, self._output_shape) if callable(f)]
        return all(f.__name__ != "<lambda>" for f in functions)

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments, functions by name."""
        config: dict[str, Any] = {"function": _describe(self.function)}
        for key, value in (("output_shape", self._output_shape), ("mask", self.mask)):
            if value is not None:
                config[key] = _describe(value) if callable(value) else value
        return {**super().get_config(), **config, "arguments": self.arguments}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: Any = None
    ) -> Any:
        """A layer from what get_config() gave."""
        config = dict(config)
        for key in ("function", "output_shape", "mask"):
            if key in config:
                config[key] = _find(config[key], custom_objects)
        return cls(**config)


def check_portable(layer: Any) -> None:
    """Raises ValueError where a file cannot hold a layer inside `layer`."""
    if isinstance(layer, Lambda) and not layer.portable:
        raise ValueError(
            f"Lambda '{layer.name}': its function is a Python lambda, and a model file holds no "
            "code. Use a named function that is registered with "
            "lamina.saving.register_keras_serializable(), or a class derived from Layer."
        )
    for inner in layer._layers:
        check_portable(inner)


_core.register_layer("Lambda", Lambda.from_config)
