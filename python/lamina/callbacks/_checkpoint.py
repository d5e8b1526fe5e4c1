"""Callbacks that save the model."""

from __future__ import annotations

import json
import math
import os
import shutil

from lamina.callbacks._base import Callback, Logs
from lamina.callbacks._monitor import _Monitor


class ModelCheckpoint(_Monitor):
    """Save the model, or its weights, after epochs or every so many batches.

    Args:
        filepath: The file; it may hold `{epoch}` (from 1), `{batch}` and names of logs with
            formats, such as `"model_{epoch:02d}_{val_loss:.2f}.safetensors"`.
        monitor: Name of the value that tells which is best.
        verbose: 1 to print a message.
        save_best_only: Save only when the value has improved, or is missing.
        save_weights_only: Save the weights alone.
        mode: `"min"`, `"max"`, or `"auto"` to tell by the name.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: The value to improve on first.

    Example:

    >>> import lamina
    >>> keep = lamina.callbacks.ModelCheckpoint("best.safetensors", save_best_only=True)
    """

    def __init__(
        self,
        filepath: str | os.PathLike,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 1):
            raise ValueError(
                "ModelCheckpoint: expected save_freq 'epoch' or a positive integer, received "
                f"{save_freq!r}"
            )
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.best = initial_value_threshold
        self._epoch = 0
        self._batches = 0
        self._last_batch = 0
        if save_freq != "epoch":
            # Set on the object, so that only such a callback is called between batches.
            self.on_train_batch_end = self._batch_end  # type: ignore[method-assign]

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Notes the epoch."""
        self._epoch = epoch
        self._last_batch = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Saves, where it is time."""
        if self.save_freq == "epoch":
            self._save(epoch, None, logs)

    def _batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += batch + 1 - self._last_batch
        self._last_batch = batch + 1
        if self._batches >= int(self.save_freq):
            self._batches = 0
            self._save(self._epoch, batch, logs)

    def _path(self, epoch: int, batch: int | None, logs: Logs | None) -> str:
        values = {"epoch": epoch + 1, **(logs or {})}
        if batch is not None:
            values.setdefault("batch", batch + 1)
        try:
            return self.filepath.format(**values)
        except KeyError as e:
            raise KeyError(
                f"ModelCheckpoint: '{self.filepath}' names {e}, which is none of {list(values)}"
            ) from e

    def _save(self, epoch: int, batch: int | None, logs: Logs | None) -> None:
        path = self._path(epoch, batch, logs)
        if self.save_best_only:
            value = self._value(logs)
            if value is not None and not self._improves(value, self.best):
                if self.verbose:
                    print(
                        f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {self.best:.5f}"
                    )
                return
            if value is not None:
                if self.verbose:
                    before = math.nan if self.best is None else self.best
                    print(
                        f"\nEpoch {epoch + 1}: {self.monitor} improved from {before:.5f} to "
                        f"{value:.5f}"
                    )
                self.best = value
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: saving model to {path}")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)


class BackupAndRestore(Callback):
    """Keep a backup of the training, and go on from it after an interruption.

    `fit` with the same model, data and backup folder begins at the epoch after the backup, with
    the weights, the state of the optimizer and that of random numbers.

    Args:
        backup_dir: Folder of the backup.
        save_freq: `"epoch"`, or a number of batches.
        double_checkpoint: Keep the backup before the last one too, should the last be damaged.
        delete_checkpoint: Delete the backup when the training has ended.

    Raises:
        ValueError: An empty backup_dir, or another save_freq; in training, a model that is not
            built.

    Example:

    >>> import lamina
    >>> backup = lamina.callbacks.BackupAndRestore("backup")
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike,
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError("Empty `backup_dir` argument passed")
        if save_freq != "epoch" and (isinstance(save_freq, bool) or not isinstance(save_freq, int)):
            raise ValueError(
                "Invalid value for argument `save_freq`. "
                f"Received: save_freq={save_freq}. Expected either 'epoch' or an integer value."
            )
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._state = os.path.join(self.backup_dir, "latest.safetensors")
        self._metadata = os.path.join(self.backup_dir, "training_metadata.json")
        self._epoch = 0
        self._batches = 0
        if save_freq != "epoch":
            # Set on the object, so that only such a callback is called between batches.
            self.on_train_batch_end = self._batch_end  # type: ignore[method-assign]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Restores the backup, where there is one."""
        if not self.model.built:
            raise ValueError(
                "To use the BackupAndRestore callback, your model must be built before you call "
                f"`fit()`. Model '{self.model.name}' is unbuilt. You can build it beforehand by "
                "calling it on a batch of data."
            )
        try:
            self._restore(self._state, self._metadata)
        except (OSError, ValueError):
            if not os.path.exists(self._state + ".bkp"):
                raise
            self._restore(self._state + ".bkp", self._metadata + ".bkp")

    def _restore(self, state: str, metadata: str) -> None:
        if not os.path.exists(state):
            return
        self.model._restore_state(state)
        if os.path.exists(metadata):
            with open(metadata, encoding="utf-8") as f:
                self._epoch = json.load(f)["epoch"]
            self.model._initial_epoch = self._epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Saves, where it is time."""
        self._epoch = epoch + 1
        if self.save_freq == "epoch":
            self._save(0)

    def _batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        if self._batches >= int(self.save_freq):
            self._batches = 0
            self._save(batch)

    def _save(self, batch: int) -> None:
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint:
            for path in (self._state, self._metadata):
                if os.path.exists(path):
                    shutil.copyfile(path, path + ".bkp")
        self.model.save(self._state, overwrite=True)
        with open(self._metadata, "w", encoding="utf-8") as f:
            json.dump({"epoch": self._epoch, "batch": batch}, f)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Deletes the backup, where that is wanted."""
        if self.delete_checkpoint:
            shutil.rmtree(self.backup_dir, ignore_errors=True)
