"""Layers. Each class is defined in the C++ core and has Keras's arguments and defaults."""

from typing import Any

from lamina import _core, _layer
from lamina._core import Layer

_classes = _layer.make_classes(Layer, _core.layer_classes(), __name__)
globals().update(_classes)
_layer._native.update(_classes)


# Keras's other names: the class found under each.
_aliases = {"Convolution": "Conv", "MaxPool": "MaxPooling", "AvgPool": "AveragePooling"}
_aliases |= {"GlobalMaxPool": "GlobalMaxPooling", "GlobalAvgPool": "GlobalAveragePooling"}
_aliases = {f"{a}{n}D": f"{c}{n}D" for a, c in _aliases.items() for n in (1, 2, 3)}
_aliases |= {f"Convolution{n}DTranspose": f"Conv{n}DTranspose" for n in (1, 2, 3)}
_aliases |= {f"SeparableConvolution{n}D": f"SeparableConv{n}D" for n in (1, 2)}
globals().update({alias: _classes[name] for alias, name in _aliases.items()})


def Input(*args: Any, **kwargs: Any) -> _core.Tensor:
    """See `lamina.Input`."""
    import lamina

    return lamina.Input(*args, **kwargs)


def _functional(name: str) -> Any:
    def merge(inputs: Any, **kwargs: Any) -> Any:
        return _classes[name](**kwargs)(inputs)

    merge.__name__ = name.lower()
    merge.__doc__ = f"`{name}` as a function of a list of tensors."
    return merge


for _name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"):
    if _name in _classes:
        globals()[_name.lower()] = _functional(_name)


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> Layer:
    """A layer from {"class_name", "config"}."""
    from lamina import saving

    with saving.custom_object_scope(custom_objects or {}):
        return _core.deserialize_layer(config)


def serialize(layer: Layer) -> dict[str, Any]:
    """{"class_name", "config"} of a layer."""
    return layer._serialize()


__all__ = [*sorted(_classes), *sorted(_aliases), "Input", "Layer", "deserialize", "serialize"]


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.layers has no layer '{name}'")
