"""Rows of op_table.py: convolutions, pooling and blocks, over any number of spatial axes."""

import numpy as np

from op_table import image, narrow, row, values


def each(value, n):
    return (value,) * n if isinstance(value, int) else value


def convolution(x, w, strides=1, pads=0, dilation=1):
    """Channels last, groups by the depth of the kernel; pads: zeros before and after each axis."""
    n, depth, filters = w.ndim - 2, w.shape[-2], w.shape[-1]
    strides, dilation, pads = each(strides, n), each(dilation, n), each(pads, n)
    x = np.pad(x, ((0, 0), *((p, p) if isinstance(p, int) else p for p in pads), (0, 0)))
    out = [
        (x.shape[i + 1] - (w.shape[i] - 1) * dilation[i] - 1) // strides[i] + 1 for i in range(n)
    ]
    groups = x.shape[-1] // depth
    y = np.zeros((x.shape[0], *out, filters))
    for tap in np.ndindex(*w.shape[:n]):
        at = [slice(t * d, t * d + (m - 1) * s + 1, s)
              for t, d, m, s in zip(tap, dilation, out, strides)]  # fmt: skip
        part = x[(slice(None), *at)]
        for g in range(groups):
            f = slice(g * filters // groups, (g + 1) * filters // groups)
            y[..., f] += part[..., g * depth : (g + 1) * depth] @ w[tap][:, f]
    return y


def depthwise(x, w, *args, **kwargs):
    return convolution(x, w.reshape(*w.shape[:-2], 1, -1), *args, **kwargs)


def transposed(x, w, cuts, strides=1, dilation=1):
    """Every pixel adds its multiple of the kernel; cuts: (first, length) of what is kept of each
    axis, filled with zeros where nothing was added."""
    n = w.ndim - 2
    strides, dilation = each(strides, n), each(dilation, n)
    reach = [(w.shape[i] - 1) * dilation[i] + 1 for i in range(n)]
    size = [max((x.shape[i + 1] - 1) * strides[i] + reach[i], sum(cuts[i])) for i in range(n)]
    y = np.zeros((x.shape[0], *size, w.shape[-2]))
    for tap in np.ndindex(*w.shape[:n]):
        at = [slice(t * d, t * d + (m - 1) * s + 1, s)
              for t, d, m, s in zip(tap, dilation, x.shape[1:], strides)]  # fmt: skip
        y[(slice(None), *at)] += x @ w[tap].T
    return y[(slice(None), *(slice(a, a + m) for a, m in cuts))]


def first(f):
    """f of channels-last images as a function of channels-first ones."""
    return lambda x, *rest: np.moveaxis(f(np.moveaxis(x, 1, -1), *rest), -1, 1)


def pooled(x, sizes, reduce):
    """Adaptive pooling, window by window."""
    for axis, m in enumerate(sizes, 1):
        n = x.shape[axis]
        spans = [(i * n // m, -(-(i + 1) * n // m)) for i in range(m)]
        parts = [reduce(x.take(range(a, b), axis), axis, keepdims=True) for a, b in spans]
        x = np.concatenate(parts, axis)
    return x


def unfolded(x, k, dilation=(1, 1), padding=(0, 0), stride=(1, 1)):
    x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    rows, columns = (
        range(0, x.shape[i + 2] - (k[i] - 1) * dilation[i], stride[i]) for i in range(2)
    )
    cut = [
        x[:, :, r : r + k[0] * dilation[0] : dilation[0], c : c + k[1] * dilation[1] : dilation[1]]
        for r in rows
        for c in columns
    ]
    return np.stack([p.reshape(len(x), -1) for p in cut], -1)


def folded(x, size, k, **options):
    """Adds each column where unfolding an image of pixel numbers finds it."""
    numbers = np.arange(1, 1 + size[0] * size[1], dtype=float).reshape(1, 1, *size)
    places = unfolded(numbers, k, **options)[0].astype(int)  # 0 is padding
    channels = x.shape[1] // (k[0] * k[1])
    out = np.zeros((len(x), channels, 1 + numbers.size))
    x = x.reshape(len(x), channels, *places.shape)
    for at in np.ndindex(*places.shape):
        out[:, :, places[at]] += x[(slice(None), slice(None), *at)]
    return out[:, :, 1:].reshape(len(x), channels, *size)


# ---- convolutions ----

line, cube = values("line", 2, 9, 4), values("cube", 2, 5, 4, 6, 3)
row("conv", lambda x, w: convolution(x, w, 2), line, values("w", 3, 2, 6), strides=2)
row(
    "conv",
    lambda x, w: convolution(x, w, (2, 1, 3), ((0, 1), (1, 1), (0, 0))),
    cube,
    values("w", 2, 3, 2, 3, 4),
    strides=(2, 1, 3),
    padding="SAME",
    tolerance=2e-5,
)
row(
    "conv",
    lambda x, w: convolution(x, w, 1, ((6, 0),), 3),
    line,
    values("w", 3, 4, 2),
    padding="causal",
    dilation_rate=3,
    tolerance=2e-5,
)
row("conv", lambda x, w: convolution(x, w, 4), line, values("w", 2, 4, 3), strides=4)
row(
    "conv",
    first(lambda x, w: convolution(x, w, 1, ((2, 2), (1, 1)), (2, 1))),
    image,
    values("w", 3, 3, 7, 2),
    padding="same",
    data_format="channels_first",
    dilation_rate=(2, 1),
    tolerance=2e-5,
)
row(
    "depthwise_conv",
    lambda x, w: depthwise(x, w, 2, 0),
    line,
    values("w", 3, 4, 3),
    strides=2,
)
row(
    "depthwise_conv",
    first(lambda x, w: depthwise(x, w, 1, ((2, 2), (1, 2)), (2, 1))),
    values("x", 2, 3, 6, 5),
    values("w", 3, 4, 3, 1),
    padding="same",
    data_format="channels_first",
    dilation_rate=(2, 1),
    tolerance=2e-5,
)
row(
    "separable_conv",
    lambda x, w, p: depthwise(x, w, 2, ((1, 1), (0, 1))) @ p[0, 0],
    image,
    values("w", 3, 3, 4, 2),
    values("p", 1, 1, 8, 5),
    strides=2,
    padding="same",
    tolerance=2e-5,
)
row(
    "separable_conv",
    lambda x, w, p: depthwise(x, w, dilation=3) @ p[0],
    line,
    values("w", 3, 4, 1),
    values("p", 1, 4, 5),
    dilation_rate=3,
    tolerance=2e-5,
)

# Four pixels with strides 2: the whole result has 6 + kernel of them.
row4 = values("x", 2, 4, 3)
for kernel, options, cut in (
    (3, {"padding": "same"}, (0, 8)),
    (3, {"padding": "same", "output_padding": 0}, (1, 7)),
    (3, {"padding": "same", "output_padding": 1}, (0, 8)),
    (4, {"padding": "same"}, (1, 8)),
    (5, {"padding": "same"}, (1, 8)),
    (1, {"padding": "same"}, (0, 8)),
    (1, {}, (0, 8)),
    (3, {}, (0, 9)),
    (3, {"output_padding": 0}, (0, 9)),
    (3, {"output_padding": 1}, (0, 10)),
):
    row(
        "conv_transpose",
        lambda x, w, cut=cut: transposed(x, w, (cut,), 2),
        row4,
        values("w", kernel, 5, 3),
        strides=2,
        tolerance=2e-5,
        **options,
    )
row(
    "conv_transpose",
    lambda x, w: transposed(x, w, ((2, 4), (0, 6)), dilation=(2, 1)),
    narrow,
    values("w", 3, 2, 5, 3),
    padding="same",
    dilation_rate=(2, 1),
    tolerance=2e-5,
)
row(
    "conv_transpose",
    first(lambda x, w: transposed(x, w, ((0, 12), (0, 8)), (3, 1), (1, 2))),
    values("x", 2, 3, 4, 6),
    values("w", 2, 2, 5, 3),
    strides=(3, 1),
    dilation_rate=(1, 2),
    data_format="channels_first",
    tolerance=2e-5,
)
row(
    "conv_transpose",
    lambda x, w: transposed(x, w, ((0, 10), (0, 4), (0, 12)), (2, 1, 2)),
    cube,
    values("w", 2, 1, 2, 2, 3),
    strides=(2, 1, 2),
    padding="same",
    tolerance=2e-5,
)

# ---- pooling ----

row("max_pool", lambda x: x[:, [0, 1, 3, 4, 6, 7]].reshape(2, 3, 2, 4).max(2), line,
    pool_size=2, strides=3)  # fmt: skip
row("average_pool", lambda x: x[:, [0, 1, 4, 5]].reshape(2, 2, 2, 4).mean(2),
    values("x", 2, 7, 4), pool_size=2, strides=4)  # fmt: skip
row(
    "average_pool",
    lambda x: x[:, :4].reshape(2, 2, 2, 2, 2, 3, 2, 3).mean((2, 4, 6)),
    cube,
    pool_size=2,
)
for name, reduce in (("adaptive_max_pool", np.max), ("adaptive_average_pool", np.mean)):
    for x, size in (
        (line, 3),
        (line, 4),
        (line, 7),
        (line, 12),
        (image, (7, 1)),
        (cube, (2, 4, 5)),
    ):
        sizes = each(size, x.ndim - 2)
        row(name, lambda x, s=sizes, r=reduce: pooled(x, s, r), x, output_size=size)
    row(
        name,
        first(lambda x, r=reduce: pooled(x, (3, 2), r)),
        values("x", 2, 3, 7, 5),
        output_size=(3, 2),
        data_format="channels_first",
    )

# ---- blocks ----

row(
    "space_to_depth",
    lambda x: np.concatenate([x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)], -1),
    narrow,
    block_size=2,
)
row(
    "space_to_depth",
    lambda x: np.stack([x[:, c, i::2, j::2] for c in range(3) for i in (0, 1) for j in (0, 1)], 1),
    values("x", 2, 3, 4, 6),
    block_size=2,
    data_format="channels_first",
)  # fmt: skip


def tiles(x):
    """Channels 3 * (2 * i + j) + c at row i, column j of a tile."""
    y = np.zeros((x.shape[0], 2 * x.shape[1], 2 * x.shape[2], 3))
    for i, j in np.ndindex(2, 2):
        y[:, i::2, j::2] = x[..., 3 * (2 * i + j) :][..., :3]
    return y


row("depth_to_space", tiles, values("x", 2, 3, 2, 12), block_size=2)
row(
    "depth_to_space",
    lambda x: np.stack([np.stack([x[:, c], x[:, c + 1], x[:, c + 2], x[:, c + 3]], -1)
                        .reshape(2, 3, 2, 2, 2).transpose(0, 1, 3, 2, 4).reshape(2, 6, 4)
                        for c in (0, 4, 8)], 1),
    values("x", 2, 12, 3, 2),
    block_size=2,
    data_format="channels_first",
)  # fmt: skip
windows = values("x", 2, 3, 7, 6)
row("unfold", lambda x: unfolded(x, (3, 3)), windows, kernel_size=3)
moved = {"dilation": (2, 1), "padding": (1, 2), "stride": (2, 3)}
row("unfold", lambda x: unfolded(x, (3, 2), **moved), windows, kernel_size=(3, 2), **moved)
row("fold", lambda x: folded(x, (4, 6), (2, 3), stride=(2, 3)), values("x", 2, 18, 4),
    output_size=(4, 6), kernel_size=(2, 3), stride=(2, 3))  # fmt: skip
row(
    "fold", lambda x: folded(x, (5, 5), (3, 3)), values("x", 2, 18, 9), output_size=5, kernel_size=3
)
row("fold", lambda x: folded(x, (7, 6), (3, 2), **moved), values("x", 2, 12, 9),
    output_size=(7, 6), kernel_size=(3, 2), **moved)  # fmt: skip
