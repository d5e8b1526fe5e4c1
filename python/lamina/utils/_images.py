"""Image files and arrays, through Pillow."""

from __future__ import annotations

import io
import os
import warnings
from typing import Any

import numpy as np

from lamina import _core, config

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def pillow() -> Any:
    """The module PIL.Image.

    Raises:
        ImportError: Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(
            "Image files need Pillow, which is not installed: pip install 'lamina[images]'"
        ) from None
    return Image


def _format(data_format: str | None) -> str:
    data_format = data_format or config.image_data_format()
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError(
            "The `data_format` argument must be one of 'channels_first' or 'channels_last', "
            f"received {data_format!r}"
        )
    return data_format


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None):
    """A Pillow image of an array.

    Args:
        x: Array (height, width, channels) with 1, 3 or 4 channels.
        data_format: "channels_last", or "channels_first" for (channels, height, width); that of
            `lamina.config` by default.
        scale: Whether to bring the values to 0 up to 255.
        dtype: Element type in which to scale; `lamina.config.floatx()` by default.

    Raises:
        ValueError: Another shape.
        ImportError: Pillow is not installed.
    """
    data_format = _format(data_format)
    image = pillow()
    x = np.asarray(x, dtype=dtype or config.floatx())
    if x.ndim != 3:
        raise ValueError(
            f"Expected image array to have rank 3 (single image). Got array with shape: {x.shape}"
        )
    if data_format == "channels_first":
        x = x.transpose(1, 2, 0)
    if scale:
        x = x - x.min()
        largest = x.max()
        x = x / (largest if largest != 0 else 1) * 255
    channels = x.shape[2]
    if channels in (3, 4):
        return image.fromarray(np.ascontiguousarray(x.astype("uint8")))
    if channels == 1:
        kind = "int32" if x.max() > 255 else "uint8"
        return image.fromarray(np.ascontiguousarray(x[:, :, 0].astype(kind)))
    raise ValueError(f"Unsupported channel number: {channels}")


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """The array of a Pillow image.

    Args:
        img: Image.
        data_format: "channels_last" for (height, width, channels), or "channels_first"; that of
            `lamina.config` by default.
        dtype: Element type; `lamina.config.floatx()` by default.
    """
    data_format = _format(data_format)
    x = np.asarray(img, dtype=dtype or config.floatx())
    if x.ndim == 2:
        x = x[:, :, None]
    elif x.ndim != 3:
        raise ValueError(f"Unsupported image shape: {x.shape}")
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
):
    """A Pillow image from a file.

    Args:
        path: Path, or an `io.BytesIO` of the file.
        color_mode: "grayscale", "rgb" or "rgba".
        target_size: (height, width) to bring it to; as it is by default.
        interpolation: "nearest", "bilinear", "bicubic", "hamming", "box" or "lanczos".
        keep_aspect_ratio: Whether to cut out the largest part from the centre that has the
            proportions of target_size, instead of distorting the image.

    Raises:
        ValueError: An unknown color_mode or interpolation.
        OSError: The file cannot be read, or is no image.
        ImportError: Pillow is not installed.
    """
    image = pillow()
    if isinstance(path, io.BytesIO):
        img = image.open(path)
    elif isinstance(path, (str, bytes, os.PathLike)):
        with open(path, "rb") as file:
            img = image.open(io.BytesIO(file.read()))
    else:
        raise TypeError(f"path should be path-like or io.BytesIO, not {type(path)}")
    mode = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}.get(color_mode)
    if mode is None:
        raise ValueError('color_mode must be "grayscale", "rgb", or "rgba"')
    deep_gray = color_mode == "grayscale" and img.mode in ("I;16", "I")
    if img.mode != mode and not deep_gray:
        img = img.convert(mode)
    if target_size is None or img.size == (target_size[1], target_size[0]):
        return img
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(
            f"Invalid interpolation method {interpolation} specified. Supported methods are "
            + ", ".join(_INTERPOLATIONS)
        )
    resample = getattr(image.Resampling, interpolation.upper())
    width, height = target_size[1], target_size[0]
    if not keep_aspect_ratio:
        return img.resize((width, height), resample)
    crop_width = min(img.size[0], img.size[1] * width // height)
    crop_height = min(img.size[1], img.size[0] * height // width)
    left, top = (img.size[0] - crop_width) // 2, (img.size[1] - crop_height) // 2
    box = (left, top, left + crop_width, top + crop_height)
    return img.resize((width, height), resample, box=box)


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Save an array as an image file.

    Args:
        path: Path, or a file object.
        x: Array, as of `array_to_img`.
        data_format: As of `array_to_img`.
        file_format: Format, such as "png"; that of the path's ending by default.
        scale: Whether to bring the values to 0 up to 255.
        kwargs: Passed on to Pillow's `save`.
    """
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = os.path.splitext(os.fspath(path))[1][1:].lower()
    if file_format and file_format.lower() == "jpg":
        file_format = "jpeg"
    img = array_to_img(x, data_format=data_format, scale=scale)
    if img.mode == "RGBA" and file_format == "jpeg":
        warnings.warn(
            "The JPEG format does not support RGBA images, converting to RGB.", stacklevel=2
        )
        img = img.convert("RGB")
    img.save(path, format=file_format, **kwargs)


def smart_resize(
    x: Any,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    data_format: str = "channels_last",
    **kwargs: Any,
) -> Any:
    """Bring images to a size without distortion.

    What is cut out first is the largest part from the centre that has the proportions of `size`.

    Args:
        x: Image or batch of images, an array or tensor.
        size: (height, width).
        interpolation: As of `lamina.ops.image.resize`.
        data_format: "channels_last" or "channels_first".

    Returns:
        A tensor; an array where x was one.

    Example:

    >>> import lamina, numpy as np
    >>> image = np.zeros((340, 500, 3), "float32")
    >>> lamina.preprocessing.image.smart_resize(image, (200, 200)).shape
    (200, 200, 3)
    """
    from lamina._core import image

    if kwargs:
        raise TypeError(f"smart_resize() got unexpected keyword arguments: {list(kwargs)}")
    if len(size) != 2:
        raise ValueError(f"Expected `size` to be a tuple of 2 integers, but got: {size}.")
    img = _core.convert_to_tensor(x)
    rank = len(img.shape)
    if rank not in (3, 4):
        raise ValueError(
            "Expected an image array with shape `(height, width, channels)`, or `(batch_size, "
            f"height, width, channels)`, but got input with incorrect rank, of shape {img.shape}."
        )
    at = rank - 3 if data_format == "channels_last" else rank - 2
    height, width = img.shape[at], img.shape[at + 1]
    crop_height = max(min(height, int(float(width * size[0]) / size[1])), 1)
    crop_width = max(min(width, int(float(height * size[1]) / size[0])), 1)
    top, left = int((height - crop_height) / 2), int((width - crop_width) / 2)
    cut = [slice(None)] * rank
    cut[at], cut[at + 1] = slice(top, top + crop_height), slice(left, left + crop_width)
    img = image.resize(img[tuple(cut)], size, interpolation=interpolation, data_format=data_format)
    return img.numpy() if isinstance(x, np.ndarray) else img
