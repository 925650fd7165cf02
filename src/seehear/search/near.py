"""Which of many spans lie near a time, without looking at all of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from seehear.spans import Span


class Near:
    """Spans in any order, of which those that touch another one are found in the time it takes to name them."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._places = sorted(range(len(spans)), key=lambda place: spans[place].start_s)
        self._starts_s = [spans[place].start_s for place in self._places]
        # The latest end so far: before the first of these that reaches a time, no span does.
        self._ends_s = list(accumulate((spans[place].end_s for place in self._places), max))

    def touching(self, span: Span) -> list[int]:
        """The places, rising, of all spans that share a moment with this one, bounds too; few others are among them."""
        first = bisect_left(self._ends_s, span.start_s)
        return sorted(self._places[first : bisect_right(self._starts_s, span.end_s)])
