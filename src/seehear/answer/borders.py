"""Where one subject ends and the next begins in speech: the segmentation worth most as a whole, by dynamic programming.

A stretch is worth the length of the sum of its sentences' vectors, taken from the recording's mean: large where they
point the same way. Each further stretch costs a fine, so the recording itself decides how many there are. This is
content vector segmentation (Alemi and Ginsparg, "Text Segmentation based on Semantic Word Embeddings", 2015) with a
fine as in Utiyama and Isahara, "A Statistical Model for Domain-Independent Text Segmentation" (2001), and with a word
for what is said at a border: a sentence that opens a step or announces a subject is a better start than one that goes
on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seehear.answer.announcements import announced
from seehear.search.extent import opening
from seehear.units import Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHORTEST_S = 15.0
MOST_SENTENCES = 600
"""No stretch is longer; a bound on the work, which grows with sentences times this."""
FINE = 0.5
"""What a stretch costs in a recording of a minute. It grows with the root of the length: viewers of an hour want longer
chapters than those of four minutes."""
SHORT_S = 240.0
"""What is shorter is not cut any finer."""
OPENS = 0.2
ANNOUNCES = 0.5
BISECTIONS = 8


def borders(sentences: Sequence[Unit], vectors: NDArray[np.float32], *, end_s: float, fewest: int = 1) -> list[int]:
    """The sentences that open a subject, in order, by their place; the first is always 0.

    `vectors` is float32 [sentences, D] with rows of length 1; `end_s` is the end of the recording. Where fewer than
    `fewest` come out the fine is lowered, and none comes closer to another than `SHORTEST_S`.
    """
    if not sentences:
        return []
    import numpy as np

    starts_s = np.asarray([0.0, *(unit.span.start_s for unit in sentences[1:]), end_s])
    cues = np.asarray([OPENS * opening(unit.text) + ANNOUNCES * bool(announced(unit.text)) for unit in sentences])
    fine = FINE * math.sqrt(max(end_s, SHORT_S) / 60.0)
    found = _best(starts_s, vectors, cues - fine)
    if len(found) < fewest:
        # The highest fine that gives enough, by bisection: halving it once may turn two stretches into twenty.
        low, high = 0.0, fine
        for _ in range(BISECTIONS):
            fine = (low + high) / 2
            more = _best(starts_s, vectors, cues - fine)
            low, high, found = (fine, high, more) if len(more) >= fewest else (low, fine, max(found, more, key=len))
    return found


def _best(starts_s: NDArray[np.float64], vectors: NDArray[np.float32], gains: NDArray[np.float64]) -> list[int]:
    """The starts of the segmentation whose stretches are worth most; `gains` is what a start at each sentence adds."""
    import numpy as np

    count = len(vectors)
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    sums = np.vstack([np.zeros((1, vectors.shape[1])), np.cumsum(centred, axis=0)])
    squares = (sums**2).sum(axis=1)
    worth = np.full(count + 1, -np.inf)
    worth[0] = 0.0
    came_from = np.zeros(count + 1, np.int64)
    for end in range(1, count + 1):
        low = max(0, end - MOST_SENTENCES)
        lengths = np.sqrt(np.maximum(squares[low:end] + squares[end] - 2.0 * (sums[low:end] @ sums[end]), 0.0))
        total = worth[low:end] + gains[low:end] + lengths
        total[starts_s[end] - starts_s[low:end] < SHORTEST_S] = -np.inf
        best = int(np.argmax(total))
        worth[end], came_from[end] = total[best], low + best
    if not np.isfinite(worth[count]):
        return [0]
    found = [count]
    while found[-1]:
        found.append(int(came_from[found[-1]]))
    return found[:0:-1]
