"""Values of a training for TensorBoard."""

from __future__ import annotations

import os
import time
import warnings
from typing import Any

from lamina.callbacks._base import Callback, Logs, log_learning_rates
from lamina.callbacks._events import EventWriter


class TensorBoard(Callback):
    """Write loss, metrics and learning rate for TensorBoard (`tensorboard --logdir=logs`).

    The folders `train` and `validation` below log_dir get `epoch_<name>` after each epoch, with an
    update_freq `batch_<name>` too; an evaluation writes `evaluation_<name>_vs_iterations`.

    Args:
        log_dir: The folder.
        histogram_freq: Epochs from one histogram of the weights to the next; 0 for none.
        write_graph: Kept for Keras's sake; no graph is written.
        write_images: Kept for Keras's sake; True warns that no images are written.
        write_steps_per_second: Write how fast epochs (and, with an update_freq, batches) are.
        update_freq: `"epoch"`, `"batch"`, or a number of batches.
        profile_batch: Kept for Keras's sake; other than 0 warns that no profile is written.
        embeddings_freq: Kept for Keras's sake; other than 0 warns that no embeddings are written.
        embeddings_metadata: Kept for Keras's sake.

    Raises:
        ValueError: Another update_freq.

    Example:

    >>> import lamina
    >>> board = lamina.callbacks.TensorBoard("logs", histogram_freq=1)
    """

    def __init__(
        self,
        log_dir: str | os.PathLike = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        every = 1 if update_freq == "batch" else update_freq
        if every != "epoch" and (not isinstance(every, int) or every < 1):
            raise ValueError(
                "TensorBoard: expected update_freq 'epoch', 'batch' or a positive integer, "
                f"received {update_freq!r}"
            )
        for name, value in (
            ("write_images", write_images),
            ("profile_batch", profile_batch),
            ("embeddings_freq", embeddings_freq),
        ):
            if value:
                warnings.warn(f"TensorBoard: {name}={value!r} has no effect", stacklevel=2)
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = every
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._writers: dict[str, EventWriter] = {}
        self._train_batch = 0
        self._test_batch = 0
        self._in_fit = False
        if every != "epoch":
            # Set on the object, so that only such a callback is called between batches.
            self.on_train_batch_begin = self._begin_batch  # type: ignore[method-assign]
            self.on_train_batch_end = self._end_batch  # type: ignore[method-assign]

    def _writer(self, name: str) -> EventWriter:
        if name not in self._writers:
            self._writers[name] = EventWriter(os.path.join(self.log_dir, name))
        return self._writers[name]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Counts batches from 0."""
        self._in_fit = True
        self._train_batch = 0

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Closes the files."""
        self._in_fit = False
        self._close()

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def _begin_batch(self, batch: int, logs: Logs | None = None) -> None:
        self._train_batch += 1
        self._batch_start = time.perf_counter()

    def _end_batch(self, batch: int, logs: Logs | None = None) -> None:
        step = self._train_batch
        if step % int(self.update_freq):
            return
        writer = self._writer("train")
        if self.write_steps_per_second:
            passed = time.perf_counter() - self._batch_start
            writer.scalar("batch_steps_per_second", 1.0 / max(passed, 1e-9), step)
        for name, value in (logs or {}).items():
            writer.scalar(f"batch_{name}", float(value), step)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Notes the time."""
        self._epoch_start = time.perf_counter()
        self._epoch_batch = int(self.model.optimizer.iterations)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes the epoch's values, and histograms where it is time."""
        values = dict(logs or {})
        train = {k: v for k, v in values.items() if not k.startswith("val_")}
        log_learning_rates(self.model, train)
        if self.write_steps_per_second:
            steps = int(self.model.optimizer.iterations) - self._epoch_batch
            train["steps_per_second"] = steps / max(time.perf_counter() - self._epoch_start, 1e-9)
        for name, value in train.items():
            self._writer("train").scalar(f"epoch_{name}", float(value), epoch)
        for name, value in values.items():
            if name.startswith("val_"):
                self._writer("validation").scalar(f"epoch_{name[4:]}", float(value), epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for layer in self.model.layers:
                for weight in layer.weights:
                    name = f"{weight.path.replace(':', '_')}/histogram"
                    self._writer("train").histogram(name, weight.numpy(), epoch)
        for writer in self._writers.values():
            writer.flush()

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Writes what an evaluation gave over the number of training steps."""
        step = int(self.model.optimizer.iterations)
        for name, value in (logs or {}).items():
            self._writer("validation").scalar(
                f"evaluation_{name}_vs_iterations", float(value), step
            )
        if not self._in_fit:
            self._close()
