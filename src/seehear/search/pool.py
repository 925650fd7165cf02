"""The units a question is weighed against, as arrays: texts, stems, vectors, neighbours in time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seehear.search.terms import STOP, content_stems
from seehear.store import Store
from seehear.units import Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K1 = 1.2
SHORTEST_WORDS = 6
B = 0.75


@dataclass(frozen=True, slots=True)
class Pool:
    """Units of some media in order of media and time.

    `keys` are (media number, ordinal); `runs` are stretches of neighbouring units of one kind, as index lists;
    `vectors` float32 [N, D], zero rows where a media has none, None where nobody has any.
    """

    keys: tuple[tuple[int, int], ...]
    units: tuple[Unit, ...]
    stems: tuple[tuple[str, ...], ...]
    titles: tuple[frozenset[str], ...]
    runs: tuple[tuple[int, ...], ...]
    vectors: NDArray[np.float32] | None


def load_pool(store: Store, wanted: Mapping[int, Sequence[int] | None]) -> Pool:
    """Read the units of some media: the given ordinals, or all of them where there are none given."""
    import numpy as np

    keys: list[tuple[int, int]] = []
    units: list[Unit] = []
    parts: list[NDArray[np.float32]] = []
    width = 0
    for number, ordinals in wanted.items():
        found = store.units(number, ordinals)
        if not found:
            continue
        order = sorted(found)
        keys += [(number, ordinal) for ordinal in order]
        units += [found[ordinal] for ordinal in order]
        rows = store.unit_vectors(number, order[0], order[-1] - order[0] + 1)
        if rows is not None:
            width = rows.shape[1]
        parts.append(np.zeros((len(order), 0), np.float32) if rows is None else rows[[o - order[0] for o in order]])
    vectors = None
    if width:
        vectors = np.vstack([part if part.shape[1] else np.zeros((len(part), width), np.float32) for part in parts])
    stems = tuple(tuple(content_stems(unit.text)) for unit in units)
    heads = {unit.title for unit in units}
    titled = {title: frozenset(content_stems(title)) for title in heads}
    return Pool(
        tuple(keys), tuple(units), stems, tuple(titled[u.title] for u in units), tuple(_runs(keys, units)), vectors
    )


def _runs(keys: Sequence[tuple[int, int]], units: Sequence[Unit]) -> list[tuple[int, ...]]:
    open_run: dict[tuple[int, str], list[int]] = {}
    done: list[tuple[int, ...]] = []
    for i, (number, ordinal) in enumerate(keys):
        run = open_run.setdefault((number, units[i].kind), [])
        # Units in between may be missing from a pool made of passages: those are no neighbours.
        if run and ordinal - keys[run[-1]][1] > 6:
            done.append(tuple(run))
            run.clear()
        run.append(i)
    return done + [tuple(run) for run in open_run.values() if run]


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
    for number in np.unique(numbers):
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
