"""How far the work on one media has come."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from seehear.errors import CancelledError

Stage = Literal["fetch", "wait", "find", "read", "describe", "hear", "embed"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage has come.

    `done` of `total`: bytes (`fetch`), seconds of media (`find`, `hear`), pictures (`read`, `describe`), sentences
    (`embed`), nothing while another process is at the same recording (`wait`).
    """

    stage: Stage
    done: float
    total: float


Listener = Callable[[Progress], None]


class Reporter:
    """Tells one listener from several threads, and carries the wish to stop the other way."""

    def __init__(self, listener: Listener | None = None) -> None:
        self._listener = listener
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ask every stage to stop at its next report."""
        self._stop.set()

    def __call__(self, stage: Stage, done: float, total: float) -> None:
        """Report; raises CancelledError once `stop` was called."""
        if self._stop.is_set():
            raise CancelledError("stopped", hint="run the same command again to go on from here")
        if self._listener is not None:
            with self._lock:
                self._listener(Progress(stage, min(done, total), total))
