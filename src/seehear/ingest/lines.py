"""From what was read and described to the visual events of a timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seehear.ingest.screen import Page, VisualLine, arrange, visual_line, without_furniture
from seehear.values import Description, Event, SamplePoint, Screen


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
    """Tell for each point that was read what is new on it: a new slide in full, for a build only what it adds."""
    times = sorted(screens)
    pages = dict(zip(times, map(arrange, without_furniture([screens[t] for t in times])), strict=True))
    shown: list[Shown] = []
    previous: Page | None = None
    for point in points:
        page = pages.get(point.time_s)
        if page is None:
            previous = None
            continue
        shown.append(Shown(point, visual_line(page, previous) if page.text else None))
        previous = page if page.text else None
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
