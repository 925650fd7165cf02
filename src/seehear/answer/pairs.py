"""Two things that a question compares, "the difference between a list and a tuple": a moment for each of them."""

from __future__ import annotations

import re

from seehear.answer.inquiry import Inquiry
from seehear.answer.subject import bare, best_of
from seehear.values import Moment
from seehear.words import count

MOST_WORDS = 5
LOOKED_AT = 3
BARE_WORDS = 8
_PAIR = re.compile(
    r"""\bdifferences?\ between\ (.+?)\ and\ (.+)$
    |\bcompare[sd]?\ (.+?)\ (?:and|with|to)\ (.+)$
    |\bcomparison\ (?:of|between)\ (.+?)\ (?:and|with|to)\ (.+)$
    |\bhow\ (?:do|does|is|are)\ (.+?)\ (?:differ|different)\ from\ (.+)$
    |^(?:what\ is\ |what\ about\ )?(.+?)\ (?:vs\.?|versus)\ (.+)$""",
    re.IGNORECASE | re.VERBOSE,
)


def read_pair(text: str) -> tuple[str, str] | None:
    """The two things that are compared, as they are written; None where no two are."""
    match = _PAIR.search(bare(text))
    if match is None:
        return None
    one, other = (side.strip(" ,") for side in match.groups() if side)
    short = all(0 < len(side.split()) <= MOST_WORDS for side in (one, other))
    return (one, other) if short else None


def both_sides(inquiry: Inquiry) -> list[Moment]:
    """The best moment for each of two things that are compared; none where one has no moment, or both have the same."""
    pair = read_pair(inquiry.read_as)
    if pair is None:
        return []
    sides: list[Moment] = []
    for side in pair:
        best = best_of(inquiry, side, limit=LOOKED_AT, reranker=inquiry.reranker)
        if not best:
            return []
        # A heading names a thing and says nothing about it.
        sides += [m for m in best if count(m.text) >= BARE_WORDS][:1] or best[:1]
    one, other = sides
    return [] if one.media == other.media and one.span.overlap_s(other.span) > 0 else sides
