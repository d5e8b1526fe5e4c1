"""Columns of a table as inputs of a network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from lamina import _core
from lamina._core import Layer

_Number = float  # the class below has a method of this name
_CATEGORIES = ("integer_categorical", "string_categorical")


class Feature:
    """How a column is read.

    Args:
        dtype: Element type of the column.
        preprocessor: Layer that the column goes through.
        output_mode: "one_hot" to encode the indices that the layer gives, else "int" or "float".
    """

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        if output_mode not in ("int", "one_hot", "float"):
            raise ValueError(
                "Invalid value for argument `output_mode`. Expected one of {'int', 'one_hot', "
                f"'float'}}. Received: output_mode={output_mode}"
            )
        from lamina import layers

        self.dtype, self.output_mode = dtype, output_mode
        if isinstance(preprocessor, dict):
            preprocessor = layers.deserialize(preprocessor)
        self.preprocessor = preprocessor

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {
            "dtype": self.dtype,
            "preprocessor": self.preprocessor._serialize(),
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Feature:
        """The same again."""
        return cls(**config)


class Cross:
    """Columns whose combinations are hashed.

    Args:
        feature_names: Names of the columns.
        crossing_dim: Number of hashes.
        output_mode: "one_hot" or "int".
    """

    def __init__(
        self, feature_names: Iterable[str], crossing_dim: int, output_mode: str = "one_hot"
    ) -> None:
        if output_mode not in ("int", "one_hot"):
            raise ValueError(
                "Invalid value for argument `output_mode`. Expected one of {'int', 'one_hot'}. "
                f"Received: output_mode={output_mode}"
            )
        self.feature_names = tuple(feature_names)
        self.crossing_dim, self.output_mode = crossing_dim, output_mode

    @property
    def name(self) -> str:
        """The names of the columns, put together."""
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {
            "feature_names": list(self.feature_names),
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Cross:
        """The same again."""
        return cls(**config)


class FeatureSpace(Layer):
    """Columns of a table, each through a layer of its own, encoded and put side by side.

    Args:
        features: Kind of each column by name: "float", "float_normalized", "float_rescaled",
            "float_discretized", "integer_categorical", "string_categorical", "integer_hashed",
            "string_hashed", or what the methods of these names give.
        output_mode: "concat" for one matrix, columns in the order of their names and then crosses;
            "dict" for each by its name.
        crosses: Groups of names whose combinations are hashed, or what `cross` gives.
        crossing_dim: Number of hashes of a cross.
        hashing_dim: Number of hashes of a hashed column.
        num_discretization_bins: Number of bins of "float_discretized".
        name: Name of the layer.

    Raises:
        ValueError: An unknown kind or name.

    Example:

    >>> import lamina
    >>> space = lamina.utils.FeatureSpace({"size": "float", "kind": "string_categorical"})
    >>> space.adapt({"size": [1.0, 2.0, 3.0], "kind": ["a", "b", "a"]})
    >>> space({"size": [5.0], "kind": ["b"]}).numpy().tolist()
    [[0.0, 0.0, 1.0, 5.0]]
    """

    def __init__(
        self,
        features: dict[str, Any],
        output_mode: str = "concat",
        crosses: Iterable[Any] | None = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if not features:
            raise ValueError("The `features` argument cannot be None or empty.")
        if output_mode not in ("dict", "concat"):
            raise ValueError(
                "Invalid value for argument `output_mode`. Expected one of {'dict', 'concat'}. "
                f"Received: output_mode={output_mode}"
            )
        self.output_mode, self.crossing_dim = output_mode, crossing_dim
        self.hashing_dim, self.num_discretization_bins = hashing_dim, num_discretization_bins
        self.features = {k: self._feature(k, v) for k, v in features.items()}
        self.preprocessors = {k: f.preprocessor for k, f in self.features.items()}
        self.crosses = tuple(self._cross(c) for c in crosses or ())
        from lamina import Input, layers

        crossing: Any = layers.HashedCrossing  # type: ignore[attr-defined]
        self.crossers = {c.name: crossing(c.crossing_dim, name=c.name) for c in self.crosses}
        self.inputs = {k: Input((1,), dtype=f.dtype, name=k) for k, f in self.features.items()}
        self.one_hot_encoders: dict[str, Any] = {}
        self._encoded: Any = None
        self._adapted = not self._to_adapt()

    # ---- kinds of columns

    @classmethod
    def cross(
        cls, feature_names: Iterable[str], crossing_dim: int, output_mode: str = "one_hot"
    ) -> Cross:
        """Columns whose combinations are hashed."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """A column through a layer of your own."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Numbers as they are."""
        return _made("float32", "Identity", "float", name, "float")

    @classmethod
    def float_rescaled(
        cls,
        scale: _Number = 1.0,
        offset: _Number = 0.0,
        name: str | None = None,
    ) -> Feature:
        """scale * x + offset."""
        return _made(
            "float32", "Rescaling", "float", name, "float_rescaled", scale=scale, offset=offset
        )

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Numbers with mean 0 and variance 1 in the data of adapt()."""
        return _made("float32", "Normalization", "float", name, "float_normalized", axis=-1)

    @classmethod
    def float_discretized(
        cls,
        num_bins: int,
        bin_boundaries: Any = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """The number of the bin that a number lies in; boundaries are found by adapt()."""
        given = {} if bin_boundaries is None else {"bin_boundaries": bin_boundaries}
        given = given or {"num_bins": num_bins}
        return _made("float32", "Discretization", output_mode, name, "float_discretized", **given)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Whole numbers as categories."""
        return _made(
            "int32", "IntegerLookup", output_mode, name, "integer_categorical",
            max_tokens=max_tokens, num_oov_indices=num_oov_indices,
        )  # fmt: skip

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Texts as categories."""
        return _made(
            "string", "StringLookup", output_mode, name, "string_categorical",
            max_tokens=max_tokens, num_oov_indices=num_oov_indices,
        )  # fmt: skip

    @classmethod
    def string_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Texts by a hash."""
        return _made("string", "Hashing", output_mode, name, "string_hashed", num_bins=num_bins)

    @classmethod
    def integer_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Whole numbers by a hash."""
        return _made("int32", "Hashing", output_mode, name, "integer_hashed", num_bins=num_bins)

    def _feature(self, name: str, value: Any) -> Feature:
        if isinstance(value, Feature):
            return value
        if isinstance(value, dict):
            return Feature.from_config(value.get("config", value))
        if value == "float_discretized":
            return self.float_discretized(self.num_discretization_bins, name=name)
        if value in ("integer_hashed", "string_hashed"):
            return getattr(self, value)(self.hashing_dim, name=name)
        if value in ("float", "float_normalized", "float_rescaled", *_CATEGORIES):
            return getattr(self, value)(name=name)
        raise ValueError(f"Invalid feature type: {value}")

    def _cross(self, value: Any) -> Cross:
        if isinstance(value, dict):
            value = Cross.from_config(value.get("config", value))
        if not isinstance(value, Cross):
            if not self.crossing_dim:
                raise ValueError(
                    "When specifying `crosses`, the argument `crossing_dim` should be specified as "
                    "well."
                )
            value = Cross(value, self.crossing_dim)
        if not set(value.feature_names) <= set(self.features):
            raise ValueError(
                "All features referenced in the `crosses` argument should be present in the "
                f"`features` dict. Received unknown features: {value.feature_names}"
            )
        return value

    # ---- use

    def _to_adapt(self) -> list[str]:
        out = []
        for name, layer in self.preprocessors.items():
            config = layer.get_config()
            known = ("mean", "bin_boundaries", "vocabulary")
            if hasattr(layer, "adapt") and all(config.get(k) is None for k in known):
                out.append(name)
        return out

    def adapt(self, dataset: Any) -> None:
        """Learn vocabularies, statistics and bins.

        Args:
            dataset: Dict of columns, or an iterable of batches that are such dicts.
        """
        whole = isinstance(dataset, dict)
        if not whole and not hasattr(dataset, "__iter__"):
            raise ValueError(
                "`adapt()` can only be called on a data set or a dict of arrays/lists. Received "
                f"instead: {dataset} (of type {type(dataset)})"
            )
        for name in self._to_adapt():
            if whole:
                self.preprocessors[name].adapt(_column(dataset[name]))
            else:
                self.preprocessors[name].adapt([_column(batch[name]) for batch in dataset])
        self._adapted = True
        self.get_encoded_features()

    def get_inputs(self) -> dict[str, Any]:
        """Symbolic inputs by name, of raw columns."""
        self.get_encoded_features()
        return self.inputs

    def get_encoded_features(self) -> Any:
        """What a functional model makes of `get_inputs()`: for a model that takes raw columns."""
        if not self._adapted:
            raise ValueError(
                "You need to call `.adapt(dataset)` on the FeatureSpace before you can start using "
                "it."
            )
        if self._encoded is None:
            self._encoded = self._encode(self.inputs)
        return self._encoded

    def __call__(self, data: Any) -> Any:
        """Encoded columns, for a dict of raw ones: arrays (batch,) or (batch, 1), or single
        values."""
        self.get_encoded_features()
        if not isinstance(data, dict):
            raise ValueError(
                "A FeatureSpace can only be called with a dict. Received: "
                f"data={data} (of type {type(data)})"
            )
        single = all(np.ndim(v) == 0 for v in data.values())
        columns = {k: _core.convert_to_tensor(_column(v)) for k, v in data.items()}
        out = self._encode(columns)
        if not single:
            return out
        return {k: v[0] for k, v in out.items()} if isinstance(out, dict) else out[0]

    def _encode(self, columns: dict[str, Any]) -> Any:
        from lamina import ops

        read = {k: layer(columns[k]) for k, layer in self.preprocessors.items()}
        crossed = {
            c.name: self.crossers[c.name]([read[k] for k in c.feature_names]) for c in self.crosses
        }
        specs: dict[str, Any] = {**self.features, **{c.name: c for c in self.crosses}}
        out = {}
        for name in [*sorted(read), *sorted(crossed)]:
            x = read[name] if name in read else crossed[name]
            if specs[name].output_mode == "one_hot":
                x = self._one_hot(name)(x)
            elif self.output_mode == "concat" and not str(x.dtype).startswith(("float", "bfloat")):
                raise ValueError(
                    f"Cannot concatenate features because feature '{name}' has not been encoded "
                    f"(it has dtype {x.dtype}). Consider using `output_mode='dict'`."
                )
            out[name] = x
        if self.output_mode == "dict":
            return out
        concatenate: Any = ops.concatenate  # type: ignore[attr-defined]
        return concatenate(list(out.values()), axis=-1)

    def _one_hot(self, name: str) -> Any:
        from lamina import layers

        if name not in self.one_hot_encoders:
            layer = self.preprocessors.get(name) or self.crossers[name]
            config = layer.get_config()
            if hasattr(layer, "vocabulary_size"):
                size = layer.vocabulary_size()
            elif config.get("bin_boundaries") is not None:
                size = len(config["bin_boundaries"]) + 1
            else:
                size = config.get("num_bins") or config.get("num_tokens")
            if size is None:
                raise ValueError(
                    f"Feature '{name}' has `output_mode='one_hot'`. However it isn't a standard "
                    "feature and the dimensionality of its output space is not known, thus it "
                    "cannot be one-hot encoded. Try using `output_mode='int'`."
                )
            make: Any = layers.CategoryEncoding  # type: ignore[attr-defined]
            self.one_hot_encoders[name] = make(num_tokens=size, output_mode="multi_hot")
        return self.one_hot_encoders[name]

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments; what adapt() found is in the layers inside alone."""
        return {
            "features": {k: f.get_config() for k, f in self.features.items()},
            "output_mode": self.output_mode,
            "crosses": [c.get_config() for c in self.crosses],
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
            "name": self.name,
        }


def _made(
    dtype: str, kind: str, output_mode: str, name: str | None, what: str, **kwargs: Any
) -> Feature:
    from lamina import layers

    name = name or _core.unique_layer_name(what)
    make: Any = getattr(layers, kind)
    return Feature(dtype, make(name=f"{name}_preprocessor", **kwargs), output_mode)


def _column(values: Any) -> Any:
    """A column as (batch, 1)."""
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    if not isinstance(values, _core.Tensor):
        values = np.asarray(values)
    return np.asarray(values).reshape(-1, 1) if len(values.shape) < 2 else values
