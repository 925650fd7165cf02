"""The whole of a recording at a glance: topics with their starts, chapters, and the sentences that sum it up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from seehear.answer.borders import borders
from seehear.answer.summing import bags
from seehear.answer.titles import titles
from seehear.backends.protocols import Embedder
from seehear.search.passages import cut_up, texts_to_embed
from seehear.search.terms import content_stems, stems_of
from seehear.spans import Span
from seehear.store import MediaRow, Store
from seehear.store.snapshot import on_snapshot
from seehear.timeline import Timeline
from seehear.units import Cut, clean
from seehear.values import Chapter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHORTEST_TOPIC_S = 10.0
FEWEST_CHAPTERS = 3
"""Video sites show no chapters where there are fewer."""
_HALF = re.compile(r"[a-z].*\s(?:an?|the|of|and|or|to|with|for|in)$")
"""A piece of a sentence that was read as a heading."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A stretch of a recording about one thing; `units` are the ordinals of what was said and shown in it."""

    span: Span
    title: str
    units: tuple[int, ...]


def chapters(
    timeline: Timeline, embedder: Embedder | None = None, *, made: Cut | None = None,
    vectors: NDArray[np.float32] | None = None,
) -> list[Chapter]:  # fmt: skip
    """Chapters fit to publish: those of the file, else slide titles, else topics; the first starts at 0.

    None lasts less than ten seconds unless the recording does, and what is cut out of speech has three or more where
    it is long enough. `made` is the timeline cut up and `vectors` those of its units, float32 [units, D], where they
    are known. Raises BackendError when the embedder fails.
    """
    if len(timeline.media.chapters) > 1:
        return list(timeline.media.chapters)
    made = cut_up(timeline) if made is None else made
    vectors = _vectors(made, embedder) if vectors is None else vectors
    found = topics(timeline, made, vectors, embedder, fewest=FEWEST_CHAPTERS)
    if not found:
        return []
    starts = [0.0] + [topic.span.start_s for topic in found[1:]]
    end_s = max(timeline.media.duration_s, found[-1].span.end_s)
    ends = [*starts[1:], end_s]
    return [Chapter(Span(a, max(a, b)), t.title) for a, b, t in zip(starts, ends, found, strict=True)]


@on_snapshot
def chapters_of(store: Store, row: MediaRow, embedder: Embedder | None = None) -> list[Chapter]:
    """The `chapters` of a recording in a library, from the vectors that are kept there."""
    made = Cut(tuple(store.units(row.number).values()), (), ())
    kept = embedder is not None and row.embedder == embedder.card.name
    vectors = store.unit_vectors(row.number) if kept else None
    return chapters(store.timeline(row.id), embedder, made=made, vectors=vectors)


def topics_of(store: Store, row: MediaRow, embedder: Embedder | None = None) -> list[Topic]:
    """The `topics` of a recording in a library, from the vectors that are kept there."""
    made = Cut(tuple(store.units(row.number).values()), (), ())
    kept = embedder is not None and row.embedder == embedder.card.name
    return topics(store.timeline(row.id), made, store.unit_vectors(row.number), embedder if kept else None)


def topics(
    timeline: Timeline, made: Cut, vectors: NDArray[np.float32] | None, embedder: Embedder | None = None,
    *, fewest: int = 1,
) -> list[Topic]:  # fmt: skip
    """The topics of a recording in order of time: chapters of the file, slide titles, or shifts in what is said.

    With the `embedder` that made the `vectors`, shifts get titles near what is said in them; `fewest` shifts are
    looked for even where the subject hardly changes.
    """
    marks = own = [(c.span.start_s, clean(c.title)) for c in timeline.media.chapters]
    if len(marks) < 2:
        marks = _slides(timeline)
    if len(marks) < 3 or _uncovered(timeline, marks) > 0.5:
        marks = _shifts(made, vectors, timeline.media.duration_s, embedder, fewest) or marks
    if marks is not own:
        marks = _merge(marks)
    if not marks:
        return []
    end_s = max([timeline.media.duration_s, *(u.span.end_s for u in made.units)])
    found = []
    for (start_s, title), following in zip(marks, [*(m[0] for m in marks[1:]), end_s], strict=True):
        span = Span(start_s, max(start_s, following))
        inside = tuple(i for i, unit in enumerate(made.units) if span.contains(unit.span.start_s))
        found.append(Topic(span, title, inside))
    return found


def _vectors(made: Cut, embedder: Embedder | None) -> NDArray[np.float32] | None:
    return None if embedder is None or not made.units else embedder.embed(texts_to_embed(made))


def _slides(timeline: Timeline) -> list[tuple[float, str]]:
    marks: list[tuple[float, str]] = []
    for event in timeline.of_kind("visual"):
        title = heading(event.title)
        if not title:
            continue
        if not marks or not _alike(marks[-1][1], title):
            marks.append((event.span.start_s, title))
    return marks


def heading(title: str) -> str:
    """A title as it may name a topic; empty where it is no heading, as a piece of a sentence or a number."""
    bare = " ".join(clean(title).split()).strip(" -–—:·|.")
    names = 2 <= len(bare) <= 90 and re.search(r"[^\W\d_]{2}", bare) and not _HALF.match(bare)
    return bare if names else ""


def _alike(a: str, b: str) -> bool:
    one, two = set(content_stems(a)) or {a.casefold()}, set(content_stems(b)) or {b.casefold()}
    if one == two:
        # "For loops" and "While loops" are two things, "Loops" and "The loop" are one.
        every, other = set(stems_of(a)), set(stems_of(b))
        return every <= other or other <= every
    return len(one & two) / len(one | two) >= 0.7


def _uncovered(timeline: Timeline, marks: Sequence[tuple[float, str]]) -> float:
    """The longest stretch without a mark, as a share of the recording."""
    end_s = max(timeline.media.duration_s, 1.0)
    edges = [0.0, *(m[0] for m in marks), end_s]
    return max(b - a for a, b in pairwise(edges)) / end_s


def _merge(marks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    kept: list[tuple[float, str]] = []
    for mark in marks:
        if kept and mark[0] - kept[-1][0] < SHORTEST_TOPIC_S:
            # Two in a breath: a title page gives way to what follows it, except at the very start.
            if len(kept) > 1:
                kept[-1] = mark
            continue
        kept.append(mark)
    return kept


def _shifts(
    made: Cut, vectors: NDArray[np.float32] | None, duration_s: float, embedder: Embedder | None, fewest: int
) -> list[tuple[float, str]]:
    spoken = [i for i, unit in enumerate(made.units) if unit.kind == "transcript"]
    if not spoken:
        return []
    sentences = [made.units[i] for i in spoken]
    rows = vectors[spoken] if vectors is not None else bags(made, spoken)
    end_s = max(duration_s, *(unit.span.end_s for unit in sentences), 0.0)
    cuts = borders(sentences, rows, end_s=end_s, fewest=fewest)
    parts = [spoken[a:b] for a, b in zip(cuts, [*cuts[1:], len(spoken)], strict=True)]
    named = titles(made, parts, vectors, embedder)
    return [(sentences[cut].span.start_s, title) for cut, title in zip(cuts, named, strict=True)]
