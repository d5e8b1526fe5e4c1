"""Work that threads do ahead, handed out in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


def in_order(tasks: Iterable[Callable[[], Any]], workers: int, ahead: int) -> Iterator[Any]:
    """Results of the tasks in their order, computed by threads.

    Args:
        tasks: Functions without arguments.
        workers: Number of threads; without any the caller does the work, at each step.
        ahead: Most tasks under way or waiting to be handed out.
    """
    if workers < 1:
        for task in tasks:
            yield task()
        return
    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(task))
            if len(waiting) >= max(ahead, 1):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        pool.shutdown(wait=True)
