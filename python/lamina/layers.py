"""Layers. Each class is defined in the C++ core and has Keras's arguments and defaults."""

import inspect
import warnings
from typing import Any

from lamina import (  # noqa: F401
    _core,
    _layer,
    _layer_api,
    _preprocessing,
    _recurrent,
    _signatures,
)
from lamina._core import Layer
from lamina._input_spec import InputSpec
from lamina._python_layers import Lambda, Wrapper
from lamina._symbolic import Input

_signatures.give(
    Layer, "(*, activity_regularizer=None, trainable=True, dtype=None, autocast=True, name=None)"
)
_classes = _layer.make_classes(Layer, _core.layer_classes(), __name__)
_preprocessing.add_methods(_classes)
_recurrent.add_methods(_classes)
globals().update(_classes)
_layer._native.update(_classes)


# Keras's other names: the class found under each.
_aliases = {"Convolution": "Conv", "MaxPool": "MaxPooling", "AvgPool": "AveragePooling"}
_aliases |= {"GlobalMaxPool": "GlobalMaxPooling", "GlobalAvgPool": "GlobalAveragePooling"}
_aliases = {f"{a}{n}D": f"{c}{n}D" for a, c in _aliases.items() for n in (1, 2, 3)}
_aliases |= {f"Convolution{n}DTranspose": f"Conv{n}DTranspose" for n in (1, 2, 3)}
_aliases |= {f"SeparableConvolution{n}D": f"SeparableConv{n}D" for n in (1, 2)}
globals().update({alias: _classes[name] for alias, name in _aliases.items()})


def _embedding_init(
    self: Any, *args: Any, weights: Any = None, input_length: Any = None, **kwargs: Any
) -> None:
    if input_length is not None:
        warnings.warn("Embedding: input_length does nothing; leave it out", stacklevel=2)
    Layer.__init__(self, *args, **kwargs)
    if weights is not None:
        self.build((None,))
        alone = not (isinstance(weights, (list, tuple)) and len(weights) == 1)
        self.set_weights([weights] if alone else list(weights))


for _name in ("Embedding", "ReversibleEmbedding"):
    _classes[_name].__init__ = _embedding_init  # type: ignore[misc]
_places = list(inspect.signature(_classes["Embedding"]).parameters.values())
_places.insert(6, inspect.Parameter("weights", inspect.Parameter.KEYWORD_ONLY, default=None))
_classes["Embedding"].__signature__ = _signatures.OwnSignature(  # type: ignore[attr-defined, assignment]
    inspect.Signature(sorted(_places, key=lambda p: p.kind))
)


def _input_layer_init(
    self: Any,
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    input_tensor: Any = None,
    optional: bool = False,
    name: str | None = None,
    **kwargs: Any,
) -> None:
    if input_tensor is not None:
        raise ValueError("InputLayer: input_tensor is not supported; see Input(tensor=...)")
    given = {"shape": shape, "batch_size": batch_size, "dtype": dtype, "name": name}
    given |= {"sparse": sparse, "ragged": ragged, "batch_shape": batch_shape}
    given = {k: v for k, v in given.items() if v is not None}
    Layer.__init__(self, optional=optional, **given, **kwargs)


_classes["InputLayer"].__init__ = _input_layer_init  # type: ignore[misc]
_classes["InputLayer"].__signature__ = _signatures.OwnSignature(  # type: ignore[attr-defined, assignment]
    inspect.signature(_input_layer_init).replace(
        parameters=list(inspect.signature(_input_layer_init).parameters.values())[1:]
    )
)


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """`Dot` as a function of a list of two tensors."""
    return _classes["Dot"](axes=axes, **kwargs)(inputs)


def _functional(name: str) -> Any:
    def merge(inputs: Any, **kwargs: Any) -> Any:
        return _classes[name](**kwargs)(inputs)

    merge.__name__ = name.lower()
    merge.__doc__ = f"`{name}` as a function of a list of tensors."
    return merge


def concatenate(inputs: Any, axis: int | None = -1, **kwargs: Any) -> Any:
    """`Concatenate` as a function of a list of tensors."""
    return _classes["Concatenate"](axis=axis, **kwargs)(inputs)


_merging = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
for _name in _merging:
    globals()[_name.lower()] = _functional(_name)


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> Layer:
    """A layer from {"class_name", "config"}."""
    from lamina import saving

    with saving.custom_object_scope(custom_objects or {}):
        return _core.deserialize_layer(config)


def serialize(layer: Layer) -> dict[str, Any]:
    """{"class_name", "config"} of a layer."""
    return layer._serialize()


__all__ = [
    *sorted(_classes),
    *sorted(_aliases),
    *(_name.lower() for _name in _merging),
    "Input",
    "InputSpec",
    "Lambda",
    "Layer",
    "Wrapper",
    "concatenate",
    "deserialize",
    "dot",
    "serialize",
]


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.layers has no layer '{name}'")
