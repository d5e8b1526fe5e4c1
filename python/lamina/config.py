"""Global settings."""

from lamina import _core
from lamina._core import (
    cpu_isa,
    dtype_policy,
    floatx,
    num_threads,
    set_debug_nans,
    set_dtype_policy,
    set_floatx,
    set_num_threads,
)

__all__ = [
    "cpu_isa",
    "debug_nans",
    "dtype_policy",
    "epsilon",
    "floatx",
    "image_data_format",
    "num_threads",
    "set_debug_nans",
    "set_dtype_policy",
    "set_floatx",
    "set_num_threads",
]


def debug_nans() -> bool:
    """Whether the hunt for NaNs is on."""
    return _core.debug_nans()


def epsilon() -> float:
    """The small number that losses add to keep logarithms finite."""
    return 1e-7


def image_data_format() -> str:
    """The layout of images: always "channels_last"."""
    return "channels_last"
