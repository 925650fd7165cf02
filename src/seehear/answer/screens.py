"""What stands on screen: whole pictures with all that is readable on them, rather than what is new on each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise

from seehear.answer.inquiry import Inquiry
from seehear.answer.place import moment
from seehear.fences import plain
from seehear.spans import Span
from seehear.store import MediaRow
from seehear.units import Unit, clean
from seehear.values import Citation, Event, Moment

WITHIN_S = 0.999
"""A time is printed without its fraction: what comes up within the second that is named is what is meant by it."""


def screens(inquiry: Inquiry, row: MediaRow) -> list[Event]:
    """The pictures of the stretch that is asked for, in order of time; the one that stands then where it is a time.

    A picture that the next one still holds, as a list that grows, is left out for it.
    """
    span, stretch = inquiry.span(row), inquiry.intent.stretch
    events = [event for event in inquiry.store.timeline(row.id).of_kind("visual") if text_of(event).strip()]
    inside = [event for event in events if event.span.overlap_s(span) > 0 or span.contains(event.span.start_s)]
    if stretch is not None and stretch.at_s is not None:
        at_s = min(max(stretch.at_s + WITHIN_S, span.start_s), span.end_s)
        return [event for event in inside if event.span.contains(at_s)][-1:] or inside[:1]
    return _grown(inside)


def text_of(event: Event) -> str:
    """All that is readable on a picture."""
    return clean(event.screen or event.text)


def text_during(inquiry: Inquiry, row: MediaRow, spans: Collection[Span]) -> str:
    """All that is readable on the pictures with just these spans, each line that stays once; empty where none is."""
    shown = inquiry.store.timeline(row.id).of_kind("visual")
    return "\n".join(text_of(event) for event in _grown([event for event in shown if event.span in spans]))


def seen(row: MediaRow, event: Event, among: Sequence[Unit]) -> Moment:
    """A picture as a moment; `among` gives what was said meanwhile."""
    unit = Unit("visual", event.span, text_of(event), clean(event.title), event.frame)
    return replace(moment(row, [unit], among), shown=unit.text)


def cited(row: MediaRow, event: Event) -> Citation:
    """The pointer to a whole picture."""
    return Citation(row.id, event.span, text_of(event))


def _grown(events: Sequence[Event]) -> list[Event]:
    """Pictures without those that the next one still holds."""
    kept = [event for event, later in pairwise(events) if not _holds(later, event)]
    return [*kept, *events[-1:]]


def _holds(later: Event, earlier: Event) -> bool:
    there = {plain(line) for line in text_of(later).splitlines()}
    return {plain(line) for line in text_of(earlier).splitlines() if line.strip()} <= there
