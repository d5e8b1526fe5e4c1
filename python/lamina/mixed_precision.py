"""Keras's older names for dtype policies."""

from lamina.config import dtype_policy, set_dtype_policy
from lamina.dtype_policies import DTypePolicy

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = [
    "DTypePolicy",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
