"""Global settings."""

from __future__ import annotations

from typing import Any

from lamina import _core
from lamina._core import (
    cpu_isa,
    floatx,
    num_threads,
    set_debug_nans,
    set_floatx,
    set_num_threads,
)

_settings: dict[str, Any] = {
    "interactive_logging": True,
    "traceback_filtering": True,
    "flash_attention": True,
    "unsafe_deserialization": False,
    "max_epochs": None,
    "max_steps_per_epoch": None,
}


def backend() -> str:
    """Name of what computes: always "lamina"."""
    return "lamina"


def set_backend(backend: str) -> None:
    """Taken for Keras's sake: the backend is always "lamina".

    Raises:
        ValueError: Another name.
    """
    if backend != "lamina":
        raise ValueError(f"set_backend: lamina has no other backend, received {backend!r}")


def debug_nans() -> bool:
    """Whether the hunt for NaNs is on."""
    return _core.debug_nans()


def dtype_policy() -> Any:
    """The policy of layers that are given no dtype, a `lamina.DTypePolicy`.

    Example:

    >>> import lamina
    >>> lamina.config.dtype_policy()
    <DTypePolicy "float32">
    """
    from lamina.dtype_policies import DTypePolicy

    return DTypePolicy(_core.dtype_policy())


def set_dtype_policy(policy: Any) -> None:
    """Set how layers compute that are given no dtype.

    Args:
        policy: Name of a dtype, "mixed_bfloat16", or a `lamina.DTypePolicy`.

    Raises:
        ValueError: "mixed_float16", which lamina does not train in.
        TypeError: An unknown name.
    """
    _core.set_dtype_policy(getattr(policy, "name", policy))


def epsilon() -> float:
    """The small number that losses add to keep logarithms finite."""
    return 1e-7


def set_epsilon(value: float) -> None:
    """Taken for Keras's sake: the number is always 1e-7.

    Raises:
        ValueError: Another value.
    """
    if value != epsilon():
        raise ValueError(f"set_epsilon: lamina's is always {epsilon()}, received {value!r}")


def image_data_format() -> str:
    """The layout of images where none is given: always "channels_last"."""
    return "channels_last"


def set_image_data_format(data_format: str) -> None:
    """Taken for Keras's sake: give layers data_format="channels_first" one by one.

    Raises:
        ValueError: Another layout than "channels_last".
    """
    if data_format != "channels_last":
        raise ValueError(
            "set_image_data_format: expected 'channels_last' (layers take data_format themselves), "
            f"received {data_format!r}"
        )


def enable_interactive_logging() -> None:
    """Show progress on the terminal where `verbose` says nothing else. The default."""
    _settings["interactive_logging"] = True


def disable_interactive_logging() -> None:
    """Let `fit`, `evaluate` and `predict` show nothing where `verbose` is "auto"."""
    _settings["interactive_logging"] = False


def is_interactive_logging_enabled() -> bool:
    """Whether progress is shown where `verbose` says nothing else."""
    return _settings["interactive_logging"]


def enable_traceback_filtering() -> None:
    """Taken for Keras's sake: the core leaves no frames of its own in a traceback."""
    _settings["traceback_filtering"] = True


def disable_traceback_filtering() -> None:
    """Taken for Keras's sake: see `enable_traceback_filtering`."""
    _settings["traceback_filtering"] = False


def is_traceback_filtering_enabled() -> bool:
    """The last choice of `enable_traceback_filtering` or `disable_traceback_filtering`."""
    return _settings["traceback_filtering"]


def enable_flash_attention() -> None:
    """Taken for Keras's sake: attention is computed in tiles in any case."""
    _settings["flash_attention"] = True


def disable_flash_attention() -> None:
    """Taken for Keras's sake: attention is computed in tiles in any case."""
    _settings["flash_attention"] = False


def is_flash_attention_enabled() -> bool:
    """The last choice of `enable_flash_attention` or `disable_flash_attention`."""
    return _settings["flash_attention"]


def is_nnx_enabled() -> bool:
    """False: that is a mode of another backend."""
    return False


def enable_unsafe_deserialization() -> None:
    """Taken for Keras's sake: a model file holds no code that could be run."""
    _settings["unsafe_deserialization"] = True


def max_epochs() -> int | None:
    """Upper limit of the epochs of `fit`, or None."""
    return _settings["max_epochs"]


def set_max_epochs(max_epochs: int | None) -> None:
    """Limit the epochs of every `fit`, for a quick look at a long script.

    Args:
        max_epochs: Number of epochs; None for no limit.
    """
    _settings["max_epochs"] = _positive("set_max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """Upper limit of the steps of an epoch, an evaluation or a prediction, or None."""
    return _settings["max_steps_per_epoch"]


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limit the steps of every epoch, evaluation and prediction.

    Args:
        max_steps_per_epoch: Number of steps; None for no limit.
    """
    _settings["max_steps_per_epoch"] = _positive("set_max_steps_per_epoch", max_steps_per_epoch)


def _positive(who: str, value: int | None) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(f"{who}: expected a positive integer or None, received {value!r}")
    return value


__all__ = [
    "backend",
    "cpu_isa",
    "debug_nans",
    "disable_flash_attention",
    "disable_interactive_logging",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_flash_attention",
    "enable_interactive_logging",
    "enable_traceback_filtering",
    "enable_unsafe_deserialization",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_flash_attention_enabled",
    "is_interactive_logging_enabled",
    "is_nnx_enabled",
    "is_traceback_filtering_enabled",
    "max_epochs",
    "max_steps_per_epoch",
    "num_threads",
    "set_backend",
    "set_debug_nans",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_max_epochs",
    "set_max_steps_per_epoch",
    "set_num_threads",
]
