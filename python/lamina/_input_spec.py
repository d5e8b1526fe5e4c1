"""What a layer of one's own expects of its inputs."""

from __future__ import annotations

from typing import Any

from lamina import tree


class InputSpec:
    """Rank, shape and dtype that a layer expects of an input.

    A layer says so by its attribute `input_spec`: one of these, or a list or dict of them for
    several inputs. They are checked at every call.

    Args:
        dtype: Name of the dtype.
        shape: Shape with the batch axis; None fits any length.
        ndim: Number of axes.
        max_ndim: Largest number of axes.
        min_ndim: Smallest number of axes.
        axes: Axis -> length.
        allow_last_axis_squeeze: Whether a last axis of length 1 may be there or not.
        name: Key of the input where inputs come as a dict.
        optional: Whether None may come.

    Example:

    >>> import lamina
    >>> lamina.InputSpec(ndim=3, axes={-1: 4})
    InputSpec(ndim=3, axes={-1: 4})
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        from lamina.backend import standardize_dtype

        self.dtype = None if dtype is None else standardize_dtype(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = ndim if self.shape is None else len(self.shape)
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.allow_last_axis_squeeze, self.name, self.optional = (
            allow_last_axis_squeeze,
            name,
            optional,
        )
        try:
            self.axes = {int(k): v for k, v in (axes or {}).items()}
        except (TypeError, ValueError, AttributeError):
            raise TypeError(
                f"InputSpec: expected a dict of axis -> length, received axes={axes!r}"
            ) from None
        most = self.ndim or self.max_ndim
        if self.axes and most and max(self.axes) >= most:
            raise ValueError(f"InputSpec: axis {max(self.axes)} of at most {most} axes")

    def __repr__(self) -> str:
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        given = [f"{n}={getattr(self, n)}" for n in names if getattr(self, n)]
        return f"InputSpec({', '.join(given)})"

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "optional")
        return {n: getattr(self, n) for n in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """The same again."""
        return cls(**config)

    def mismatch(self, x: Any) -> str:
        """What does not fit about an input: "expected ..., received ..."; empty where all fits."""
        shape = tuple(x.shape)
        received = f"received shape {shape}"
        if self.ndim is not None and not self.allow_last_axis_squeeze and len(shape) != self.ndim:
            return f"expected {self.ndim} axes, {received}"
        if self.max_ndim is not None and len(shape) > self.max_ndim:
            return f"expected at most {self.max_ndim} axes, {received}"
        if self.min_ndim is not None and len(shape) < self.min_ndim:
            return f"expected at least {self.min_ndim} axes, {received}"
        if self.dtype is not None and x.dtype != self.dtype:
            return f"expected dtype {self.dtype}, received {x.dtype}"
        for axis, length in self.axes.items():
            if length is not None and shape[axis] not in (length, None):
                return f"expected axis {axis} of length {length}, {received}"
        if self.shape is not None:
            wanted = self.shape
            if self.allow_last_axis_squeeze:
                wanted, shape = (s[:-1] if s and s[-1] == 1 else s for s in (wanted, shape))
            if any(None not in (w, d) and w != d for w, d in zip(wanted, shape)):
                return f"expected shape {self.shape}, {received}"
        return ""


def check(layer: Any, input_spec: Any, inputs: Any) -> None:
    """Raise ValueError where the inputs of a layer are not what its input_spec says."""
    specs = tree.flatten(input_spec)
    if isinstance(inputs, dict) and all(getattr(s, "name", None) for s in specs):
        inputs = [inputs[s.name] for s in specs if s.name in inputs]
    values = tree.flatten(inputs)
    who = f"{type(layer).__name__} '{layer.name}'"
    if len(values) != len(specs):
        raise ValueError(f"{who}: expected {len(specs)} inputs, received {len(values)}")
    for i, (spec, x) in enumerate(zip(specs, values)):
        if spec is None or (x is None and spec.optional):
            continue
        wrong = spec.mismatch(x)
        if wrong:
            raise ValueError(f"{who}: input {i}: {wrong}")
