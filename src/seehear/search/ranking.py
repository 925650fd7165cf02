"""Find moments: words and vectors over passages first, then the sentence or the screen inside them.

Every unit (a sentence, a block of screen text) is weighed; the best ones are then weighed again token by token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from seehear.backends.protocols import Embedder, Reranker
from seehear.errors import NotFoundError
from seehear.language import language_by_script
from seehear.search.candidates import Scope, candidates
from seehear.search.chatter import core
from seehear.search.matching import UNITS, Asked, Match, TokenEmbedder
from seehear.search.moments import earliest, moment_at, same
from seehear.search.named import missing, names
from seehear.search.pool import Pool, load_pool
from seehear.search.reranking import RERANKED, rerank
from seehear.search.route import Intent, read_question
from seehear.search.sharpening import sharpen
from seehear.search.weighing import Weights, weigh
from seehear.spans import Span
from seehear.store import Store
from seehear.store.snapshot import on_snapshot
from seehear.values import Moment, Route


@dataclass(frozen=True, slots=True)
class Signal:
    """How well the material fits a question, all but `hours` in [0, 1].

    `cosine` of the best unit; by weight, how much of the question's words are held together in one place (`coverage`),
    by one unit (`own`), and nowhere at all (`absent`); `exact` where a string was found as typed. `match` of the
    question's words in the best units, where the embedder has vectors of tokens. `unnamed` where a thing is called by
    its name, which occurs nowhere. `hours` of all recordings that were looked through, 0 or more.
    """

    cosine: float = 0.0
    coverage: float = 0.0
    own: float = 0.0
    absent: float = 1.0
    exact: bool = False
    match: Match | None = None
    unnamed: bool = False
    hours: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """Moments, best first, with the signal that decides whether they answer."""

    moments: tuple[Moment, ...]
    signal: Signal
    intent: Intent
    compared_by: str = ""
    """The embedder whose vectors were compared, empty where words alone decided."""
    parts: tuple[dict[str, float], ...] = ()
    """What each kind of evidence added to the score of each moment's best unit."""
    reranked: tuple[float, ...] = ()
    """The score that a reranker gave each moment; empty where none was asked."""


def search(
    store: Store,
    embedder: Embedder | None,
    query: str,
    *,
    media: Sequence[str] | None = None,
    within: Span | None = None,
    route: Route | None = None,
    limit: int = 10,
    reranker: Reranker | None = None,
) -> list[Moment]:
    """Moments that fit the query, best first: all media or some (by id), said or shown or as the query reads.

    Works on words alone without an embedder; a `reranker` has the last word on the order of the best.
    Raises InputError on an empty query, NotFoundError on unknown media, BackendError from the models.
    """
    intent = replace(read_question(query, route=route), within=within)
    return list(
        find(store, embedder, intent, query=query, media=media, limit=limit, judge=False, reranker=reranker).moments
    )


@on_snapshot
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
    reranker: Reranker | None = None,
) -> Found:
    """What `search` does, with the signal, for a question that was read already.

    Without `judge` the signal lacks `match`, its dearest part, which moments do not depend on.
    """
    import numpy as np

    weights, asked_as = weights or Weights(), query
    scope = _scope(store, media)
    if not scope.media:
        return Found((), Signal(), intent)
    asked: Asked | None = None
    if embedder is not None and store.embedder() in ("", embedder.card.name) and _can_read(embedder, query):
        query = core(query)
        asked = Asked(embedder, [query, intent.terms.topic or query])
    wanted, prior, vectors = candidates(store, scope, intent, asked, weights)
    pool = load_pool(store, wanted)
    if not pool.units:
        return Found((), Signal(), intent)
    scored = weigh(store, pool, intent, vectors, prior, weights, whole=prior is None)
    allowed = _allowed(pool, intent, scope)
    if not any(allowed) and intent.route != "both":
        # Nothing at all of the kind that the words of the question suggest: a talk without pictures, a silent film.
        intent = replace(intent, route="both")
        allowed = _allowed(pool, intent, scope)
    order = [int(i) for i in np.argsort(-scored.scores, kind="stable") if allowed[i]]
    if not order:
        return Found((), Signal(), intent)
    match: Match | None = None
    if asked and isinstance(embedder, TokenEmbedder) and vectors is not None and pool.vectors is not None:
        scored, order, meeting = sharpen(store, scored, pool, order, embedder, query, weights, tokens=asked.tokens)
        if meeting is not None and judge:
            match = meeting.match(intent.terms.words, range(min(UNITS, meeting.best.shape[1])))
    exact = scored.exact
    # What stands there as typed comes before what is alike.
    order.sort(key=lambda i: exact[i] <= 0.0)
    signal = Signal(
        float(scored.cosine[order].max()), float(scored.coverage[order].max()), float(scored.own[order].max()),
        scored.absent, bool(exact[order].any()), match, judge and missing(names(asked_as), pool.units),
        sum(row.duration_s for row in scope.media.values()) / 3600.0,
    )  # fmt: skip
    if intent.first:
        # The first mention is a matter of time, not of fit.
        order, reranker = earliest(order, pool, scored), None
    chosen: dict[int, Moment] = {}
    most = limit if reranker is None else max(limit, RERANKED)
    for i in order:
        if len(chosen) >= most or scored.scores[i] <= 0.0:
            break
        moment = moment_at(pool, i, scored, scope, weights, allowed, grow=not intent.first)
        if not any(same(moment, other) for other in chosen.values()):
            chosen[i] = moment
    by = embedder.card.name if embedder is not None and vectors is not None and pool.vectors is not None else ""
    moments = tuple(chosen.values())
    parts = [{name: float(values[i]) for name, values in scored.parts.items()} for i in chosen]
    if reranker is None or not chosen:
        return Found(moments, signal, intent, by, tuple(parts))
    typed = sum(exact[i] > 0.0 for i in chosen)
    places = rerank(reranker, asked_as, moments, typed)[:limit]
    return Found(
        tuple(moments[i] for i, _ in places), signal, intent, by, tuple(parts[i] for i, _ in places),
        tuple(score for _, score in places),
    )  # fmt: skip


def _can_read(embedder: Embedder, query: str) -> bool:
    """Tell whether an embedder has pieces for the script of a question: one of English makes noise of Hangul."""
    known = embedder.card.languages
    return not known or (script := language_by_script(query)) is None or script in known


def _scope(store: Store, media: Sequence[str] | None) -> Scope:
    rows = store.media()
    if media is None:
        return Scope({row.number: row for row in rows}, limited=False)
    known = {row.id: row for row in rows}
    for media_id in media:
        if media_id not in known:
            raise NotFoundError(f"no media {media_id[:12]} in this library", hint="seehear library lists what is")
    return Scope({known[m].number: known[m] for m in media}, limited=len(set(media)) < len(rows))


def _allowed(pool: Pool, intent: Intent, scope: Scope) -> list[bool]:
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
