"""Regularizers, with Keras's names and arguments."""

from __future__ import annotations

from typing import Any

from lamina import _choice, _core

_RAISES = "\n\nRaises:\n    ValueError: A factor that is negative or not finite."
_family = _choice.Family(
    "regularizer",
    _core.regularizer_defaults(),
    {
        "L1": "The penalty `l1 * sum(abs(x))`.\n\nArgs:\n    l1: The factor." + _RAISES,
        "L1L2": "The penalty `l1 * sum(abs(x)) + l2 * sum(square(x))`.\n\n"
        "Args:\n    l1: Factor of the absolute values.\n    l2: Factor of the squares." + _RAISES,
        "L2": "The penalty `l2 * sum(square(x))`.\n\nArgs:\n    l2: The factor." + _RAISES,
        "OrthogonalRegularizer": "Penalty on rows (or columns) of a matrix that point the same "
        "way:\n`factor` times half the sum of `abs(cos)` of the angles between different ones, over"
        "\nthe number of pairs.\n\n"
        'Args:\n    factor: The factor.\n    mode: `"rows"` or `"columns"`.' + _RAISES,
    },
    {"l1_l2": "L1L2"},
)


class Regularizer(_choice.Choice):
    """A penalty on a weight. Subclass it with __call__(x) and get_config()."""

    _family = _family

    def __call__(self, x: Any) -> Any:
        """The penalty, a scalar."""
        return 0.0 if self._native is None else self._apply(x)

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        if self._native is None:
            raise NotImplementedError(f"{self} does not implement get_config()")
        return super().get_config()


_family.make_classes(Regularizer, __name__)
_classes = _family.classes
globals().update(_family.names)
get = _family.get


def serialize(regularizer: Regularizer) -> Any:
    """{"class_name", "config"} of a regularizer, or the name of a function."""
    from lamina import saving

    return saving.serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """A regularizer from {"class_name", "config"}.

    Raises:
        ValueError: An unknown class.
    """
    return _family.deserialize(config, custom_objects)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.regularizers has no '{name}'")


__all__ = [*sorted(_classes), "Regularizer", "deserialize", "get", "serialize"]
