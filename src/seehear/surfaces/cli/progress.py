"""Live progress on stderr: what, how far, how long still. A bar for a person, plain lines for a log."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from seehear.surfaces.cli.console import flat, interactive, note, size

if TYPE_CHECKING:
    from rich.progress import TaskID

    from seehear.ingest.progress import Progress
    from seehear.weights import PullProgress

LABELS = {
    "find": "finding slides", "read": "reading slides", "describe": "describing", "hear": "listening",
    "embed": "indexing",
}  # fmt: skip
PLAIN_EVERY_S = 5.0


class Live:
    """Shows the stages of one recording after the other; use it as a context."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._tasks: dict[str, TaskID] = {}
        self._told: dict[str, tuple[float, int]] = {}
        self._title = ""
        self._began = time.monotonic()
        self._bars = None
        if interactive() and not quiet:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

            self._bars = Progress(
                TextColumn("{task.description:<16}"), BarColumn(), TaskProgressColumn(),
                TextColumn("{task.fields[at]}"), TimeRemainingColumn(), console=Console(stderr=True), transient=True,
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bars away, so that results can be printed."""
        if self._bars is not None:
            self._bars.stop()

    def start(self, path: Path, position: int, count: int) -> None:
        """A new recording begins."""
        self._began = time.monotonic()
        self._told.clear()
        self._title = flat(path.name, width=40) if count > 1 or self._bars is not None else ""
        if self._bars is not None:
            for task in self._tasks.values():
                self._bars.remove_task(task)
            self._tasks.clear()
            self._bars.console.print(
                f"{self._title} ({position} of {count})" if count > 1 else self._title, markup=False
            )

    def progress(self, progress: Progress) -> None:
        """Show how far one stage has come."""
        if progress.stage == "wait":
            self._wait()
            return
        at = f"{progress.done:.0f}/{progress.total:.0f}" if progress.stage in ("read", "describe") else ""
        self.show(LABELS.get(progress.stage, progress.stage), progress.done, progress.total, at)

    def _wait(self) -> None:
        if not self._quiet and "wait" not in self._told:
            self._told["wait"] = (time.monotonic(), 0)
            note(f"{self._title}{': ' if self._title else ''}waiting for another process that is at the same recording")

    def pull(self, progress: PullProgress) -> None:
        """Show how far a download has come."""
        at = f"{size(progress.done_bytes)} of {size(progress.total_bytes)}"
        self.show(f"fetching {progress.set}", progress.done_bytes, progress.total_bytes, at)

    def show(self, label: str, done: float, total: float, at: str = "") -> None:
        """Show how far anything has come, `at` in words."""
        if self._bars is not None:
            if not self._tasks:
                # Bars appear with the first thing to show: a command that has nothing to do prints only its result.
                self._bars.start()
            if label not in self._tasks:
                self._tasks[label] = self._bars.add_task(label, total=total or 1, at=at)
            self._bars.update(self._tasks[label], completed=done if total else 1, total=total or 1, at=at)
            return
        percent = int(100 * done / total) if total else 100
        now = time.monotonic()
        last_s, last_percent = self._told.get(label, (now, -1))
        finished = percent >= 100 > last_percent >= 0
        if not self._quiet and (finished or now - last_s > PLAIN_EVERY_S) and percent > last_percent:
            # A log has no heading: each line says which of several recordings it is about.
            note(f"{self._title}{': ' if self._title else ''}{label}: {percent} % {at}".rstrip())
        elif label in self._told and not finished:
            return
        self._told[label] = (now, percent)
