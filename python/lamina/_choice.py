"""What initializers, regularizers and constraints share: classes whose work the core does."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from lamina import _core
from lamina._signatures import OwnSignature


class Choice:
    """Base of the three base classes; their subclasses are the core's own or the user's."""

    _native: str | None = None  # the core's name of the class, inherited by the user's subclasses
    _family: Family

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        name = self._native
        defaults = self._family.defaults[name] if name else {}
        owner = type(self).__name__
        if len(args) > len(defaults):
            raise TypeError(f"{owner}: takes at most {len(defaults)} arguments")
        given = dict(zip(defaults, args))
        for key, value in kwargs.items():
            if key not in defaults:
                raise TypeError(f"{owner}: unexpected argument '{key}'")
            if key in given:
                raise TypeError(f"{owner}: argument '{key}' was given twice")
            given[key] = value
        self._arguments = {k: _plain(v) for k, v in {**defaults, **given}.items()}
        if name:
            self._family.check({"class_name": name, "config": self._arguments})

    def _apply(self, *args: Any) -> Any:
        return self._family.apply({"class_name": self._native, "config": self._arguments}, *args)

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return dict(getattr(self, "_arguments", {}))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The same again."""
        return cls(**config)

    def __getattr__(self, name: str) -> Any:
        arguments = self.__dict__.get("_arguments", {})
        if name in arguments:
            return arguments[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "_family" not in cls.__dict__ and "_native" not in cls.__dict__:
            cls._family.own[cls.__name__] = cls
            cls._family.register(cls.__name__, lambda c, cls=cls: cls.from_config(c))


def _plain(value: Any) -> Any:
    """A value that a config can hold: lists for arrays."""
    if isinstance(value, (_core.Tensor, _core.Variable)):
        value = value.numpy()
    return value.tolist() if hasattr(value, "tolist") else value


class Family:
    """One of the three kinds: what the core does with it, and its classes."""

    def __init__(self, kind: str, defaults: dict, docs: dict[str, str], aliases: dict) -> None:
        self.kind = kind
        self.defaults = defaults
        self.docs = docs
        self.aliases = aliases
        self.apply: Callable = getattr(_core, f"apply_{kind}")
        self.check: Callable = getattr(_core, f"check_{kind}")
        self.register: Callable = getattr(_core, f"register_{kind}")
        self.classes: dict[str, type] = {}
        self.names: dict[str, type] = {}  # every spelling
        self.own: dict[str, type] = {}

    def make_classes(self, base: type, module: str) -> None:
        """The Python classes of the core's ones."""
        for name, arguments in self.defaults.items():
            cls = type(name, (base,), {"_native": name, "__module__": module})
            cls.__doc__ = self.docs[name]
            cls.__signature__ = OwnSignature(  # type: ignore[attr-defined]
                inspect.Signature(
                    [
                        inspect.Parameter(k, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=v)
                        for k, v in arguments.items()
                    ]
                )
            )
            self.classes[name] = cls
            self.names[name] = self.names[_core.to_snake_case(name)] = cls
        for alias, name in self.aliases.items():
            self.names[alias] = self.classes[name]

    def find(self, name: str, custom_objects: Any = None) -> Any:
        """The class of a name.

        Raises:
            ValueError: There is none.
        """
        from lamina import saving

        found = (
            (custom_objects or {}).get(name)
            or self.names.get(name)
            or saving.get_registered_object(name)
            or self.own.get(name)
        )
        if found is None:
            raise ValueError(
                f"Could not interpret {self.kind} identifier: {name}; there are "
                f"{', '.join(sorted(self.classes))}"
            )
        return found

    def get(self, identifier: Any) -> Any:
        """By name, from a config, or as it is.

        Raises:
            ValueError: It names nothing, or cannot be called.
        """
        if identifier is None:
            return None
        if isinstance(identifier, dict):
            return self.deserialize(identifier)
        if isinstance(identifier, str):
            identifier = self.find(identifier)
        if isinstance(identifier, type):
            identifier = identifier()
        if callable(identifier):
            return identifier
        raise ValueError(f"Could not interpret {self.kind} identifier: {identifier}")

    def deserialize(self, config: Any, custom_objects: Any = None) -> Any:
        """The object that serialize() described.

        Raises:
            ValueError: An unknown class.
        """
        if config is None:
            return None
        if isinstance(config, str):
            config = {"class_name": config, "config": {}}
        if not isinstance(config, dict) or "class_name" not in config:
            raise ValueError(f"Could not interpret {self.kind} identifier: {config}")
        cls: Any = self.find(config["class_name"], custom_objects)
        return cls.from_config(config.get("config") or {}) if isinstance(cls, type) else cls  # type: ignore[attr-defined]
