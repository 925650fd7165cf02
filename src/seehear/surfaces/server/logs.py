"""Structured logs: one JSON object per line, with nothing in them of what is asked, said, shown or secret."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
import traceback
from typing import IO, Any


class Log:
    """Writes events as JSON lines; `quiet` keeps requests that went well out of it."""

    def __init__(self, out: IO[str] | None = None, *, quiet: bool = False) -> None:
        self._out = out or sys.stderr
        self._quiet = quiet
        self._lock = threading.Lock()

    def event(self, name: str, *, level: str = "info", **facts: Any) -> None:
        """Write one event; `facts` are numbers, names of ours and identifiers, never text of a person or a media."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + "Z"
        line = json.dumps({"time": stamp, "level": level, "event": name, **facts})
        with self._lock:
            try:
                self._out.write(line + "\n")
                self._out.flush()
            except (OSError, ValueError):
                return  # nobody reads any more

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One answered request: the route's pattern and not its address, which may hold a question."""
        if self._quiet and status < 500:
            return
        self.event("request", method=method[:10], route=route, status=status, ms=round(seconds * 1000, 1))

    def bug(self, error: BaseException) -> None:
        """An error that nobody expected: its kind and where it was raised, without its message."""
        places = [
            f"{frame.filename.rsplit('site-packages/', 1)[-1].rsplit('/src/', 1)[-1]}:{frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)[-6:]
        ]
        self.event("bug", level="error", kind=type(error).__name__, at=places)


class Forward(logging.Handler):
    """Hands what libraries log to our log: who said it and how bad it is."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; an exception is told by its place."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            self._log.bug(error)
        else:
            self._log.event("library", level=record.levelname.lower(), logger=record.name, text=str(record.msg)[:200])
