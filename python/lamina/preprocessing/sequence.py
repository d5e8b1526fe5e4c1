"""Sequences, with the names of `keras.preprocessing.sequence`."""

from lamina.utils import pad_sequences

__all__ = ["pad_sequences"]
