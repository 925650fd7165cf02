"""Spans of presentation time and how they are printed."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from seehear.errors import InputError


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open interval [start_s, end_s) in seconds of presentation time.

    Raises InputError when a bound is not finite or the end lies before the start.
    """

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and math.isfinite(self.end_s)):
            raise InputError(f"a span needs finite times, got {self.start_s}–{self.end_s}")
        if self.end_s < self.start_s:
            raise InputError(f"a span cannot end ({self.end_s}) before it starts ({self.start_s})")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s

    def contains(self, time_s: float) -> bool:
        """Tell whether `time_s` lies in the half-open interval."""
        return self.start_s <= time_s < self.end_s

    def overlap_s(self, other: Span) -> float:
        """Seconds that both spans share, 0.0 when they are apart."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))

    def union(self, other: Span) -> Span:
        """The smallest span that covers both."""
        return Span(min(self.start_s, other.start_s), max(self.end_s, other.end_s))


def clock(time_s: float) -> str:
    """Print seconds as `m:ss`, from an hour on `h:mm:ss`, rounded down to the second a player shows."""
    whole = math.floor(max(0.0, round(time_s, 3)))
    hours, rest = divmod(whole, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):([0-5]?\d(?:[.,]\d+)?)|(\d+(?:\.\d+)?)s?")


def parse_clock(text: str) -> float:
    """Read `m:ss`, `h:mm:ss`, either with a fraction, or plain seconds.

    Raises InputError when the text is none of them.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise InputError(f"{text!r} is not a time", hint="write 90, 1:30 or 1:02:03")
    hours, minutes, seconds, plain = match.groups()
    if plain is not None:
        return float(plain)
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))
