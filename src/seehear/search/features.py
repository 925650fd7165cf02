"""What speaks for a unit: words, neighbours, scenes, and what speaks against it; all as arrays over a pool."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seehear.search.pool import Pool
from seehear.search.terms import STOP

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K1 = 1.2
B = 0.75
SHORTEST_WORDS = 6
SAMPLE = 400
NEAREST = 10
FEW = 8
CROWD = 3


def smooth(values: NDArray[np.float32], pool: Pool, kernel: Sequence[float]) -> NDArray[np.float32]:
    """Weighted sums of rows over neighbours in each run; `kernel` holds the weights for distance 0, 1, 2 …"""
    import numpy as np

    out = np.zeros_like(values)
    for run in pool.runs:
        rows = np.asarray(run)
        part = values[rows]
        total = kernel[0] * part
        for distance, weight in enumerate(kernel[1:], start=1):
            if distance < len(run):
                total[distance:] += weight * part[:-distance]
                total[:-distance] += weight * part[distance:]
        out[rows] = total
    return out


def occurrences(pool: Pool, stems: Sequence[str]) -> NDArray[np.float32]:
    """How often each stem occurs in each unit: float32 [N, stems]; one slip in a long word counts half."""
    import numpy as np

    counts = np.zeros((len(pool.units), len(stems)), np.float32)
    if not stems:
        return counts
    vocabulary = {word for words in pool.stems for word in words}
    alike = {term: _alike(term, vocabulary) for term in stems}
    columns: dict[str, list[tuple[int, float]]] = {}
    for column, term in enumerate(stems):
        for word, weight in alike[term].items():
            columns.setdefault(word, []).append((column, weight))
    for i, words in enumerate(pool.stems):
        for word in words:
            for column, weight in columns.get(word, ()):
                counts[i, column] += weight
    return counts


def _alike(term: str, vocabulary: set[str]) -> dict[str, float]:
    if term in vocabulary:
        return {term: 1.0}
    if len(term) < 4 or term in STOP:
        return {}
    near = {word: 0.5 for word in vocabulary if abs(len(word) - len(term)) <= 1 and _one_slip(term, word)}
    return near if len(near) <= 3 else {}


def _one_slip(a: str, b: str) -> bool:
    """Tell whether one letter put in, left out, changed or swapped with its neighbour makes `b` of `a`."""
    if a[0] != b[0]:
        return False
    if len(a) == len(b):
        differ = [i for i in range(len(a)) if a[i] != b[i]]
        if len(differ) == 1:
            return len(a) >= 5
        return (
            len(differ) == 2
            and differ[1] == differ[0] + 1
            and a[differ[0]] == b[differ[1]]
            and a[differ[1]] == b[differ[0]]
        )
    short, long = sorted((a, b), key=len)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


def scenes(pool: Pool, present: NDArray[np.bool_], *, reach_s: float) -> NDArray[np.bool_]:
    """Which stems are said or shown around each unit, whatever its kind: bool [N, stems].

    Around means: starting within `reach_s` of the unit, or on screen while it starts.
    """
    import numpy as np

    out = np.zeros_like(present)
    if not present.shape[1]:
        return out
    numbers = np.asarray([key[0] for key in pool.keys])
    starts = np.asarray([unit.span.start_s for unit in pool.units])
    ends = np.asarray([min(unit.span.end_s, unit.span.start_s + 2 * reach_s) for unit in pool.units])
    # Not np.unique: it imports all of numpy.ma.
    for number in sorted(set(numbers.tolist())):
        rows = np.flatnonzero(numbers == number)
        sums = np.vstack([np.zeros((1, present.shape[1]), np.int64), np.cumsum(present[rows], axis=0)])
        low = np.searchsorted(starts[rows], starts[rows] - reach_s, side="left")
        high = np.searchsorted(starts[rows], ends[rows] + reach_s, side="right")
        out[rows] = sums[high] > sums[low]
        for row in rows[present[rows].any(axis=1)]:
            span = pool.units[row].span
            if pool.units[row].kind == "visual":
                first, last = np.searchsorted(starts[rows], [span.start_s, span.end_s])
                out[rows[first:last]] |= present[row]
    return out


def weights_of(total: int, frequencies: Sequence[float]) -> list[float]:
    """Inverse document frequencies after Robertson and Spärck Jones, in the always positive form of BM25."""
    return [math.log(1.0 + (total - f + 0.5) / (f + 0.5)) for f in frequencies]


def bm25(counts: NDArray[np.float32], lengths: NDArray[np.float32], idf: Sequence[float]) -> NDArray[np.float32]:
    """BM25 of each row as a share of the most that the terms could give: float32 [N] in [0, 1)."""
    import numpy as np

    weight = np.asarray(idf, np.float32)
    if not len(weight) or not len(counts):
        return np.zeros(len(counts), np.float32)
    norm = K1 * (1 - B + B * lengths / max(float(lengths.mean()), 1e-9))
    share = counts * (1.0) / (counts + norm[:, None])
    result: NDArray[np.float32] = ((share * weight).sum(axis=1) / max(float(weight.sum()), 1e-9)).astype(np.float32)
    return result


def lengths_of(pool: Pool) -> NDArray[np.float32]:
    """Content words per unit, at least `SHORTEST_WORDS`, float32 [N]."""
    import numpy as np

    # A title of two words is no better than a sentence that says the same: shortness pays only down to a point.
    return np.asarray([max(SHORTEST_WORDS, len(words)) for words in pool.stems], np.float32)


def vagueness(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """How alike each unit is to its nearest others in one recording: cosine less the mean, [N]; 0 in a short one.

    What is near to much is near to any question; taking it off is the correction of Lample et al. (2018) for hubs.
    """
    import numpy as np

    out = np.zeros(len(vectors), np.float32)
    step = max(1, len(vectors) // SAMPLE)
    near = max(1, min(NEAREST, len(vectors) // FEW) // step) if len(vectors) >= FEW else 0
    if near:
        rows = np.arange(0, len(vectors), step)
        alike = vectors @ vectors[rows].T
        alike[rows, np.arange(len(rows))] = -1.0
        out[:] = np.partition(alike, len(rows) - near, axis=1)[:, len(rows) - near :].mean(axis=1)
        out -= out.mean()
    return out


def strengths(pool: Pool, cosine: NDArray[np.float32], words: NDArray[np.float32]) -> NDArray[np.float32]:
    """How well each unit's whole recording fits: its best unit, the mean of its three best, its best stretch of words.

    float32 [N]; the shares were fitted over which of many recordings a question was asked of.
    """
    import numpy as np

    numbers = np.asarray([key[0] for key in pool.keys])
    out = np.zeros(len(cosine), np.float32)
    for number in sorted(set(numbers.tolist())):
        mine = numbers == number
        top = np.sort(cosine[mine])[-CROWD:]
        out[mine] = top[-1] + 0.8 * top.sum() / CROWD + 0.6 * words[mine].max()
    return out


def peak(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values as shares of the largest, which is then 1."""
    result: NDArray[np.float32] = values / max(float(values.max(initial=0.0)), 1e-9)
    return result
