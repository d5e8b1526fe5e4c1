"""Callbacks that steer the training."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from lamina.callbacks._base import Callback, Logs, learning_rates, log_learning_rates


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
        for optimizer, _ in learning_rates(self.model):
            rate = float(optimizer.learning_rate)
            rate = self.schedule(epoch, rate) if self._takes_rate() else self.schedule(epoch)
            try:
                new = float(rate)
            except (TypeError, ValueError) as e:
                raise ValueError(
                    f"LearningRateScheduler: expected a number from the schedule, received {rate!r}"
                ) from e
            optimizer.learning_rate = new
            if self.verbose > 0:
                print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {new}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Adds the rate to the logs."""
        if logs is not None:
            log_learning_rates(self.model, logs)


class TerminateOnNaN(Callback):
    """Stop training when the loss is NaN or infinite.

    Args:
        raise_error: Raise an error instead.

    Raises:
        RuntimeError: In training, with raise_error.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Looks at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}. Terminating "
                "training immediately."
            )
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True


class SwapEMAWeights(Callback):
    """Put the averages of an optimizer with `use_ema` into the model while it is evaluated.

    Args:
        swap_on_epoch: Do it between epochs too, so that a `ModelCheckpoint` after this callback
            saves the averages.

    Raises:
        ValueError: In training, where no optimizer has `use_ema`.

    Example:

    >>> import lamina
    >>> averages = lamina.callbacks.SwapEMAWeights(swap_on_epoch=True)
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def _pairs(self) -> list[tuple[Any, Any]]:
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        every = getattr(optimizer, "optimizers", None) or [optimizer]
        if not any(o.use_ema for o in every):
            raise ValueError(
                "SwapEMAWeights must be used when `use_ema=True` is set on the optimizer. "
                f"Received: use_ema={every[0].use_ema}"
            )
        return [p for o in every if o.use_ema for p in zip(o._trainable_variables, o._averages)]

    def _swap(self, to_averages: bool) -> None:
        if self._swapped == to_averages:
            return
        for variable, average in self._pairs():
            value = variable.numpy()
            variable.assign(average)
            average.assign(value)
        self._swapped = to_averages

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Training goes on with its own values."""
        if self.swap_on_epoch:
            self._swap(False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Puts the averages in until the next epoch."""
        if self.swap_on_epoch:
            self._swap(True)
            if epoch == self.params["epochs"] - 1:
                # fit() ends by putting the averages into the model, where they are now.
                for variable, average in self._pairs():
                    average.assign(variable)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Puts the averages in."""
        self._swap(True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Takes them out."""
        self._swap(False)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Puts the averages in."""
        self._swap(True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Takes them out."""
        self._swap(False)
