"""Callbacks that watch a value: early stopping, lower learning rates."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamina.callbacks._base import Callback, Logs, learning_rates, log_learning_rates


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
            log_learning_rates(self.model, logs)
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
                for optimizer, _ in learning_rates(self.model):
                    old = float(optimizer.learning_rate)
                    if old > np.float32(self.min_lr):
                        new = max(old * self.factor, self.min_lr)
                        optimizer.learning_rate = new
                        if self.verbose:
                            print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau sets the rate to {new}.")
                        self.cooldown_counter = self.cooldown
                        self.wait = 0

    def in_cooldown(self) -> bool:
        """Whether it waits after a change."""
        return self.cooldown_counter > 0
