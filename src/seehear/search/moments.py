"""From a unit to the moment that is shown: a few sentences around the best one, or what stood on screen."""

from __future__ import annotations

from collections.abc import Sequence

from seehear.search.candidates import Scope
from seehear.search.extent import grown
from seehear.search.pool import Pool
from seehear.search.weighing import Scored, Weights
from seehear.spans import Span
from seehear.values import Moment
from seehear.words import joined


def earliest(order: list[int], pool: Pool, scored: Scored) -> list[int]:
    """For "first mentioned": of the units that hold the words, or mean nearly as much, those in order of time first."""
    best = order[0]
    scores = scored.scores
    # Neighbours lend coverage: where the best one holds words of its own, others must hold as much.
    held = scored.own if scored.own[best] > 0 else scored.coverage
    enough = [i for i in order if held[i] >= 0.99 * held[best] and scores[i] >= 0.5 * scores[best]]
    media = pool.keys[best][0]
    early = sorted((i for i in enough if pool.keys[i][0] == media), key=lambda i: pool.units[i].span.start_s)
    return early[:1] + [i for i in order if i not in early[:1]]


def moment_at(
    pool: Pool, index: int, scored: Scored, scope: Scope, weights: Weights, allowed: Sequence[bool],
    *, grow: bool,
) -> Moment:  # fmt: skip
    """The moment around a unit; it only grows over units that are allowed."""
    number = pool.keys[index][0]
    unit, row = pool.units[index], scope.media[number]
    mine = [i for i, key in enumerate(pool.keys) if key[0] == number]
    spoken = [i for i in mine if pool.units[i].kind == "transcript"]
    seen = [i for i in mine if pool.units[i].kind == "visual"]
    if unit.kind == "visual":
        texts = [pool.units[i].text for i in seen if pool.units[i].span == unit.span]
        near = Span(unit.span.start_s, min(unit.span.end_s, unit.span.start_s + weights.longest_s))
        said = joined(pool.units[i].text for i in spoken if pool.units[i].span.overlap_s(near) > 0)
        text = "\n".join(dict.fromkeys(texts))
        return Moment(row.id, row.title, unit.span, "visual", text, float(scored.scores[index]), said, text, unit.frame)
    group = grown(pool, [i for i in spoken if allowed[i]], index, scored, weights) if grow else [index]
    span = Span(pool.units[group[0]].span.start_s, max(pool.units[i].span.end_s for i in group))
    text = joined(pool.units[i].text for i in group)
    screens = [i for i in seen if pool.units[i].span.overlap_s(span) > 0]
    shown = "\n".join(dict.fromkeys(pool.units[i].text for i in screens))
    frame = pool.units[screens[-1]].frame if screens else ""
    return Moment(row.id, row.title, span, "transcript", text, float(scored.scores[index]), text, shown, frame)


def same(a: Moment, b: Moment) -> bool:
    """Tell whether two moments are the same place."""
    if a.media != b.media:
        return False
    if a.kind != b.kind:
        return abs(a.start_s - b.start_s) < 2.0
    return a.span.overlap_s(b.span) > 0 or a.span.start_s == b.span.start_s
