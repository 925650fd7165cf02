"""The one clock of a media file: zero is what its players show as 0:00."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.container import InputContainer

# Codec priming (AAC, Opus) lies before zero and is not meant to be heard; no codec needs half a second of it, while
# a transport stream that crosses its 26-hour wrap can start minutes below zero.
_PRIMING_S = 0.5


def origin_s(container: InputContainer) -> float:
    """Seconds to subtract from `pts * time_base` so that time is what a player shows.

    MP4 and QuickTime have a timeline of their own on which edit lists place each stream, so their zero is taken as it
    is: a stream delayed by an edit list stays delayed. Transport streams, Matroska and the rest carry the clock of
    their recorder; players show the earliest start among their streams as 0:00. Either way all streams of a file share
    one origin, so a stream that starts late stays late and picture and sound stay together.
    """
    if container.start_time is None or "mp4" in container.format.name.split(","):
        return 0.0
    start = Fraction(container.start_time, 1_000_000)
    if -_PRIMING_S < start <= 0:
        return 0.0
    # The container rounds its start to microseconds; the stream it was taken from knows it exactly.
    exact = (
        stream.start_time * stream.time_base
        for stream in container.streams
        if stream.start_time is not None and stream.time_base is not None
    )
    return float(min(exact, key=lambda t: abs(t - start), default=start))


def presentation_s(pts: int, time_base: Fraction, *, origin_s: float) -> float:
    """Turn a stream's timestamp into seconds of presentation time; `origin_s` comes from the function `origin_s`."""
    return float(pts * time_base) - origin_s
