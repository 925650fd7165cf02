"""From a question to an answer whose every sentence was checked and whose every time comes from the timeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from seehear import prompts
from seehear.answer.broad import answer_broadly
from seehear.answer.evidence import Checked, Evidence, check, gather, plain, sentences_of, shorten
from seehear.answer.refusal import fits, probability
from seehear.backends.protocols import Answerer, Embedder, Message
from seehear.search import Found, find
from seehear.search.route import Intent, read_question
from seehear.search.terms import content_stems
from seehear.store import Store
from seehear.values import Answer, Citation, Moment, Route

MOST_SENTENCES = 2
MOST_TOKENS = 160
EVIDENCE_COUNT = 3
BARE_WORDS = 8
UNDER_S = 30.0
ABOUT_COSINE = 0.35
SURE = 0.8
EVIDENCE_WORDS = 55


def ask(
    question: str,
    *,
    store: Store,
    embedder: Embedder | None = None,
    answerer: Answerer | None = None,
    media: Sequence[str] | None = None,
    route: Route | None = None,
    on_moments: Callable[[Sequence[Moment]], None] | None = None,
    on_text: Callable[[str], None] | None = None,
    limit: int = 5,
) -> Answer:
    """Answer a question from the library or from some media (by id).

    The moments are handed to `on_moments` before a word is written; `on_text` gets the answer sentence by sentence,
    each checked against its evidence; joined, the pieces are `Answer.text`. Without an answerer the best evidence is
    quoted. Raises InputError on an empty question, NotFoundError on unknown media, BackendError from the models.
    """
    intent = read_question(question, route=route)
    backends = {
        "embed": embedder.card.name if embedder is not None else "none",
        "answer": answerer.card.name if answerer is not None else "extractive",
    }
    writer = None if answerer is None or answerer.card.name == "extractive" else answerer
    say = _Sayer(on_text)
    if intent.want == "broad":
        rows = [row for row in store.media() if media is None or row.id in set(media)]
        broad = answer_broadly(
            intent, store=store, rows=rows, embedder=embedder, answerer=writer, say=say.say, on_moments=on_moments
        )
        return Answer(question, say.text, bool(broad.citations), intent.route, broad.moments, broad.citations, backends)
    found = find(store, embedder, intent, query=question, media=media, limit=limit)
    if on_moments is not None:
        on_moments(found.moments)
    several = len({m.media for m in found.moments}) > 1
    evidence = gather(found.moments, limit=EVIDENCE_COUNT)
    if evidence and len(evidence[0].text.split()) < BARE_WORDS:
        evidence = _with_speech(store, intent, found.moments[0], evidence)
    vectors = _has_vectors(store, embedder)
    if not fits(found.signal, vectors=vectors) or not evidence:
        return _refuse(question, intent, found, evidence, backends, say, several=several)
    citations: list[Citation] = []
    if intent.want == "when":
        say.say(_lead(intent, evidence[0], several=several))
        citations.append(evidence[0].citation)
    count = 0
    doubt = False
    for checked in _write(question, evidence, embedder, writer) if writer is not None else ():
        if checked is None:
            doubt = True
            break
        say.say(_printed(checked, intent, evidence[0], several=several))
        citations += [e.citation for e in checked.evidence]
        count += 1
    if doubt and not say.text and probability(found.signal, vectors=vectors) < SURE and not found.signal.exact:
        return _refuse(question, intent, found, evidence, backends, say, several=several)
    if not count:
        for checked in extract(intent, evidence):
            say.say(_printed(checked, intent, evidence[0], several=several))
            citations += [e.citation for e in checked.evidence]
    unique = tuple(dict.fromkeys(citations))
    return Answer(question, say.text, True, intent.route, found.moments, unique, backends)


def _with_speech(store: Store, intent: Intent, moment: Moment, evidence: list[Evidence]) -> list[Evidence]:
    """Put what was said under a bare heading beside it: the heading tells when, not what."""
    number = next((row.number for row in store.media() if row.id == moment.media), None)
    if number is None or moment.kind != "visual":
        return evidence
    asked = set(intent.terms.stems)
    units = store.units(number).values()
    heading = next((u.title for u in units if u.kind == "visual" and u.span == moment.span), "")
    # The next bullet ends the picture, not the subject: as long as the heading stands.
    end_s = moment.start_s + UNDER_S if heading else moment.end_s
    spoken = [
        unit for unit in units
        if unit.kind == "transcript" and moment.start_s <= unit.span.start_s < end_s and unit.title == heading
        and len(unit.text.split()) > 4
    ]  # fmt: skip
    if not spoken:
        return evidence
    best = max(spoken, key=lambda unit: (len(asked & set(content_stems(unit.text))), -unit.span.start_s))
    first = evidence[0]
    said = Evidence(2, first.media, first.title, "transcript", best.span, shorten(best.text, 40))
    others = [e for e in evidence[1:] if e.kind == "visual" or e.span.overlap_s(best.span) == 0]
    return [first, said, *(replace(e, number=n) for n, e in enumerate(others[: EVIDENCE_COUNT - 2], start=3))]


def extract(intent: Intent, evidence: Sequence[Evidence]) -> list[Checked]:
    """The answer without a model: the best excerpt quoted, and a second one when it adds to the first."""
    first = evidence[0]
    quotes = [_quote(first, 32)]
    asked = set(intent.terms.stems)
    for other in evidence[1:]:
        # A bare heading tells when, not what: what was said under it does.
        bare = first.kind == "visual" and len(first.text.split()) < BARE_WORDS
        under = bare and other.kind == "transcript" and 0 <= other.span.start_s - first.span.start_s < UNDER_S
        more = asked & set(content_stems(other.text)) - set(content_stems(first.text))
        if under or (other.number == 2 and intent.want == "what" and more):
            quotes.append(_quote(other, 24))
            break
    return quotes


def _quote(evidence: Evidence, words: int) -> Checked:
    text = plain(shorten(evidence.text, words))
    lead = "On screen: " if evidence.kind == "visual" else ""
    return Checked(f"{lead}“{text}”", (evidence,))


def _lead(intent: Intent, evidence: Evidence, *, several: bool) -> str:
    where = "First at" if intent.first else "At"
    return f"{where} {evidence.mark(several=several)}:"


def _printed(checked: Checked, intent: Intent, first: Evidence, *, several: bool) -> str:
    """A sentence with its times; the time that the answer to a "when" led with is not said twice."""
    if intent.want == "when" and checked.evidence == (first,):
        return checked.text
    return checked.printed(several=several)


def _write(
    question: str, evidence: Sequence[Evidence], embedder: Embedder | None, answerer: Answerer
) -> Iterator[Checked | None]:
    """What the model writes, sentence by sentence, as far as it holds; None where it says that nothing is found."""
    messages = [Message(role, text) for role, text in prompts.answer(question, [_excerpt(e) for e in evidence])]
    count = 0
    for sentence in sentences_of(answerer.stream(messages, max_tokens=MOST_TOKENS)):
        if prompts.NOT_FOUND.lower() in sentence.lower():
            yield None
            return
        checked = check(sentence, evidence, embedder=embedder, question=question)
        if checked is None or (count and not _concerns(checked.text, question, embedder)):
            continue
        yield checked
        count += 1
        if count >= MOST_SENTENCES:
            return


def _concerns(text: str, question: str, embedder: Embedder | None) -> bool:
    """Tell whether a further sentence is still about what was asked: a small model likes to read on."""
    if set(content_stems(text)) & set(content_stems(question)):
        return True
    if embedder is None:
        return False
    rows = embedder.embed([text, question])
    return float(rows[0] @ rows[1]) >= ABOUT_COSINE


def _excerpt(evidence: Evidence) -> str:
    if evidence.kind == "transcript":
        return f"said: {shorten(evidence.text, EVIDENCE_WORDS)}"
    shown = shorten(evidence.text, EVIDENCE_WORDS)
    left = EVIDENCE_WORDS - len(shown.split())
    meanwhile = f" | said meanwhile: {shorten(evidence.meanwhile, left)}" if evidence.meanwhile and left > 12 else ""
    return f"on screen: {shown}{meanwhile}"


def _refuse(
    question: str,
    intent: Intent,
    found: Found,
    evidence: Sequence[Evidence],
    backends: dict[str, str],
    say: _Sayer,
    *,
    several: bool,
) -> Answer:
    say.say(
        "The recording does not seem to cover this." if not several else "The recordings do not seem to cover this."
    )
    if evidence:
        near = ", ".join(f"{e.mark(several=several)} “{plain(shorten(e.text, 8))}…”" for e in list(evidence)[:3])
        say.say(f"Nearest moments: {near}")
    return Answer(question, say.text, False, intent.route, found.moments, (), backends)


def _has_vectors(store: Store, embedder: Embedder | None) -> bool:
    return embedder is not None and store.embedder() == embedder.card.name


class _Sayer:
    """Collects the answer and hands each piece on as it comes."""

    def __init__(self, on_text: Callable[[str], None] | None) -> None:
        self._on_text = on_text
        self.text = ""

    def say(self, piece: str) -> None:
        """Add a sentence, or lines when the piece starts with a line break."""
        joined = piece if not self.text or piece.startswith("\n") or self.text.endswith("\n") else " " + piece
        self.text += joined
        if self._on_text is not None:
            self._on_text(joined)
