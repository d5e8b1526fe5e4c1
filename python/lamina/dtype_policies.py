"""Which dtypes layers compute and keep their weights in, with the names of
`keras.dtype_policies`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lamina import _core


class DTypePolicy:
    """The dtype of a layer's computation and that of its weights.

    Args:
        name: Name of a dtype, for both; or "mixed_bfloat16": products take their operands as
            bfloat16, weights and results stay float32. The global policy by default.

    Raises:
        ValueError: Not the name of a policy.

    Example:

    >>> import lamina
    >>> lamina.DTypePolicy("mixed_bfloat16").variable_dtype
    'float32'
    """

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = _core.dtype_policy()
        if not isinstance(name, str):
            raise TypeError(f"DTypePolicy: expected a name, received {name!r}")
        mixed = {"mixed_bfloat16": "bfloat16", "mixed_float16": "float16"}
        if name in mixed:
            self._compute_dtype, self._variable_dtype = mixed[name], "float32"
        else:
            from lamina.backend import standardize_dtype

            self._compute_dtype = self._variable_dtype = standardize_dtype(name)
        self._name = name

    @property
    def name(self) -> str:
        """Name of the policy."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """Name of the dtype of operands."""
        return self._compute_dtype

    @property
    def variable_dtype(self) -> str:
        """Name of the dtype of weights."""
        return self._variable_dtype

    @property
    def quantization_mode(self) -> None:
        """None: lamina does not quantize."""
        return None

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """x as a tensor, cast to dtype where autocast is set and x holds floats."""
        from lamina.backend import is_float_dtype, standardize_dtype

        if not isinstance(x, _core.Tensor):
            if not hasattr(x, "__array__"):
                return x
            x = _core.convert_to_tensor(x)
        dtype = standardize_dtype(dtype)
        if autocast and is_float_dtype(x.dtype) and x.dtype != dtype:
            return _core.cast(x, dtype)
        return x

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """The same again."""
        return cls(**config)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return self._name == other
        return isinstance(other, DTypePolicy) and self._name == other._name

    def __hash__(self) -> int:
        return hash(self._name)


FloatDTypePolicy = DTypePolicy


class DTypePolicyMap:
    """Policies for layers by their paths: the exact path, or else the one pattern that matches.

    Args:
        default_policy: Policy of all other layers; the global one by default.
        policy_map: Path or regular expression -> policy.
    """

    def __init__(self, default_policy: Any = None, policy_map: dict | None = None) -> None:
        if isinstance(default_policy, DTypePolicyMap):
            raise ValueError("DTypePolicyMap: default_policy cannot be a DTypePolicyMap")
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(f"DTypePolicyMap: expected a dict, received {policy_map!r}")
        self._default = get(default_policy)
        self._given = default_policy
        self._map: dict[str, DTypePolicy] = {}
        for key, policy in (policy_map or {}).items():
            self[key] = policy

    @property
    def name(self) -> str:
        """Name of the map."""
        return f"map_{self._default.name}"

    @property
    def default_policy(self) -> DTypePolicy:
        """Policy of layers that no entry names."""
        return self._default

    @property
    def compute_dtype(self) -> str:
        """That of the default policy."""
        return self._default.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """That of the default policy."""
        return self._default.variable_dtype

    @property
    def quantization_mode(self) -> None:
        """None: lamina does not quantize."""
        return None

    def __getitem__(self, key: str) -> DTypePolicy:
        if key in self._map:
            return self._map[key]
        matching = [k for k in self._map if re.fullmatch(k, key)]
        if len(matching) > 1:
            raise ValueError(f"DTypePolicyMap: path '{key}' matches several entries: {matching}")
        return self._map[matching[0]] if matching else self._default

    def __setitem__(self, key: str, policy: Any) -> None:
        if key in self._map:
            raise ValueError(f"DTypePolicyMap: there is a policy for '{key}' already")
        self._map[key] = get(policy)

    def __delitem__(self, key: str) -> None:
        del self._map[key]

    def __contains__(self, key: object) -> bool:
        return key in self._map

    def __iter__(self) -> Iterator[str]:
        return iter(self._map)

    def __len__(self) -> int:
        return len(self._map)

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {
            "default_policy": None if self._given is None else serialize(self._default),
            "policy_map": {k: serialize(v) for k, v in self._map.items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicyMap:
        """The same again."""
        return cls(**config)


def serialize(dtype_policy: Any) -> dict[str, Any]:
    """{"class_name", "config"} of a policy."""
    return {"class_name": type(dtype_policy).__name__, "config": dtype_policy.get_config()}


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> Any:
    """A policy from {"class_name", "config"}."""
    classes = {
        "DTypePolicy": DTypePolicy,
        "FloatDTypePolicy": DTypePolicy,
        "DTypePolicyMap": DTypePolicyMap,
        **(custom_objects or {}),
    }
    if config["class_name"] not in classes:
        raise ValueError(f"dtype_policies: unknown policy '{config['class_name']}'")
    return classes[config["class_name"]].from_config(config["config"])


def get(identifier: Any) -> Any:
    """A policy by name, from a config, or as it is; None is the global one.

    Example:

    >>> import lamina
    >>> lamina.dtype_policies.get("float32")
    <DTypePolicy "float32">
    """
    if identifier is None or isinstance(identifier, str):
        return DTypePolicy(identifier)
    if isinstance(identifier, (DTypePolicy, DTypePolicyMap)):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    from lamina.backend import standardize_dtype

    return DTypePolicy(standardize_dtype(identifier))


__all__ = ["DTypePolicy", "DTypePolicyMap", "FloatDTypePolicy", "deserialize", "get", "serialize"]
