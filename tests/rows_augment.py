"""Rows of the layers that resize, crop and augment images. Outside of training the random ones
leave images as they are; in training those whose range is one number are known."""

import numpy as np

from layer_table import layer, real

IMAGES = real(2, 6, 5, 3)
RANGE = (-2.0, 2.0)


def same(w, x):
    return x


def smoothed(x):
    p = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    total = sum(p[:, i : i + x.shape[1], j : j + x.shape[2]] for i in range(3) for j in range(3))
    return (total + 4 * x) / 13


layer(
    "Resizing",
    lambda w, x: x[:, 1::2][:, :, [0, 1, 2, 3, 4]],
    IMAGES,
    height=3,
    width=5,
    interpolation="nearest",
    bad=(2, 3),
)
layer(
    "Resizing", lambda w, x: (x[:, ::2] + x[:, 1::2]) / 2, IMAGES, height=3, width=5, training=True
)
layer("CenterCrop", lambda w, x: x[:, 1:5, 1:4], IMAGES, height=4, width=3, bad=(2, 3))
layer("RandomCrop", same, IMAGES, height=6, width=5, training=True)
layer("RandomFlip", same, IMAGES, bad=(2, 3))
layer("RandomRotation", same, IMAGES, factor=0.2)
layer("RandomRotation", lambda w, x: x[:, ::-1, ::-1], IMAGES, factor=(0.5, 0.5), training=True)
layer("RandomTranslation", same, IMAGES, height_factor=0.2, width_factor=0.3)
layer(
    "RandomTranslation",
    lambda w, x: np.roll(x, (3, -1), (1, 2)),
    IMAGES,
    height_factor=(0.5, 0.5),
    width_factor=(-0.2, -0.2),
    fill_mode="wrap",
    training=True,
)
layer("RandomZoom", same, IMAGES, height_factor=0.2)
layer("RandomZoom", same, IMAGES, height_factor=(0.0, 0.0), training=True)
layer("RandomShear", same, IMAGES, x_factor=0.2, y_factor=0.1)
layer(
    "RandomShear",
    same,
    IMAGES,
    x_factor=(0.0, 0.0),
    y_factor=(0.0, 0.0),
    training=True,
)
layer("RandomPerspective", same, IMAGES)
layer("RandomPerspective", same, IMAGES, factor=(1.0, 1.0), scale=0.0, training=True)
layer("RandomElasticTransform", same, IMAGES, value_range=RANGE)
layer(
    "RandomBrightness",
    lambda w, x: np.clip(x + 1, -2, 2),
    IMAGES,
    factor=(0.25, 0.25),
    value_range=RANGE,
    training=True,
)
layer("RandomBrightness", same, IMAGES, factor=0.5)
layer(
    "RandomContrast",
    lambda w, x: np.clip(1.5 * x - 0.5 * x.mean((1, 2), keepdims=True), -2, 2),
    IMAGES,
    factor=(-0.5, 0.5),
    value_range=RANGE,
    training=True,
)
layer("RandomContrast", same, IMAGES, factor=0.5)
layer("RandomSaturation", same, IMAGES, factor=0.5)
layer("RandomHue", same, IMAGES, factor=0.5)
layer(
    "RandomHue",
    same,
    (real(2, 4, 5, 3) + 2.1) / 5,
    factor=(0.0, 0.0),
    value_range=(0.0, 1.0),
    training=True,
)
layer("RandomColorDegeneration", same, IMAGES, factor=0.5)
layer(
    "RandomColorDegeneration",
    lambda w, x: (x + x @ [[0.2989] * 3, [0.587] * 3, [0.114] * 3]) / 2,
    IMAGES,
    factor=(0.5, 0.5),
    value_range=RANGE,
    training=True,
)
layer("RandomSharpness", same, IMAGES, factor=0.5)
layer(
    "RandomSharpness",
    lambda w, x: x / 2 + smoothed(x) / 2,
    IMAGES,
    factor=(0.25, 0.25),
    value_range=RANGE,
    training=True,
)
layer("RandomPosterization", same, IMAGES, factor=4)
layer(
    "RandomPosterization",
    lambda w, x: np.floor((x + 2) / 4 * 255 / 64) * 64 / 255 * 4 - 2,
    IMAGES,
    factor=(2, 2),
    value_range=RANGE,
    training=True,
    grad=False,
)
layer("RandomInvert", same, IMAGES)
layer(
    "RandomInvert",
    lambda w, x: 2 - x,
    IMAGES,
    factor=(1.0, 1.0),
    value_range=RANGE,
    training=True,
)
layer("RandomGrayscale", same, IMAGES)
layer(
    "RandomGrayscale",
    lambda w, x: x @ [[0.2989] * 3, [0.587] * 3, [0.114] * 3],
    IMAGES,
    factor=1.0,
    training=True,
)
layer("RandomColorJitter", same, IMAGES, brightness_factor=0.2, hue_factor=0.1)
layer(
    "RandomColorJitter",
    lambda w, x: np.clip(x + 0.4, -2, 2),
    IMAGES,
    brightness_factor=(0.1, 0.1),
    contrast_factor=(0.0, 0.0),
    value_range=RANGE,
    training=True,
)
layer("RandomGaussianBlur", same, IMAGES, value_range=RANGE)
layer("RandomErasing", same, IMAGES)
layer(
    "RandomErasing",
    lambda w, x: np.full_like(x, 1.5),
    IMAGES,
    factor=(1.0, 1.0),
    scale=(1.0, 1.0),
    fill_value=1.5,
    value_range=RANGE,
    training=True,
)
layer("Solarization", same, IMAGES, addition_factor=0.2, threshold_factor=0.5)
layer("Solarization", lambda w, x: -x, IMAGES, value_range=RANGE, training=True)
layer(
    "AutoContrast",
    lambda w, x: (x - x.min((1, 2), keepdims=True)) / np.ptp(x, (1, 2), keepdims=True) * 4 - 2,
    IMAGES,
    value_range=RANGE,
    grad=False,
)
layer("Equalization", same, IMAGES)
layer(
    "Equalization",
    lambda w, x: x,
    np.arange(256.0)[np.random.default_rng(0).permutation(256)].reshape(4, 8, 8, 1),
    training=True,
    grad=False,
)
layer(
    "ContrastLimitedAdaptiveHistogramEqualization",
    lambda w, x: x,
    np.stack([np.arange(256.0), np.arange(256.0)[::-1]]).reshape(2, 16, 16, 1),
    tile_grid_size=(1, 1),
    clip_limit=0.0,
    grad=False,
)
layer("MixUp", same, IMAGES)
layer("CutMix", same, IMAGES)
layer("RandAugment", same, IMAGES, value_range=RANGE)
layer("AugMix", same, IMAGES, value_range=RANGE, num_chains=1, chain_depth=2)
layer("MaxNumBoundingBoxes", same, IMAGES, max_number=3, training=True)
