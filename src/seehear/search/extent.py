"""How far a moment reaches around its best sentence: the stretch that overlaps most with what is likely meant.

Between any two sentences an explanation goes on or ends. How likely it goes on is read from what is said there (does
the subject shift, as in Hearst, "TextTiling" (1997); does a sentence open a step, as "Now let's …", or go on, as "and
then …"), from how long a sentence is, and, backwards, from how well it fits the question. That gives every start and
every end a likelihood, and the stretch with the largest expected overlap is taken, in sentences, less a fine
for starting before the explanation does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seehear.search.pool import Pool
from seehear.search.weighing import Scored, Weights
from seehear.units import Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_BEFORE = 6
MOST_AFTER = 14
SILENCE_S = 4.0
ANCHORS = 5
EARLY_S = 5.0
"""Nobody minds a moment that starts so much before what it explains."""
BLOCK = 3
ABOUT = 30
"""How many sentences to either side tell what a usual shift is in this recording."""

_OPENS = re.compile(
    r"(?:(?:well|ok|okay|alright|all right|so|but)\b[,\s]+)*"
    r"(?:now|next|let's|let us|first|second|third|finally|lastly|another|to|if you|if we|before|suppose|imagine"
    r"|consider|one|the (?:first|second|third|next|last|other)|what|how|why|there (?:is|are)|there's|you can also)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"(?:(?:so|but)\b[,\s]+)*"
    r"(?:and|then|or|because|which|that|that's|this|these|those|it|it's|they|he|she|here|i'll|i'm|when|again|also|click"
    r"|choose|go|otherwise|therefore|instead)\b",
    re.IGNORECASE,
)


def grown(pool: Pool, spoken: Sequence[int], index: int, scored: Scored, weights: Weights) -> list[int]:
    """The units of the moment around a sentence, in order: never across a new title or a silence.

    `spoken` are the sentences of one recording that it may grow over, in order of time, `index` among them.
    """
    scores, own = scored.scores, scored.own
    at = spoken.index(index)
    units = [pool.units[i] for i in spoken]
    first, last = _reach(units, at)
    if own[index] >= 1.0 - 1e-6:
        # What holds all that was asked is not led up to by what does not.
        first = next((i + 1 for i in range(at - 1, first - 1, -1) if own[spoken[i]] < own[index]), first)
    if first == last:
        return [index]
    likely = _likely(pool, spoken, at, (first, last), scores, weights)
    low, high = _best(units[first : last + 1], at - first, likely, weights)
    low, high = low + first, high + first
    while high < last and _lasts_s(units, low, high) < weights.shortest_s:
        if _lasts_s(units, low, high + 1) > weights.longest_s:
            break
        high += 1
    return list(spoken[low : high + 1])


def opening(text: str) -> float:
    """1 where a sentence opens a step or a subject, -1 where it goes on with one, 0 where nothing says so."""
    return 1.0 if _OPENS.match(text) else -1.0 if _GOES_ON.match(text) else 0.0


def _reach(units: Sequence[Unit], at: int) -> tuple[int, int]:
    """The first and the last sentence that a moment may take in at all."""

    def joined(a: Unit, b: Unit) -> bool:
        # A new slide is a new subject.
        return b.span.start_s - a.span.end_s < SILENCE_S and a.title == b.title

    first = last = at
    while first > max(0, at - MOST_BEFORE) and joined(units[first - 1], units[first]):
        first -= 1
    while last < min(len(units) - 1, at + MOST_AFTER) and joined(units[last], units[last + 1]):
        last += 1
    return first, last


def _shifts(pool: Pool, spoken: Sequence[int], at: int) -> dict[int, float]:
    """How alike what is before and after each edge is, against what is usual around; by the sentence after it."""
    import numpy as np

    first = max(0, at - ABOUT)
    near = list(spoken[first : at + ABOUT + 1])
    if pool.vectors is None or len(near) < BLOCK:
        return {}
    sums = np.vstack([np.zeros((1, pool.vectors.shape[1]), np.float32), np.cumsum(pool.vectors[near], axis=0)])
    edges = np.arange(1, len(near))
    ahead = sums[edges] - sums[np.maximum(edges - BLOCK, 0)]
    behind = sums[np.minimum(edges + BLOCK, len(near))] - sums[edges]
    lengths = np.linalg.norm(ahead, axis=1) * np.linalg.norm(behind, axis=1)
    alike = (ahead * behind).sum(axis=1) / np.maximum(lengths, 1e-9)
    return dict(zip((edges + first).tolist(), _standard(alike).tolist(), strict=True))


def _standard(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far each value lies from the mean, in standard deviations, at most 3."""
    import numpy as np

    far: NDArray[np.float32] = np.clip((values - values.mean()) / max(float(values.std()), 1e-6), -3.0, 3.0)
    return far


def _stops(shares: Sequence[float]) -> NDArray[np.float64]:
    """How likely the explanation ends after 0, 1, 2 … more sentences, from how likely it goes on over each."""
    import numpy as np

    on = np.asarray(shares, np.float64)
    return np.append(1.0 - on, 1.0) * np.cumprod(np.append(1.0, on))


def _likely(
    pool: Pool, spoken: Sequence[int], at: int, reach: tuple[int, int], scores: NDArray[np.float32], weights: Weights
) -> NDArray[np.float64]:
    """How likely what is meant starts with each sentence (rows) and ends with each (columns); (sentences, sentences).

    Any of the best sentences may be the one that is meant, the more likely the better it scores.
    """
    import numpy as np

    first, last = reach
    units = [pool.units[i] for i in spoken]
    shifts = _shifts(pool, spoken, at)
    seconds = weights.wordy / 10.0

    def share(edge: int, added: int, base: float) -> float:
        # The edge lies before this sentence; the added one is what the moment would gain.
        odds = base + weights.same * shifts.get(edge, 0.0) - weights.opens * opening(units[edge].text)
        return float(1.0 / (1.0 + np.exp(min(seconds * units[added].span.duration_s - odds, 50.0))))

    heights = scores[list(spoken[first : last + 1])]
    anchors = {at - first, *np.argsort(-heights, kind="stable")[:ANCHORS].tolist()}
    meant = {a: float(np.exp((heights[a] - heights.max()) / weights.doubt)) for a in anchors}
    likely = np.zeros((len(heights), len(heights)))
    for a, trust in meant.items():
        here = a + first
        down = range(here - 1, max(first, here - MOST_BEFORE) - 1, -1)
        up = range(here + 1, min(last, here + MOST_AFTER) + 1)
        before = _stops([share(i + 1, i, weights.go_back + weights.fits * _alike(heights, i - first, a)) for i in down])
        after = _stops([share(i, i, weights.go_on) for i in up])
        starts, ends = a - np.arange(len(before)), a + np.arange(len(after))
        likely[np.ix_(starts, ends)] += trust / sum(meant.values()) * np.outer(before, after)
    return likely


def _alike(heights: NDArray[np.float32], one: int, best: int) -> float:
    """How near the score of one sentence comes to that of the best."""
    return min(1.0, float(heights[one]) / max(float(heights[best]), 1e-6))


def _best(units: Sequence[Unit], at: int, likely: NDArray[np.float64], weights: Weights) -> tuple[int, int]:
    """The stretch around a sentence with the largest expected overlap: intersection by union, over all there may be."""
    import numpy as np

    s, e = np.nonzero(likely > 1e-6)
    low, high = (x.ravel() for x in np.meshgrid(np.arange(at + 1), np.arange(at, len(units)), indexing="ij"))
    both = np.clip(np.minimum.outer(high, e) - np.maximum.outer(low, s) + 1, 0, None)
    either = (high - low + 1)[:, None] + (e - s + 1)[None, :] - both
    start_s = np.asarray([unit.span.start_s for unit in units])
    early = (both > 0) & (start_s[low][:, None] < start_s[s][None, :] - EARLY_S)
    worth = (both / either - weights.early * early) @ likely[s, e]
    lasts_s = np.asarray([_lasts_s(units, int(a), int(b)) for a, b in zip(low, high, strict=True)])
    # A sentence may be longer than that by itself.
    worth[(lasts_s > weights.longest_s) & ((low < at) | (high > at))] = -np.inf
    best = int(np.argmax(worth))
    return int(low[best]), int(high[best])


def _lasts_s(units: Sequence[Unit], low: int, high: int) -> float:
    return units[high].span.end_s - units[low].span.start_s
