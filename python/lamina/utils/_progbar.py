"""A progress bar for loops of one's own."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import Any

import numpy as np


class Progbar:
    """A progress bar with metrics.

    Args:
        target: Number of steps; None if it is not known.
        width: Characters of the bar.
        verbose: 0 silent, 1 a bar that is written over, 2 one line at the end.
        interval: Least seconds from one update of the screen to the next.
        stateful_metrics: Names of metrics to show as they are; the others are averaged over steps.
        stateless_metrics: Names of metrics to average; the others are shown as they are.
        unit_name: What a step is called.

    Raises:
        ValueError: Both stateful_metrics and stateless_metrics.

    Example:

    >>> import lamina
    >>> bar = lamina.utils.Progbar(target=2, verbose=0)
    >>> bar.update(1, [("loss", 1.0)])
    >>> bar.update(2, [("loss", 0.5)])
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Only one of `stateful_metrics` or `stateless_metrics` can be provided."
            )
        self.target, self.width, self.verbose = target, width, verbose
        self.interval, self.unit_name = interval, unit_name
        self.stateful_metrics = None if stateful_metrics is None else set(stateful_metrics)
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self._sums: dict[str, tuple[float, int]] = {}
        self._seen = 0
        self._start = time.time()
        self._shown = 0.0
        self._line = 0  # characters on the screen

    def update(
        self,
        current: int,
        values: Iterable[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Show that `current` steps are done.

        Args:
            current: Steps done.
            values: Names and values of metrics of the steps since the last update.
            finalize: Whether this is the last update; when the target is reached by default.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            steps = max(current - self._seen, 1)
            before = self._sums.get(name, (0.0, 0))
            if finalize or self._as_it_is(name):
                before, steps = (0.0, 0), 1
            self._sums[name] = (before[0] + float(np.mean(value)) * steps, before[1] + steps)
        self._seen = current
        now = time.time()
        if self.verbose == 1 and (finalize or now - self._shown >= self.interval):
            self._show(current, now, finalize)
        elif self.verbose == 2 and finalize:
            print(self._text(current, now, finalize, bar=False))

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Show that n more steps are done."""
        self.update(self._seen + n, values)

    def _as_it_is(self, name: str) -> bool:
        if self.stateless_metrics is not None:
            return name not in self.stateless_metrics
        return name in (self.stateful_metrics or ())

    def _show(self, current: int, now: float, finalize: bool) -> None:
        text = self._text(current, now, finalize, bar=True)
        sys.stdout.write("\r" + text.ljust(self._line) + ("\n" if finalize else ""))
        sys.stdout.flush()
        self._line, self._shown = len(text), now

    def _text(self, current: int, now: float, finalize: bool, bar: bool) -> str:
        if self.target:
            text = f"{current:{len(str(self.target))}}/{self.target}"
            if bar:
                full = min(int(self.width * current / self.target), self.width)
                text += " " + "━" * full + "─" * (self.width - full)
        else:
            text = f"{current:7}/Unknown"
        each = (now - self._start) / current if current else 0.0
        if self.target and not finalize:
            text += f" {_duration(each * (self.target - current))}"
        else:
            text += f" {now - self._start:.0f}s"
        text += f" {_of_a_step(each)}/{self.unit_name}"
        for name, (total, count) in self._sums.items():
            mean = total / max(count, 1)
            text += f" - {name}: " + (f"{mean:.4f}" if abs(mean) > 1e-3 else f"{mean:.4e}")
        return text


def _duration(seconds: float) -> str:
    s = int(seconds)
    if s >= 3600:
        return f"{s // 3600}:{s % 3600 // 60:02}:{s % 60:02}"
    return f"{s // 60}:{s % 60:02}" if s >= 60 else f"{s}s"


def _of_a_step(seconds: float) -> str:
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"
