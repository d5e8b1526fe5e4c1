"""Rows of layer_table.py: padding, cropping, upsampling, other shapes."""

import numpy as np

from layer_table import POOL, layer, real

LINE, CUBE = real(2, 6, 3), real(2, 4, 2, 6, 3)

layer("Flatten", lambda w, x: x[:, None], real(5))
layer("Reshape", lambda w, x: x, real(3, 4), target_shape=(4,))
layer("Reshape", lambda w, x: x.reshape(3, 2, 1, 4), real(3, 8), target_shape=(2, 1, -1))
layer("Permute", lambda w, x: x.transpose(0, 2, 1), LINE, dims=(2, 1), bad=(2, 6))

layer("ZeroPadding1D", lambda w, x: np.pad(x, ((0, 0), (1, 1), (0, 0))), LINE, bad=(2, 6))
layer("ZeroPadding1D", lambda w, x: np.pad(x, ((0, 0), (0, 0), (2, 0))), LINE, padding=(2, 0),
      data_format="channels_first")  # fmt: skip
layer("ZeroPadding2D", lambda w, x: np.pad(x, ((0, 0), (0, 0), (1, 1), (2, 2))), POOL,
      padding=(1, 2), data_format="channels_first")  # fmt: skip
layer("ZeroPadding3D", lambda w, x: np.pad(x, ((0, 0), *((1, 1),) * 3, (0, 0))), CUBE, bad=(2, 6))
layer(
    "ZeroPadding3D",
    lambda w, x: np.pad(x, ((0, 0), (0, 0), (1, 1), (0, 2), (3, 0))),
    CUBE,
    padding=(1, (0, 2), (3, 0)),
    data_format="channels_first",
)

layer("Cropping1D", lambda w, x: x[:, 1:-1], LINE, bad=(2, 6))
layer("Cropping1D", lambda w, x: x[:, 2:], LINE, cropping=(2, 0), bad=(2, 2, 3))
layer("Cropping2D", lambda w, x: x, POOL, bad=(2, 6, 4))
layer("Cropping2D", lambda w, x: x[:, 2:-2, 1:-1], POOL, cropping=(2, 1), bad=(2, 4, 4, 3))
layer(
    "Cropping2D",
    lambda w, x: x[:, :, 1:, :-2],
    POOL,
    cropping=((1, 0), (0, 2)),
    data_format="channels_first",
)
layer("Cropping3D", lambda w, x: x[:, 1:-1, 1:-1, 1:-1], real(2, 4, 3, 6, 3), bad=(2, 4, 2, 6, 3))
layer(
    "Cropping3D",
    lambda w, x: x[:, :, :, :-3, 1:],
    CUBE,
    cropping=(0, (0, 3), (1, 0)),
    data_format="channels_first",
)

layer("UpSampling1D", lambda w, x: x.repeat(3, 1), LINE, size=3, bad=(2, 6))
layer("UpSampling2D", lambda w, x: x.repeat(2, 2).repeat(2, 3), POOL,
      data_format="channels_first", bad=(2, 6, 4))  # fmt: skip
layer("UpSampling3D", lambda w, x: x.repeat(2, 1).repeat(2, 2).repeat(2, 3), CUBE, bad=(2, 6))
layer(
    "UpSampling3D",
    lambda w, x: x.repeat(3, 3).repeat(2, 4),
    CUBE,
    size=(1, 3, 2),
    data_format="channels_first",
)


def keys(d):
    """Keys's cubic of 1981."""
    return np.where(
        d < 1, 1.5 * d**3 - 2.5 * d**2 + 1, np.where(d < 2, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2, 0)
    )


def lanczos(d):
    return np.where(d < 3, np.sinc(d) * np.sinc(d / 3), 0)


def mixed(x, factors, weight):
    for axis, factor in enumerate(factors, 1):
        n = x.shape[axis]
        centres = (np.arange(n * factor) + 0.5) / factor - 0.5
        w = weight(np.abs(centres[:, None] - np.arange(n)))
        x = np.moveaxis(np.tensordot(w / w.sum(1, keepdims=True), x, (1, axis)), 0, axis)
    return x


layer("UpSampling2D", lambda w, x: mixed(x, (2, 3), keys), POOL, size=(2, 3),
      interpolation="bicubic")  # fmt: skip
layer(
    "UpSampling2D",
    lambda w, x: np.moveaxis(mixed(np.moveaxis(x, 1, -1), (2, 2), lanczos), -1, 1),
    POOL,
    data_format="channels_first",
    interpolation="lanczos3",
)
