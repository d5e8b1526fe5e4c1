"""Convolution and pooling layers, and their operations."""

from oracle.support import layer_row, op_row, oracle_tests, real

LINE, PICTURE, CUBE = real(2, 9, 4), real(2, 8, 7, 4), real(2, 5, 4, 6, 2)
INPUTS = {1: LINE, 2: PICTURE, 3: CUBE}
PENALTIES = {
    "kernel_regularizer": "l2",
    "bias_regularizer": "l1",
    "activity_regularizer": lambda K: K.regularizers.L2(0.01),
    "kernel_constraint": "non_neg",
    "bias_constraint": lambda K: K.constraints.MaxNorm(1.5),
    "bias_initializer": "ones",
    "kernel_initializer": "he_normal",
}
DEPTHWISE = {k.replace("kernel", "depthwise"): v for k, v in PENALTIES.items()}
SEPARABLE = DEPTHWISE | {k.replace("kernel", "pointwise"): v for k, v in PENALTIES.items()}
rows = []

for n, x in INPUTS.items():
    rows += [
        layer_row(f"Conv{n}D", x, filters=6, kernel_size=3, activation="relu"),
        layer_row(f"Conv{n}D", x, filters=6, kernel_size=2, strides=2, padding="same", groups=2),
        layer_row(f"Conv{n}D", x, filters=3, kernel_size=2, dilation_rate=2, padding="same"),
        layer_row(f"Conv{n}D", x, filters=3, kernel_size=2, strides=3, use_bias=False),
        layer_row(f"Conv{n}D", x, filters=3, kernel_size=3, padding="same", **PENALTIES),
        layer_row(f"MaxPooling{n}D", x),
        layer_row(f"MaxPooling{n}D", x, pool_size=3, strides=2, padding="same"),
        layer_row(f"MaxPooling{n}D", x, pool_size=2, strides=3),
        layer_row(f"AveragePooling{n}D", x, pool_size=2),
        layer_row(f"AveragePooling{n}D", x, pool_size=3, strides=2, padding="same"),
        layer_row(f"GlobalMaxPooling{n}D", x, keepdims=True),
        layer_row(f"GlobalAveragePooling{n}D", x),
        layer_row(f"GlobalAveragePooling{n}D", x, data_format="channels_first", keepdims=True),
        layer_row(f"AdaptiveAveragePooling{n}D", x, output_size=3),
        layer_row(f"AdaptiveAveragePooling{n}D", x, output_size=2, data_format="channels_first"),
        layer_row(f"AdaptiveMaxPooling{n}D", x, output_size=4),
        layer_row(f"AdaptiveMaxPooling{n}D", x, output_size=2, data_format="channels_first"),
    ]
    variants = (
        {},
        {"padding": "same"},
        {"strides": 2},
        {"strides": 2, "padding": "same"},
        {"strides": 3, "padding": "same"},
        {"strides": 2, "padding": "valid", "output_padding": 1},
        {"strides": 2, "padding": "same", "output_padding": 0},
        {"strides": 2, "padding": "same", "output_padding": 1},
        {"dilation_rate": 2},
        {"dilation_rate": 2, "padding": "same"},
    )
    for options in variants if n < 3 else variants[::3]:
        for size in {1: (3, 4), 2: (3,), 3: (2,)}[n]:
            rows.append(layer_row(f"Conv{n}DTranspose", x, filters=3, kernel_size=size, **options))

rows += [
    layer_row(
        "Conv1D", LINE, filters=6, kernel_size=3, dilation_rate=2, padding="causal", strides=1
    ),
    layer_row("Conv1D", LINE, filters=6, kernel_size=3, strides=2, padding="causal", groups=2),
    layer_row("Conv2D", PICTURE, filters=4, kernel_size=(3, 1), strides=(1, 2), padding="SAME"),
    layer_row("Conv1DTranspose", LINE, filters=3, kernel_size=1, strides=2, activation="tanh"),
    layer_row("Conv1DTranspose", LINE, filters=3, kernel_size=2, strides=4, padding="same"),
    layer_row("Conv2DTranspose", PICTURE, filters=3, kernel_size=(4, 3), strides=(3, 2)),
    layer_row("Conv2DTranspose", PICTURE, filters=3, kernel_size=2, strides=2, **PENALTIES),
    layer_row(
        "Conv2DTranspose",
        PICTURE,
        filters=3,
        kernel_size=(3, 2),
        strides=(1, 3),
        padding="same",
        output_padding=(0, 2),
        use_bias=False,
    ),
    layer_row("MaxPooling2D", PICTURE, pool_size=(3, 1), strides=(1, 2), padding="same"),
]
for n in (1, 2):
    x = INPUTS[n]
    rows += [
        layer_row(f"DepthwiseConv{n}D", x, kernel_size=3),
        layer_row(f"DepthwiseConv{n}D", x, kernel_size=2, strides=2, padding="same"),
        layer_row(f"DepthwiseConv{n}D", x, kernel_size=3, depth_multiplier=3, activation="elu"),
        layer_row(f"DepthwiseConv{n}D", x, kernel_size=3, dilation_rate=2, padding="same"),
        layer_row(f"DepthwiseConv{n}D", x, kernel_size=3, use_bias=False, **DEPTHWISE),
        layer_row(f"SeparableConv{n}D", x, filters=5, kernel_size=3),
        layer_row(f"SeparableConv{n}D", x, filters=5, kernel_size=2, strides=2, padding="same"),
        layer_row(f"SeparableConv{n}D", x, filters=5, kernel_size=2, depth_multiplier=2),
        layer_row(f"SeparableConv{n}D", x, filters=5, kernel_size=3, dilation_rate=2),
        layer_row(f"SeparableConv{n}D", x, filters=5, kernel_size=3, use_bias=False, **SEPARABLE),
    ]

# Channels first, as far as XLA computes it on CPUs.
for name, options in (
    ("Conv2D", {"filters": 3, "kernel_size": 3, "padding": "same"}),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2}),
    ("SeparableConv2D", {"filters": 3, "kernel_size": 3, "activation": "softmax"}),
    ("MaxPooling2D", {"pool_size": 2, "padding": "same"}),
    ("AveragePooling2D", {"pool_size": (1, 2), "strides": (2, 1)}),
):
    rows.append(layer_row(name, PICTURE, data_format="channels_first", **options))

kernel, pointwise = real(3, 3, 4, 2), real(1, 1, 8, 5)
rows += [
    op_row("conv", PICTURE, real(3, 2, 2, 6), strides=(2, 1), padding="same"),
    op_row("conv", PICTURE, real(3, 2, 4, 5), padding="valid", dilation_rate=(1, 2)),
    op_row("conv", CUBE, real(1, 2, 3, 2, 5), strides=2),
    op_row("depthwise_conv", PICTURE, kernel, strides=2, padding="same"),
    op_row("depthwise_conv", PICTURE, kernel, dilation_rate=2),
    op_row("separable_conv", PICTURE, kernel, pointwise, strides=2),
    op_row("separable_conv", PICTURE, kernel, pointwise, padding="same", dilation_rate=2),
    op_row("conv_transpose", PICTURE, real(3, 3, 5, 4), strides=2),
    op_row("conv_transpose", PICTURE, real(3, 3, 5, 4), strides=(2, 3), padding="same"),
    op_row("conv_transpose", PICTURE, real(2, 2, 5, 4), strides=3, output_padding=1),
    op_row("conv_transpose", LINE, real(3, 5, 4), strides=2, output_padding=3),
    op_row("conv_transpose", LINE, real(3, 5, 4), padding="same", strides=2, output_padding=4),
    op_row("conv_transpose", LINE, real(3, 5, 4), padding="same", strides=2, dilation_rate=2),
    op_row("max_pool", PICTURE, 2, strides=2),
    op_row("max_pool", PICTURE, (3, 2), strides=(1, 3), padding="same"),
    op_row("max_pool", CUBE, 2, strides=3),
    op_row("average_pool", PICTURE, 3, strides=4, padding="same"),
    op_row("average_pool", LINE, 2, strides=1, padding="valid"),
    op_row("adaptive_average_pool", PICTURE, (3, 5), "channels_last"),
    op_row("adaptive_average_pool", LINE, 12),
    op_row("adaptive_max_pool", PICTURE, (8, 2)),
    op_row("adaptive_max_pool", CUBE, (2, 3, 4), data_format="channels_first"),
]

test_rows = oracle_tests(rows)
