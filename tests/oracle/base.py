"""What the rows of all kinds share: making both objects, data, and comparisons."""

from __future__ import annotations

import inspect
import re
import types
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import numpy as np
import pytest

COVERED: set[tuple[str, str]] = set()  # (namespace, name), as ("layers", "Conv2D")


@dataclass
class Row:
    """One thing of both packages and how to make it."""

    namespace: str
    name: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    tol: float = 1e-5

    def __post_init__(self) -> None:
        COVERED.add((self.namespace, self.name))
        label = ", ".join(f"{k}={_short(v)}" for k, v in self.kwargs.items())
        self.id = f"{self.name}({self.id or label})"

    def checks(self) -> Sequence[Callable]:
        """The tests of the row; one that has a parameter is given a folder for files."""
        raise NotImplementedError

    def of(self, package: Any) -> Any:
        """The class or function in a package."""
        return attrgetter(f"{self.namespace}.{self.name}")(package)

    def make(self, package: Any) -> Any:
        return self.of(package)(**resolve(self.kwargs, package))

    def compare_configs(self, theirs: Any, ours: Any, ignore: Sequence[str] = ()) -> None:
        """get_config() says the same, and lamina reads Keras's."""
        config = theirs.get_config()
        expected, got = (normalized(x.get_config(), ignore) for x in (theirs, ours))
        assert got == expected
        again = type(ours).from_config(without(config, {"quantization_config", *ignore}))
        assert normalized(again.get_config(), ignore) == expected, "made from Keras's config"


def _short(value: Any) -> str:
    if callable(value):
        return "..."
    return f"array{value.shape}" if isinstance(value, np.ndarray) else str(value)


def resolve(value: Any, package: Any) -> Any:
    """A value with its functions of the package called."""
    if isinstance(value, types.FunctionType):
        return resolve(value(package), package)
    if isinstance(value, dict):
        return {k: resolve(v, package) for k, v in value.items()}
    if type(value) in (list, tuple):
        return type(value)(resolve(v, package) for v in value)
    return value


def oracle_tests(rows: Sequence[Row]) -> Callable:
    """One test function over all checks of all rows."""
    cases, seen = [], set()
    for row in rows:
        while row.id in seen:
            row.id += "'"
        seen.add(row.id)
        for check in row.checks():
            cases.append(pytest.param(check, id=f"{row.id}-{check.__name__}"))

    @pytest.mark.parametrize("check", cases)
    def test(check: Callable, request: Any) -> None:
        if inspect.signature(check).parameters:
            check(request.getfixturevalue("tmp_path"))
        else:
            check()

    return test


# ---- data ----


def seeded(*key: Any) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


def real(*shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Distinct float32 values, so that a maximum is nowhere near a tie."""
    size = int(np.prod(shape))
    ranks = seeded(shape).permutation(size).reshape(shape)
    return (low + (high - low) * (ranks + 0.4) / size).astype("float32")


def integers(*shape: int, low: int = 0, high: int = 5) -> np.ndarray:
    return seeded(shape, high).integers(low, high, shape).astype("int32")


def is_float(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


# ---- comparisons ----


def leaves(structure: Any) -> list[Any]:
    import keras

    return keras.tree.flatten(structure)


def as_numpy(x: Any) -> np.ndarray:
    """The values of a tensor, variable or number of either package."""
    import lamina

    if isinstance(x, lamina.Tensor):
        x = x.detach()
    return np.asarray(x.numpy() if hasattr(x, "numpy") else x)


def close(ours: Any, theirs: Any, tol: float = 1e-5, what: str = "") -> None:
    """Equal structure, shape and kind of dtype; values within tol of the largest."""
    got, expected = leaves(ours), leaves(theirs)
    assert len(got) == len(expected), f"{what}: {len(got)} values, Keras gives {len(expected)}"
    for g, e in zip(got, expected):
        g, e = as_numpy(g), as_numpy(e)
        assert g.shape == e.shape, f"{what}: shape {g.shape}, Keras gives {e.shape}"
        assert g.dtype.kind == e.dtype.kind, f"{what}: {g.dtype}, Keras gives {e.dtype}"
        if e.dtype.kind in "biuSU":
            np.testing.assert_array_equal(g, e, err_msg=what)
        else:
            finite = np.abs(e[np.isfinite(e)])
            scale = max(1.0, float(finite.max())) if finite.size else 1.0
            np.testing.assert_allclose(g, e, rtol=tol, atol=tol * scale, err_msg=what)


# Options that lamina has no use for: quantization.
IGNORED = {"quantization_config", "name"}


def normalized(config: Any, ignore: Sequence[str] = (), key: str = "") -> Any:
    """A config with one spelling for what may be spelled in several ways: tuples, the names of
    objects, the modules that Keras writes beside classes, and defaults that were left out."""
    import keras

    for kind in ("initializer", "regularizer", "constraint"):
        if key.endswith(kind) and isinstance(config, str):
            config = keras.saving.serialize_keras_object(getattr(keras, f"{kind}s").get(config))
    if key.endswith("activation") and config is None:
        return "linear"
    if key == "axis" and isinstance(config, (list, tuple)) and len(config) == 1:
        return config[0]
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy":
            return config["config"]["name"]
        if "class_name" in config and "config" in config:
            name = re.sub(r"^.*>", "", str(config["class_name"]))
            return {"class_name": name, "config": normalized(config["config"], ("seed", *ignore))}
        left_out = IGNORED | set(ignore)
        return {
            k: normalized(v, ignore, k)
            for k, v in sorted(config.items())
            if k not in left_out and not (k == "activity_regularizer" and v is None)
        }
    if isinstance(config, (list, tuple)):
        return [normalized(v, ignore) for v in config]
    if isinstance(config, np.ndarray):
        return config.tolist()
    if isinstance(config, float):
        return float(np.float32(config))
    return config


def without(config: Any, keys: set[str]) -> Any:
    """A config less some keys, in the configs inside too."""
    if isinstance(config, dict):
        return {k: without(v, keys) for k, v in config.items() if k not in keys}
    return [without(v, keys) for v in config] if isinstance(config, list) else config
