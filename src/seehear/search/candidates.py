"""Which passages come into question at all: those that words and vectors put forward."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seehear.search.matching import Asked
from seehear.search.route import Intent
from seehear.search.terms import Terms, match_expression
from seehear.search.weighing import Weights, middle
from seehear.store import MediaRow, Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CANDIDATES = 200
"""Passages that words and vectors each put forward before their sentences are weighed."""
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
    import numpy as np

    if len(scope.media) == 1:
        return dict.fromkeys(scope.media), None, asked.vectors() if asked else None
    numbers = list(scope.media) if scope.limited else []
    expression = match_expression(replace(intent.terms, words=_telling(store, intent.terms)), media_numbers=numbers)
    vectors: NDArray[np.float32] | None = None
    # Read before the library is busy with the words.
    stored_vectors = store.passage_vectors() if asked else None
    with ThreadPoolExecutor(1) as beside:
        looking = beside.submit(_by_words, store, expression)
        if asked and stored_vectors:
            vectors = asked.vectors()
            cosine = stored_vectors.matrix @ middle(vectors) if len(stored_vectors.rows) else np.zeros(0, np.float32)
        lexical = looking.result()
    best = max(lexical.values(), default=0.0)
    score = {row: 0.5 * value / max(best, 1e-9) for row, value in lexical.items()}
    if stored_vectors and len(cosine):
        if scope.limited:
            rows = [p.row for p in store.passages(media_numbers=numbers)]
            kept = np.asarray([stored_vectors.places[row] for row in rows if row in stored_vectors.places], int)
        else:
            kept = np.arange(len(cosine))
        if len(kept):
            count = min(CANDIDATES, len(kept))
            top = kept[np.argpartition(-cosine[kept], count - 1)[:count]]
            for row in {stored_vectors.rows[int(i)] for i in top} | set(score):
                place = stored_vectors.places.get(row)
                score[row] = score.get(row, 0.0) + (float(cosine[place]) if place is not None else 0.0)
    order = sorted(score, key=lambda row: -score[row])[: 4 * weights.candidates]
    stored = {p.row: p for p in store.passages(rows=order)} if order else {}
    per_media: dict[int, list[float]] = {}
    for row in order:
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


def _telling(store: Store, terms: Terms) -> tuple[str, ...]:
    """The words of a question that tell passages apart; all of them where none does."""
    total, found = store.counts([f'{{title said shown}} : "{word}"' for word in terms.words])
    most = max(CANDIDATES, COMMON * total)
    return tuple(w for w, n in zip(terms.words, found, strict=True) if n <= most) or terms.words


def _by_words(store: Store, expression: str) -> dict[int, float]:
    """The passages that hold the words, by row."""
    return dict(store.match(expression, limit=CANDIDATES, weights=(1.0, 1.0, 1.0))) if expression else {}
