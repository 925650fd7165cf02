"""Places: units of a recording as the moments and citations of an answer that found them without ranking."""

from __future__ import annotations

import re
from collections.abc import Sequence

from seehear.answer.inquiry import Inquiry
from seehear.fences import plain
from seehear.spans import Span, clock
from seehear.store import MediaRow
from seehear.units import Unit
from seehear.values import Citation, Moment
from seehear.words import joined

_SPACE = re.compile(r"\s+")


def units_of(inquiry: Inquiry, row: MediaRow) -> list[Unit]:
    """What was said and what was shown in one recording, in the stretch that is asked for, in order of time."""
    span = inquiry.intent.span(row.duration_s)
    units = list(inquiry.store.units(row.number).values())
    if span is None:
        return units
    return [u for u in units if u.span.overlap_s(span) > 0 or span.contains(u.span.start_s)]


def moment(row: MediaRow, units: Sequence[Unit], among: Sequence[Unit] = ()) -> Moment:
    """Neighbouring units of one kind as one moment; `among` gives what was said or shown meanwhile."""
    first = units[0]
    span = Span(first.span.start_s, max(unit.span.end_s for unit in units))
    texts = [unit.text for unit in units]
    text = joined(texts) if first.kind == "transcript" else "\n".join(texts)
    others = [u for u in among if u.kind != first.kind and u.span.overlap_s(span) > 0]
    said = text if first.kind == "transcript" else joined(u.text for u in others[:6])
    shown = text if first.kind == "visual" else "\n".join(dict.fromkeys(u.text for u in others))
    frame = next((u.frame for u in (*units, *reversed(others)) if u.frame), "")
    return Moment(row.id, row.title, span, first.kind, text, 1.0, said, shown, frame)


def citation(row: MediaRow, unit: Unit) -> Citation:
    """The pointer to one unit."""
    return Citation(row.id, unit.span, unit.text)


def mark(row: MediaRow, time_s: float, *, several: bool) -> str:
    """A time as it is printed, with the recording's name when there are several."""
    at = f"[{clock(time_s)}]"
    return f"({plain(row.title)} {at})" if several else at


def marks(row: MediaRow, times_s: Sequence[float], *, several: bool, most: int = 8) -> str:
    """Times in a row, at most `most` of them, and how many there are beyond."""
    different = list(dict.fromkeys(f"[{clock(time_s)}]" for time_s in times_s))
    left = f" and {len(different) - most} more" if len(different) > most else ""
    listed = ", ".join(different[:most]) + left
    return f"({plain(row.title)} {listed})" if several else listed


def squeezed(text: str) -> str:
    """Text without its white space: reading code from pictures loses or adds some."""
    return _SPACE.sub("", text)
