"""Helpers around training, with the names of `keras.utils`."""

from lamina.utils._files import get_file
from lamina.utils._numeric import normalize, pad_sequences, set_random_seed, to_categorical

__all__ = ["get_file", "normalize", "pad_sequences", "set_random_seed", "to_categorical"]
