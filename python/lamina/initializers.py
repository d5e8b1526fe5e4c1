"""Initializers, with Keras's names and arguments."""

from __future__ import annotations

from typing import Any

from lamina import _core, _layer


class Initializer:
    """Base class. Subclass it with __call__ and get_config, and register the class for saving."""

    _lamina_class: str | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        names = list(_defaults.get(self._lamina_class or "", {}))
        if len(args) > len(names):
            raise TypeError(f"{type(self).__name__}: takes at most {len(names)} arguments")
        given = dict(zip(names, args))
        for key, value in kwargs.items():
            if self._lamina_class and key not in names:
                raise TypeError(f"{type(self).__name__}: unexpected argument '{key}'")
            given[key] = value
        self._arguments = {**_defaults.get(self._lamina_class or "", {}), **given}

    def _config(self) -> dict[str, Any]:
        if self._lamina_class is None:
            raise NotImplementedError(f"{type(self).__name__} must define __call__")
        return {"class_name": self._lamina_class, "config": self._arguments}

    def __call__(self, shape: Any, dtype: Any = None) -> _core.Tensor:
        """Values of a shape."""
        return _core.apply_initializer(self._config(), shape, dtype)

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return dict(self._arguments)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """The same again."""
        return cls(**config)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls._lamina_class is None or "_lamina_class" not in cls.__dict__:
            cls._lamina_class = None
            _core.register_initializer(cls.__name__, lambda c, cls=cls: cls.from_config(c))


_defaults: dict[str, dict[str, Any]] = _core.initializer_defaults()
_classes: dict[str, type] = {}
for _name, _args in _defaults.items():
    _classes[_name] = type(_name, (Initializer,), {"_lamina_class": _name, "__module__": __name__})
    _classes[_name].__doc__ = f"The initializer {_name}."
    _classes[_name].__signature__ = _layer._signature(_args)  # type: ignore[attr-defined]
globals().update(_classes)
_by_name = {_core.to_snake_case(n): c for n, c in _classes.items()}
globals().update(_by_name)


def get(identifier: Any) -> Any:
    """By name, from a config, or as it is."""
    if identifier is None or callable(identifier):
        return identifier
    if isinstance(identifier, dict):
        return _classes[identifier["class_name"]](**identifier.get("config", {}))
    found = _classes.get(identifier) or _by_name.get(identifier)
    if found is None:
        raise ValueError(
            f"unknown initializer '{identifier}'; there are {', '.join(sorted(_by_name))}"
        )
    return found()


def serialize(initializer: Initializer) -> dict[str, Any]:
    """{"class_name", "config"} of an initializer."""
    from lamina import saving

    return saving.serialize_keras_object(initializer)


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> Any:
    """An initializer from {"class_name", "config"}."""
    from lamina import saving

    return saving.deserialize_keras_object(config, {**_classes, **(custom_objects or {})})


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.initializers has no '{name}'")


__all__ = [*sorted(_classes), "Initializer", "deserialize", "get", "serialize"]
