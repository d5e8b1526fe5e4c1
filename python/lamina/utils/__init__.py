"""Helpers around training, with the names of `keras.utils`."""

from typing import Any

from lamina import _core
from lamina.backend import clear_session, is_keras_tensor, standardize_dtype
from lamina.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from lamina.saving import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from lamina.utils._config import Config
from lamina.utils._datasets import split_dataset, timeseries_dataset_from_array
from lamina.utils._directories import (
    audio_dataset_from_directory,
    image_dataset_from_directory,
    text_dataset_from_directory,
)
from lamina.utils._feature_space import FeatureSpace
from lamina.utils._files import get_file
from lamina.utils._images import array_to_img, img_to_array, load_img, save_img
from lamina.utils._numeric import normalize, pad_sequences, set_random_seed, to_categorical
from lamina.utils._plot import model_to_dot, plot_model
from lamina.utils._progbar import Progbar
from lamina.utils._py_dataset import PyDataset, Sequence
from lamina.utils._training import pack_x_y_sample_weight, unpack_x_y_sample_weight


def get_source_inputs(tensor: Any) -> list[_core.Tensor]:
    """The model inputs that a symbolic tensor depends on.

    Example:

    >>> import lamina
    >>> x = lamina.Input((2,), name="x")
    >>> [t.name for t in lamina.utils.get_source_inputs(lamina.layers.Dense(3)(x))]
    ['x']
    """
    return _core._get_source_inputs(tensor)


__all__ = [
    "Config",
    "CustomObjectScope",
    "FeatureSpace",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "audio_dataset_from_directory",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "image_dataset_from_directory",
    "img_to_array",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "load_img",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]
