"""Learning-rate schedules, with Keras's names and arguments."""

from __future__ import annotations

from typing import Any

from lamina import _core, _layer
from lamina._core import LearningRateSchedule

_classes = _layer.make_classes(LearningRateSchedule, _core.schedule_classes(), __name__)
globals().update(_classes)


def _register(cls: Any, **kwargs: Any) -> None:
    super(LearningRateSchedule, cls).__init_subclass__(**kwargs)
    if "_lamina_class" not in cls.__dict__:
        cls._lamina_class = None
        _core.register_schedule(cls.__name__, cls.from_config)


def _make(cls: Any, *args: Any, **kwargs: Any) -> Any:
    """An object; one of the user's own classes is whole before its constructor, which need not
    call this one's."""
    self = _new(cls)
    if getattr(cls, "_lamina_class", None) is None:
        LearningRateSchedule.__init__(self)
    return self


_new = LearningRateSchedule.__new__
LearningRateSchedule.__new__ = staticmethod(_make)  # type: ignore[assignment]
# Subclasses written from here on are the user's own.
LearningRateSchedule.__init_subclass__ = classmethod(_register)  # type: ignore[assignment]
LearningRateSchedule.from_config = classmethod(_layer._from_config)  # type: ignore[method-assign,assignment]


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """{"class_name", "config"} of a schedule."""
    return {
        "class_name": learning_rate_schedule.class_name,
        "config": learning_rate_schedule.get_config(),
    }


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> LearningRateSchedule:
    """A schedule from {"class_name", "config"}.

    Raises:
        ValueError: An unknown class.
    """
    _layer.check_described(config, "schedules.deserialize")
    name = config["class_name"]
    cls: Any = (custom_objects or {}).get(name) or _classes.get(name)
    if cls is None:
        return _core.make_schedule(config)
    return cls.from_config(config["config"])


__all__ = [*sorted(_classes), "LearningRateSchedule", "deserialize", "serialize"]
