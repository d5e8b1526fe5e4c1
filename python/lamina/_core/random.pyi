"""
Random numbers.
"""
from __future__ import annotations
import lamina._core
import numpy as np
import typing
__all__: list[str] = ['SeedGenerator', 'categorical', 'dropout', 'gamma', 'normal', 'randint', 'set_seed', 'shuffle', 'truncated_normal', 'uniform']
class SeedGenerator:
    """
    A stream of random numbers: a seed and a count of draws.
    """
    def __init__(self, seed: typing.SupportsInt | typing.SupportsIndex | None = None) -> None:
        ...
    @property
    def state(self) -> lamina._core.Tensor:
        """
        int64 (2,): seed, next draw.
        """
def categorical(logits: typing.Any, num_samples: typing.SupportsInt | typing.SupportsIndex, dtype: typing.Any = None, seed: typing.Any = None) -> lamina._core.Tensor:
    """
    Indices drawn by unnormalized log-probabilities (batch, classes).
    """
def dropout(inputs: typing.Any, rate: typing.SupportsFloat | typing.SupportsIndex, noise_shape: typing.Any = None, seed: typing.Any = None) -> lamina._core.Tensor:
    """
    Inverted dropout (Srivastava et al., 2014).
    """
def gamma(shape: typing.Any, alpha: typing.SupportsFloat | typing.SupportsIndex, dtype: typing.Any = None, seed: typing.Any = None) -> lamina._core.Tensor:
    """
    Gamma with shape parameter alpha.
    """
def normal(shape: typing.Any, mean: typing.SupportsFloat | typing.SupportsIndex = 0.0, stddev: typing.SupportsFloat | typing.SupportsIndex = 1.0, dtype: typing.Any = None, seed: typing.Any = None) -> lamina._core.Tensor:
    """
    Normal.
    """
def randint(shape: typing.Any, minval: typing.SupportsInt | typing.SupportsIndex, maxval: typing.SupportsInt | typing.SupportsIndex, dtype: typing.Any = None, seed: typing.Any = None) -> lamina._core.Tensor:
    """
    Integers in [minval, maxval).
    """
def set_seed(seed: typing.SupportsInt | typing.SupportsIndex) -> None:
    """
    Restart the global generator.
    """
def shuffle(x: typing.Any, axis: typing.SupportsInt | typing.SupportsIndex = 0, seed: typing.Any = None) -> lamina._core.Tensor:
    """
    Slices along an axis in random order.
    """
def truncated_normal(shape: typing.Any, mean: typing.SupportsFloat | typing.SupportsIndex = 0.0, stddev: typing.SupportsFloat | typing.SupportsIndex = 1.0, dtype: typing.Any = None, seed: typing.Any = None) -> lamina._core.Tensor:
    """
    Normal, cut at two deviations.
    """
def uniform(shape: typing.Any, minval: typing.SupportsFloat | typing.SupportsIndex = 0.0, maxval: typing.SupportsFloat | typing.SupportsIndex = 1.0, dtype: typing.Any = None, seed: typing.Any = None) -> lamina._core.Tensor:
    """
    Uniform in [minval, maxval).
    """
