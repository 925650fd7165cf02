"""Which passages come into question at all: those that words and vectors put forward, and whose best sentence fits."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seehear.search.matching import Asked
from seehear.search.route import Intent
from seehear.search.terms import Terms, match_expression
from seehear.search.weighing import Weights, middle
from seehear.store import MediaRow, Store, StoredPassage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seehear.store.vectors import Vectors

CANDIDATES = 200
"""Passages that words and vectors each put forward; their best sentences decide which of them are weighed in full."""
WORDS = 0.5
"""What the best match by words counts against a cosine of 1."""
LOOKED_INTO = 80
"""Passages whose sentences are read from a library too large for all of them to be in memory."""
COMMON = 0.2
"""Words in more than this share of all passages put none forward: they take the most time and tell the least."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The media to look in, by number; `limited` where they are not the whole library."""

    media: dict[int, MediaRow]
    limited: bool


def candidates(
    store: Store, scope: Scope, intent: Intent, asked: Asked | None, weights: Weights
) -> tuple[dict[int, list[int] | None], dict[tuple[int, int], float] | None, NDArray[np.float32] | None]:
    """Which units to weigh, and what their passage and media add; all of them, and nothing, for one media.

    Returned with them are the vectors of what is asked: the words are looked up meanwhile.
    """

    if len(scope.media) == 1:
        return dict.fromkeys(scope.media), None, asked.vectors() if asked else None
    numbers = list(scope.media) if scope.limited else []
    expression = match_expression(replace(intent.terms, words=_telling(store, intent.terms)), media_numbers=numbers)
    vectors: NDArray[np.float32] | None = None
    # Read before the library is busy with the words.
    held = store.vectors() if asked else None
    with ThreadPoolExecutor(1) as beside:
        looking = beside.submit(_by_words, store, expression)
        if asked and held:
            vectors = asked.vectors()
        lexical = looking.result()
    best = max(lexical.values(), default=0.0)
    words = {row: WORDS * value / max(best, 1e-9) for row, value in lexical.items()}
    score, fit = words, words
    if held is not None and vectors is not None and held.rows:
        score, fit = _by_meaning(store, held, middle(vectors), words, numbers)
    order = sorted(fit, key=lambda row: -fit[row])
    stored = {p.row: p for p in store.passages(rows=list(score))} if score else {}
    per_media: dict[int, list[float]] = {}
    for row in sorted(score, key=lambda row: -score[row]):
        per_media.setdefault(stored[row].media_number, []).append(score[row])
    strength = {number: sum(values[:3]) / 3 for number, values in per_media.items()}
    wanted: dict[int, list[int] | None] = {}
    prior: dict[tuple[int, int], float] = {}
    for row in order[: weights.candidates]:
        found = stored[row]
        add = weights.passage * score[row] + weights.media * strength[found.media_number]
        ordinals = wanted.setdefault(found.media_number, [])
        assert ordinals is not None
        ordinals += found.units
        for ordinal in found.units:
            key = (found.media_number, ordinal)
            prior[key] = max(prior.get(key, 0.0), add)
    return wanted, prior, vectors


def _by_meaning(
    store: Store, held: Vectors, vector: NDArray[np.float32], words: dict[int, float], numbers: Sequence[int]
) -> tuple[dict[int, float], dict[int, float]]:
    """Passages that words or vectors put forward, of all media or some: what each scores as a whole, and at its best.

    At its best means by the sentence that comes nearest: the mean of a passage hides a sentence that answers.
    """
    import numpy as np

    whole = held.passages @ vector
    peaks = held.peaks(vector)
    kept = np.arange(len(held.rows))
    if numbers:
        rows = (p.row for p in store.passages(media_numbers=numbers))
        kept = np.asarray([held.places[row] for row in rows if row in held.places], int)
    near = (whole if peaks is None else peaks)[kept]
    count = min(CANDIDATES, len(kept))
    top = kept[np.argpartition(-near, count - 1)[:count]] if count else kept
    forward = {held.rows[int(place)] for place in top} | set(words)

    def cosine(of: NDArray[np.float32], row: int) -> float:
        place = held.places.get(row)
        return 0.0 if place is None else float(of[place])

    score = {row: words.get(row, 0.0) + cosine(whole, row) for row in forward}
    if peaks is not None:
        return score, {row: words.get(row, 0.0) + cosine(peaks, row) for row in forward}
    read = _peaks(store, sorted(score, key=lambda row: -score[row])[:LOOKED_INTO], vector)
    return score, {row: words.get(row, 0.0) + peak for row, peak in read.items()}


def _peaks(store: Store, rows: Sequence[int], vector: NDArray[np.float32]) -> dict[int, float]:
    """How near the best sentence of each passage comes, by row, read from the library; 0 where it has no vectors."""
    per_media: dict[int, list[StoredPassage]] = {}
    for passage in store.passages(rows=rows):
        per_media.setdefault(passage.media_number, []).append(passage)
    peaks = dict.fromkeys(rows, 0.0)
    for number, some in per_media.items():
        ordinals = sorted({ordinal for passage in some for ordinal in passage.units})
        found = store.unit_vectors_at(number, ordinals)
        if found is not None:
            near = dict(zip(ordinals, (found @ vector).tolist(), strict=True))
            peaks |= {p.row: max((near[ordinal] for ordinal in p.units), default=0.0) for p in some}
    return peaks


def _telling(store: Store, terms: Terms) -> tuple[str, ...]:
    """The words of a question that tell passages apart; all of them where none does."""
    total, found = store.counts([f'{{title said shown}} : "{word}"' for word in terms.words])
    most = max(CANDIDATES, COMMON * total)
    return tuple(w for w, n in zip(terms.words, found, strict=True) if n <= most) or terms.words


def _by_words(store: Store, expression: str) -> dict[int, float]:
    """The passages that hold the words, by row."""
    return dict(store.match(expression, limit=CANDIDATES, weights=(1.0, 1.0, 1.0))) if expression else {}
