"""The progress bar."""

from __future__ import annotations

import math
import sys
import time
from typing import Any

from lamina.callbacks._base import Callback, Logs


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
        parts += [_duration(passed if done else left), _step_time(each)]
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
