"""Operations on images, and the layers that resize, crop and augment them. Random layers are given
ranges of one number, so that what they draw is known."""

import numpy as np

from oracle.support import layer_row, op_row, oracle_tests, real

IMAGES = real(2, 7, 9, 3)
FIRST = real(2, 3, 7, 9)
ONE = real(6, 5, 3)
UNIT = real(2, 6, 5, 3, low=0.02, high=0.98)
PHOTO = real(2, 8, 10, 3, low=0.0, high=255.0)
BYTES = np.random.default_rng(3).integers(0, 256, (2, 7, 9, 3)).astype("uint8")
# Turned, moved and sheared; one for each image. Lists, for Keras differentiates in c0 and c1 as if
# they multiplied the number of the channel; finite differences test that gradient.
MATRICES = np.array(
    [[0.9, 0.3, -1.2, -0.25, 1.1, 0.4, 0, 0], [1.2, -0.1, 0.7, 0.2, 0.8, -2.3, 0, 0]], "float32"
)
TURNS = MATRICES.tolist()
CORNERS = np.array([[0, 0], [8, 0], [0, 6], [8, 6]], "float32")
MOVED = np.array([[1.2, 0.5], [7.1, -0.6], [-0.8, 5.3], [8.9, 6.7]], "float32")
AT = np.stack([real(4, 6, low=-3, high=9), real(6, 4).T * 4 + 2]).astype("float32")
BORDERS = ("constant", "nearest", "wrap", "mirror", "reflect")

rows = [
    *(
        op_row("image.resize", IMAGES, size, interpolation=how, antialias=antialias)
        for size in ((4, 5), (11, 13), (14, 4), (7, 3))
        for how in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
        for antialias in (False, True)
    ),
    op_row("image.resize", ONE, (4, 9)),
    op_row("image.resize", FIRST, (4, 5), data_format="channels_first"),
    op_row("image.resize", BYTES, (4, 5)),
    op_row("image.resize", BYTES, (10, 20), interpolation="bicubic"),
    op_row("image.resize", BYTES, (10, 20), interpolation="nearest"),
    *(
        op_row("image.resize", IMAGES, size, **{how: True})
        for size in ((4, 4), (3, 12), (20, 5))
        for how in ("crop_to_aspect_ratio", "pad_to_aspect_ratio")
    ),
    op_row("image.resize", ONE, (9, 9), pad_to_aspect_ratio=True, fill_value=1.5),
    *(
        op_row("image.affine_transform", IMAGES, TURNS, interpolation=how, fill_mode=mode)
        for how in ("nearest", "bilinear")
        for mode in BORDERS
    ),
    op_row("image.affine_transform", IMAGES, TURNS, fill_value=0.7),
    op_row("image.affine_transform", FIRST, TURNS, data_format="channels_first"),
    op_row("image.affine_transform", ONE, TURNS[0]),
    op_row("image.affine_transform", BYTES, TURNS, grad=False),
    op_row("image.perspective_transform", ONE, CORNERS, MOVED, tol=1e-4),
    op_row(
        "image.perspective_transform",
        IMAGES,
        np.stack([CORNERS, MOVED]),
        np.stack([MOVED, CORNERS]),
        fill_value=0.5,
        tol=1e-4,  # Keras solves for the projection in float32
    ),
    op_row(
        "image.perspective_transform", IMAGES, np.stack([CORNERS] * 2), np.stack([MOVED] * 2),
        interpolation="nearest", grad=False,
    ),
    *(
        op_row("image.map_coordinates", real(7, 8), AT, order, fill_mode=mode)
        for order in (0, 1)
        for mode in BORDERS
    ),
    op_row("image.map_coordinates", real(4, 5, 6), real(3, 7) + 2, 1, fill_value=2.0),
    op_row("image.map_coordinates", real(11), real(1, 7) * 4, 1, fill_mode="mirror"),
    *(
        op_row(
            "image.scale_and_translate", IMAGES, (2, 5, 11, 3),
            np.array([0.7, 1.3], "float32"), np.array([0.4, -1.2], "float32"), (1, 2), method,
            antialias=antialias, tol=2e-5,
        )
        for method in ("linear", "cubic", "lanczos3", "lanczos5")
        for antialias in (True, False)
    ),
    op_row("image.rgb_to_grayscale", IMAGES),
    op_row("image.rgb_to_grayscale", FIRST, data_format="channels_first"),
    op_row("image.rgb_to_grayscale", BYTES),
    op_row("image.rgb_to_hsv", UNIT),
    op_row("image.rgb_to_hsv", np.zeros((2, 2, 3), "float32"), grad=False),
    op_row("image.hsv_to_rgb", UNIT),
    op_row("image.hsv_to_rgb", FIRST, data_format="channels_first"),
    op_row("image.gaussian_blur", IMAGES, data_format="channels_last"),
    op_row("image.gaussian_blur", IMAGES, (5, 3), (0.8, 1.7), data_format="channels_last"),
    op_row("image.gaussian_blur", FIRST, (4, 7), (2.0, 0.5), data_format="channels_first"),
    op_row("image.sobel_edges", IMAGES),
    op_row("image.sobel_edges", FIRST, data_format="channels_first"),
    op_row("image.ssim", real(2, 14, 13, 3, low=0, high=1), real(2, 14, 13, 3, low=0, high=1) ** 2),
    op_row("image.ssim", ONE, ONE * 0.7, filter_size=3, max_val=4.0),
    op_row("image.extract_patches", IMAGES, 3),
    op_row("image.extract_patches", ONE, (2, 3), strides=(1, 2), padding="same"),
    op_row("image.extract_patches", IMAGES, (3, 2), strides=1, dilation_rate=2),
    op_row("image.extract_patches", FIRST, 3, strides=2, data_format="channels_first"),
    op_row("image.extract_patches", real(2, 4, 6, 5, 2), (2, 3, 2)),
    op_row("image.extract_patches_3d", real(2, 4, 6, 5, 2), 2, strides=(1, 2, 1), padding="same"),
    op_row("image.pad_images", IMAGES, 1, 2, 3, 4),
    op_row("image.pad_images", ONE, top_padding=1, left_padding=0, target_height=9, target_width=7),
    op_row("image.crop_images", IMAGES, 1, 2, 3, 4),
    op_row("image.crop_images", FIRST, bottom_cropping=2, right_cropping=1, target_height=3,
           target_width=6, data_format="channels_first"),
]  # fmt: skip


def fixed(name, x=PHOTO, **kwargs):
    """A layer whose draws are known; files and training are tested elsewhere."""
    return layer_row(name, x, training=True, train=False, **kwargs)


half = (0.5, 0.5)
rows += [
    layer_row("Resizing", IMAGES, height=4, width=5),
    layer_row("Resizing", IMAGES, height=4, width=5, interpolation="bicubic", antialias=True),
    layer_row("Resizing", IMAGES, height=9, width=5, pad_to_aspect_ratio=True, fill_value=1.0),
    layer_row("Resizing", FIRST, height=4, width=4, crop_to_aspect_ratio=True,
              data_format="channels_first"),
    layer_row("CenterCrop", IMAGES, height=4, width=5),
    layer_row("CenterCrop", IMAGES, height=9, width=5),
    layer_row("CenterCrop", FIRST, height=3, width=6, data_format="channels_first"),
    fixed("RandomCrop", height=8, width=10, config_ignore=("seed",)),
    *(
        fixed("RandomRotation", factor=(0.07, 0.07), fill_mode=mode, interpolation=how)
        for mode in ("reflect", "wrap", "constant", "nearest")
        for how in ("nearest", "bilinear")
    ),
    fixed("RandomRotation", FIRST, factor=(-0.3, -0.3), data_format="channels_first"),
    fixed("RandomTranslation", height_factor=(0.23, 0.23), width_factor=(-0.37, -0.37)),
    fixed("RandomTranslation", height_factor=(-0.21, -0.21), width_factor=(0.11, 0.11),
          fill_mode="constant", fill_value=9.0),
    fixed("RandomZoom", height_factor=(0.31, 0.31)),
    fixed("RandomZoom", height_factor=(-0.21, -0.21), width_factor=(0.4, 0.4), fill_mode="wrap"),
    fixed("RandomShear", x_factor=(0.0, 0.0), y_factor=(0.0, 0.0)),
    fixed("RandomPerspective", factor=(1.0, 1.0), scale=0.0),
    fixed("RandomBrightness", factor=(0.3, 0.3)),
    fixed("RandomBrightness", UNIT, factor=(-0.2, -0.2), value_range=(0.1, 0.9),
          config_ignore=("value_range",)),
    fixed("RandomContrast", factor=(-0.4, 0.4)),
    fixed("RandomContrast", FIRST, factor=(-0.4, 0.4), value_range=(-1, 1),
          data_format="channels_first"),
    fixed("RandomSaturation", UNIT, factor=(0.3, 0.3), value_range=(0, 1)),
    fixed("RandomSaturation", UNIT, factor=(0.8, 0.8), value_range=(0, 1)),
    fixed("RandomHue", UNIT, factor=(0.0, 0.0), value_range=(0, 1)),
    fixed("RandomHue", UNIT, factor=(1.0, 1.0), value_range=(0, 1)),
    fixed("RandomColorDegeneration", factor=half),
    fixed("RandomSharpness", factor=(0.8, 0.8)),
    fixed("RandomSharpness", FIRST, factor=(0.1, 0.1), value_range=(-2, 2),
          data_format="channels_first"),
    fixed("RandomPosterization", factor=(3, 3)),
    fixed("RandomPosterization", UNIT, factor=(5, 5), value_range=(0, 1)),
    fixed("RandomInvert", factor=(1.0, 1.0)),
    fixed("RandomGrayscale", factor=1.0, config_ignore=("seed",)),
    fixed("RandomColorJitter", UNIT, value_range=(0, 1), brightness_factor=(0.1, 0.1),
          contrast_factor=(-0.2, 0.2), saturation_factor=(0.6, 0.6), hue_factor=(0.0, 0.0)),
    fixed("RandomGaussianBlur", factor=(1.0, 1.0), kernel_size=(5, 3), sigma=(0.7, 0.7)),
    fixed("RandomErasing", factor=(1.0, 1.0), scale=(1.0, 1.0), fill_value=300.0),
    fixed("Solarization", addition_factor=(0.0, 0.0), threshold_factor=(0.0, 0.0)),
    fixed("AutoContrast"),
    fixed("AutoContrast", UNIT, value_range=(0, 1)),
    fixed("Equalization", np.floor(PHOTO)),
    fixed("Equalization", UNIT, value_range=(0, 1), bins=16),
    fixed("ContrastLimitedAdaptiveHistogramEqualization", real(2, 17, 21, 3, low=0, high=255),
          tile_grid_size=(3, 4)),
    fixed("ContrastLimitedAdaptiveHistogramEqualization", UNIT, value_range=(0, 1),
          tile_grid_size=(2, 2), clip_limit=1.5),
]  # fmt: skip


def at_inference(name, **kwargs):
    """A layer that draws: its config, and that it leaves images alone."""
    return layer_row(name, PHOTO, training=False, **kwargs)


rows += [
    at_inference("RandomFlip", mode="vertical"),
    at_inference("RandomElasticTransform", factor=0.5, scale=(0.2, 0.4), fill_mode="mirror"),
    at_inference("RandomErasing", scale=0.2),
    at_inference("MixUp", alpha=0.4),
    at_inference("CutMix", factor=(0.2, 0.9)),
    at_inference("RandAugment", num_ops=3, factor=0.3),
    at_inference("AugMix", chain_depth=2, all_ops=False),
    at_inference("MaxNumBoundingBoxes", max_number=4, config_ignore=("fill_value",)),
    at_inference("RandomZoom", height_factor=0.3),
    at_inference("RandomShear", x_factor=(0.1, 0.3), y_factor=(0.0, 0.2), fill_mode="wrap"),
]

test_rows = oracle_tests(rows)
