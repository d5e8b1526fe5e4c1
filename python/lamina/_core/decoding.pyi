"""
Decoding.
"""
from __future__ import annotations
import lamina._core
import numpy as np
import typing
__all__: list[str] = ['beam_search', 'greedy', 'probabilities', 'sample']
def beam_search(arg0: typing.Any, arg1: typing.Any, arg2: typing.SupportsInt | typing.SupportsIndex, arg3: typing.SupportsInt | typing.SupportsIndex | None, arg4: typing.Any, arg5: typing.SupportsInt | typing.SupportsIndex, arg6: typing.SupportsInt | typing.SupportsIndex, arg7: typing.SupportsFloat | typing.SupportsIndex) -> list[list[tuple[list[int], float]]]:
    ...
def greedy(arg0: typing.Any, arg1: typing.Any, arg2: typing.SupportsInt | typing.SupportsIndex, arg3: typing.SupportsInt | typing.SupportsIndex | None, arg4: typing.Any) -> list[list[int]]:
    ...
def probabilities(arg0: typing.Any, arg1: typing.SupportsFloat | typing.SupportsIndex, arg2: typing.SupportsInt | typing.SupportsIndex | None, arg3: typing.SupportsFloat | typing.SupportsIndex | None) -> lamina._core.Tensor:
    ...
def sample(arg0: typing.Any, arg1: typing.Any, arg2: typing.SupportsInt | typing.SupportsIndex, arg3: typing.SupportsInt | typing.SupportsIndex | None, arg4: typing.Any, arg5: typing.SupportsFloat | typing.SupportsIndex, arg6: typing.SupportsInt | typing.SupportsIndex | None, arg7: typing.SupportsFloat | typing.SupportsIndex | None, arg8: typing.Any) -> list[list[int]]:
    ...
