"""How well each unit of a pool fits a question: words, vectors, neighbours, heading, and what stands around it.

The weights were measured: see docs/retrieval.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seehear.search.evidence import (
    bm25,
    lengths_of,
    occurrences,
    peak,
    scenes,
    smooth,
    strengths,
    vagueness,
    weights_of,
)
from seehear.search.pool import Pool
from seehear.search.route import Intent
from seehear.search.terms import stem
from seehear.search.windows import fits
from seehear.store import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEAR = (1.0, 1.0)
FAR = (1.0, 1.0, 1.0, 1.0)
WIDE = (1.0,) * 9
SCENE_S = 12.0
OUTLOOKS = frozenset(
    stem(word)
    for word in ("agenda", "outline", "overview", "contents", "roadmap", "syllabus", "summary", "recap", "conclusion")
)
"""Titles of slides that name every topic and explain none."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each kind of evidence counts; chosen on the train splits of bench/retrieval.py."""

    own: float = 0.6
    own_topic: float = 0.3
    around: float = 0.3
    wide: float = 0.2
    window: float = 1.0
    words_own: float = 0.05
    words_around: float = 0.08
    words_wide: float = 0.15
    words_raw: float = 0.3
    length: float = 0.1
    scene: float = 0.3
    exact: float = 0.3
    heading: float = 0.1
    passage: float = 0.3
    media: float = 0.2
    recording: float = 0.6
    vague: float = 0.5
    outlook: float = 0.15
    looked_at: int = 12
    token_own: float = 1.0
    token_near: float = 1.4
    meaning: float = 0.8
    words_far: float = 0.35
    words_box: float = 0.2
    hub: float = 0.2
    kernel: tuple[float, ...] = (1.0, 0.6, 0.14)
    candidates: int = 60
    go_back: float = -1.8
    go_on: float = 1.3
    same: float = 0.4
    opens: float = 0.7
    fits: float = 4.0
    wordy: float = 0.3
    early: float = 0.9
    doubt: float = 0.25
    shortest_s: float = 27.0
    longest_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of all units of a pool, and what they are made of, each float32 [N]; `idf` by stem.

    `second` is what the best ones are made of when they are weighed again, without what their tokens add.
    """

    scores: NDArray[np.float32]
    cosine: NDArray[np.float32]
    coverage: NDArray[np.float32]
    own: NDArray[np.float32]
    exact: NDArray[np.float32]
    absent: float
    parts: dict[str, NDArray[np.float32]]
    second: dict[str, NDArray[np.float32]]
    idf: dict[str, float]


def weigh(
    store: Store,
    pool: Pool,
    intent: Intent,
    vectors: NDArray[np.float32] | None,
    prior: dict[tuple[int, int], float] | None,
    weights: Weights,
    *,
    whole: bool,
) -> Scored:
    """Weigh all units of a pool; `prior` is what passages add across media, None within one (`whole`)."""
    import numpy as np

    terms = intent.terms
    counts = occurrences(pool, terms.stems)
    lengths = lengths_of(pool)
    if whole:
        idf = weights_of(len(pool.units), [float((counts[:, j] > 0).sum()) for j in range(counts.shape[1])])
    else:
        total, found = store.counts([f'{{title said shown}} : "{word}"' for word in terms.words])
        known = dict(zip([_stem_of(word, terms.stems) for word in terms.words], found, strict=True))
        idf = weights_of(total, [float(known.get(s, 0)) for s in terms.stems])
    wide_counts, wide_lengths = smooth(counts, pool, NEAR), smooth(lengths[:, None], pool, NEAR)[:, 0]
    far_counts, far_lengths = smooth(counts, pool, FAR), smooth(lengths[:, None], pool, FAR)[:, 0]
    own, around = bm25(counts, lengths, idf), bm25(wide_counts, wide_lengths, idf)
    weight = np.asarray(idf, np.float32)
    total_weight = max(float(weight.sum()), 1e-9)
    # A slip may help to find, but not to claim that something is covered.
    there = counts >= 1.0
    sure = smooth(there.astype(np.float32), pool, NEAR) > 0
    coverage = ((sure * weight).sum(axis=1) / total_weight).astype(np.float32)
    held = ((there * weight).sum(axis=1) / total_weight).astype(np.float32)
    absent = float(weight[~there.any(axis=0)].sum()) / total_weight
    exact = np.zeros(len(pool.units), np.float32)
    for text in terms.exact:
        # Reading code from pictures loses or adds spaces.
        plain = "".join(text.lower().split())
        exact += np.asarray([plain in "".join(u.text.lower().split()) for u in pool.units], np.float32)
    heads = (
        np.asarray(
            [sum(w for s, w in zip(terms.stems, idf, strict=True) if s in title) for title in pool.titles], np.float32
        )
        / total_weight
    )
    far = bm25(far_counts, far_lengths, idf)
    box = bm25(smooth(counts, pool, WIDE), smooth(lengths[:, None], pool, WIDE)[:, 0], idf)
    # Across media the passage has been weighed already.
    scene = weights.scene if prior is None else weights.scene / 3
    parts = {
        "words": weights.words_own * peak(own)
        + weights.words_around * peak(around)
        + weights.words_wide * peak(far)
        + weights.words_raw * own,
        "length": weights.length * np.minimum(lengths, 12.0) / 12.0,
        "scene": scene * (scenes(pool, counts > 0, reach_s=SCENE_S) * weight).sum(axis=1) / total_weight,
        "exact": weights.exact * np.minimum(exact, 1.0),
        "heading": weights.heading * heads**2,
    }
    second = {
        **{name: parts[name] for name in ("length", "scene", "exact", "heading")},
        "words": weights.words_far * peak(far) + weights.words_box * box,
    }
    if not _asks_for_outlooks(intent):
        parts["outlook"] = second["outlook"] = -weights.outlook * np.asarray(
            [bool(title & OUTLOOKS) for title in pool.titles], np.float32
        )
    cosine = np.zeros(len(pool.units), np.float32)
    if vectors is not None and pool.vectors is not None:
        vector = middle(vectors)
        cosine = pool.vectors @ vector
        asked = pool.vectors @ vectors[0]
        parts["meaning"] = weights.own * asked + weights.own_topic * (pool.vectors @ vectors[1])
        parts["around"] = np.zeros(len(pool.units), np.float32)
        for kernel, much in ((weights.kernel, weights.around), (FAR, weights.wide)):
            mixed = smooth(pool.vectors, pool, kernel)
            mixed /= np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9)
            parts["around"] = parts["around"] + much * (mixed @ vector)
        second["meaning"] = weights.meaning * asked
        parts["window"] = second["window"] = weights.window * fits(
            pool.keys, pool.units, pool.vectors, pool.windows, vectors[0]
        )
        if prior is None:
            crowded = vagueness(pool.vectors)
            parts["vague"], second["vague"] = -weights.vague * crowded, -weights.hub * crowded
    if prior is not None:
        parts["passage"] = np.asarray([prior.get(key, 0.0) for key in pool.keys], np.float32)
        parts["recording"] = second["recording"] = weights.recording * strengths(pool, cosine, far)
    scores = np.sum(list(parts.values()), axis=0).astype(np.float32)
    by_stem = dict(zip(terms.stems, idf, strict=True))
    return Scored(scores, cosine, coverage, held, exact, absent, parts, second, by_stem)


def _asks_for_outlooks(intent: Intent) -> bool:
    """Tell whether a question is about the agenda or the summary itself."""
    return not OUTLOOKS.isdisjoint(intent.terms.stems)


def middle(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The direction between the question and its topic: float32 [D], length 1."""
    import numpy as np

    mean = vectors.mean(axis=0)
    unit: NDArray[np.float32] = (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
    return unit


def _stem_of(word: str, stems: Sequence[str]) -> str:
    found = stem(word)
    return found if found in stems else word
