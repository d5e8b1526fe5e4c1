"""Initializers, with Keras's names and arguments."""

from __future__ import annotations

from typing import Any

from lamina import _choice, _core

_SEED = "    seed: An integer for the same values each time; otherwise one is drawn.\n"
_AXES = (
    _SEED + "    input_axes: Axes whose sizes make the number of inputs; by default all but the"
    " last.\n    output_axes: Axes whose sizes make the number of outputs.\n"
)
_GLOROT = "\n\nReference:\n    Glorot and Bengio, 2010, AISTATS."
_HE = "\n\nReference:\n    He et al., 2015, arXiv:1502.01852."
_LECUN = "\n\nReference:\n    Klambauer et al., 2017, arXiv:1706.02515."
_IN_OUT = "where n and m are the numbers of inputs and outputs.\n\nArgs:\n"
_docs = {
    "Constant": "One value, or an array that is broadcast.\n\nArgs:\n    value: The value.",
    "GlorotNormal": "Truncated normal values of deviation `sqrt(2 / (n + m))`, "
    + _IN_OUT
    + _AXES.rstrip()
    + _GLOROT,
    "GlorotUniform": "Uniform values within `sqrt(6 / (n + m))`, "
    + _IN_OUT
    + _AXES.rstrip()
    + _GLOROT,
    "HeNormal": "Truncated normal values of deviation `sqrt(2 / n)`, "
    + _IN_OUT
    + _AXES.rstrip()
    + _HE,
    "HeUniform": "Uniform values within `sqrt(6 / n)`, " + _IN_OUT + _AXES.rstrip() + _HE,
    "Identity": "The identity matrix times a gain; for matrices only.\n\n"
    "Args:\n    gain: The factor.\n\n"
    "Raises:\n    ValueError: Another number of axes than two.",
    "LecunNormal": "Truncated normal values of deviation `sqrt(1 / n)`, "
    + _IN_OUT
    + _AXES.rstrip()
    + _LECUN,
    "LecunUniform": "Uniform values within `sqrt(3 / n)`, " + _IN_OUT + _AXES.rstrip() + _LECUN,
    "Ones": "Ones.",
    "Orthogonal": "A random orthogonal matrix times a gain; more axes are flattened to the rows "
    "of a matrix.\n\n"
    f"Args:\n    gain: The factor.\n{_SEED}\n"
    "Raises:\n    ValueError: Fewer than two axes.\n\n"
    "Reference:\n    Saxe et al., 2014, arXiv:1312.6120.",
    "RandomNormal": "Normal values.\n\n"
    f"Args:\n    mean: Their mean.\n    stddev: Their deviation.\n{_SEED.rstrip()}",
    "RandomUniform": "Uniform values.\n\n"
    f"Args:\n    minval: Lower bound.\n    maxval: Upper bound.\n{_SEED.rstrip()}",
    "STFT": "The kernel of a convolution that gives the short-time Fourier transform:\n"
    "`window[t] * cos(-2 * pi * t * k / N)`, or the sine, for weights of shape\n"
    "(frame_length, input_channels, N // 2 + 1).\n\n"
    'Args:\n    side: `"real"` or `"imag"`.\n'
    "    window: Name of a window, its values, or None.\n"
    '    scaling: `"density"`: over the root of the sum of squares of the window; '
    '`"spectrum"`: over\n        the sum of its absolute values; or None.\n'
    "    periodic: Whether the window is periodic rather than symmetric.\n\n"
    "Raises:\n    ValueError: An unknown side, window or scaling.",
    "TruncatedNormal": "Normal values, drawn again while more than two deviations from the mean."
    f"\n\nArgs:\n    mean: Their mean.\n    stddev: Their deviation.\n{_SEED.rstrip()}",
    "VarianceScaling": "Values of variance `scale / k`, where k is the number of inputs, of "
    "outputs, or their mean.\n\n"
    "Args:\n    scale: Positive factor.\n"
    '    mode: `"fan_in"`, `"fan_out"` or `"fan_avg"`.\n'
    '    distribution: `"truncated_normal"`, `"untruncated_normal"` or `"uniform"`.\n'
    f"{_AXES}\n"
    "Raises:\n    ValueError: An unknown mode or distribution, or scale not positive.\n\n"
    "Reference:\n    He et al., 2015, arXiv:1502.01852.",
    "Zeros": "Zeros.",
}
_family = _choice.Family(
    "initializer",
    _core.initializer_defaults(),
    _docs,
    {
        "IdentityInitializer": "Identity",
        "OrthogonalInitializer": "Orthogonal",
        "STFTInitializer": "STFT",
        "normal": "RandomNormal",
        "one": "Ones",
        "stft": "STFT",
        "uniform": "RandomUniform",
        "zero": "Zeros",
    },
)


class Initializer(_choice.Choice):
    """First values of weights. Subclass it with __call__(shape, dtype) and get_config().

    Example:

    >>> import lamina
    >>> class Halves(lamina.initializers.Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return 0.5 * lamina.ops.ones(shape, dtype)
    >>> lamina.layers.Dense(2, kernel_initializer=Halves()).get_config()["kernel_initializer"]
    {'class_name': 'Halves', 'config': {}}
    """

    _family = _family

    def __call__(self, shape: Any, dtype: Any = None) -> _core.Tensor:
        """Values of a shape; the same ones in each call, as in Keras."""
        if self._native is None:
            raise NotImplementedError(
                "Initializer subclasses must implement the `__call__()` method."
            )
        arguments = self._arguments
        if "seed" in arguments and arguments["seed"] is None:
            if not hasattr(self, "_drawn_seed"):
                self._drawn_seed = int(_core.random.randint((), 1, 2**31 - 1))
            arguments = {**arguments, "seed": self._drawn_seed}
        config = {"class_name": self._native, "config": arguments}
        return _core.apply_initializer(config, shape, dtype)

    def clone(self) -> Initializer:
        """The same again, with values of its own."""
        return type(self).from_config(self.get_config())


_family.make_classes(Initializer, __name__)
_classes = _family.classes
globals().update(_family.names)


def get(identifier: Any) -> Any:
    """An initializer by name, from a config, from an array, or as it is.

    Raises:
        ValueError: It names nothing, or cannot be called.
    """
    if hasattr(identifier, "shape") and not callable(identifier):

        def values(shape: Any, dtype: Any = None) -> _core.Tensor:
            if tuple(shape) != tuple(identifier.shape):
                raise ValueError(
                    f"Expected `shape` to be {tuple(identifier.shape)} for direct tensor as "
                    f"initializer. Received shape={tuple(shape)}"
                )
            return _core.convert_to_tensor(identifier, dtype)

        return values
    return _family.get(identifier)


def serialize(initializer: Initializer) -> Any:
    """{"class_name", "config"} of an initializer, or the name of a function."""
    from lamina import saving

    return saving.serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """An initializer from {"class_name", "config"}.

    Raises:
        ValueError: An unknown class.
    """
    return _family.deserialize(config, custom_objects)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"lamina.initializers has no '{name}'")


__all__ = [*sorted(_classes), "Initializer", "deserialize", "get", "serialize"]
