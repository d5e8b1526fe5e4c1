"""Data sets of the files in a folder, a class for each folder inside."""

from __future__ import annotations

import os
import random
import wave
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from lamina import _core
from lamina.utils._datasets import Dataset
from lamina.utils._images import _format, img_to_array, load_img, pillow, smart_resize
from lamina.utils._ordered import in_order

_IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_MOST_THREADS = 8

_SHARED_ARGS = """
    Args:
        directory: The folder. With inferred labels each folder in it is a class.
        labels: "inferred", None for samples alone, or a class index for each file, in the order of
            the sorted paths.
        label_mode: "int" for indices (int32), "binary" for 0 and 1 of shape (batch, 1),
            "categorical" for one-hot vectors, or None for samples alone.
        class_names: Names of the folders, in the order of their indices; sorted by default.
        batch_size: Samples in a batch; None for single samples.
        shuffle: Whether to mix the files, anew in each pass; sorted by path otherwise.
        seed: Seed of that order.
        validation_split: Share of the files to hold out, from the end of the list.
        subset: "training", "validation" or "both" parts, where validation_split is given.
        follow_links: Whether to go into folders that are symbolic links.
        verbose: Whether to print how many files there are.
"""
_SHARED_END = """
    Returns:
        A data set of batches, with attributes `class_names` and `file_paths`; two of them for
        subset="both".

    Raises:
        ValueError: Arguments that do not fit, or no files.
"""


def _documented(head: str, own: str, more: str = "") -> Callable:
    """Decorator for the docstring of one of the functions: they share most arguments."""

    def put(function: Callable) -> Callable:
        own_lines = "".join(f"        {line}\n" for line in own.strip().splitlines())
        function.__doc__ = head + "\n" + _SHARED_ARGS.rstrip() + "\n" + own_lines + _SHARED_END
        function.__doc__ += more
        return function

    return put


@_documented(
    "Images of the files in a folder, in batches of one size.",
    """color_mode: "rgb", "rgba" or "grayscale".
image_size: (height, width) to bring them to.
interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
crop_to_aspect_ratio: Cut out the largest part of the right proportions, instead of distorting.
pad_to_aspect_ratio: Put zeros around, instead of distorting.
data_format: "channels_last" or "channels_first"; that of `lamina.config` by default.
format: Taken for Keras's sake.""",
    "        ImportError: Pillow is not installed.\n",
)
def image_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: Any = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    if color_mode not in ("rgb", "rgba", "grayscale"):
        raise ValueError(
            '`color_mode` must be one of {"rgb", "rgba", "grayscale"}. '
            f"Received: color_mode={color_mode}"
        )
    size = (image_size, image_size) if isinstance(image_size, int) else tuple(image_size)
    if len(size) != 2:
        raise ValueError(
            "Invalid `image_size` value. Expected a tuple of 2 integers. "
            f"Received: image_size={image_size}"
        )
    interpolation = interpolation.lower()
    if interpolation not in ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"):
        raise ValueError(
            "Argument `interpolation` should be one of bilinear, nearest, bicubic, lanczos3, "
            f"lanczos5. Received: interpolation={interpolation}"
        )
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(
            "Only one of `pad_to_aspect_ratio`, `crop_to_aspect_ratio` can be set to `True`."
        )
    pillow()
    order = _format(data_format)

    def read(path: str) -> np.ndarray:
        from lamina._core import image

        x = img_to_array(load_img(path, color_mode), "channels_last", "float32")
        if crop_to_aspect_ratio:
            x = smart_resize(x, size, interpolation)
        elif x.shape[:2] != size:
            resized = image.resize(
                x,
                size,
                interpolation=interpolation,
                pad_to_aspect_ratio=pad_to_aspect_ratio,
                data_format="channels_last",
            )
            x = resized.numpy()
        return x.transpose(2, 0, 1) if order == "channels_first" else x

    return _from_directory(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split,
        subset, follow_links, format, verbose, _IMAGES, "images", read, np.stack,
    )  # fmt: skip


@_documented(
    "Texts of the .txt files in a folder, in batches.",
    """max_length: Most bytes of a text; its rest is left out.
format: Taken for Keras's sake.""",
)
def text_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    def read(path: str) -> str:
        with open(path, "rb") as file:
            return file.read()[:max_length].decode("utf-8", errors="replace")

    return _from_directory(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split,
        subset, follow_links, format, verbose, (".txt",), "text files", read, list,
    )  # fmt: skip


@_documented(
    "Sound of the .wav files in a folder, in batches (batch, samples, channels) from -1 to 1.",
    """sampling_rate: Only None: files are not brought to another rate.
output_sequence_length: Samples of each file, cut or filled with zeros; by default those of the
    longest one of a batch.
ragged: Only False: files of different lengths are filled with zeros.""",
)
def audio_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    if ragged and output_sequence_length is not None:
        raise ValueError("Cannot set both `ragged` and `output_sequence_length`")
    if ragged or sampling_rate is not None:
        raise ValueError("audio_dataset_from_directory: ragged and sampling_rate are not supported")

    def read(path: str) -> np.ndarray:
        x = read_wav(path)
        return x if output_sequence_length is None else _of_length(x, output_sequence_length)

    def put_together(sounds: list[np.ndarray]) -> np.ndarray:
        longest = max(len(s) for s in sounds)
        return np.stack([_of_length(s, longest) for s in sounds])

    return _from_directory(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split,
        subset, follow_links, "tf", verbose, (".wav",), "audio files", read, put_together,
    )  # fmt: skip


def read_wav(path: str) -> np.ndarray:
    """Samples (n, channels) of a wav file of whole numbers, float32 in [-1, 1)."""
    try:
        with wave.open(path, "rb") as file:
            width, channels = file.getsampwidth(), file.getnchannels()
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as e:
        raise ValueError(f"'{path}': not a wav file of plain samples: {e}") from None
    if width == 1:  # without a sign
        x = np.frombuffer(data, np.uint8).astype("float32") - 128
    elif width == 3:
        whole = np.frombuffer(data, np.uint8).reshape(-1, 3)
        x = np.pad(whole, ((0, 0), (1, 0))).reshape(-1).view("<i4").astype("float64") / 256
    else:
        x = np.frombuffer(data, f"<i{width}").astype("float64")
    return (x / 2.0 ** (8 * width - 1)).astype("float32").reshape(-1, channels)


def _of_length(x: np.ndarray, n: int) -> np.ndarray:
    return x[:n] if len(x) >= n else np.pad(x, ((0, n - len(x)), (0, 0)))


# ---- what they share


def _from_directory(
    directory: Any, labels: Any, label_mode: str | None, class_names: Any, batch_size: int | None,
    shuffle: bool, seed: int | None, validation_split: float | None, subset: str | None,
    follow_links: bool, format: str, verbose: bool, endings: tuple[str, ...], what: str,
    read: Callable[[str], Any], put_together: Callable[[list], Any],
) -> Any:  # fmt: skip
    _check(labels, label_mode, class_names, validation_split, subset, shuffle, seed, format, what)
    if labels is None or label_mode is None:
        labels = label_mode = None
    seed = random.randrange(10**6) if seed is None else seed
    directory = os.fspath(directory)
    paths, indices, names = _index(
        directory, labels, endings, class_names, shuffle, seed, follow_links, verbose
    )
    if label_mode == "binary" and len(names or ()) != 2:
        raise ValueError(
            'When passing `label_mode="binary"`, there must be exactly 2 class_names. Received: '
            f"class_names={names}"
        )
    held_out = int((validation_split or 0) * len(paths))
    slices = {None: slice(None), "training": slice(0, len(paths) - held_out)}
    slices["validation"] = slice(len(paths) - held_out, None)
    out = []
    for part in ("training", "validation") if subset == "both" else (subset,):
        chosen = paths[slices[part]]
        if part and verbose:
            print(f"Using {len(chosen)} files for {part}.")
        if not chosen:
            raise ValueError(
                f"No {f'{part} ' if subset == 'both' else ''}{what} found in directory {directory}."
                f" Allowed formats: {endings}"
            )
        targets = None
        if indices is not None:
            targets = _targets(indices[slices[part]], label_mode, len(names or ()))
        mixed = shuffle and not (subset == "both" and part == "validation")
        data = _file_batches(
            chosen, targets, batch_size, seed if mixed else None, read, put_together
        )
        data.class_names, data.file_paths = names, chosen
        out.append(data)
    return out if subset == "both" else out[0]


def _check(
    labels: Any, label_mode: Any, class_names: Any, split: Any, subset: Any, shuffle: bool,
    seed: Any, format: str, what: str,
) -> None:  # fmt: skip
    if labels is not None and not (isinstance(labels, str) and labels == "inferred"):
        if not isinstance(labels, (list, tuple)):
            raise ValueError(
                "`labels` argument should be a list/tuple of integer labels, of the same size as "
                f"the number of {what} in the target directory, or 'inferred', or None. "
                f"Received: labels={labels}"
            )
        if class_names:
            raise ValueError(
                'You can only pass `class_names` if `labels="inferred"`. Received: '
                f"labels={labels}, and class_names={class_names}"
            )
    if label_mode not in ("int", "categorical", "binary", None):
        raise ValueError(
            '`label_mode` argument must be one of "int", "categorical", "binary", or None. '
            f"Received: label_mode={label_mode}"
        )
    if format not in ("tf", "grain"):
        raise ValueError(f'`format` should be either "tf" or "grain". Received: format={format}')
    if split and not 0 < split < 1:
        raise ValueError(f"`validation_split` must be between 0 and 1, received: {split}")
    if bool(split) != bool(subset):
        raise ValueError("If `subset` is set, `validation_split` must be set, and inversely.")
    if subset not in ("training", "validation", "both", None):
        raise ValueError(
            f'`subset` must be either "training", "validation" or "both", received: {subset}'
        )
    if split and shuffle and seed is None:
        raise ValueError(
            "If using `validation_split` and shuffling the data, you must provide a `seed` "
            "argument, to make sure that there is no overlap between the training and validation "
            "subset."
        )


def _index(
    directory: str, labels: Any, endings: tuple[str, ...], class_names: Any, shuffle: bool,
    seed: int, follow_links: bool, verbose: bool,
) -> tuple[list[str], np.ndarray | None, list[str] | None]:  # fmt: skip
    """Paths, class indices and class names; mixed as Keras mixes them."""
    inferred = isinstance(labels, str)
    folders = [""]
    if inferred:
        folders = sorted(
            d
            for d in os.listdir(directory)
            if os.path.isdir(os.path.join(directory, d)) and not d.startswith(".")
        )
        if class_names is not None:
            if not set(class_names) <= set(folders):
                raise ValueError(
                    "The `class_names` passed did not match the names of the subdirectories of the "
                    f"target directory. Expected: {folders} (or a subset of it), but received: "
                    f"class_names={class_names}"
                )
            folders = list(class_names)
    elif class_names is not None:
        raise ValueError(
            "When `labels=None` (no labels), argument `class_names` cannot be specified."
        )
    paths: list[str] = []
    found: list[int] = []
    for i, folder in enumerate(folders):
        walk = os.walk(os.path.join(directory, folder), followlinks=follow_links)
        for root, _, files in sorted(walk, key=lambda item: item[0]):
            for name in sorted(files):
                if name.lower().endswith(endings):
                    paths.append(os.path.join(root, name))
                    found.append(i)
    indices: np.ndarray | None = np.asarray(found, "int32")
    names: list[str] | None = folders
    if labels is None:
        indices = names = None
    elif not inferred:
        if len(labels) != len(paths):
            raise ValueError(
                "Expected the lengths of `labels` to match the number of files in the target "
                f"directory. len(labels) is {len(labels)} while we found {len(paths)} files in "
                f"directory {directory}."
            )
        indices, names = np.asarray(labels, "int32"), [str(v) for v in sorted(set(labels))]
    if verbose:
        classes = "" if names is None else f" belonging to {len(names)} classes"
        print(f"Found {len(paths)} files{classes}.")
    if shuffle:
        order = np.arange(len(paths))
        np.random.RandomState(seed).shuffle(order)
        paths = [paths[i] for i in order]
        indices = None if indices is None else indices[order]
    return paths, indices, names


def _targets(indices: np.ndarray, label_mode: str | None, classes: int) -> np.ndarray:
    if label_mode == "binary":
        return indices.astype("float32")[:, None]
    if label_mode == "categorical":
        return np.eye(classes, dtype="float32")[indices]
    return indices


def _file_batches(
    paths: list[str], targets: Any, batch_size: int | None, seed: int | None,
    read: Callable[[str], Any], put_together: Callable[[list], Any],
) -> Dataset:  # fmt: skip
    size = batch_size or 1
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = min(available or 1, _MOST_THREADS, size + 1)

    def batches(epoch: int) -> Iterator:
        order = np.arange(len(paths))
        if seed is not None:
            order = np.random.default_rng((seed, epoch)).permutation(order)
        samples = in_order((partial(read, paths[i]) for i in order), threads, 2 * size)
        for i in range(0, len(order), size):
            rows = order[i : i + size]
            got = [next(samples) for _ in rows]
            x = _core.convert_to_tensor(put_together(got) if batch_size else got[0])
            if targets is None:
                yield x
            else:
                y = targets[rows] if batch_size else targets[rows[0]]
                yield x, _core.convert_to_tensor(y)

    return Dataset(batches, -(-len(paths) // size))
