"""How well each unit of a pool fits a question: words, vectors, neighbours, heading, and what stands around it.

The weights were measured: see docs/retrieval.md and docs/retrieval-tried.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seehear.search import outlooks
from seehear.search.features import peak, smooth, strengths, vagueness
from seehear.search.lexical import FAR, Lexical, lexical
from seehear.search.pool import Pool
from seehear.search.route import Intent
from seehear.search.windows import fits
from seehear.store import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Parts = dict[str, NDArray[np.float32]]


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

    words = lexical(store, pool, intent.terms, whole=whole)
    parts, second = _by_words(pool, words, intent, weights, across=prior is not None)
    cosine = np.zeros(len(pool.units), np.float32)
    if vectors is not None and pool.vectors is not None:
        cosine = pool.vectors @ middle(vectors)
        meant, again = _by_meaning(pool, pool.vectors, vectors, weights, across=prior is not None)
        parts |= meant
        second |= again
    if prior is not None:
        parts["passage"] = np.asarray([prior.get(key, 0.0) for key in pool.keys], np.float32)
        parts["recording"] = second["recording"] = weights.recording * strengths(pool, cosine, words.far)
    scores = np.sum(list(parts.values()), axis=0).astype(np.float32)
    return Scored(
        scores, cosine, words.coverage, words.held, words.exact, words.absent, parts, second, words.idf
    )  # fmt: skip


def _by_words(
    pool: Pool, words: Lexical, intent: Intent, weights: Weights, *, across: bool
) -> tuple[Parts, Parts]:  # fmt: skip
    """What words add to the score of each unit, at first and when the best are weighed again."""
    import numpy as np

    # Across media the passage has been weighed already.
    scene = weights.scene / 3 if across else weights.scene
    length, exact = words.lengths.clip(max=12.0), words.exact.clip(max=1.0)
    both: Parts = {
        "length": (weights.length * length / 12.0).astype(np.float32),
        "scene": scene * words.scene,
        "exact": (weights.exact * exact).astype(np.float32),
        "heading": weights.heading * words.heading**2,
    }
    if not _asks_for_outlooks(intent):
        names = np.asarray([outlooks.is_outlook(unit.title) for unit in pool.units], np.float32)
        both["outlook"] = -weights.outlook * names
    first = (
        weights.words_own * peak(words.own)
        + weights.words_around * peak(words.near)
        + weights.words_wide * peak(words.far)
        + weights.words_raw * words.own
    )
    again = weights.words_far * peak(words.far) + weights.words_box * words.wide
    return {**both, "words": first}, {**both, "words": again}


def _by_meaning(
    pool: Pool, units: NDArray[np.float32], vectors: NDArray[np.float32], weights: Weights, *, across: bool
) -> tuple[Parts, Parts]:
    """What vectors add, float32 [N, D] of the units and [2, D] of the question and its topic."""
    import numpy as np

    question, topic = vectors
    asked = units @ question
    around = np.zeros(len(units), np.float32)
    for kernel, much in ((weights.kernel, weights.around), (FAR, weights.wide)):
        mixed = smooth(units, pool, kernel)
        mixed /= np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9)
        around = around + much * (mixed @ middle(vectors))
    first: Parts = {"meaning": weights.own * asked + weights.own_topic * (units @ topic), "around": around}
    again: Parts = {"meaning": weights.meaning * asked}
    if not across:
        # Over a library the minute told nothing that passages had not.
        first["window"] = again["window"] = weights.window * fits(pool.units, units, pool.windows, question)
        crowded = vagueness(units)
        first["vague"], again["vague"] = -weights.vague * crowded, -weights.hub * crowded
    return first, again


def _asks_for_outlooks(intent: Intent) -> bool:
    """Tell whether a question is about the agenda or the summary itself."""
    return not outlooks.STEMS.isdisjoint(intent.terms.stems)


def middle(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The direction between the question and its topic: float32 [D], length 1."""
    import numpy as np

    mean = vectors.mean(axis=0)
    unit: NDArray[np.float32] = (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
    return unit
