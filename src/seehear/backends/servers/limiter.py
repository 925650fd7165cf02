"""How many calls may be under way at once: as many as the server bears, found by trying.

Additive increase, multiplicative decrease: Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for
Congestion Avoidance in Computer Networks", 1989.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Limiter:
    """Halves the number of calls under way when the server says too many, adds one after as many good calls.

    `start` ≥ 1 calls at first, `most` ≥ start at any time.
    """

    def __init__(self, *, start: int = 4, most: int = 16) -> None:
        self._limit, self.most = start, most
        self._running = self._good = self._epoch = 0
        self._changed = threading.Condition()

    @property
    def limit(self) -> int:
        """How many calls may be under way now."""
        return self._limit

    @property
    def epoch(self) -> int:
        """How often the number was cut; to be handed to `slower` by a call that began now."""
        return self._epoch

    @contextmanager
    def slot(self, stopped: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Wait for a place among the calls under way and hold it.

        `stopped` ends the waiting early: the caller looks at it again itself.
        """
        with self._changed:
            while self._running >= self._limit and not stopped():
                self._changed.wait(timeout=0.1)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def faster(self) -> None:
        """Tell of a call that went well."""
        with self._changed:
            self._good += 1
            if self._good >= self._limit and self._limit < self.most:
                self._limit, self._good = self._limit + 1, 0
                self._changed.notify_all()

    def slower(self, epoch: int) -> None:
        """Tell of a call that was too many; calls that began before the last cut count with it, not again."""
        with self._changed:
            if epoch == self._epoch:
                self._limit, self._good, self._epoch = max(1, self._limit // 2), 0, self._epoch + 1
