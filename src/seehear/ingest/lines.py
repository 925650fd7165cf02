"""From what was read and described to the visual events of a timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from seehear.ingest.screen import Page, VisualLine, arrange, visual_line, without_furniture
from seehear.values import Description, Event, SamplePoint, Screen

TYPING_S = 15.0
"""Typing without a pause is one reading in this time at the longest: what grows later was complete as it stood."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One sampled point with the line that tells what is new on it; no line where nothing could be read."""

    point: SamplePoint
    line: VisualLine | None

    @property
    def screen_text(self) -> str:
        """All that is readable at that time."""
        return self.line.screen if self.line is not None else ""


def frame_name(time_s: float) -> str:
    """The file name under which the picture at `time_s` is kept."""
    return f"{round(time_s * 1000):09d}.jpg"


def lines(points: Sequence[SamplePoint], screens: Mapping[float, Screen]) -> list[Shown]:
    """Tell for each point that was read what is new on it: a new slide in full, for a build only what it adds.

    What is still being typed is told once it is complete, if that is soon.
    """
    times = sorted(screens)
    pages = dict(zip(times, map(arrange, without_furniture([screens[t] for t in times])), strict=True))
    shown: list[Shown] = []
    previous: Page | None = None
    before_s = 0.0
    for point, after in zip_longest(points, points[1:]):
        page = pages.get(point.time_s)
        if page is None:
            previous = None
            continue
        soon = after is not None and after.time_s - point.time_s <= TYPING_S
        line = visual_line(
            page, previous, elapsed_s=point.time_s - before_s, following=pages.get(after.time_s) if soon else None
        )
        shown.append(Shown(point, line if page.text else None))
        previous, before_s = page if page.text else None, point.time_s
    return shown


def visual_events(
    shown: Sequence[Shown], descriptions: Mapping[float, Description] | None = None, *, via: str
) -> list[Event]:
    """Turn lines and descriptions into visual events; a point with nothing new lengthens the event before it.

    A point where nothing could be read and nothing was described makes no event.
    """
    described = descriptions or {}
    events: list[Event] = []
    before: Shown | None = None
    for entry in shown:
        line, told = entry.line, described.get(entry.point.time_s)
        stays = line is not None and not line.new and before is not None and before.line is not None
        if stays and events:
            events[-1] = replace(events[-1], span=events[-1].span.union(entry.point.span))
        elif text := _text(line, told):
            events.append(
                Event(
                    entry.point.span, "visual", text, via, title=line.title if line else "", screen=entry.screen_text,
                    frame=frame_name(entry.point.time_s), reason=entry.point.reason,
                )
            )  # fmt: skip
        before = entry
    return events


def _text(line: VisualLine | None, told: Description | None) -> str:
    read = line.text if line is not None else ""
    if told is None:
        return read
    seen = told.fresh if told.fresh and read else told.text
    return "\n".join(part for part in (seen, read) if part)
