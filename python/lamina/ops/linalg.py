"""Linear algebra: a part of `lamina.ops`, as `keras.ops.linalg`."""

import lamina.ops as _ops

__all__ = """
    cholesky cholesky_inverse det eig eigh inv jvp lstsq lu_factor matrix_rank norm pinv qr
    solve solve_triangular svd
""".split()  # fmt: skip
__all__ = [name for name in __all__ if hasattr(_ops, name)]
globals().update({name: getattr(_ops, name) for name in __all__})
