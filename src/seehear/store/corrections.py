"""Corrections by hand: what a person changed on a timeline, and how it is found again after indexing anew."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from seehear.spans import Span
from seehear.timeline import Timeline
from seehear.values import Event, EventKind, Word

ALIKE = 0.6
"""From this likeness on, a text that another model heard or read counts as the one that was corrected."""


@dataclass(frozen=True, slots=True)
class Correction:
    """`new` stands where `old` was heard or read: on the event of that kind during `span`."""

    kind: EventKind
    span: Span
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """A timeline with its corrections in place; `used` tells for an event's number which one changed it."""

    timeline: Timeline
    used: dict[int, Correction]


def apply(timeline: Timeline, corrections: Sequence[Correction]) -> Corrected:
    """Put corrections on the events they belong to; an event keeps its number, its span and its kind.

    A correction belongs to the event of its kind that shares time with it and has its old text, else a text like it.
    Pictures that follow and still show a line that was corrected show it corrected too.
    """
    if not corrections:
        return Corrected(timeline, {})
    events = list(timeline.events)
    used: dict[int, Correction] = {}
    for correction in corrections:
        number = _place(timeline.events, correction, used)
        if number is None:
            continue
        used[number] = correction
        lines = _changed_lines(correction)
        events[number] = _rewritten(events[number], correction, lines)
        if correction.kind == "visual":
            _carry_on(events, number, lines)
    return Corrected(Timeline(timeline.media, tuple(events), timeline.gaps), used)


def _place(events: Sequence[Event], correction: Correction, used: dict[int, Correction]) -> int | None:
    best: tuple[float, int] | None = None
    for number, event in enumerate(events):
        if number in used or event.kind != correction.kind or not _together(event.span, correction.span):
            continue
        likeness = 2.0 if event.text == correction.old else _likeness(event.text, correction.old)
        fits = likeness + (1.0 if event.span == correction.span else 0.0)
        if likeness >= ALIKE and (best is None or fits > best[0]):
            best = (fits, number)
    return best[1] if best else None


def _together(one: Span, other: Span) -> bool:
    return one.overlap_s(other) > 0 or one.start_s == other.start_s


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one.casefold().split(), other.casefold().split(), autojunk=False).ratio()


def _rewritten(event: Event, correction: Correction, lines: Sequence[tuple[str, str]]) -> Event:
    if event.kind == "transcript":
        return replace(event, text=correction.new, words=_respoken(event, correction.new))
    screen = event.screen
    if screen:
        screen = screen.replace(event.text, correction.new) if event.text in screen else _swap(screen, lines)
    return replace(event, text=correction.new, screen=screen, title=_swap(event.title, lines))


def _changed_lines(correction: Correction) -> list[tuple[str, str]]:
    old, new = correction.old.splitlines(), correction.new.splitlines()
    return [(a, b) for a, b in zip(old, new, strict=True) if a != b] if len(old) == len(new) else []


def _swap(text: str, lines: Sequence[tuple[str, str]]) -> str:
    table = dict(lines)
    return "\n".join(table.get(line, line) for line in text.split("\n"))


def _carry_on(events: list[Event], number: int, lines: Sequence[tuple[str, str]]) -> None:
    standing = [pair for pair in lines if pair[0].strip()]
    for later in range(number + 1, len(events)):
        event = events[later]
        if event.kind != "visual":
            continue
        shown = set(event.screen.split("\n"))
        standing = [pair for pair in standing if pair[0] in shown]
        if not standing:
            return
        events[later] = replace(event, screen=_swap(event.screen, standing), title=_swap(event.title, standing))


def _respoken(event: Event, text: str) -> tuple[Word, ...]:
    """The words of the new text: those that stayed keep their times, the others share the time of what they replace."""
    if not event.words:
        return ()
    old = [word.text.strip() for word in event.words]
    new = text.split()
    made: list[Word] = []
    matcher = difflib.SequenceMatcher(None, [w.casefold() for w in old], [w.casefold() for w in new], autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            made += [replace(word, text=fresh) for word, fresh in zip(event.words[a:b], new[c:d], strict=True)]
        elif d > c:
            start_s = event.words[a].span.start_s if b > a else (made[-1].span.end_s if made else event.span.start_s)
            end_s = event.words[b - 1].span.end_s if b > a else _next_start_s(event, a)
            made += _spread(new[c:d], start_s, max(start_s, end_s))
    return tuple(made)


def _next_start_s(event: Event, place: int) -> float:
    return event.words[place].span.start_s if place < len(event.words) else event.span.end_s


def _spread(words: Sequence[str], start_s: float, end_s: float) -> list[Word]:
    total = sum(map(len, words))
    edges, at = [start_s], 0
    for word in words:
        at += len(word)
        edges.append(start_s + (end_s - start_s) * at / total)
    return [Word(Span(a, b), word) for (a, b), word in zip(pairwise(edges), words, strict=True)]


def read_corrections(db: sqlite3.Connection, media_id: str) -> list[Correction]:
    """The corrections of one media, in order of time."""
    rows = db.execute(
        "SELECT kind, start_s, end_s, old, new FROM corrections WHERE media=? ORDER BY start_s, end_s, kind, old",
        (media_id,),
    )
    return [Correction(kind, Span(start_s, end_s), old, new) for kind, start_s, end_s, old, new in rows]


def write_corrections(db: sqlite3.Connection, media_id: str, corrections: Iterable[Correction]) -> None:
    """Put these in place of the corrections of one media, within the transaction that is open."""
    db.execute("DELETE FROM corrections WHERE media=?", (media_id,))
    db.executemany(
        "INSERT INTO corrections VALUES(?,?,?,?,?,?)",
        ((media_id, c.kind, c.span.start_s, c.span.end_s, c.old, c.new) for c in corrections),
    )
