"""The running timecode on the pictures of one test clip, read off and held against seehear's own times."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seehear.media.decode import shown_at
from seehear.values import Screen

RATE_FPS = 30
_CODE = re.compile(r"01:(\d\d):(\d\d):(\d\d)")


def burnt_in_s(screen: Screen) -> float | None:
    """The time that a running timecode on the picture shows, in seconds; it starts at one hour."""
    for line in screen.lines:
        match = _CODE.search(line.text.replace(" ", "").replace(".", ":"))
        if match:
            minutes, seconds, frames = map(int, match.groups())
            return minutes * 60 + seconds + frames / RATE_FPS
    return None


def clock_distances(
    path: Path, times_s: Sequence[float], read: Callable[[Any], Screen]
) -> list[tuple[float, float | None]]:
    """For each time the seconds between it and the timecode on the picture shown then, None where none was read."""
    found: list[tuple[float, float | None]] = []
    for time_s, frame in shown_at(path, times_s):
        shown = burnt_in_s(read(frame.rgb))
        found.append((time_s, None if shown is None else time_s - shown))
    return found
