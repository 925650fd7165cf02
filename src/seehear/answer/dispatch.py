"""From a question to the first of the ways to answer it that fits: what it means, where it looks, who writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

from seehear.answer.follow import FollowUp, read_follow_up
from seehear.answer.inquiry import Inquiry, Sayer, Trace
from seehear.answer.recordings import read_speaker, read_title, rows_of
from seehear.answer.several import answer_each, questions_of
from seehear.answer.translate import understand
from seehear.answer.ways import WAYS
from seehear.answer.ways.stretch import as_place
from seehear.backends.protocols import Answerer, Embedder, Reranker
from seehear.fences import plain
from seehear.search.route import read_question
from seehear.search.spelling import mend
from seehear.spans import Span
from seehear.store import MediaRow, Store
from seehear.values import Answer, Moment, Route, Turn

NAMED = 3
"""Titles that a step names."""


def ask(
    question: str,
    *,
    store: Store,
    embedder: Embedder | None = None,
    answerer: Answerer | None = None,
    reranker: Reranker | None = None,
    media: Sequence[str] | None = None,
    within: Span | None = None,
    history: Sequence[Turn] = (),
    route: Route | None = None,
    on_moments: Callable[[Sequence[Moment]], None] | None = None,
    on_text: Callable[[str], None] | None = None,
    limit: int = 5,
) -> Answer:
    """Answer a question from the library or from some media (by id), or from a stretch of them.

    The moments are handed to `on_moments` before a word is written; `on_text` gets the answer sentence by sentence,
    each checked against its evidence; joined, the pieces are `Answer.text`. Without an answerer the best evidence is
    quoted; a `reranker` puts the moments of a narrow question in order. Several questions in one are answered one after
    the other. All that an answer is made of is read from the library as it stands at one moment. Raises InputError on
    an empty question, NotFoundError on unknown media, BackendError from the models.
    """
    writer = None if answerer is None or answerer.card.name == "extractive" else answerer
    backends = {
        "embed": embedder.card.name if embedder is not None else "none",
        **({} if reranker is None else {"rerank": reranker.card.name}),
        "answer": answerer.card.name if answerer is not None else "extractive",
    }

    def answer(
        part: str,
        before: Sequence[Turn],
        on_moments: Callable[[Sequence[Moment]], None] | None = None,
        on_text: Callable[[str], None] | None = None,
        *,
        writes: bool = True,
    ) -> Answer:
        # It may ask a model to translate the question: that is waited for before the library is looked at.
        tongue = understand(part, store=store, media=media, embedder=embedder, writer=writer)
        with ExitStack() as reading:
            seen = reading.enter_context(store.read())
            read = _read(tongue.read_as, before, seen, media, within)
            intent = read_question(read.follow.read_as, route=route)
            mended = mend(read.follow.read_as, intent.terms, seen, read.rows)
            intent = read_question(mended.text, route=route) if mended.taken else intent
            steps = [step for step in (tongue.step, read.follow.step) if step]
            inquiry = Inquiry(
                part, mended.text, read.follow, replace(intent, within=read.within), seen, read.rows, read.media,
                embedder, writer if writes else None, dict(backends), Sayer(on_text), Trace(steps), reading.close,
                on_moments, limit, tongue=tongue, taken=mended.taken, reranker=reranker,
            )  # fmt: skip
            return next(found for way in WAYS if (found := way(inquiry)) is not None)

    parts = questions_of(question)
    if len(parts) > 1:
        # What a reranker puts in order is not found at once.
        draft = None if writer is None or reranker is not None else partial(answer, writes=False)
        return answer_each(question, parts, history, answer, draft=draft, on_moments=on_moments, on_text=on_text)
    return answer(question, history, on_moments, on_text)


@dataclass(frozen=True, slots=True)
class _Read:
    """A question after the turns before it, and where it looks; `media` are the ids it is limited to, None for all."""

    follow: FollowUp
    rows: tuple[MediaRow, ...]
    media: tuple[str, ...] | None
    within: Span | None


def _read(
    question: str, history: Sequence[Turn], store: Store, media: Sequence[str] | None, within: Span | None
) -> _Read:  # fmt: skip
    everything = rows = rows_of(store, media)
    follow = read_follow_up(question, history, [row.id for row in rows])
    if follow.limit is not None:
        within = follow.limit if within is None else _shared(within, follow.limit)
        rows = tuple(row for row in rows if row.id == follow.media)
    read_as, titled = read_title(follow.read_as, rows)
    if titled != rows:
        rows = titled
        named = ", ".join(plain(row.title) for row in titled[:NAMED]) + (" …" if len(titled) > NAMED else "")
        follow = replace(follow, read_as=read_as, step=f"{follow.step} Asked of what is titled so: {named}.".strip())
    read_as, spoken_in, speaker = read_speaker(follow.read_as, store, rows)
    if speaker:
        rows = spoken_in
        follow = replace(follow, read_as=read_as, step=f"{follow.step} “{plain(speaker)}” is who speaks.".strip())
    follow = replace(follow, read_as=as_place(follow.read_as, store, rows))
    limited = media is not None or rows != everything
    return _Read(follow, rows, tuple(row.id for row in rows) if limited else None, within)


def _shared(one: Span, other: Span) -> Span:
    start_s = max(one.start_s, other.start_s)
    return Span(start_s, max(start_s, min(one.end_s, other.end_s)))
