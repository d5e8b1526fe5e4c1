"""Looking into Keras's files of weights, and changing them."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lamina import _core, _keras_files, _keras_weights


class KerasFileEditor:
    """The weights in a file of Keras's, by the names of the objects that they belong to.

    Args:
        filepath: A ".keras" or ".weights.h5" file.

    Raises:
        ValueError: Another file, or a damaged one.
        ImportError: h5py is not installed.

    Example:

    >>> import lamina, os, tempfile
    >>> model = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(2)])
    >>> path = os.path.join(tempfile.mkdtemp(), "model.weights.h5")
    >>> model.save_weights(path)
    >>> editor = lamina.saving.KerasFileEditor(path)
    >>> editor.summary()
    layers
        dense
            0: shape=(3, 2), dtype=float32
            1: shape=(2,), dtype=float32
    >>> editor.rename_object("dense", "head")
    >>> editor.weights_dict["layers"]["head"]["1"]
    array([0., 0.], dtype=float32)
    """

    def __init__(self, filepath: str | os.PathLike) -> None:
        self.filepath = os.fspath(filepath)
        if not self.filepath.endswith((".keras", ".weights.h5")):
            raise ValueError(
                "Invalid filename: expected a `.keras` `.weights.h5` extension. Received: "
                f"filepath={self.filepath}"
            )
        with _keras_files.open_weights(self.filepath) as file:
            self.weights_dict: dict[str, Any] = _keras_weights.tree(file)

    def summary(self) -> None:
        """Print the objects and their weights."""
        for line in _lines(self.weights_dict, 0):
            print(line)

    def compare(self, reference_model: _core.Layer) -> dict[str, Any]:
        """Print where the file and a model differ.

        Args:
            reference_model: A model that is built.

        Returns:
            "status", "success" or "error"; "error_count" and "match_count".
        """
        errors: list[str] = []
        matches = 0
        wanted = {}
        for place in _keras_weights.places(reference_model):
            for i, v in enumerate(place.variables):
                wanted[f"{place.path}/{i}".lstrip("/")] = (tuple(v.shape), str(place))
        if not getattr(reference_model, "compiled", False):
            wanted = {k: v for k, v in wanted.items() if not k.startswith("optimizer/")}
        found = dict(_leaves(self.weights_dict, ""))
        for path, (shape, owner) in wanted.items():
            if path not in found:
                errors.append(f"{path} ({owner}): not in the file, expected shape {shape}")
            elif found[path].shape != shape:
                errors.append(
                    f"{path} ({owner}): shape {found[path].shape} in the file, expected {shape}"
                )
            else:
                matches += 1
        for error in errors:
            print(error)
        if not errors:
            print("Comparison successful: no differences found.")
        status = "error" if errors else "success"
        return {"status": status, "error_count": len(errors), "match_count": matches}

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object another name.

        Args:
            object_name: Its name, such as "dense_2", or path, such as "layers/dense_2".
            new_name: The new name.
        """
        if "/" in new_name:
            raise ValueError(f"rename_object: expected a name without '/', received '{new_name}'")
        self._edit(object_name, lambda d, name: d.update({new_name: d.pop(name)}))

    def delete_object(self, object_name: str) -> None:
        """Remove an object, by its name or path."""
        self._edit(object_name, lambda d, name: d.pop(name))

    def add_object(self, object_path: str, weights: dict[str, Any]) -> None:
        """Add an object.

        Args:
            object_path: Its path, such as "layers/dense_2".
            weights: Arrays by name, such as {"0": kernel, "1": bias}.
        """
        at = self.weights_dict
        *parents, name = object_path.split("/")
        for part in parents:
            if part not in at:
                raise ValueError(f"Path '{object_path}' not found in model.")
            at = at[part]
        at[name] = _arrays(weights)

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Remove a weight of an object, such as "0"."""

        def remove(at: dict, name: str) -> None:
            if weight_name not in at[name]:
                raise ValueError(
                    f"Weight {weight_name} not found in object {object_name}. Weights found: "
                    f"{list(at[name])}"
                )
            at[name].pop(weight_name)

        self._edit(object_name, remove)

    def add_weights(self, object_name: str, weights: dict[str, Any]) -> None:
        """Add weights to an object, or replace them.

        Args:
            object_name: Its name or path.
            weights: Arrays by name, such as {"0": kernel, "1": bias}.
        """
        arrays = _arrays(weights)
        self._edit(object_name, lambda at, name: at[name].update(arrays))

    def save(self, filepath: str | os.PathLike) -> None:
        """Write all of it to a ".weights.h5" file."""
        path = os.fspath(filepath)
        if not path.endswith(".weights.h5"):
            raise ValueError(
                "Invalid `filepath` argument: expected a `.weights.h5` extension. Received: "
                f"filepath={path}"
            )
        buffer = io.BytesIO()
        with _keras_files.h5py().File(buffer, "w") as file:
            for name, value in _leaves(self.weights_dict, ""):
                owner, _, leaf = name.rpartition("/")
                file[f"{owner}/vars/{leaf}" if owner else f"vars/{leaf}"] = value
        _keras_files.replace(path, lambda target: target.write(buffer.getvalue()))

    def _edit(self, object_name: str, change: Callable[[dict, str], Any]) -> None:
        """Make a change at the one object of a name or path: in what holds it, by its name."""
        found = list(_objects(self.weights_dict, ""))
        if "/" in object_name:
            found = [o for o in found if o[0] == object_name]
        else:
            found = [o for o in found if o[0].rsplit("/", 1)[-1] == object_name]
        if len(found) > 1:
            raise ValueError(
                f"Name '{object_name}' occurs more than once in the model; try passing a complete "
                "path"
            )
        if not found:
            raise ValueError(f"'{object_name}' does not appear in the model.")
        path, holder = found[0]
        change(holder, path.rsplit("/", 1)[-1])


def _arrays(weights: Any) -> dict[str, np.ndarray]:
    if not isinstance(weights, dict):
        raise ValueError(
            "Argument `weights` should be a dict where keys are weight names (usually '0', '1', "
            f"etc.) and values are NumPy arrays. Received: {type(weights).__name__}"
        )
    return {str(k): np.asarray(v) for k, v in weights.items()}


def _objects(tree: dict[str, Any], path: str) -> Iterator[tuple[str, dict]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            own = f"{path}/{name}".lstrip("/")
            yield own, tree
            yield from _objects(value, own)


def _leaves(tree: dict[str, Any], path: str) -> Iterator[tuple[str, np.ndarray]]:
    for name, value in tree.items():
        own = f"{path}/{name}".lstrip("/")
        if isinstance(value, dict):
            yield from _leaves(value, own)
        else:
            yield own, value


def _lines(tree: dict[str, Any], depth: int) -> Iterator[str]:
    for name, value in tree.items():
        indent = " " * 4 * depth
        if isinstance(value, dict):
            yield f"{indent}{name}"
            yield from _lines(value, depth + 1)
        else:
            yield f"{indent}{name}: shape={value.shape}, dtype={value.dtype}"
