"""Named values of an experiment."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any


class Config:
    """Named values, as attributes and as items.

    Args:
        kwargs: The first values.

    Example:

    >>> import lamina
    >>> config = lamina.utils.Config(learning_rate=0.1)
    >>> config.momentum = 0.9
    >>> config["seed"] = 7
    >>> config.to_json()
    '{"learning_rate": 0.1, "momentum": 0.9, "seed": 7}'
    >>> config.freeze()
    >>> config.seed = 8
    Traceback (most recent call last):
    ValueError: Cannot mutate attribute(s) because the config is frozen.
    """

    def __init__(self, **kwargs: Any) -> None:
        object.__setattr__(self, "_config", kwargs)
        object.__setattr__(self, "_frozen", False)

    @property
    def frozen(self) -> bool:
        """Whether the values can no longer be changed."""
        return self._frozen

    def freeze(self) -> None:
        """Forbid changes from here on."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Allow changes again."""
        object.__setattr__(self, "_frozen", False)

    def _changing(self) -> dict[str, Any]:
        if self._frozen:
            raise ValueError("Cannot mutate attribute(s) because the config is frozen.")
        return self._config

    def as_dict(self) -> dict[str, Any]:
        """The values as a dict of its own."""
        return dict(self._config)

    def to_json(self) -> str:
        """The values as JSON."""
        return json.dumps(self._config)

    def keys(self) -> Any:
        """The names."""
        return self._config.keys()

    def values(self) -> Any:
        """The values."""
        return self._config.values()

    def items(self) -> Any:
        """Names and values."""
        return self._config.items()

    def get(self, keyname: str, value: Any = None) -> Any:
        """The value of a name, or another one where there is none."""
        return self._config.get(keyname, value)

    def pop(self, *args: Any) -> Any:
        """As of a dict."""
        return self._changing().pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """As of a dict."""
        self._changing().update(*args, **kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            self._changing()[name] = value

    def __getattr__(self, name: str) -> Any:
        values = self.__dict__.get("_config", {})
        if name in values:
            return values[name]
        message = f"Unknown attribute: '{name}'."
        near = difflib.get_close_matches(name, values, n=1, cutoff=0.7)
        raise AttributeError(message + (f" Did you mean '{near[0]}'?" if near else ""))

    def __setitem__(self, key: str, item: Any) -> None:
        self._changing()[key] = item

    def __getitem__(self, key: str) -> Any:
        return self._config[key]

    def __delitem__(self, key: str) -> None:
        del self._changing()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._config))

    def __len__(self) -> int:
        return len(self._config)

    def __contains__(self, item: str) -> bool:
        return item in self._config

    def __repr__(self) -> str:
        return f"<Config {self._config}>"
