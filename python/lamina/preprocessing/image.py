"""Image files and arrays, with the names of `keras.preprocessing.image`."""

from lamina.utils._images import array_to_img, img_to_array, load_img, save_img, smart_resize

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]
