"""Found times against true ones: changes of the picture, starts of sentences, times that an answer prints."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from seehear.spans import Span, clock
from seehear.timeline import Timeline
from seehear.values import Answer, SamplePoint

WITHIN_S = 0.5
_CLOCK = re.compile(r"(?<![\d:])\d{1,3}:\d\d(?::\d\d)?(?![\d:])")
_FRAME_S = 0.1


@dataclass(frozen=True, slots=True)
class Change:
    """Something new on screen at `time_s`; typed code is complete at `end_s`, everything else at once.

    `next_s` is when the picture changes again.
    """

    time_s: float
    end_s: float
    next_s: float
    what: str

    @property
    def typed(self) -> bool:
        """Whether it grows for a while."""
        return self.end_s > self.time_s


@dataclass(frozen=True, slots=True)
class Compared:
    """Which true changes were found, each with how far off in seconds; which were missed; what is no change."""

    found: tuple[tuple[Change, float], ...]
    missed: tuple[Change, ...]
    false_s: tuple[float, ...]

    @property
    def worst_s(self) -> float:
        """The largest distance of a found change, 0.0 when none was."""
        return max((off for _, off in self.found), default=0.0)

    def tell(self) -> str:
        """What was missed and what is false, in words."""
        missed = [f"{change.time_s:.1f} {change.what}" for change in self.missed]
        return f"missed: {missed}; false: {[round(time_s, 2) for time_s in self.false_s]}"


def changes_of(truth: dict[str, Any]) -> list[Change]:
    """The changes of a rendered lecture, from the JSON beside it; what appears at one instant is one change."""
    found: dict[float, tuple[float, str]] = {}
    for slide in truth["slides"]:
        found[slide["start_s"]] = (slide["start_s"], f"slide “{slide['title']}”")
        for build in slide["builds"]:
            start_s = build["time_s"]
            end_s, what = found.get(start_s, (start_s, f"{build['kind']} “{build['text'].splitlines()[0][:40]}”"))
            found[start_s] = (max(end_s, build["end_s"]), what)
    starts = sorted(found)
    nexts = [*starts[1:], truth["duration_s"]]
    return [Change(at, found[at][0], next_s, found[at][1]) for at, next_s in zip(starts, nexts, strict=True)]


def written_changes(truth: dict[str, Any], end_s: float) -> list[Change]:
    """The changes that were written down; one that takes a while has `until_s`."""
    rows = sorted(truth["changes"], key=lambda row: float(row["time_s"]))
    nexts = [row["time_s"] for row in rows[1:]] + [end_s]
    return [
        Change(row["time_s"], row.get("until_s", row["time_s"]), next_s, row.get("what", row["kind"]))
        for row, next_s in zip(rows, nexts, strict=False)
    ]


def compare_changes(
    changes: Sequence[Change], points: Iterable[SamplePoint], *, within_s: float = WITHIN_S
) -> Compared:
    """Match points to changes one to one; while code is being typed any number of points is right.

    A change at once is found by a point that starts within `within_s` of it. Typed code is found when a point pictures
    it complete: after its end, before the next change.
    """
    points = sorted(points, key=lambda point: point.span.start_s)
    left = list(points)
    found: list[tuple[Change, float]] = []
    missed: list[Change] = []
    for change in (c for c in changes if not c.typed):
        near = [p for p in left if abs(p.span.start_s - change.time_s) <= within_s]
        if near:
            best = min(near, key=lambda point: abs(point.span.start_s - change.time_s))
            left.remove(best)
            found.append((change, abs(best.span.start_s - change.time_s)))
        else:
            missed.append(change)
    for change in (c for c in changes if c.typed):
        if any(change.end_s - _FRAME_S <= point.time_s < change.next_s for point in points):
            found.append((change, 0.0))
        else:
            missed.append(change)
        left = [p for p in left if not change.time_s - within_s <= p.span.start_s <= change.end_s + within_s]
    found.sort(key=lambda pair: pair[0].time_s)
    missed.sort(key=lambda change: change.time_s)
    return Compared(tuple(found), tuple(missed), tuple(point.span.start_s for point in left))


def start_distances_s(true_starts_s: Sequence[float], found_starts_s: Sequence[float]) -> list[float]:
    """For each true start the distance to the nearest found one; infinite when nothing was found."""
    return [min((abs(t - f) for f in found_starts_s), default=float("inf")) for t in true_starts_s]


def median_s(distances_s: Sequence[float]) -> float:
    """The median, infinite for nothing."""
    return statistics.median(distances_s) if distances_s else float("inf")


def foreign_clocks(answer: Answer, timelines: Iterable[Timeline]) -> list[str]:
    """Times an answer prints (text, moments, citations) at which no event or chapter of the timelines starts."""
    timelines = list(timelines)
    known = {clock(event.span.start_s) for timeline in timelines for event in timeline.events}
    known |= {clock(chapter.span.start_s) for timeline in timelines for chapter in timeline.media.chapters}
    printed = _CLOCK.findall(answer.text)
    printed += [moment.clock for moment in answer.moments]
    printed += [clock(citation.span.start_s) for citation in answer.citations]
    # A quoted slide may show a time of day; it was read, not counted.
    quoted = {time for timeline in timelines for event in timeline.events for time in _CLOCK.findall(event.text)}
    return sorted({time for time in printed if time not in known and time not in quoted})


def overlapping_text(timeline: Timeline, span: Span) -> str:
    """What was heard during `span`, "" when nothing was."""
    return " ".join(event.text for event in timeline.of_kind("transcript") if event.span.overlap_s(span) > 0)
