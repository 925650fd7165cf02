"""From a question to an answer whose every sentence was checked and whose every time comes from the timeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from seehear import prompts
from seehear.answer.broad import answer_broadly
from seehear.answer.evidence import Checked, Evidence, check, gather, sentences_of, shorten
from seehear.answer.refusal import fits, probability
from seehear.answer.wording import glimpse, opening, quoted
from seehear.backends.protocols import Answerer, Embedder, Message
from seehear.search import Found, find
from seehear.search.route import Intent, read_question
from seehear.search.terms import content_stems
from seehear.spans import Span
from seehear.store import Store
from seehear.values import Answer, Citation, Moment, Route, Turn

MOST_SENTENCES = 2
MOST_TOKENS = 160
EVIDENCE_COUNT = 3
BARE_WORDS = 8
UNDER_S = 30.0
ABOUT_COSINE = 0.45
SURE = 0.8
NEARLY = 0.8
EVIDENCE_WORDS = 55


def ask(
    question: str,
    *,
    store: Store,
    embedder: Embedder | None = None,
    answerer: Answerer | None = None,
    media: Sequence[str] | None = None,
    within: Span | None = None,
    history: Sequence[Turn] = (),
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
    intent = replace(read_question(question, route=route), within=within)
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
    wanted = intent.want == "when" and not intent.first
    if evidence and (wanted or len(evidence[0].text.split()) < BARE_WORDS):
        evidence = _with_speech(store, intent, found.moments[0], evidence)
    vectors = _has_vectors(store, embedder)
    if not fits(found.signal, vectors=vectors) or not evidence:
        return _refuse(question, intent, found, evidence, backends, say, several=several)
    sure = found.signal.exact or probability(found.signal, vectors=vectors) >= SURE
    citations: list[Citation] = []
    said: list[str] = []

    def tell(text: str, used: Sequence[Evidence]) -> None:
        said.append(text)
        say.say(text)
        citations.extend(e.citation for e in used)

    lead = opening(question, intent, evidence, several=several) if intent.want == "when" else None
    if lead is not None and (sure or writer is None):
        tell(*lead)
    written = _write(question, evidence, embedder, writer) if writer is not None else iter(())
    for checked in written:
        if checked is None:
            # The model's word alone does not overrule a clear find.
            if not said and not sure:
                return _refuse(question, intent, found, evidence, backends, say, several=several)
            break
        if lead is not None and not said:
            tell(*lead)
        if not _repeats(checked.text, said):
            tell(checked.printed(several=several), checked.evidence)
        if len(said) >= MOST_SENTENCES:
            break
    if not said and lead is not None:
        tell(*lead)
    if not said:
        for quote in extract(intent, evidence, scores=[m.score for m in found.moments], several=several):
            tell(quote.text, quote.evidence)
    unique = tuple(dict.fromkeys(citations))
    return Answer(question, say.text, True, intent.route, found.moments, unique, backends)


def _with_speech(store: Store, intent: Intent, moment: Moment, evidence: list[Evidence]) -> list[Evidence]:
    """Put what was said under a picture beside it: a heading tells when, not what."""
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
    best = max(range(len(spoken)), key=lambda i: (len(asked & set(content_stems(spoken[i].text))), -i))
    # The sentence that opens the subject, when the telling one follows at once.
    chosen = spoken[: best + 1] if intent.want == "when" and best <= 2 else spoken[best : best + 1]
    if chosen == spoken[:1]:
        chosen = spoken[:2]
    span = Span(chosen[0].span.start_s, max(unit.span.end_s for unit in chosen))
    first = evidence[0]
    said = Evidence(2, first.media, first.title, "transcript", span, shorten(" ".join(u.text for u in chosen), 40))
    others = [e for e in evidence[1:] if e.kind == "visual" or e.span.overlap_s(span) == 0]
    return [first, said, *(replace(e, number=n) for n, e in enumerate(others[: EVIDENCE_COUNT - 2], start=3))]


def extract(
    intent: Intent, evidence: Sequence[Evidence], *, scores: Sequence[float] = (), several: bool = False
) -> list[Checked]:
    """The answer without a model: the best excerpt quoted, and a second one when it adds what the first leaves out."""
    first = evidence[0]
    quotes = [Checked(quoted(first, 32, several=several), (first,))]
    missing = set(intent.terms.stems) - set(content_stems(first.whole if first.kind == "transcript" else first.text))
    bare = first.kind == "visual" and len(first.text.split()) < BARE_WORDS
    for other in evidence[1:]:
        near = other.number > len(scores) or scores[other.number - 1] >= NEARLY * scores[0]
        # A bare heading tells when, not what: what was said under it does.
        under = bare and other.kind == "transcript" and 0 <= other.span.start_s - first.span.start_s < UNDER_S
        adds = near and len(missing & set(content_stems(other.text))) * 2 > len(missing)
        if under or adds:
            quotes.append(Checked(quoted(other, 24, several=several), (other,)))
            break
    return quotes


def _repeats(text: str, said: Sequence[str]) -> bool:
    new = set(content_stems(text))
    return any(len(new & set(content_stems(old))) >= 0.8 * len(new) for old in said)


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
        near = ", ".join(f"{e.mark(several=several)} {glimpse(e.text, 8)}" for e in list(evidence)[:3])
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
