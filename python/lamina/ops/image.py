"""Operations on images, with the names and arguments of `keras.ops.image`."""

from lamina._core import image as _image

__all__ = [name for name in dir(_image) if not name.startswith("_")]
globals().update({name: getattr(_image, name) for name in __all__})
