"""Callbacks: what happens at the beginning and end of training, epochs and batches."""

from __future__ import annotations

import csv
import math
import os
import re
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

Logs = dict[str, Any]
_BATCH_HOOKS = (
    "on_batch_begin",
    "on_batch_end",
    *tuple(
        f"on_{phase}_batch_{end}"
        for phase in ("train", "test", "predict")
        for end in ("begin", "end")
    ),
)


class Callback:
    """Base class: override the hooks that are wanted.

    A callback that overrides no hook of batches costs nothing between them.

    Attributes:
        model: The model, set before training begins.
        params: `verbose`, `epochs` and `steps` of the running `fit`.
        batch_interval: Seconds that must lie between two calls of an `on_*_batch_end` hook; the
            last batch always gets one.
    """

    batch_interval: float = 0.0

    def __init__(self) -> None:
        self.model: Any = None
        self.params: dict[str, Any] = {}

    @property
    def wants_batches(self) -> bool:
        """Whether a hook of batches does anything; the training loop asks once."""
        return any(
            name in self.__dict__ or getattr(type(self), name) is not getattr(Callback, name)
            for name in _BATCH_HOOKS
        )

    def set_params(self, params: dict[str, Any]) -> None:
        """Called before training with verbosity, epochs and steps."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Called before training with the model."""
        self.model = model

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called when `fit` begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called when `fit` ends, with the last epoch's logs."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called before an epoch; the first one is 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called after an epoch and its validation, with loss and metrics."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """The old name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """The old name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a training step."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a training step, with the epoch's loss and metrics so far."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Called when `evaluate` or a validation begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Called when `evaluate` or a validation ends."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a step of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a step of an evaluation."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Called when `predict` begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Called when `predict` ends."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a step of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a step of a prediction."""


class History(Callback):
    """What `fit` returns: `history` maps loss and metrics to their values after each epoch.

    Attributes:
        epoch: The numbers of the epochs.
        history: Name -> one value for each epoch.
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begins anew."""
        self.epoch = []
        self.history = {}

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Keeps the values of the epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


def _warn(message: str) -> None:
    import warnings

    warnings.warn(message, stacklevel=3)


class _Monitor(Callback):
    """Compares a monitored value with the best one so far."""

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ValueError(
                f"{type(self).__name__}: expected mode 'auto', 'min' or 'max', received {mode!r}"
            )
        if mode == "auto":
            name = monitor.removeprefix("val_").lower()
            grows = ("acc", "auc", "precision", "recall", "fmeasure", "f1", "fbeta", "iou", "r2")
            similar = ("cosine_similarity", "top_k", "dice_score")
            mode = "max" if any(g in name for g in grows + similar) else "min"
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)

    def _worst(self) -> float:
        return math.inf if self.mode == "min" else -math.inf

    def _improves(self, value: float, best: float | None) -> bool:
        if best is None:
            return not math.isnan(value)
        if self.mode == "min":
            return value < best - self.min_delta
        return value > best + self.min_delta

    def _value(self, logs: Logs | None) -> float | None:
        value = (logs or {}).get(self.monitor)
        if value is None:
            _warn(
                f"{type(self).__name__}: there is no '{self.monitor}' to monitor; available: "
                f"{', '.join(logs or {}) or 'nothing'}"
            )
            return None
        return float(value)


class EarlyStopping(_Monitor):
    """Stop when a value has stopped improving.

    Args:
        monitor: Name of the value.
        min_delta: Smaller changes do not count as improvement.
        patience: Epochs without improvement before training stops.
        verbose: 1 to print a message.
        mode: `"min"`, `"max"`, or `"auto"` to tell by the name.
        baseline: The value must be better than this within the patience.
        restore_best_weights: Put the weights of the best epoch back at the end.
        start_from_epoch: First epoch that counts.

    Example:

    >>> import lamina
    >>> stop = lamina.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forgets earlier trainings."""
        self.wait = 0
        self.stopped_epoch = 0
        self.best: float | None = None
        self.best_weights: Any = None
        self.best_epoch = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Counts, and stops when patience is at its end."""
        value = self._value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights = self.model.get_weights()
            self.best_epoch = epoch
        self.wait += 1
        if self._improves(value, self.best):
            self.best = value
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._improves(value, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Restores the best weights."""
        if self.stopped_epoch > 0 and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose:
                print(f"Restoring model weights from the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)


class ModelCheckpoint(_Monitor):
    """Save the model, or its weights, after epochs or every so many batches.

    Args:
        filepath: The file; it may hold `{epoch}` (from 1), `{batch}` and names of logs with
            formats, such as `"model_{epoch:02d}_{val_loss:.2f}.safetensors"`.
        monitor: Name of the value that tells which is best.
        verbose: 1 to print a message.
        save_best_only: Save only when the value has improved.
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
        values = {"epoch": epoch + 1, "batch": 0 if batch is None else batch + 1, **(logs or {})}
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
            if value is None:
                return
            if not self._improves(value, self.best):
                if self.verbose:
                    print(
                        f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {self.best:.5f}"
                    )
                return
            if self.verbose:
                before = math.nan if self.best is None else self.best
                print(
                    f"\nEpoch {epoch + 1}: {self.monitor} improved from {before:.5f} to {value:.5f}"
                )
            self.best = value
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: saving model to {path}")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)


class ReduceLROnPlateau(_Monitor):
    """Lower the learning rate when a value has stopped improving.

    Args:
        monitor: Name of the value.
        factor: What the learning rate is multiplied by; below 1.
        patience: Epochs without improvement before that.
        verbose: 1 to print a message.
        mode: `"min"`, `"max"`, or `"auto"` to tell by the name.
        min_delta: Smaller changes do not count as improvement.
        cooldown: Epochs to wait after a change.
        min_lr: The learning rate goes no lower.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 0.0001,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        if kwargs:
            raise TypeError(f"ReduceLROnPlateau: unknown arguments {sorted(kwargs)}")
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau: expected factor below 1, received {factor}")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forgets earlier trainings."""
        self.best = self._worst()
        self.cooldown_counter = 0
        self.wait = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Counts, and lowers the rate when patience is at its end."""
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        value = self._value(logs)
        if value is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self._improves(value, self.best):
            self.best = value
            self.wait = 0
        elif self.cooldown_counter <= 0:
            self.wait += 1
            if self.wait >= self.patience:
                old = float(self.model.optimizer.learning_rate)
                if old > self.min_lr:
                    new = max(old * self.factor, self.min_lr)
                    self.model.optimizer.learning_rate = new
                    if self.verbose:
                        print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau sets the rate to {new}.")
                    self.cooldown_counter = self.cooldown
                    self.wait = 0


class LearningRateScheduler(Callback):
    """Set the learning rate before each epoch.

    Args:
        schedule: Function of the epoch (from 0) and the current learning rate; gives the new one.
        verbose: 1 to print a message.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose
        self._with_rate: bool | None = None

    def _takes_rate(self) -> bool:
        if self._with_rate is None:
            import inspect

            try:
                inspect.signature(self.schedule).bind(0, 0.1)
                self._with_rate = True
            except TypeError:  # a function of the epoch alone
                self._with_rate = False
            except ValueError:  # no signature to be had
                self._with_rate = True
        return self._with_rate

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Sets the rate."""
        rate = float(self.model.optimizer.learning_rate)
        rate = self.schedule(epoch, rate) if self._takes_rate() else self.schedule(epoch)
        try:
            new = float(rate)
        except (TypeError, ValueError) as e:
            raise ValueError(
                f"LearningRateScheduler: expected a number from the schedule, received {rate!r}"
            ) from e
        self.model.optimizer.learning_rate = new
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {new}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Adds the rate to the logs."""
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


class CSVLogger(Callback):
    """Write each epoch's values to a CSV file.

    Args:
        filename: The file.
        separator: Between the values.
        append: Go on at the end of an existing file.
    """

    def __init__(
        self, filename: str | os.PathLike, separator: str = ",", append: bool = False
    ) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self._file: TextIO | None = None
        self._keys: list[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Opens the file."""
        self._keys = None
        if self.append and os.path.exists(self.filename):
            with open(self.filename, encoding="utf-8", newline="") as f:
                header = next(csv.reader(f, delimiter=self.sep), None)
            self._keys = header[1:] if header else None
        self._file = open(self.filename, "a" if self.append else "w", encoding="utf-8", newline="")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes a line."""
        if self._file is None:
            return
        logs = logs or {}
        writer = csv.writer(self._file, delimiter=self.sep)
        if self._keys is None:
            # Validation may come in later epochs only: leave room for it, as Keras does.
            keys = sorted(logs)
            if not any(k.startswith("val_") for k in keys):
                keys += [f"val_{k}" for k in keys]
            self._keys = keys
            writer.writerow(["epoch", *keys])
        writer.writerow([epoch, *(logs.get(k, "NA") for k in self._keys)])
        self._file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


class TerminateOnNaN(Callback):
    """Stop training when the loss is NaN or infinite."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Looks at the loss."""
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True


class LambdaCallback(Callback):
    """Functions as hooks.

    Args:
        on_epoch_begin: Function of `(epoch, logs)`.
        on_epoch_end: Function of `(epoch, logs)`.
        on_train_begin: Function of `(logs)`.
        on_train_end: Function of `(logs)`.
        on_train_batch_begin: Function of `(batch, logs)`.
        on_train_batch_end: Function of `(batch, logs)`.
        **kwargs: Any other hook, by name.

    Example:

    >>> import lamina
    >>> show = lamina.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch))
    """

    def __init__(
        self,
        on_epoch_begin: Callable | None = None,
        on_epoch_end: Callable | None = None,
        on_train_begin: Callable | None = None,
        on_train_end: Callable | None = None,
        on_train_batch_begin: Callable | None = None,
        on_train_batch_end: Callable | None = None,
        **kwargs: Callable,
    ) -> None:
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in hooks.items():
            if not re.fullmatch(r"on_\w+", name) or not hasattr(Callback, name):
                raise TypeError(f"LambdaCallback: there is no hook '{name}'")
            if function is not None:
                setattr(self, name, function)


def _number(value: Any) -> str:
    """A value of the logs, short."""
    try:
        v = float(value)
    except (TypeError, ValueError):
        return str(value)
    if not math.isfinite(v):
        return str(v)
    return f"{v:.4f}" if abs(v) > 1e-3 or v == 0 else f"{v:.4e}"


def _duration(seconds: float) -> str:
    if seconds >= 3600:
        return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02d}:{int(seconds) % 60:02d}"
    if seconds >= 60:
        return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
    return f"{seconds:.0f}s"


def _step_time(seconds: float) -> str:
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/step"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.0f}ms/step"
    return f"{seconds * 1e6:.0f}us/step"


class ProgbarLogger(Callback):
    """Keras's progress bar on standard output.

    On a terminal the line is redrawn while the epoch runs; elsewhere there is one line an epoch.

    Args:
        verbose: 1 for the bar, 2 for one line an epoch without a bar.
    """

    batch_interval = 0.1
    _WIDTH = 20

    def __init__(self, verbose: int = 1) -> None:
        super().__init__()
        self.verbose = verbose
        self._epochs = 1
        self._steps: int | None = None
        self._seen = 0
        self._logs: Logs = {}
        self._start = 0.0
        self._in_fit = False
        self._drawn = 0

    @property
    def wants_batches(self) -> bool:
        """Batches are drawn on a terminal, and counted where their number is not known."""
        steps = self.params.get("steps")
        return self._live() or not steps or steps < 0

    def _live(self) -> bool:
        isatty = getattr(sys.stdout, "isatty", None)
        return self.verbose == 1 and bool(isatty and isatty())

    def _begin(self, steps: int | None) -> None:
        self._start = time.perf_counter()
        self._steps = steps if steps and steps > 0 else None
        self._seen = 0
        self._drawn = 0
        self._logs = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Notes how long training will be."""
        self._in_fit = True
        self._epochs = self.params.get("epochs") or 1

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Prints the epoch."""
        self._begin(self.params.get("steps"))
        if self._epochs > 1 or self.verbose == 2:
            print(f"Epoch {epoch + 1}/{self._epochs}", flush=True)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Redraws the line."""
        self._update(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Prints the final line."""
        self._finish(logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Training is over; evaluations have bars of their own again."""
        self._in_fit = False

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Begins a bar, outside of `fit`."""
        if not self._in_fit:
            self._begin(self.params.get("steps"))

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Redraws the line, outside of `fit`."""
        if not self._in_fit:
            self._update(batch, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Prints the final line, outside of `fit`."""
        if not self._in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Begins a bar."""
        self._begin(self.params.get("steps"))

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Redraws the line."""
        self._update(batch, logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Prints the final line."""
        self._finish(logs)

    def _update(self, batch: int, logs: Logs | None) -> None:
        self._seen = batch + 1
        if self._live():
            self._logs = dict(logs or {})
            self._draw(self._line(done=False), end="")

    def _finish(self, logs: Logs | None) -> None:
        if logs:
            self._logs = dict(logs)
        self._seen = max(self._seen, self._steps or 0)
        line = self._line(done=True)
        if self._live():
            self._draw(line, end="\n")
        else:
            print(line, flush=True)

    def _draw(self, line: str, end: str) -> None:
        padding = " " * max(self._drawn - len(line), 0)
        sys.stdout.write(f"\r{line}{padding}{end}")
        sys.stdout.flush()
        self._drawn = len(line)

    def _line(self, done: bool) -> str:
        passed = time.perf_counter() - self._start
        each = passed / max(self._seen, 1)
        total = self._steps if self._steps else self._seen if done else None
        count = f"{self._seen}/{total if total else 'Unknown'}"
        if total:
            count = count.rjust(2 * len(str(total)) + 1)
        parts = [count]
        if self.verbose == 1:
            parts.append(self._bar(total))
        left = (total - self._seen) * each if total else passed
        parts.append(f"{_duration(passed if done else left)} {_step_time(each)}")
        head = " ".join(parts) if self.verbose == 1 else " - ".join(parts)
        order = sorted(self._logs, key=lambda k: (k == "learning_rate", k.startswith("val_"), k))
        values = [f"{k}: {_number(self._logs[k])}" for k in order]
        line = " - ".join([head, *values])
        if not done:  # a line that wraps cannot be redrawn
            import shutil

            line = line[: shutil.get_terminal_size((120, 20)).columns - 1]
        return line

    def _bar(self, total: int | None) -> str:
        filled = self._WIDTH if not total else self._WIDTH * self._seen // total
        full, empty = "━", "─"
        try:
            full.encode(getattr(sys.stdout, "encoding", None) or "ascii")
        except (UnicodeEncodeError, LookupError):
            full, empty = "=", "."
        return full * filled + empty * (self._WIDTH - filled)


__all__ = [
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]
