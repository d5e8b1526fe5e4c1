"""Layers over spatial axes: wrong arguments, unknown lengths, other names."""

import numpy as np
import pytest

import lamina
from lamina import layers, ops

WRONG_ARGUMENTS = [
    ("Conv1D", dict(filters=0, kernel_size=2), "filters' must be positive"),
    ("Conv1D", dict(filters=2, kernel_size=0), "kernel_size' must be positive"),
    ("Conv1D", dict(filters=2, kernel_size=(2, 2)), "kernel_size' needs 1 number, received 2"),
    ("Conv2D", dict(filters=2, kernel_size=2, strides=0), "strides' must be positive"),
    ("Conv2D", dict(filters=2, kernel_size=2, groups=0), "groups' must be positive"),
    ("Conv2D", dict(filters=3, kernel_size=2, groups=2), "3 filters cannot be shared by 2"),
    ("Conv2D", dict(filters=2, kernel_size=2, padding="causal"), "must be valid or same"),
    ("Conv2D", dict(filters=2, kernel_size=2, strides=2, dilation_rate=2), "do not go with"),
    ("Conv2D", dict(filters=2, kernel_size=2, data_format="nchw"), "received 'nchw'"),
    ("Conv1DTranspose", dict(filters=2, kernel_size=2, padding="causal"), "valid or same"),
    ("Conv2DTranspose", dict(filters=0, kernel_size=2), "filters' must be positive"),
    ("Conv2DTranspose", dict(filters=2, kernel_size=2, strides=2, dilation_rate=2), "do not go"),
    ("Conv2DTranspose", dict(filters=2, kernel_size=2, output_padding=1), "less than strides"),
    (
        "Conv2DTranspose",
        dict(filters=2, kernel_size=2, strides=(3, 2), output_padding=(1, 2)),
        r"received output_padding \(1, 2\) and strides \(3, 2\)",
    ),
    ("Conv3DTranspose", dict(filters=2, kernel_size=2, output_padding=(0, 0)), "1 or 3 numbers"),
    ("DepthwiseConv2D", dict(kernel_size=2, depth_multiplier=0), "depth_multiplier' must be"),
    ("DepthwiseConv1D", dict(kernel_size=2, padding="causal"), "must be valid or same"),
    ("SeparableConv2D", dict(filters=2, kernel_size=2, depth_multiplier=-1), "depth_multiplier"),
    ("SeparableConv1D", dict(filters=-2, kernel_size=2), "filters' must be positive"),
    ("MaxPooling2D", dict(pool_size=(2, 2, 2)), "pool_size' needs 1 or 2 numbers"),
    ("AveragePooling1D", dict(padding="causal"), "must be valid or same, received 'causal'"),
    ("GlobalMaxPooling2D", dict(data_format="first"), "channels_last or channels_first"),
    ("AdaptiveMaxPooling2D", dict(output_size=(2, 2, 2)), "output_size' needs 1 or 2 numbers"),
    ("AdaptiveAveragePooling1D", dict(output_size=0), "output_size' must be positive"),
    ("Reshape", dict(target_shape=(-1, 2, -1)), "at most one -1"),
    ("Reshape", dict(target_shape=(2, -3)), "lengths or -1"),
    ("Permute", dict(dims=(0, 1)), "from 1 to its length once"),
    ("Permute", dict(dims=(1, 1)), "from 1 to its length once"),
    ("RepeatVector", dict(n=0), "n' must be positive"),
    ("RepeatVector", dict(n=2.5), "argument 'n'"),
    ("Cropping1D", dict(cropping=(1, 2, 3)), "cropping' must be n or"),
    ("Cropping1D", dict(cropping=-1), "none negative"),
    ("Cropping2D", dict(cropping=((1, -1), 0)), "none negative"),
    ("Cropping3D", dict(cropping=(1, 1)), "three numbers or three pairs"),
    ("ZeroPadding1D", dict(padding="same"), "padding' must be n or"),
    ("ZeroPadding2D", dict(padding=(1, 1, 1)), "padding' must be n, "),
    ("ZeroPadding3D", dict(padding=((1, 1, 1), 1, 1)), "three numbers or three pairs"),
    ("UpSampling1D", dict(size=0), "size' must be positive"),
    ("UpSampling2D", dict(interpolation="area"), "received 'area'"),
    ("UpSampling3D", dict(size=(2, 2)), "size' needs 1 or 3 numbers"),
]


@pytest.mark.parametrize("name, options, message", WRONG_ARGUMENTS)
def test_wrong_arguments(name, options, message):
    with pytest.raises(ValueError, match=message) as raised:
        getattr(layers, name)(**options)
    assert str(raised.value).startswith(name)


def test_too_small_inputs():
    with pytest.raises(ValueError, match="conv2d"):
        layers.Conv2D(1, 3, name="conv2d")(np.zeros((1, 2, 9, 1), "float32"))
    with pytest.raises(ValueError, match=r"shape \(1, 12\) does not fit target_shape"):
        layers.Reshape((5, 2))(np.zeros((1, 12), "float32"))
    with pytest.raises(ValueError, match="'crop': cropping must be less than the length"):
        layers.Cropping2D(2, name="crop")(lamina.Input((4, 9, 1)))


def test_keras_has_other_names_for_some():
    pairs = [
        (f"{other}{n}D", f"{name}{n}D")
        for other, name in (
            ("Convolution", "Conv"),
            ("MaxPool", "MaxPooling"),
            ("AvgPool", "AveragePooling"),
            ("GlobalMaxPool", "GlobalMaxPooling"),
            ("GlobalAvgPool", "GlobalAveragePooling"),
        )
        for n in (1, 2, 3)
    ]
    pairs += [(f"Convolution{n}DTranspose", f"Conv{n}DTranspose") for n in (1, 2, 3)]
    pairs += [(f"SeparableConvolution{n}D", f"SeparableConv{n}D") for n in (1, 2)]
    for other, name in pairs:
        assert getattr(layers, other) is getattr(layers, name) and other in layers.__all__


def test_arguments_may_be_given_as_keras_takes_them():
    cube = np.zeros((2, 3, 4, 5, 2), "float32")
    config = layers.Conv3DTranspose(4, 2, 3, "same", "channels_first", 1).get_config()
    assert config["output_padding"] == [1, 1, 1] and config["data_format"] == "channels_first"
    assert layers.Conv3DTranspose(4, 2, 2, "valid", None, 1)(cube).shape == (2, 7, 9, 11, 4)
    x = np.zeros((2, 8, 6, 3), "float32")
    assert layers.Conv2DTranspose(4, 3, (2, 1), "SAME")(x).shape == (2, 16, 6, 4)
    assert layers.Conv2DTranspose(4, 3, 2, "same", 1, None)(x).shape == (2, 16, 12, 4)
    assert layers.DepthwiseConv2D(3, 1, "Valid", 2, None)(x).shape == (2, 6, 4, 6)
    layer = layers.MaxPooling2D(padding="Same", data_format=None)
    assert layer(x).shape == (2, 4, 3, 3)
    config = layer.get_config()
    assert (config["padding"], config["data_format"]) == ("same", "channels_last")
    assert layers.ZeroPadding2D((1, 2)).get_config()["padding"] == [[1, 1], [2, 2]]
    assert layers.Cropping1D(2).get_config()["cropping"] == [2, 2]


UNKNOWN_LENGTHS = [
    (lambda: layers.Conv2DTranspose(4, 3, strides=2, padding="same"), (None, None, 4)),
    (lambda: layers.DepthwiseConv2D(3, padding="same"), (None, None, 3)),
    (lambda: layers.SeparableConv2D(5, 3), (None, None, 5)),
    (lambda: layers.AdaptiveAveragePooling2D((3, 2)), (3, 2, 3)),
    (lambda: layers.AdaptiveMaxPooling2D(4), (4, 4, 3)),
    (lambda: layers.GlobalMaxPooling2D(), (3,)),
    (lambda: layers.UpSampling2D(2), (None, None, 3)),
    (lambda: layers.UpSampling2D(2, interpolation="bicubic"), (None, None, 3)),
    (lambda: layers.Cropping2D(((1, 0), (2, 1))), (None, None, 3)),
    (lambda: layers.ZeroPadding2D(1), (None, None, 3)),
    (lambda: layers.Permute((3, 1, 2)), (3, None, None)),
    (lambda: layers.Reshape((-1, 3)), (None, 3)),
    (lambda: layers.Flatten(), (None,)),
]


@pytest.mark.parametrize("make, expected", UNKNOWN_LENGTHS)
def test_lengths_that_are_not_known_yet(make, expected):
    layer = make()
    image = lamina.Input((None, None, 3))
    model = lamina.Model(image, layer(image))
    assert model.output_shape == (None, *expected)
    assert layer.compute_output_shape((None, None, None, 3)) == (None, *expected)
    for size in ((9, 7), (12, 16)):
        x = np.random.default_rng(0).normal(size=(2, *size, 3)).astype("float32")
        y = model.predict(x, verbose=0)
        assert all(e in (None, n) for e, n in zip(expected, y.shape[1:]))
        np.testing.assert_allclose(y, layer(x).numpy(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["space_to_depth", "depth_to_space"])
def test_blocks_of_images_whose_lengths_are_not_known_yet(name):
    f = getattr(ops, name)
    image = lamina.Input((None, None, 8))
    model = lamina.Model(image, f(image, 2))
    assert model.output_shape == (None, None, None, 32 if name == "space_to_depth" else 2)
    x = np.random.default_rng(0).normal(size=(3, 6, 4, 8)).astype("float32")
    np.testing.assert_array_equal(model.predict(x, verbose=0), f(x, 2).numpy())


OPERATIONS = {
    "conv_transpose": lambda x: ops.conv_transpose(x, np.ones((3, 3, 2, 4), "float32"), 2, "same"),
    "depthwise_conv": lambda x: ops.depthwise_conv(x, np.ones((3, 3, 4, 2), "float32")),
    "separable_conv": lambda x: ops.separable_conv(
        x, np.ones((3, 3, 4, 2), "float32"), np.ones((1, 1, 8, 3), "float32")
    ),
    "adaptive_max_pool": lambda x: ops.adaptive_max_pool(x, (4, 3)),
    "adaptive_average_pool": lambda x: ops.adaptive_average_pool(x, (3, 2)),
    "space_to_depth": lambda x: ops.space_to_depth(x, 2),
    "depth_to_space": lambda x: ops.depth_to_space(x, 2),
    "unfold": lambda x: ops.unfold(x, 2, padding=1),
    "fold": lambda x: ops.fold(ops.unfold(x, 2, stride=2), (8, 4), 2, stride=2),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_on_the_tensors_of_a_functional_model(name):
    f = OPERATIONS[name]
    image = lamina.Input((6, 8, 4))
    model = lamina.Model(image, f(image))
    x = np.random.default_rng(0).normal(size=(3, 6, 8, 4)).astype("float32")
    expected = f(x).numpy()
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-6, atol=1e-6)


WRONG_CALLS = [
    (lambda x: ops.depthwise_conv(x, np.ones((3, 3, 2, 1))), "kernel's channels"),
    (lambda x: ops.conv(x, np.ones((3, 3, 3, 1))), "do not divide"),
    (lambda x: ops.conv(x, np.ones((3, 3, 4, 1)), padding="full"), "received 'full'"),
    (lambda x: ops.conv_transpose(x, np.ones((3, 3, 2, 3))), "as many channels"),
    (lambda x: ops.conv_transpose(x, np.ones((3, 3, 2, 4)), padding="causal"), "valid or same"),
    (lambda x: ops.max_pool(x, 2, padding="causal"), "valid or same"),
    (lambda x: ops.max_pool(x, 9), "smaller than the window"),
    (lambda x: ops.average_pool(x, 2, data_format="first"), "channels_last or channels_first"),
    (lambda x: ops.adaptive_max_pool(x, (2, 2, 2)), "needs 1 or 2 numbers"),
    (lambda x: ops.adaptive_max_pool(x, 0), "must be positive"),
    (lambda x: ops.space_to_depth(x, 1), "at least 2"),
    (lambda x: ops.space_to_depth(x, 4), "divisible by block_size 4"),
    (lambda x: ops.depth_to_space(x, 3), "divisible by the square of block_size 3"),
    (lambda x: ops.depth_to_space(x[0], 2), "4 axes"),
    (lambda x: ops.unfold(x[0], 2), "4 axes"),
    (lambda x: ops.unfold(x, 9), "do not fit"),
    (lambda x: ops.unfold(x, 2, stride=0), "stride must be at least 1"),
    (lambda x: ops.fold(x[0], (4, 4), 2), r"expected an input \(N, C \* 4, 9\)"),
]


@pytest.mark.parametrize("call, message", WRONG_CALLS)
def test_wrong_calls(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.ones((2, 6, 8, 4), "float32"))
