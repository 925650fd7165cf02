"""From a timeline to what search looks for: units (sentences, screen blocks) and passages that hold both.

A passage follows what is taught: it starts at a sentence, preferably where a new slide comes up or a pause is made,
and lasts about `TARGET_S`. What stands on screen meanwhile belongs to it, also when it came up earlier.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seehear.search.near import Near
from seehear.search.sentences import sentences
from seehear.spans import Span
from seehear.timeline import Timeline
from seehear.units import Cut, Unit, clean
from seehear.values import Event, Passage
from seehear.words import count

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seehear.backends.protocols import Embedder

TARGET_S = 40.0
SHORTEST_S = 15.0
LONGEST_S = 60.0
PAUSE_S = 1.5
BLOCK_WORDS = 40
_FRESH = frozenset({"start", "slide", "scene"})


def cut_up(timeline: Timeline) -> Cut:
    """Cut one timeline into units and passages; both in order of time."""
    shown = [e for e in timeline.of_kind("visual") if e.text.strip() or e.screen.strip()]
    said = sentences(timeline.of_kind("transcript"))
    shown_near = Near([event.span for event in shown])

    def heading(time_s: float) -> str:
        at = shown_near.touching(Span(time_s, time_s))
        return next((clean(shown[i].title) for i in reversed(at) if shown[i].span.contains(time_s)), "")

    units = [Unit("transcript", span, text, heading(span.start_s)) for span, text in said]
    for event in shown:
        units += [Unit("visual", event.span, block, clean(event.title), event.frame) for block in blocks(event)]
    units.sort(key=lambda u: (u.span.start_s, u.kind == "transcript", u.span.end_s))
    groups = _group(units, shown)
    units_near = Near([unit.span for unit in units])
    passages: list[Passage] = []
    members: list[tuple[int, ...]] = []
    for ordinal, group in enumerate(groups):
        span = Span(min(units[i].span.start_s for i in group), max(_end(units[i], units, group) for i in group))
        beside = units_near.touching(span)
        standing = {i for i in beside if units[i].kind == "visual" and units[i].span.overlap_s(span) > 1.0}
        around = [shown[i] for i in shown_near.touching(span)]
        on_screen = [e for e in around if e.span.overlap_s(span) > 1.0 or span.contains(e.span.start_s)]
        passages.append(
            Passage(
                timeline.media.id, ordinal, span, _title(timeline, on_screen, span),
                " ".join(units[i].text for i in group if units[i].kind == "transcript"), _screen(on_screen),
            )
        )  # fmt: skip
        members.append(tuple(sorted(set(group) | standing)))
    return Cut(tuple(units), tuple(passages), tuple(members))


def vectors(made: Cut, embedder: Embedder) -> NDArray[np.float32]:
    """Embed the units of a cut: float32 [units, D], rows of length 1. Raises BackendError."""
    import numpy as np

    texts = texts_to_embed(made)
    return embedder.embed(texts) if texts else np.zeros((0, embedder.card.dimensions), np.float32)


def texts_to_embed(made: Cut) -> list[str]:
    """The texts whose vectors `Store.put_timeline` wants, one per unit."""
    return [unit_text(unit) for unit in made.units]


def unit_text(unit: Unit) -> str:
    """What of a unit is embedded: its text, under its heading when it was shown."""
    if unit.kind == "visual" and unit.title and not unit.text.startswith(unit.title):
        return f"{unit.title}. {' '.join(unit.text.split())}"
    return " ".join(unit.text.split())


def blocks(event: Event) -> list[str]:
    """A visual event's text in blocks of whole lines, at most about `BLOCK_WORDS` words each."""
    found: list[str] = []
    lines: list[str] = []
    words = 0
    for line in clean(event.text or event.screen).splitlines():
        length = count(line)
        if lines and words + length > BLOCK_WORDS:
            found.append("\n".join(lines))
            lines, words = [], 0
        lines.append(line)
        words += length
    if lines:
        found.append("\n".join(lines))
    return [block for block in found if block.strip()]


def _group(units: Sequence[Unit], shown: Sequence[Event]) -> list[list[int]]:
    fresh = {e.span.start_s for e in shown if e.reason in _FRESH}
    groups: list[list[int]] = []
    group: list[int] = []
    start_s = end_s = 0.0
    for i, unit in enumerate(units):
        if group:
            lasts_s = unit.span.start_s - start_s
            ends_s = unit.span.end_s if unit.kind == "transcript" else unit.span.start_s
            better = unit.kind == "visual" and unit.span.start_s in fresh
            better = better or (unit.kind == "transcript" and unit.span.start_s - end_s >= PAUSE_S)
            if (better and lasts_s >= SHORTEST_S) or lasts_s >= TARGET_S or ends_s - start_s > LONGEST_S:
                groups.append(group)
                group = []
        if not group:
            start_s = end_s = unit.span.start_s
        group.append(i)
        if unit.kind == "transcript":
            end_s = max(end_s, unit.span.end_s)
    if group:
        groups.append(group)
    return groups


def _end(unit: Unit, units: Sequence[Unit], group: Sequence[int]) -> float:
    # A slide may stand for minutes: it stretches its passage only when nothing is said in it.
    spoken = any(units[i].kind == "transcript" for i in group)
    return unit.span.end_s if unit.kind == "transcript" or not spoken else unit.span.start_s


def _title(timeline: Timeline, on_screen: Sequence[Event], span: Span) -> str:
    parts = [clean(timeline.media.title)]
    parts += [clean(c.title) for c in timeline.media.chapters if c.span.overlap_s(span) > span.duration_s / 2]
    parts += [clean(e.title) for e in on_screen if e.title]
    return " · ".join(dict.fromkeys(part for part in parts if part))


def _screen(on_screen: Sequence[Event]) -> str:
    lines: list[str] = []
    for event in on_screen:
        lines += clean(event.screen or event.text).splitlines()
        lines += clean(event.text).splitlines()
    return "\n".join(dict.fromkeys(line.rstrip() for line in lines if line.strip()))
