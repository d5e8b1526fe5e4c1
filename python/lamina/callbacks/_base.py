"""The callback interface, and what is built from it alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

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


class CallbackList(Callback):
    """Several callbacks behind the hooks of one, for training loops of one's own.

    Args:
        callbacks: The callbacks, in the order of their calls.
        add_history: Add a `History` unless there is one.
        add_progbar: Add a `ProgbarLogger` unless there is one.
        model: The model, given to each.
        **params: `epochs`, `steps` and `verbose`, given to each.

    Example:

    >>> import lamina
    >>> every = lamina.callbacks.CallbackList([], add_history=True, epochs=1)
    >>> every.on_train_begin()
    >>> every.on_epoch_end(0, {"loss": 0.5})
    >>> every.callbacks[0].history
    {'loss': [0.5]}
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        given = callbacks or []
        self.callbacks: list[Callback] = (
            list(given) if isinstance(given, (list, tuple)) else [given]
        )
        if add_history and not any(isinstance(c, History) for c in self.callbacks):
            self.callbacks.append(History())
        if add_progbar:
            from lamina.callbacks._progress import ProgbarLogger

            if not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
                self.callbacks.append(ProgbarLogger())
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    def append(self, callback: Callback) -> None:
        """Adds a callback at the end."""
        self.callbacks.append(callback)

    def set_params(self, params: dict[str, Any]) -> None:
        """Gives each its parameters."""
        super().set_params(params)
        for c in self.callbacks:
            c.set_params(params)

    def set_model(self, model: Any) -> None:
        """Gives each the model."""
        super().set_model(model)
        for c in self.callbacks:
            if isinstance(c, History):
                model.history = c
            c.set_model(model)


def _for_each(hook: str) -> Callable:
    def call(self: CallbackList, *args: Any, **kwargs: Any) -> None:
        for c in self.callbacks:
            getattr(c, hook)(*args, **kwargs)

    call.__name__ = hook
    call.__doc__ = getattr(Callback, hook).__doc__
    return call


for _hook in [name for name in vars(Callback) if name.startswith("on_")]:
    setattr(CallbackList, _hook, _for_each(_hook))


def learning_rates(model: Any) -> list[tuple[Any, str]]:
    """The optimizers whose learning rate a callback may set, with the end of its name in logs."""
    optimizer = model.optimizer
    several = getattr(optimizer, "optimizers", None)
    return [(o, f"_{o.name}") for o in several] if several else [(optimizer, "")]


def log_learning_rates(model: Any, logs: Logs) -> None:
    """Adds the rates to the logs."""
    for optimizer, end in learning_rates(model):
        logs[f"learning_rate{end}"] = float(optimizer.learning_rate)
