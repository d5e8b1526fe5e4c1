"""
Random numbers.
"""
from __future__ import annotations
import lamina._core
import numpy as np
import typing
__all__: list[str] = ['SeedGenerator', 'beta', 'binomial', 'categorical', 'dropout', 'gamma', 'normal', 'randint', 'set_seed', 'shuffle', 'truncated_normal', 'uniform']
class SeedGenerator:
    """
    A stream of random numbers: a seed and a count of draws.
    
    Args:
        seed: An integer; drawn from the global generator by default.
        name: A name.
    
    Example:
    
    >>> import lamina
    >>> seed = lamina.random.SeedGenerator(7)
    >>> a, b = (lamina.random.uniform((2,), seed=seed) for _ in range(2))
    >>> a.tolist() == b.tolist()
    False
    """
    @staticmethod
    def from_config(config: dict) -> typing.Any:
        """
        The generator of a config.
        """
    def __init__(self, seed: typing.Any = None, name: typing.Any = None, **kwargs) -> None:
        ...
    def get_config(self) -> dict:
        """
        Seed and name.
        """
    def next(self, ordered: bool = True) -> lamina._core.Tensor:
        """
        A copy of the state, which then moves on by one draw.
        """
    @property
    def name(self) -> str:
        """
        The name.
        """
    @property
    def state(self) -> lamina._core.Tensor:
        """
        int64 (2,): seed, next draw.
        """
def beta(shape: typing.Any, alpha: typing.Any, beta: typing.Any, dtype: typing.Any = None, seed: typing.Any = None) -> lamina._core.Tensor:
    """
    Numbers of a beta distribution, in [0, 1], density proportional to x^(a - 1) (1 - x)^(b - 1).
    
    Args:
        shape: Shape of the result.
        alpha: The first parameter a, positive; a number, or a tensor that is broadcast to `shape`.
        beta: The second parameter b, likewise.
        dtype: A float dtype, `floatx` by default.
        seed: An integer, a SeedGenerator or None.
    
    Example:
    
    >>> import lamina
    >>> lamina.random.beta((2, 3), 2.0, 1.0).shape
    (2, 3)
    """
def binomial(shape: typing.Any, counts: typing.Any, probabilities: typing.Any, dtype: typing.Any = None, seed: typing.Any = None) -> lamina._core.Tensor:
    """
    Numbers of successes among independent trials.
    
    Args:
        shape: Shape of the result.
        counts: Numbers of trials; a number, or a tensor that is broadcast to `shape`.
        probabilities: Probabilities of a success, in [0, 1], likewise.
        dtype: Dtype of the result, `floatx` by default.
        seed: An integer, a SeedGenerator or None.
    
    Example:
    
    >>> import lamina
    >>> lamina.random.binomial((2,), counts=[3, 5], probabilities=1.0).tolist()
    [3.0, 5.0]
    """
def categorical(logits: typing.Any, num_samples: typing.SupportsInt | typing.SupportsIndex, dtype: typing.Any = 'int32', seed: typing.Any = None) -> lamina._core.Tensor:
    """
    Indices drawn by unnormalized log-probabilities (batch, classes).
    """
def dropout(inputs: typing.Any, rate: typing.SupportsFloat | typing.SupportsIndex, noise_shape: typing.Any = None, seed: typing.Any = None) -> lamina._core.Tensor:
    """
    Inverted dropout: zeros with probability `rate`, else x / (1 - rate) (Srivastava et al., 2014).
    
    Args:
        inputs: A tensor.
        rate: Share of zeros, in [0, 1].
        noise_shape: Shape of the draws, broadcast to inputs; None in it stands for the length of an
            axis.
        seed: An integer, a SeedGenerator or None.
    
    Example:
    
    >>> import lamina
    >>> y = lamina.random.dropout(lamina.ops.ones((8, 4)), 0.5, noise_shape=(8, 1))
    >>> len({*y.numpy()[0]})
    1
    """
def gamma(shape: typing.Any, alpha: typing.Any, dtype: typing.Any = None, seed: typing.Any = None) -> lamina._core.Tensor:
    """
    Numbers of a gamma distribution with scale 1.
    
    Args:
        shape: Shape of the result.
        alpha: Shape parameter, positive; a number, or a tensor that is broadcast to `shape`.
        dtype: A float dtype, `floatx` by default.
        seed: An integer, a SeedGenerator or None.
    
    Example:
    
    >>> import lamina
    >>> lamina.random.gamma((2, 3), 2.0).shape
    (2, 3)
    """
def normal(shape: typing.Any, mean: typing.SupportsFloat | typing.SupportsIndex = 0.0, stddev: typing.SupportsFloat | typing.SupportsIndex = 1.0, dtype: typing.Any = None, seed: typing.Any = None) -> lamina._core.Tensor:
    """
    Normal.
    """
def randint(shape: typing.Any, minval: typing.SupportsInt | typing.SupportsIndex, maxval: typing.SupportsInt | typing.SupportsIndex, dtype: typing.Any = 'int32', seed: typing.Any = None) -> lamina._core.Tensor:
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
