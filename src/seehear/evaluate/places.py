"""How well found moments meet the true places of a question; every number in docs/evaluating.md is defined here."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seehear.spans import Span
from seehear.values import Moment

DEPTH = 10
START_S = 5.0


def is_right(moment: Moment, media: str, spans: Sequence[Span]) -> bool:
    """Tell whether a moment is of the right recording and shares time with a true place."""
    return moment.media == media and any(_meets(moment.span, span) for span in spans)


def lecture_at(moments: Sequence[Moment], media: str, depth: int) -> float:
    """1.0 when one of the first `depth` moments is of the right recording, else 0.0."""
    return float(any(moment.media == media for moment in moments[:depth]))


def moment_at(moments: Sequence[Moment], media: str, spans: Sequence[Span], depth: int) -> float:
    """1.0 when one of the first `depth` moments is right, else 0.0 (hit rate, "success at k")."""
    return float(any(is_right(moment, media, spans) for moment in moments[:depth]))


def start_at_1(moments: Sequence[Moment], media: str, spans: Sequence[Span]) -> float:
    """1.0 when the first moment starts inside a true place or at most `START_S` before it, else 0.0."""
    if not moments or moments[0].media != media:
        return 0.0
    start_s = moments[0].start_s
    return float(any(span.start_s - START_S <= start_s <= span.end_s for span in spans))


def reciprocal_rank(moments: Sequence[Moment], media: str, spans: Sequence[Span]) -> float:
    """One over the rank of the first right moment among the first ten, 0.0 without one (Voorhees 1999, TREC-8 QA)."""
    ranks = (rank for rank, m in enumerate(moments[:DEPTH], start=1) if is_right(m, media, spans))
    return 1.0 / next(ranks, math.inf)


def ndcg(moments: Sequence[Moment], media: str, spans: Sequence[Span]) -> float:
    """Normalised discounted cumulative gain at 10 (Järvelin and Kekäläinen 2002), in [0, 1].

    A moment gains 1 when it meets a true place that no moment before it has met, so that finding one place twice earns
    nothing (Clarke et al. 2008, with full penalty); the ideal ranking finds one place after the other.
    """
    left = set(range(len(spans)))
    gained = 0.0
    for rank, moment in enumerate(moments[:DEPTH], start=1):
        met = {i for i in left if moment.media == media and _meets(moment.span, spans[i])}
        if met:
            gained += 1.0 / math.log2(rank + 1)
            left -= met
    ideal = sum(1.0 / math.log2(rank + 1) for rank in range(1, min(DEPTH, len(spans)) + 1))
    return gained / ideal if ideal else 0.0


def iou(moments: Sequence[Moment], media: str, spans: Sequence[Span]) -> float:
    """Temporal intersection over union of the first moment with its best true place, in [0, 1] (Gao et al. 2017)."""
    if not moments or moments[0].media != media:
        return 0.0
    first = moments[0].span
    return max((_iou(first, span) for span in spans), default=0.0)


def distance_s(moments: Sequence[Moment], media: str, spans: Sequence[Span]) -> float | None:
    """Seconds from the start of the first moment to the nearest true place, 0.0 inside one.

    None where there is no first moment, or it is of another recording: seconds between two recordings mean nothing.
    """
    if not moments or moments[0].media != media or not spans:
        return None
    start_s = moments[0].start_s
    return min(max(span.start_s - start_s, start_s - span.end_s, 0.0) for span in spans)


def _meets(a: Span, b: Span) -> bool:
    # A span without length, a picture say, meets what it lies in.
    return a.overlap_s(b) > 0 or (a.duration_s == 0 and b.contains(a.start_s)) or (
        b.duration_s == 0 and a.contains(b.start_s)
    )  # fmt: skip


def _iou(a: Span, b: Span) -> float:
    shared = a.overlap_s(b)
    whole = a.duration_s + b.duration_s - shared
    return shared / whole if whole > 0 else float(_meets(a, b) or a == b)
