"""Find moments: words and vectors over passages first, then the sentence or the screen inside them.

Every unit (a sentence, a block of screen text) is weighed by what it says itself, by its neighbours, by its heading,
and, across several media, by its passage and its media. The weights were measured: see docs/asking.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from seehear.backends.protocols import Embedder
from seehear.errors import NotFoundError
from seehear.search.evidence import bm25, crowds, lengths_of, occurrences, peak, scenes, smooth, vagueness, weights_of
from seehear.search.matching import UNITS, Match, TokenEmbedder, match_words
from seehear.search.passages import unit_text
from seehear.search.pool import Pool, load_pool
from seehear.search.route import Intent, read_question
from seehear.search.terms import match_expression
from seehear.spans import Span
from seehear.store import MediaRow, Store, StoredPassage
from seehear.values import Moment, Route

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CANDIDATES = 200
"""Passages that words and vectors each put forward before their sentences are weighed."""


NEAR = (1.0, 1.0)
FAR = (1.0, 1.0, 1.0, 1.0)
SCENE_S = 12.0


@dataclass(frozen=True, slots=True)
class Weights:
    """What each kind of evidence counts; chosen on the train splits of bench/retrieval.py."""

    own: float = 0.6
    own_topic: float = 0.3
    around: float = 0.3
    wide: float = 0.2
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
    crowd: float = 0.3
    vague: float = 0.5
    kernel: tuple[float, ...] = (1.0, 0.6, 0.14)
    candidates: int = 60
    grow_back: float = 0.9
    grow_on: float = 0.5
    shortest_s: float = 30.0
    longest_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Signal:
    """How well the material fits a question, all in [0, 1].

    `cosine` of the best unit; by weight, how much of the question's words are held together in one place (`coverage`),
    by one unit (`own`), and nowhere at all (`absent`); `exact` where a string was found as typed. `match` of the
    question's words in the best units, where the embedder has vectors of tokens.
    """

    cosine: float = 0.0
    coverage: float = 0.0
    own: float = 0.0
    absent: float = 1.0
    exact: bool = False
    match: Match | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Moments, best first, with the signal that decides whether they answer."""

    moments: tuple[Moment, ...]
    signal: Signal
    intent: Intent
    parts: tuple[dict[str, float], ...] = ()
    """What each kind of evidence added to the score of each moment's best unit."""


@dataclass(frozen=True, slots=True)
class _Scored:
    scores: NDArray[np.float32]
    cosine: NDArray[np.float32]
    coverage: NDArray[np.float32]
    own: NDArray[np.float32]
    exact: NDArray[np.float32]
    absent: float
    parts: dict[str, NDArray[np.float32]]


@dataclass(slots=True)
class _Scope:
    media: dict[int, MediaRow]
    limited: bool
    passages: list[StoredPassage] = field(default_factory=list)


def search(
    store: Store,
    embedder: Embedder | None,
    query: str,
    *,
    media: Sequence[str] | None = None,
    within: Span | None = None,
    route: Route | None = None,
    limit: int = 10,
) -> list[Moment]:
    """Moments that fit the query, best first: all media or some (by id), said or shown or as the query reads.

    Works on words alone without an embedder. Raises InputError on an empty query, NotFoundError on unknown media.
    """
    intent = replace(read_question(query, route=route), within=within)
    return list(find(store, embedder, intent, query=query, media=media, limit=limit, judge=False).moments)


def find(
    store: Store,
    embedder: Embedder | None,
    intent: Intent,
    *,
    query: str,
    media: Sequence[str] | None = None,
    limit: int = 10,
    weights: Weights | None = None,
    judge: bool = True,
) -> Found:
    """What `search` does, with the signal, for a question that was read already.

    Without `judge` the signal lacks `match`, its dearest part, which moments do not depend on.
    """
    import numpy as np

    weights = weights or Weights()
    scope = _scope(store, media)
    if not scope.media:
        return Found((), Signal(), intent)
    vectors: NDArray[np.float32] | None = None
    if embedder is not None and store.embedder() in ("", embedder.card.name):
        vectors = embedder.embed([query, intent.terms.topic or query])
    wanted, prior = _candidates(store, scope, intent, vectors, weights)
    pool = load_pool(store, wanted)
    if not pool.units:
        return Found((), Signal(), intent)
    scored = _score(store, pool, intent, vectors, prior, weights, whole=prior is None)
    scores, cosine, coverage, exact = scored.scores, scored.cosine, scored.coverage, scored.exact
    allowed = _allowed(pool, intent, scope)
    order = [int(i) for i in np.argsort(-scores, kind="stable") if allowed[i]]
    if not order and intent.route != "both":
        # Nothing at all of the kind that the words of the question suggest: a talk without pictures, a silent film.
        intent = replace(intent, route="both")
        allowed = _allowed(pool, intent, scope)
        order = [int(i) for i in np.argsort(-scores, kind="stable") if allowed[i]]
    if not order:
        return Found((), Signal(), intent)
    # What stands there as typed comes before what is alike.
    order.sort(key=lambda i: exact[i] <= 0.0)
    signal = Signal(
        float(cosine[order].max()), float(coverage[order].max()), float(scored.own[order].max()), scored.absent,
        bool(exact[order].any()),
        _match(embedder, query, intent, pool, order) if judge and vectors is not None else None,
    )  # fmt: skip
    if intent.first:
        order = _earliest(order, pool, scores, coverage)
    chosen: list[Moment] = []
    parts: list[dict[str, float]] = []
    for i in order:
        if len(chosen) >= limit or scores[i] <= 0.0:
            break
        moment = _moment(pool, i, scores, scope, weights, allowed, grow=not intent.first)
        if not any(_same(moment, other) for other in chosen):
            chosen.append(moment)
            parts.append({name: float(values[i]) for name, values in scored.parts.items()})
    return Found(tuple(chosen), signal, intent, tuple(parts))


def _match(embedder: Embedder | None, query: str, intent: Intent, pool: Pool, order: Sequence[int]) -> Match | None:
    if not isinstance(embedder, TokenEmbedder) or pool.vectors is None:
        return None
    return match_words(embedder, query, intent.terms.words, [unit_text(pool.units[i]) for i in order[:UNITS]])


def _scope(store: Store, media: Sequence[str] | None) -> _Scope:
    rows = store.media()
    if media is None:
        return _Scope({row.number: row for row in rows}, limited=False)
    known = {row.id: row for row in rows}
    for media_id in media:
        if media_id not in known:
            raise NotFoundError(f"no media {media_id[:12]} in this library", hint="seehear library lists what is")
    return _Scope({known[m].number: known[m] for m in media}, limited=len(set(media)) < len(rows))


def _candidates(
    store: Store, scope: _Scope, intent: Intent, vectors: NDArray[np.float32] | None, weights: Weights
) -> tuple[dict[int, list[int] | None], dict[tuple[int, int], float] | None]:
    """Which units to weigh, and what their passage and media add; all of them, and nothing, for one media."""
    import numpy as np

    if len(scope.media) == 1:
        return dict.fromkeys(scope.media), None
    numbers = list(scope.media) if scope.limited else []
    expression = match_expression(intent.terms, media_numbers=numbers)
    lexical = dict(store.match(expression, limit=CANDIDATES, weights=(1.0, 1.0, 1.0))) if expression else {}
    best = max(lexical.values(), default=0.0)
    score = {row: 0.5 * value / max(best, 1e-9) for row, value in lexical.items()}
    if vectors is not None:
        vector = _middle(vectors)
        stored_vectors = store.passage_vectors()
        if len(stored_vectors.rows):
            cosine = stored_vectors.matrix @ vector
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
    return wanted, prior


def _score(
    store: Store,
    pool: Pool,
    intent: Intent,
    vectors: NDArray[np.float32] | None,
    prior: dict[tuple[int, int], float] | None,
    weights: Weights,
    *,
    whole: bool,
) -> _Scored:
    import numpy as np

    terms = intent.terms
    counts = occurrences(pool, terms.stems)
    lengths = lengths_of(pool)
    if whole:
        idf = weights_of(len(pool.units), [float((counts[:, j] > 0).sum()) for j in range(counts.shape[1])])
    else:
        total, found = store.counts([f'{{title said shown}} : "{word}"' for word in terms.words])
        by_stem = dict(zip([_stem_of(word, terms.stems) for word in terms.words], found, strict=True))
        idf = weights_of(total, [float(by_stem.get(s, 0)) for s in terms.stems])
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
    # Across media the passage has been weighed already.
    scene = weights.scene if prior is None else weights.scene / 3
    parts = {
        "words": weights.words_own * peak(own)
        + weights.words_around * peak(around)
        + weights.words_wide * peak(bm25(far_counts, far_lengths, idf))
        + weights.words_raw * own,
        "length": weights.length * np.minimum(lengths, 12.0) / 12.0,
        "scene": scene * (scenes(pool, counts > 0, reach_s=SCENE_S) * weight).sum(axis=1) / total_weight,
        "exact": weights.exact * np.minimum(exact, 1.0),
        "heading": weights.heading * heads**2,
    }
    cosine = np.zeros(len(pool.units), np.float32)
    if vectors is not None and pool.vectors is not None:
        vector = _middle(vectors)
        cosine = pool.vectors @ vector
        parts["meaning"] = weights.own * (pool.vectors @ vectors[0]) + weights.own_topic * (pool.vectors @ vectors[1])
        parts["around"] = np.zeros(len(pool.units), np.float32)
        for kernel, much in ((weights.kernel, weights.around), (FAR, weights.wide)):
            if much:
                mixed = smooth(pool.vectors, pool, kernel)
                mixed /= np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9)
                parts["around"] = parts["around"] + much * (mixed @ vector)
        if prior is None:
            parts["vague"] = -weights.vague * vagueness(pool.vectors)
    if prior is not None:
        parts["passage"] = np.asarray([prior.get(key, 0.0) for key in pool.keys], np.float32)
        parts["recording"] = weights.crowd * crowds(np.sum(list(parts.values()), axis=0), pool)
    scores = np.sum(list(parts.values()), axis=0)
    return _Scored(scores.astype(np.float32), cosine, coverage, held, exact, absent, parts)


def _middle(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The direction between the question and its topic: float32 [D], length 1."""
    import numpy as np

    mean = vectors.mean(axis=0)
    unit: NDArray[np.float32] = (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
    return unit


def _stem_of(word: str, stems: Sequence[str]) -> str:
    from seehear.search.terms import stem

    found = stem(word)
    return found if found in stems else word


def _allowed(pool: Pool, intent: Intent, scope: _Scope) -> list[bool]:
    kind = {"said": "transcript", "shown": "visual"}.get(intent.route)
    limits = ((number, intent.span(row.duration_s)) for number, row in scope.media.items())
    spans = {number: span for number, span in limits if span is not None}
    allowed = []
    for (number, _), unit in zip(pool.keys, pool.units, strict=True):
        inside = (
            number not in spans or unit.span.overlap_s(spans[number]) > 0 or spans[number].contains(unit.span.start_s)
        )
        allowed.append(inside and (kind is None or unit.kind == kind))
    return allowed


def _earliest(order: list[int], pool: Pool, scores: NDArray[np.float32], coverage: NDArray[np.float32]) -> list[int]:
    """For "first mentioned": of the units that hold the words, or mean nearly as much, those in order of time first."""
    best = order[0]
    # Neighbours lend coverage, so that the unit itself must score as well.
    enough = [i for i in order if coverage[i] >= 0.99 * coverage[best] and scores[i] >= 0.6 * scores[best]]
    media = pool.keys[best][0]
    early = sorted((i for i in enough if pool.keys[i][0] == media), key=lambda i: pool.units[i].span.start_s)
    return early[:1] + [i for i in order if i not in early[:1]]


def _moment(
    pool: Pool, index: int, scores: NDArray[np.float32], scope: _Scope, weights: Weights, allowed: Sequence[bool],
    *, grow: bool,
) -> Moment:  # fmt: skip
    number = pool.keys[index][0]
    unit, row = pool.units[index], scope.media[number]
    mine = [i for i, key in enumerate(pool.keys) if key[0] == number]
    spoken = [i for i in mine if pool.units[i].kind == "transcript"]
    seen = [i for i in mine if pool.units[i].kind == "visual"]
    if unit.kind == "visual":
        texts = [pool.units[i].text for i in seen if pool.units[i].span == unit.span]
        near = Span(unit.span.start_s, min(unit.span.end_s, unit.span.start_s + weights.longest_s))
        said = " ".join(pool.units[i].text for i in spoken if pool.units[i].span.overlap_s(near) > 0)
        text = "\n".join(dict.fromkeys(texts))
        return Moment(row.id, row.title, unit.span, "visual", text, float(scores[index]), said, text, unit.frame)
    group = _grow(pool, [i for i in spoken if allowed[i]], index, scores, weights) if grow else [index]
    span = Span(pool.units[group[0]].span.start_s, max(pool.units[i].span.end_s for i in group))
    text = " ".join(pool.units[i].text for i in group)
    screens = [i for i in seen if pool.units[i].span.overlap_s(span) > 0]
    shown = "\n".join(dict.fromkeys(pool.units[i].text for i in screens))
    frame = pool.units[screens[-1]].frame if screens else ""
    return Moment(row.id, row.title, span, "transcript", text, float(scores[index]), text, shown, frame)


def _grow(pool: Pool, spoken: Sequence[int], index: int, scores: NDArray[np.float32], weights: Weights) -> list[int]:
    at = spoken.index(index)
    low = high = at
    best = float(scores[index])

    def fits(place: int, bar: float) -> bool:
        if not 0 <= place < len(spoken):
            return False
        span = pool.units[spoken[place]].span
        a, b = pool.units[spoken[low]].span, pool.units[spoken[high]].span
        near = span.start_s - b.end_s < 4.0 if place > high else a.start_s - span.end_s < 4.0
        whole = max(span.end_s, b.end_s) - min(span.start_s, a.start_s)
        # A new slide is a new subject.
        near = near and pool.units[spoken[place]].title == pool.units[index].title
        return near and whole <= weights.longest_s and float(scores[spoken[place]]) >= bar * best

    while fits(low - 1, weights.grow_back) and at - low < 2:
        low -= 1
    while True:
        lasts_s = pool.units[spoken[high]].span.end_s - pool.units[spoken[low]].span.start_s
        if not fits(high + 1, 0.0 if lasts_s < weights.shortest_s else weights.grow_on):
            break
        high += 1
    return list(spoken[low : high + 1])


def _same(a: Moment, b: Moment) -> bool:
    if a.media != b.media:
        return False
    if a.kind != b.kind:
        return abs(a.start_s - b.start_s) < 2.0
    return a.span.overlap_s(b.span) > 0 or a.span.start_s == b.span.start_s
