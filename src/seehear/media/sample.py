"""Moments taken by the clock alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from seehear.errors import InputError
from seehear.media.glance import Glancer
from seehear.spans import Span
from seehear.values import SamplePoint


def uniform(
    path: str | Path, *, every_s: float, on_progress: Callable[[float], None] | None = None
) -> Iterator[SamplePoint]:
    """Yield a point every `every_s` seconds (> 0) from the first picture on; only the first picture is decoded.

    `on_progress` gets the time reached in seconds and may raise CancelledError to stop.
    Raises NotFoundError without the file, MediaError when no picture can be decoded, InputError for a bad `every_s`.
    """
    if not (math.isfinite(every_s) and every_s > 0):
        raise InputError(
            f"frames cannot be taken every {every_s} seconds", hint="use a number above 0, as in --every 10"
        )
    with closing(Glancer(path)) as glancer:
        start_s = glancer.first_s()
        end_s, count, reported_s = start_s, 0, start_s
        for last_s in glancer.packet_ends():
            end_s = max(end_s, last_s)
            # A packet may be stored ahead of its turn, never behind it: what it reaches is certain to come.
            while start_s + (count + 1) * every_s < end_s:
                time_s = start_s + count * every_s
                count += 1
                yield SamplePoint(time_s, Span(time_s, start_s + count * every_s), "uniform")
            if on_progress is not None and end_s - reported_s >= 1.0:
                reported_s = end_s
                on_progress(end_s)
        time_s = start_s + count * every_s
        yield SamplePoint(time_s, Span(time_s, max(end_s, time_s)), "uniform")
