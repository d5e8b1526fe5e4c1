"""Linear algebra, Fourier transforms, segments and the rest of keras.ops."""

from functools import partial

import numpy as np

from oracle.support import integers, op_row, oracle_tests, real

square = real(2, 4, 4) * 0.4 + np.diag(np.arange(1, 5)).astype("float32")
spd = square @ square.transpose(0, 2, 1)
ids = integers(6)
pair = (real(3, 8), real(3, 8)[::-1].copy())
wave = real(2, 64)


def loose(*args, **kwargs):
    """Float32 through a factorization: errors grow with the condition of the matrix."""
    return op_row(*args, tol=1e-4, **kwargs)


# Rows call plain functions with the package; partial() keeps those that are arguments.
test_rows = oracle_tests(
    [
        loose("cholesky", spd),
        loose("cholesky", spd, upper=True),
        loose("cholesky_inverse", np.tril(square[0])),
        loose("det", square),
        loose("inv", square),
        loose("logdet", spd),
        loose("lstsq", real(6, 3), real(6, 2)),
        loose("lu_factor", square),
        loose("norm", real(3, 4), ord=2),
        loose("norm", real(3, 4), ord="nuc"),
        op_row("matrix_rank", real(4, 1) @ real(1, 5), grad=False),
        loose("pinv", real(5, 3)),
        loose("qr", real(5, 3)),
        op_row("qr", real(5, 3), mode="complete", grad=False),
        loose("solve", square, real(2, 4, 3)),
        loose("solve_triangular", square, real(2, 4, 3), lower=True),
        loose("svd", real(5, 3), compute_uv=False),
        op_row("cdist", real(4, 3), real(5, 3)),
        op_row("erfc", real(3, 4)),
        op_row("extract_sequences", wave, 10, 7),
        op_row("fft", pair, tol=1e-4),
        op_row("fft2", pair, tol=1e-4),
        op_row("ifft2", pair),
        op_row("rfft", wave, tol=1e-4),
        op_row("rfft", wave, fft_length=48, tol=1e-4),
        op_row("irfft", pair, grad=False),
        op_row("irfft", pair, fft_length=11, grad=False),
        op_row("stft", wave, 16, 8, 20, tol=1e-4),
        op_row("stft", wave, 16, 8, 16, window="hamming", center=False, tol=1e-4),
        op_row("stft", wave, 16, 8, 16, window=None, tol=1e-4),
        op_row("istft", (real(2, 9, 9), real(2, 9, 9)), 16, 8, 16, grad=False),
        op_row(
            "istft",
            (real(2, 9, 9), real(2, 9, 9)),
            16,
            8,
            16,
            length=50,
            window="hamming",
            grad=False,
        ),
        op_row("segment_sum", real(6, 2), ids, num_segments=5),
        op_row("segment_max", real(6, 2), ids, num_segments=5),
        op_row("segment_min", real(6, 2), ids, num_segments=5),
        op_row("segment_prod", real(6, 2), ids, num_segments=5, grad=False),
        op_row("multi_hot", integers(3, 4), num_classes=6),
        op_row("multi_hot", integers(4), num_classes=6),
        op_row("psnr", real(4, 5), real(4, 5) + 0.1, 2.0, tol=1e-4),
        op_row("normalize", real(3, 4), axis=0, order=3),
        op_row("normalize", real(3, 4)),
        op_row("rms_normalization", real(3, 4), real(4)),
        op_row("layer_normalization", real(3, 4), real(4), real(4)),
        op_row("layer_normalization", real(3, 4, 2), axis=(1, 2)),
        op_row("moments", real(3, 4), axes=(0, 1), keepdims=True),
        op_row("rearrange", real(4, 6, 3), "(a b) c d -> a (c d) b", a=2, grad=False),
        op_row("saturate_cast", real(3, 4) * 500, dtype="int8", grad=False),
        op_row("saturate_cast", np.array([-5, 70000], "int32"), dtype="uint8"),
        op_row(
            "dot_product_attention",
            real(2, 5, 3, 4),
            real(2, 6, 3, 4),
            real(2, 6, 3, 4),
            real(2, 3, 5, 6),
        ),
        op_row("scan", partial(lambda c, x: (c + x, c * x)), 0.5, real(5), grad=False),
        op_row(
            "associative_scan", lambda K: partial(K.ops.add), real(5, 2), reverse=True, grad=False
        ),
        op_row("fori_loop", 1, 5, partial(lambda i, x: x * i), 0.5),
        op_row("while_loop", partial(lambda i: i < 50), partial(lambda i: (i * 2,)), (3,)),
        op_row(
            "switch", 1, lambda K: [partial(K.ops.sin), partial(K.ops.cos)], real(3), grad=False
        ),
        op_row("map", lambda K: partial(K.ops.sin), real(3), grad=False),
        op_row("vectorized_map", lambda K: partial(K.ops.sum), real(3, 4), grad=False),
        op_row("jvp", lambda K: partial(K.ops.sin), (real(3),), (real(3),), grad=False),
    ]
)
