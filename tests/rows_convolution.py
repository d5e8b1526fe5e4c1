"""Rows of layer_table.py: convolutions and pooling."""

import numpy as np

from layer_table import layer, real, same
from rows_spatial_ops import convolution, depthwise, first, pooled, transposed

LINE, PICTURE, CUBE = real(2, 6, 3), real(2, 6, 5, 3), real(2, 4, 2, 6, 3)


def relu(x):
    return np.maximum(x, 0)


# ---- convolutions ----

layer(
    "Conv1D",
    lambda w, x: first(lambda v: convolution(v, w[0], 1, ((4, 0),), 2) + w[1])(x),
    LINE,
    filters=4,
    kernel_size=3,
    padding="causal",
    dilation_rate=2,
    groups=2,
    data_format="channels_first",
)
layer(
    "Conv1D",
    lambda w, x: convolution(x, w[0], 3, (same(6, 2, 3),)) + w[1],
    LINE,
    filters=4,
    kernel_size=2,
    strides=3,
    padding="SAME",
)
layer(
    "Conv3D",
    lambda w, x: first(lambda v: convolution(v, w[0], (2, 1, 1), (0, (0, 1), 1)) + w[1])(x),
    real(2, 2, 4, 3, 5),
    filters=3,
    kernel_size=(2, 2, 3),
    strides=(2, 1, 1),
    padding="same",
    data_format="channels_first",
)
layer(
    "Conv1DTranspose",
    lambda w, x: transposed(x, w[0], ((0, 13),), 2) + w[1],
    LINE,
    filters=4,
    kernel_size=3,
    strides=2,
    bad=(2, 6, 4),
)
layer(
    "Conv1DTranspose",
    lambda w, x: relu(first(lambda v: transposed(v, w[0], ((2, 3),), 1, 2) + w[1])(x)),
    LINE,
    filters=4,
    kernel_size=3,
    padding="same",
    dilation_rate=2,
    data_format="channels_first",
    activation="relu",
)
layer(
    "Conv2DTranspose",
    lambda w, x: np.tanh(transposed(x, w[0], ((0, 12), (0, 10)), 2) + w[1]),
    PICTURE,
    filters=4,
    kernel_size=3,
    strides=2,
    padding="same",
    activation="tanh",
    bad=(2, 6, 3),
)
layer(
    "Conv2DTranspose",
    lambda w, x: transposed(x, w[0], ((1, 11), (1, 4)), (2, 1)),
    PICTURE,
    filters=4,
    kernel_size=(3, 2),
    strides=(2, 1),
    padding="same",
    output_padding=0,
    use_bias=False,
)
layer(
    "Conv3DTranspose",
    lambda w, x: transposed(x, w[0], ((0, 8), (0, 4), (0, 12)), 2) + w[1],
    CUBE,
    filters=2,
    kernel_size=2,
    strides=2,
    bad=(2, 4, 2, 6, 2),
)
layer(
    "DepthwiseConv1D",
    lambda w, x: depthwise(x, w[0], 2, (same(6, 3, 2),)) + w[1],
    LINE,
    kernel_size=3,
    strides=2,
    padding="same",
    bad=(2, 6, 4),
)
layer(
    "DepthwiseConv2D",
    lambda w, x: depthwise(x, w[0]) + w[1],
    PICTURE,
    kernel_size=3,
    depth_multiplier=2,
    bad=(2, 6, 5, 4),
)
layer(
    "DepthwiseConv2D",
    lambda w, x: relu(first(lambda v: depthwise(v, w[0], 1, (1, 2), (1, 2)))(x)),
    PICTURE,
    kernel_size=3,
    padding="same",
    dilation_rate=(1, 2),
    data_format="channels_first",
    activation="relu",
    use_bias=False,
)
layer(
    "SeparableConv1D",
    lambda w, x: np.tanh(depthwise(x, w[0]) @ w[1][0] + w[2]),
    LINE,
    filters=4,
    kernel_size=2,
    depth_multiplier=2,
    activation="tanh",
    bad=(2, 6, 4),
)
layer(
    "SeparableConv2D",
    lambda w, x: depthwise(x, w[0], 2, (same(6, 3, 2), same(5, 3, 2))) @ w[1][0, 0] + w[2],
    PICTURE,
    filters=4,
    kernel_size=3,
    strides=2,
    padding="same",
    bad=(2, 6, 3),
)
layer(
    "SeparableConv2D",
    lambda w, x: first(lambda v: depthwise(v, w[0]) @ w[1][0, 0])(x),
    PICTURE,
    filters=4,
    kernel_size=2,
    data_format="channels_first",
    use_bias=False,
)

# ---- pooling ----

layer("MaxPooling1D", lambda w, x: np.stack([x[:, :2].max(1), x[:, 4:].max(1)], 1), LINE,
      pool_size=2, strides=4)  # fmt: skip
layer(
    "AveragePooling1D",
    lambda w, x: first(lambda v: np.stack([v[:, :2].mean(1), v[:, 2:].mean(1)], 1))(x),
    LINE,
    pool_size=2,
    padding="same",
    data_format="channels_first",
)
layer(
    "MaxPooling2D",
    lambda w, x: first(lambda v: v.reshape(2, 1, 5, 3, 6).max(2))(x),
    real(2, 6, 5, 3),
    pool_size=(5, 1),
    data_format="channels_first",
)
layer(
    "AveragePooling2D",
    lambda w, x: x[:, :, :4].reshape(2, 3, 2, 2, 2, 3).mean((2, 4)),
    PICTURE,
    pool_size=(2, 2),
    strides=(2, 2),
)
layer(
    "MaxPooling3D",
    lambda w, x: x[..., :2].reshape(2, 4, 2, 3, 2, 1, 2).max((4, 6)),
    CUBE,
    pool_size=(1, 2, 2),
    data_format="channels_first",
)
layer(
    "AveragePooling3D",
    lambda w, x: x.reshape(2, 4, 2, 2, 3, 3).mean(4),
    CUBE,
    pool_size=(1, 1, 3),
)
layer("GlobalMaxPooling1D", lambda w, x: x.max(2), LINE, data_format="channels_first")
layer("GlobalAveragePooling1D", lambda w, x: x.mean(1, keepdims=True), LINE, keepdims=True)
layer(
    "GlobalMaxPooling3D",
    lambda w, x: x.max((2, 3, 4), keepdims=True),
    CUBE,
    data_format="channels_first",
    keepdims=True,
)
layer("GlobalAveragePooling3D", lambda w, x: x.mean((2, 3, 4)), CUBE, data_format="channels_first")
for kind, reduce in (("Max", np.max), ("Average", np.mean)):
    for x, size in ((LINE, (4,)), (PICTURE, (3, 2)), (CUBE, (2, 2, 4))):
        layer(
            f"Adaptive{kind}Pooling{len(size)}D",
            lambda w, x, s=size, r=reduce: pooled(x, s, r),
            x,
            output_size=size,
            bad=(2, 6),
        )
    layer(
        f"Adaptive{kind}Pooling2D",
        lambda w, x, r=reduce: first(lambda v: pooled(v, (2, 2), r))(x),
        PICTURE,
        output_size=2,
        data_format="channels_first",
    )
