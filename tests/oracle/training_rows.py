"""Losses, metrics, optimizers and schedules of both packages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from oracle.base import COVERED, Row, as_numpy, close, real, resolve, seeded
from oracle.function_rows import compare_with_gradients

REDUCTIONS = ("sum_over_batch_size", "sum", "none", "mean", "mean_with_sample_weight")


def loss_row(
    name: str,
    y_true: Any,
    y_pred: Any,
    sample_weight: Any = None,
    grad: bool = True,
    tol: float = 1e-5,
    id: str = "",
    function: str | None = None,
    config_ignore: Sequence[str] = (),
    **kwargs: Any,
) -> LossRow:
    """A row for a loss: config, every reduction with and without weights, gradient, function.

    Args:
        name: Its class in `keras.losses`.
        y_true: Targets.
        y_pred: Predictions.
        sample_weight: One factor a sample by default.
        grad: Whether to compare the gradient with respect to y_pred.
        tol: Tolerance.
        id: Label of the row.
        function: The function of the same maths in `keras.losses`, called without kwargs.
        config_ignore: Keys of the config to leave out.
        kwargs: Constructor arguments.
    """
    if function is not None:
        COVERED.add(("losses", function))
    return LossRow(
        "losses", name, kwargs, id, tol, y_true, y_pred, sample_weight, grad, function,
        config_ignore,
    )  # fmt: skip


def metric_row(
    name: str,
    *updates: Sequence[Any],
    weighted: bool = True,
    tol: float = 1e-5,
    id: str = "",
    config_ignore: Sequence[str] = (),
    **kwargs: Any,
) -> MetricRow:
    """A row for a metric: config, and results after each update, with weights and without.

    Args:
        name: Its class in `keras.metrics`.
        updates: Arguments of each update_state(), as (y_true, y_pred).
        weighted: Whether update_state() takes sample weights.
        tol: Tolerance.
        id: Label of the row.
        config_ignore: Keys of the config to leave out.
        kwargs: Constructor arguments.
    """
    return MetricRow("metrics", name, kwargs, id, tol, updates, weighted, config_ignore)


def optimizer_row(
    name: str,
    steps: int = 6,
    tol: float = 1e-5,
    id: str = "",
    config_ignore: Sequence[str] = (),
    **kwargs: Any,
) -> OptimizerRow:
    """A row for an optimizer: config, and variables after each of some steps.

    Args:
        name: Its class in `keras.optimizers`.
        steps: Number of steps.
        tol: Tolerance.
        id: Label of the row.
        config_ignore: Keys of the config to leave out.
        kwargs: Constructor arguments.
    """
    return OptimizerRow("optimizers", name, kwargs, id, tol, steps, config_ignore)


def schedule_row(
    name: str, *steps: int, tol: float = 1e-6, id: str = "", **kwargs: Any
) -> ScheduleRow:
    """A row for a learning-rate schedule, at some steps."""
    at = steps or (0, 1, 2, 3, 5, 7, 10, 11, 50, 99, 100, 101, 1000)
    return ScheduleRow("optimizers.schedules", name, kwargs, id, tol, at)


@dataclass
class LossRow(Row):
    y_true: Any = None
    y_pred: Any = None
    sample_weight: Any = None
    grad: bool = True
    function: str | None = None
    config_ignore: Sequence[str] = ()

    def checks(self) -> list[Callable]:
        checks: list[Callable] = [self.config, self.reductions]
        if self.function:
            checks.append(self.as_function)
        return [*checks, self.gradient] if self.grad else checks

    def config(self) -> None:
        import keras

        import lamina

        self.compare_configs(self.make(keras), self.make(lamina), self.config_ignore)

    def reductions(self) -> None:
        import keras

        import lamina

        n = len(self.y_true)
        weights = self.sample_weight
        if weights is None:
            weights = seeded(n).uniform(0.3, 2, n).astype("float32")
        for reduction in REDUCTIONS:
            for w in (None, weights):
                theirs, ours = (
                    self.of(k)(**{"reduction": reduction, **resolve(self.kwargs, k)})(
                        self.y_true, self.y_pred, sample_weight=w
                    )
                    for k in (keras, lamina)
                )
                close(ours, theirs, self.tol, f"{reduction}, weights {w is not None}")

    def as_function(self) -> None:
        import keras

        import lamina

        theirs, ours = (
            getattr(k.losses, self.function or "")(self.y_true, self.y_pred)
            for k in (keras, lamina)
        )
        close(ours, theirs, self.tol)

    def gradient(self) -> None:
        import keras

        import lamina

        theirs, ours = self.make(keras), self.make(lamina)
        compare_with_gradients(
            lambda p: theirs(self.y_true, p), lambda p: ours(self.y_true, p),
            [self.y_pred], [self.y_pred], self.tol,
        )  # fmt: skip


@dataclass
class MetricRow(Row):
    updates: Sequence[Any] = ()
    weighted: bool = True
    config_ignore: Sequence[str] = ()

    def checks(self) -> list[Callable]:
        return [self.config, self.results]

    def config(self) -> None:
        import keras

        import lamina

        self.compare_configs(self.make(keras), self.make(lamina), self.config_ignore)

    def results(self) -> None:
        import keras

        import lamina

        theirs, ours = self.make(keras), self.make(lamina)
        for weighted in (False, True) if self.weighted else (False,):
            for i, args in enumerate(self.updates):
                options = {}
                if weighted:
                    n = len(args[0])
                    options["sample_weight"] = seeded(n, i).uniform(0.3, 2, n).astype("float32")
                for metric in (theirs, ours):
                    metric.update_state(*args, **options)
                what = f"after update {i}, weights {weighted}"
                close(ours.result(), theirs.result(), self.tol, what)
            for metric in (theirs, ours):
                metric.reset_state()
            close(ours.result(), theirs.result(), self.tol, "after reset_state")


@dataclass
class OptimizerRow(Row):
    steps: int = 6
    config_ignore: Sequence[str] = ()

    def checks(self) -> list[Callable]:
        return [self.config, self.trajectory]

    def config(self) -> None:
        import keras

        import lamina

        self.compare_configs(self.make(keras), self.make(lamina), self.config_ignore)

    def trajectory(self) -> None:
        """A matrix and a vector, with gradients that change in size and sign."""
        import keras

        import lamina

        start = [real(4, 3), real(3, low=0.1)]
        theirs, ours = (
            (self.make(k), [k.Variable(x, name=n) for x, n in zip(start, ("kernel", "bias"))])
            for k in (keras, lamina)
        )
        for optimizer, variables in (theirs, ours):
            optimizer.build(variables)
        described = [
            [(v.path.split("/")[-1], tuple(v.shape)) for v in optimizer.variables if v.shape]
            for optimizer, _ in (theirs, ours)
        ]
        for step in range(self.steps):
            rng = seeded("gradients", step)
            grads = [rng.normal(size=x.shape).astype("float32") * (0.3 + step) for x in start]
            theirs[0].apply([keras.ops.convert_to_tensor(g) for g in grads], theirs[1])
            ours[0].apply([lamina.tensor(g) for g in grads], ours[1])
            close(
                [as_numpy(v) for v in ours[1]], [as_numpy(v) for v in theirs[1]],
                self.tol, f"after step {step}",
            )  # fmt: skip
            assert int(ours[0].iterations) == int(as_numpy(theirs[0].iterations))
        if self.kwargs.get("use_ema"):
            for optimizer, variables in (theirs, ours):
                optimizer.finalize_variable_values(variables)
            close(ours[1], theirs[1], self.tol, "moving averages")
        assert described[1] == described[0], "state of the optimizer"


@dataclass
class ScheduleRow(Row):
    at: Sequence[int] = field(default_factory=tuple)

    def checks(self) -> list[Callable]:
        return [self.config, self.values]

    def config(self) -> None:
        import keras

        import lamina

        self.compare_configs(self.make(keras), self.make(lamina))

    def values(self) -> None:
        import keras

        import lamina

        theirs, ours = self.make(keras), self.make(lamina)
        for step in self.at:
            close(np.float32(ours(step)), np.float32(theirs(step)), self.tol, f"step {step}")
