"""From a question to the way it is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from seehear.answer.across import answer_across, read_across
from seehear.answer.beside import answer_beside
from seehear.answer.broad import answer_broadly
from seehear.answer.differences import answer_differences, read_differences
from seehear.answer.follow import FollowUp, read_follow_up
from seehear.answer.inquiry import Inquiry, Sayer, Trace, rows_of
from seehear.answer.lasting import answer_lasting, read_lasting
from seehear.answer.listing import answer_listing, read_listing
from seehear.answer.mentions import answer_mentions, read_mentions
from seehear.answer.narrow import answer_narrowly
from seehear.answer.neighbours import answer_neighbour, read_neighbour
from seehear.answer.recordings import answer_fact, read_fact
from seehear.answer.several import answer_each, questions_of
from seehear.answer.speakers import read_speaker
from seehear.answer.stretch import answer_stretch, as_place, is_open
from seehear.answer.titled import read_title
from seehear.answer.topic import answer_place, read_place
from seehear.answer.translate import understand
from seehear.backends.protocols import Answerer, Embedder, Reranker
from seehear.fences import plain
from seehear.search.route import read_question
from seehear.search.spelling import mend
from seehear.spans import Span, clock
from seehear.store import Store
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
    the other. Raises InputError on an empty question, NotFoundError on unknown media, BackendError from the models.
    """

    def answer(
        part: str,
        before: Sequence[Turn],
        on_moments: Callable[[Sequence[Moment]], None] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Answer:
        inquiry, follow = _inquire(
            part, store=store, embedder=embedder, answerer=answerer, reranker=reranker, media=media, within=within,
            history=before, route=route, on_moments=on_moments, on_text=on_text, limit=limit,
        )  # fmt: skip
        return _answer(inquiry, follow)

    parts = questions_of(question)
    if len(parts) > 1:
        return answer_each(question, parts, history, answer, on_moments=on_moments, on_text=on_text)
    return answer(question, history, on_moments, on_text)


def _inquire(
    question: str,
    *,
    store: Store,
    embedder: Embedder | None,
    answerer: Answerer | None,
    reranker: Reranker | None,
    media: Sequence[str] | None,
    within: Span | None,
    history: Sequence[Turn],
    route: Route | None,
    on_moments: Callable[[Sequence[Moment]], None] | None,
    on_text: Callable[[str], None] | None,
    limit: int,
) -> tuple[Inquiry, FollowUp]:
    """One question with all that answering it takes: in the recording's language, after the turns before, mended."""
    rows = rows_of(store, media)
    writer = None if answerer is None or answerer.card.name == "extractive" else answerer
    tongue = understand(question, store=store, rows=rows, embedder=embedder, writer=writer)
    follow = read_follow_up(tongue.read_as, history, [row.id for row in rows])
    if follow.limit is not None:
        within = follow.limit if within is None else _shared(within, follow.limit)
        rows, media = tuple(row for row in rows if row.id == follow.media), [follow.media]
    read_as, titled = read_title(follow.read_as, rows)
    if titled != rows:
        rows, media = titled, [row.id for row in titled]
        named = ", ".join(plain(row.title) for row in titled[:NAMED]) + (" …" if len(titled) > NAMED else "")
        follow = replace(follow, read_as=read_as, step=f"{follow.step} Asked of what is titled so: {named}.".strip())
    read_as, spoken_in, speaker = read_speaker(follow.read_as, store, rows)
    if speaker:
        rows, media = spoken_in, [row.id for row in spoken_in]
        follow = replace(follow, read_as=read_as, step=f"{follow.step} “{plain(speaker)}” is who speaks.".strip())
    follow = replace(follow, read_as=as_place(follow.read_as, store, rows))
    intent = read_question(follow.read_as, route=route)
    mended = mend(follow.read_as, intent.terms, store, rows)
    intent = replace(read_question(mended.text, route=route) if mended.taken else intent, within=within)
    backends = {
        "embed": embedder.card.name if embedder is not None else "none",
        **({} if reranker is None else {"rerank": reranker.card.name}),
        "answer": answerer.card.name if answerer is not None else "extractive",
    }
    inquiry = Inquiry(
        question, mended.text, intent, store, rows, None if media is None else tuple(row.id for row in rows),
        embedder, writer, backends, Sayer(on_text), Trace([step for step in (tongue.step, follow.step) if step]),
        on_moments, limit, tongue=tongue, taken=mended.taken, reranker=reranker,
    )  # fmt: skip
    return inquiry, follow


def _answer(inquiry: Inquiry, follow: FollowUp) -> Answer:
    """The first way of answering that takes the question, the most particular ones first."""
    text, intent = inquiry.read_as, inquiry.intent
    if follow.beside is not None and (beside := answer_beside(inquiry, follow)) is not None:
        return beside
    if inquiry.where and (empty := _outside(inquiry)) is not None:
        return empty
    differences = read_differences(text)
    if differences is not None:
        return answer_differences(inquiry, differences)
    fact = read_fact(text)
    if fact is not None and (answer := answer_fact(inquiry, fact)) is not None:
        return answer
    lasting = read_lasting(text)
    if lasting is not None and (answer := answer_lasting(inquiry, lasting)) is not None:
        return answer
    across = read_across(text) if inquiry.several else None
    if across is not None and (answer := answer_across(inquiry, across)) is not None:
        return answer
    mentions = read_mentions(text, intent.terms, first=intent.first)
    if mentions is not None and (answer := answer_mentions(inquiry, mentions)) is not None:
        return answer
    if mentions is not None and mentions.which in ("first", "last"):
        inquiry = replace(inquiry, absent=mentions.name)
    listing = read_listing(text, intent.terms)
    if listing is not None and (answer := answer_listing(inquiry, listing)) is not None:
        return answer
    place = read_place(text)
    if place is not None and (answer := answer_place(inquiry, place)) is not None:
        return answer
    neighbour = read_neighbour(text)
    if neighbour is not None and (answer := answer_neighbour(inquiry, neighbour)) is not None:
        return answer
    if intent.want == "broad":
        return answer_broadly(inquiry)
    if is_open(inquiry):
        return answer_stretch(inquiry)
    return answer_narrowly(inquiry)


def _shared(one: Span, other: Span) -> Span:
    start_s = max(one.start_s, other.start_s)
    return Span(start_s, max(start_s, min(one.end_s, other.end_s)))


def _outside(inquiry: Inquiry) -> Answer | None:
    """The answer to a question about a stretch that no recording reaches, None where one does."""
    ends_s = [row.duration_s for row in inquiry.rows]
    if not ends_s or any(inquiry.span(row).start_s < row.duration_s for row in inquiry.rows):
        return None
    inquiry.show(())
    what = "the longest recording" if inquiry.several else "the recording"
    inquiry.say.say(f"There is nothing in that part: {what} ends at {clock(max(ends_s))}.")
    return inquiry.done((), (), supported=False)
