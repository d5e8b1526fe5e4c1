"""Constraints, with Keras's names and arguments."""

from __future__ import annotations

from typing import Any

from lamina import _choice, _core

_AXIS = "    axis: Axis or axes over which a norm is taken."
_family = _choice.Family(
    "constraint",
    _core.constraint_defaults(),
    {
        "MaxNorm": "Scales down to a norm of at most max_value.\n\n"
        "Args:\n    max_value: Largest norm.\n" + _AXIS,
        "MinMaxNorm": "Scales towards norms between two values:\n"
        "`rate * clip(norm, min_value, max_value) + (1 - rate) * norm`.\n\n"
        "Args:\n    min_value: Smallest norm.\n    max_value: Largest norm.\n"
        "    rate: How much of the way is gone; 1 is all of it.\n" + _AXIS,
        "NonNeg": "Negative values become 0.",
        "UnitNorm": "Scales to a norm of 1.\n\nArgs:\n" + _AXIS,
    },
    {},
)


class Constraint(_choice.Choice):
    """What a weight is projected to after each update. Subclass it with __call__(w)."""

    _family = _family

    def __call__(self, w: Any) -> Any:
        """The projected weight."""
        return w if self._native is None else self._apply(w)


_family.make_classes(Constraint, __name__)
_classes = _family.classes
globals().update(_family.names)
get = _family.get


def serialize(constraint: Constraint) -> Any:
    """{"class_name", "config"} of a constraint, or the name of a function."""
    from lamina import saving

    return saving.serialize_keras_object(constraint)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """A constraint from {"class_name", "config"}.

    Raises:
        ValueError: An unknown class.
    """
    return _family.deserialize(config, custom_objects)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.constraints has no '{name}'")


__all__ = [*sorted(_classes), "Constraint", "deserialize", "get", "serialize"]
