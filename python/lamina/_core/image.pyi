"""
Operations on images.
"""
from __future__ import annotations
import lamina._core
import numpy as np
import typing
__all__: list[str] = ['affine_transform', 'crop_images', 'elastic_transform', 'extract_patches', 'extract_patches_3d', 'gaussian_blur', 'hsv_to_rgb', 'map_coordinates', 'pad_images', 'perspective_transform', 'resize', 'rgb_to_grayscale', 'rgb_to_hsv', 'scale_and_translate', 'sobel_edges', 'ssim']
def affine_transform(images: typing.Any, transform: typing.Any, interpolation: str = 'bilinear', fill_mode: str = 'constant', fill_value: typing.SupportsFloat | typing.SupportsIndex = 0.0, data_format: typing.Any = None) -> lamina._core.Tensor:
    """
    Images under a linear map of their coordinates.
    
    The output at (x, y) is the input at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) with
    k = c0 x + c1 y + 1.
    
    Args:
        images: (height, width, channels) or a batch of those.
        transform: [a0, a1, a2, b0, b1, b2, c0, c1], or one such row for each image.
        interpolation: "nearest" or "bilinear".
        fill_mode: What lies outside: "constant" (fill_value), "nearest" (a a | a b c), "wrap"
            (b c | a b c), "mirror" (c b | a b c) or "reflect" (b a | a b c).
        fill_value: Of fill_mode "constant".
        data_format: "channels_last" (default) or "channels_first".
    """
def crop_images(images: typing.Any, top_cropping: typing.SupportsInt | typing.SupportsIndex | None = None, left_cropping: typing.SupportsInt | typing.SupportsIndex | None = None, bottom_cropping: typing.SupportsInt | typing.SupportsIndex | None = None, right_cropping: typing.SupportsInt | typing.SupportsIndex | None = None, target_height: typing.SupportsInt | typing.SupportsIndex | None = None, target_width: typing.SupportsInt | typing.SupportsIndex | None = None, data_format: typing.Any = None) -> lamina._core.Tensor:
    """
    Images without their borders: give exactly two of top_cropping, bottom_cropping and target_height, and two of left_cropping, right_cropping and target_width.
    """
def elastic_transform(images: typing.Any, alpha: typing.SupportsFloat | typing.SupportsIndex = 20.0, sigma: typing.SupportsFloat | typing.SupportsIndex = 5.0, interpolation: str = 'bilinear', fill_mode: str = 'reflect', fill_value: typing.SupportsFloat | typing.SupportsIndex = 0.0, seed: typing.Any = None, data_format: typing.Any = None) -> lamina._core.Tensor:
    """
    Images with pixels moved by smooth random fields (Simard et al., 2003).
    
    Args:
        images: (height, width, channels) or a batch of those.
        alpha: Factor of the displacement.
        sigma: Deviation of the random field and of the filter that smooths it, in pixels.
        interpolation, fill_mode, fill_value: As for affine_transform.
        seed: An integer or a SeedGenerator.
        data_format: "channels_last" (default) or "channels_first".
    """
def extract_patches(images: typing.Any, size: typing.Any, strides: typing.Any = None, dilation_rate: typing.Any = 1, padding: str = 'valid', data_format: typing.Any = None) -> lamina._core.Tensor:
    """
    Windows of images, each laid out along the channels.
    
    Args:
        images: (height, width, channels), or a batch of those; volumes where size has 3 numbers.
        size: Of a window: n or (height, width).
        strides: Steps from window to window; size by default.
        dilation_rate: Steps from pixel to pixel within a window.
        padding: "valid" or "same".
        data_format: "channels_last" (default) or "channels_first".
    
    Example:
    
    >>> import numpy as np
    >>> import lamina
    >>> lamina.ops.image.extract_patches(np.zeros((2, 20, 20, 3)), 5).shape
    (2, 4, 4, 75)
    """
def extract_patches_3d(volumes: typing.Any, size: typing.Any, strides: typing.Any = None, dilation_rate: typing.Any = 1, padding: str = 'valid', data_format: typing.Any = None) -> lamina._core.Tensor:
    """
    Windows of volumes (depth, height, width, channels); see extract_patches.
    """
def gaussian_blur(images: typing.Any, kernel_size: typing.Any = (3, 3), sigma: typing.Any = (1.0, 1.0), data_format: typing.Any = None) -> lamina._core.Tensor:
    """
    Images filtered by a Gaussian of deviations sigma, cut to kernel_size; zeros lie outside. Both are in the order (columns, rows).
    """
def hsv_to_rgb(images: typing.Any, data_format: typing.Any = None) -> lamina._core.Tensor:
    """
    RGB images from hue, saturation and value, values in [0, 1].
    """
def map_coordinates(inputs: typing.Any, coordinates: typing.Any, order: typing.SupportsInt | typing.SupportsIndex, fill_mode: str = 'constant', fill_value: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> lamina._core.Tensor:
    """
    Values of an array between its elements.
    
    Args:
        inputs: The array.
        coordinates: One row for each axis of inputs, (axes, ...).
        order: 0 (nearest) or 1 (linear).
        fill_mode: As for affine_transform.
        fill_value: Of fill_mode "constant".
    """
def pad_images(images: typing.Any, top_padding: typing.SupportsInt | typing.SupportsIndex | None = None, left_padding: typing.SupportsInt | typing.SupportsIndex | None = None, bottom_padding: typing.SupportsInt | typing.SupportsIndex | None = None, right_padding: typing.SupportsInt | typing.SupportsIndex | None = None, target_height: typing.SupportsInt | typing.SupportsIndex | None = None, target_width: typing.SupportsInt | typing.SupportsIndex | None = None, data_format: typing.Any = None) -> lamina._core.Tensor:
    """
    Zeros around images: give exactly two of top_padding, bottom_padding and target_height, and two of left_padding, right_padding and target_width.
    """
def perspective_transform(images: typing.Any, start_points: typing.Any, end_points: typing.Any, interpolation: str = 'bilinear', fill_value: typing.SupportsFloat | typing.SupportsIndex = 0.0, data_format: typing.Any = None) -> lamina._core.Tensor:
    """
    Images under the projection that takes four points to four others.
    
    Args:
        images: (height, width, channels) or a batch of those.
        start_points: Four points (x, y) of the input, (4, 2), or four for each image.
        end_points: Where they come to lie in the output.
        interpolation: "nearest" or "bilinear".
        fill_value: What lies outside of the input.
        data_format: "channels_last" (default) or "channels_first".
    """
def resize(images: typing.Any, size: typing.Any, interpolation: str = 'bilinear', antialias: bool = False, crop_to_aspect_ratio: bool = False, pad_to_aspect_ratio: bool = False, fill_mode: str = 'constant', fill_value: typing.SupportsFloat | typing.SupportsIndex = 0.0, data_format: typing.Any = None) -> lamina._core.Tensor:
    """
    Images in another size.
    
    Args:
        images: (height, width, channels) or a batch of those.
        size: New (height, width).
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
        antialias: Whether to widen the filter where the image shrinks.
        crop_to_aspect_ratio: Resize the largest centred part that has the new aspect ratio.
        pad_to_aspect_ratio: Pad to the new aspect ratio first.
        fill_mode: Of the padding: "constant".
        fill_value: Of the padding.
        data_format: "channels_last" (default) or "channels_first".
    
    Integer images keep their dtype: values are rounded.
    
    Example:
    
    >>> import numpy as np
    >>> import lamina
    >>> lamina.ops.image.resize(np.zeros((2, 8, 6, 3)), (4, 4)).shape
    (2, 4, 4, 3)
    """
def rgb_to_grayscale(images: typing.Any, data_format: typing.Any = None) -> lamina._core.Tensor:
    """
    0.2989 red + 0.5870 green + 0.1140 blue, as one channel.
    """
def rgb_to_hsv(images: typing.Any, data_format: typing.Any = None) -> lamina._core.Tensor:
    """
    Hue, saturation and value of RGB images of float dtype, values in [0, 1].
    """
def scale_and_translate(images: typing.Any, output_shape: typing.Any, scale: typing.Any, translation: typing.Any, spatial_dims: typing.Any, method: str, antialias: bool = True) -> lamina._core.Tensor:
    """
    Images scaled, then moved, along given axes.
    
    Args:
        images: Of any shape.
        output_shape: One length for each axis.
        scale: Factors of the axes in spatial_dims.
        translation: Their shifts, in output pixels.
        spatial_dims: Which axes.
        method: "linear", "bilinear", "trilinear", "cubic", "bicubic", "tricubic", "lanczos3" or
            "lanczos5".
        antialias: Whether to widen the filter where an axis shrinks.
    """
def sobel_edges(images: typing.Any, data_format: typing.Any = None) -> lamina._core.Tensor:
    """
    Derivatives by rows and by columns of a batch of images, as a last axis of length 2.
    """
def ssim(image1: typing.Any, image2: typing.Any, max_val: typing.SupportsFloat | typing.SupportsIndex = 1.0, filter_size: typing.SupportsInt | typing.SupportsIndex = 11, filter_sigma: typing.SupportsFloat | typing.SupportsIndex = 1.5, k1: typing.SupportsFloat | typing.SupportsIndex = 0.01, k2: typing.SupportsFloat | typing.SupportsIndex = 0.03, data_format: typing.Any = None) -> lamina._core.Tensor:
    """
    Structural similarity of each pair of images, 1 for equal ones (Wang et al., 2004).
    
    Args:
        image1: (height, width, channels) or a batch of those.
        image2: Of the same shape.
        max_val: Range of the values.
        filter_size: Of the Gaussian window.
        filter_sigma: Its deviation.
        k1, k2: Constants for stability.
        data_format: "channels_last" (default) or "channels_first".
    """
