"""Narrow questions: the moments that fit best, and sentences that were checked against them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from seehear import prompts
from seehear.answer.evidence import Checked, Evidence, Told, examine, gather, sentences_of, shorten
from seehear.answer.inquiry import Inquiry
from seehear.answer.pairs import both_sides
from seehear.answer.pointing import point
from seehear.answer.refusal import features, fits, mode, probability, threshold
from seehear.answer.wording import glimpse, opening, quoted
from seehear.backends.protocols import Embedder, Message
from seehear.fences import plain
from seehear.search import Found, find
from seehear.search.moments import same
from seehear.search.route import Intent
from seehear.search.terms import content_stems
from seehear.spans import Span
from seehear.store import Store
from seehear.units import Unit
from seehear.values import Answer, Moment, Weighed
from seehear.words import count, joined

MOST_SENTENCES = 2
MOST_TOKENS = 160
EVIDENCE_COUNT = 3
BARE_WORDS = 8
UNDER_S = 30.0
ABOUT_COSINE = 0.45
SURE = 0.8
NEARLY = 0.8
EVIDENCE_WORDS = (55, 40, 25)
"""Words of the first, second and third excerpt that a model reads: reading is most of the wait for its first word."""


def answer_narrowly(inquiry: Inquiry) -> Answer:
    """Answer one question about something from the moments that fit it best.

    Each written sentence is checked against its evidence; without a writer, and where nothing that was written holds,
    the best evidence is quoted. Raises BackendError.
    """
    intent, trace, across = inquiry.intent, inquiry.trace, bool(inquiry.tongue.compared_by)
    found = find(
        inquiry.store, inquiry.embedder, intent, query=inquiry.read_as, media=inquiry.media, limit=inquiry.limit,
        reranker=inquiry.reranker,
    )  # fmt: skip
    if not fits(found.signal, embedder=found.compared_by, across=across) and _stands_on_a_slide(inquiry):
        trace.step("Nothing that is said fits, but what was on screen holds all the words asked about.")
        return answer_narrowly(replace(inquiry, intent=replace(intent, route="shown")))
    sides = both_sides(inquiry)
    others = (m for m in found.moments if not any(same(m, side) for side in sides))
    shown = [*sides, *others][: max(inquiry.limit, len(sides))]
    evidence = gather(shown, limit=EVIDENCE_COUNT)
    wanted = intent.want == "when" and not intent.first
    if evidence and (wanted or count(evidence[0].text) < BARE_WORDS):
        evidence = _with_speech(inquiry.store, intent, found.moments[0], evidence)
    behind = _behind(inquiry, evidence)
    inquiry.show(shown)
    likely = probability(found.signal, embedder=found.compared_by, across=across)
    trace.weighed = _weighed(found)
    trace.likelihood, trace.threshold = likely, threshold()
    trace.features = features(found.signal, mode=mode(found.signal, embedder=found.compared_by, across=across))
    if found.signal.hours > 1.0:
        trace.features["hours"] = found.signal.hours
    if found.signal.exact:
        trace.step("A string of the question was found exactly as typed: answered however likely it is.")
    if not evidence or not fits(found.signal, embedder=found.compared_by, across=across):
        return _refuse(inquiry, found, evidence)
    told = _tell(inquiry, found, evidence, behind, sure=found.signal.exact or likely >= SURE, sides=len(sides))
    if told is None:
        return _refuse(inquiry, found, evidence)
    return inquiry.done(shown, [e.citation for one in told for e in one.evidence])


def _stands_on_a_slide(inquiry: Inquiry) -> bool:
    """Whether all that a question about what is said is about was on screen at once: one talks about headings, too."""
    intent = inquiry.intent
    if intent.route != "said" or not intent.terms.stems or inquiry.tongue.compared_by:
        return False
    found = find(
        inquiry.store, inquiry.embedder, replace(intent, route="shown"), query=inquiry.read_as, media=inquiry.media,
        limit=1,
    )  # fmt: skip
    fit = bool(found.moments) and fits(found.signal, embedder=found.compared_by)
    return fit and set(intent.terms.stems) <= set(content_stems(found.moments[0].text))


def _tell(
    inquiry: Inquiry, found: Found, evidence: Sequence[Evidence], behind: Mapping[str, Sequence[Unit]], *, sure: bool,
    sides: int,
) -> list[Told] | None:  # fmt: skip
    """Say what answers the question; None where the writer finds nothing in evidence that is not `sure` to answer.

    The first `sides` excerpts are about one of two things each that are compared: both are quoted.
    """
    several, trace, said = inquiry.several, inquiry.trace, list[Told]()

    def tell(told: Told) -> None:
        if inquiry.trace.absent and not said:
            inquiry.say.say(f"“{plain(inquiry.trace.absent)}” is neither said nor shown; the nearest in meaning:")
        said.append(told)
        inquiry.tell(told)

    lead = _lead(inquiry, evidence)
    if lead is not None and (sure or inquiry.writer is None):
        tell(lead)
    with closing(_write(inquiry, evidence, behind)) as written:
        # Who translates what is told may be the writer, and models on this machine give one reply at a time.
        for checked in written if inquiry.tongue.writer is None else list(written):
            if checked is None:
                # The model's word alone does not overrule a clear find.
                if not said and not sure:
                    trace.step("The model found no answer in the excerpts, and the find is not clear: refused.")
                    return None
                trace.step("The model found no answer in the excerpts; the find is clear, so it is quoted.")
                break
            if lead is not None and not said:
                tell(lead)
            if not _repeats(checked.text, said):
                tell(checked.told(several=several))
            if len(said) >= MOST_SENTENCES:
                break
    if not said:
        quotes = extract(inquiry.intent, evidence, scores=[m.score for m in found.moments], several=several)
        quotes = [quoted(e, 32, several=several) for e in evidence[:sides]] or quotes
        for told in quotes if lead is None else [lead]:
            tell(told)
    return said


def _lead(inquiry: Inquiry, evidence: Sequence[Evidence]) -> Told | None:
    """The sentence that answers "when", None where something else is asked."""
    if inquiry.intent.want != "when":
        return None
    # Its frame is English: a question in another language gets the time and the quote alone. What is mentioned
    # nowhere is not "first mentioned at".
    question = "" if inquiry.tongue.asked or inquiry.trace.absent else inquiry.read_as
    intent = replace(inquiry.intent, first=inquiry.intent.first and not inquiry.trace.absent)
    return opening(question, intent, evidence, several=inquiry.several)


def _weighed(found: Found) -> tuple[Weighed, ...]:
    parts = found.parts if len(found.parts) == len(found.moments) else [{} for _ in found.moments]
    reranked = found.reranked or [None] * len(found.moments)
    return tuple(Weighed(m, p, r) for m, p, r in zip(found.moments, parts, reranked, strict=True))


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
        and count(unit.text) > 4
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
    text = joined(u.text for u in chosen)
    part = shorten(text, 40)
    said = Evidence(
        2, first.media, first.title, "transcript", span, part, goes_on=count(part) < count(text)
    )  # fmt: skip
    others = [e for e in evidence[1:] if e.kind == "visual" or e.span.overlap_s(span) == 0]
    return [first, said, *(replace(e, number=n) for n, e in enumerate(others[: EVIDENCE_COUNT - 2], start=3))]


def extract(
    intent: Intent, evidence: Sequence[Evidence], *, scores: Sequence[float] = (), several: bool = False
) -> list[Told]:
    """The answer without a model: the best excerpt quoted, and a second one when it adds what the first leaves out."""
    first = evidence[0]
    quotes = [quoted(first, 32, several=several)]
    missing = set(intent.terms.stems) - set(content_stems(first.whole if first.kind == "transcript" else first.text))
    bare = first.kind == "visual" and count(first.text) < BARE_WORDS
    for other in evidence[1:]:
        near = other.number > len(scores) or scores[other.number - 1] >= NEARLY * scores[0]
        # A bare heading tells when, not what: what was said under it does.
        under = bare and other.kind == "transcript" and 0 <= other.span.start_s - first.span.start_s < UNDER_S
        adds = near and len(missing & set(content_stems(other.text))) * 2 > len(missing)
        if under or adds:
            quotes.append(quoted(other, 24, several=several))
            break
    return quotes


def _repeats(text: str, said: Sequence[Told]) -> bool:
    new = set(content_stems(text))
    return any(len(new & set(content_stems(old.text))) >= 0.8 * len(new) for old in said)


def _write(
    inquiry: Inquiry, evidence: Sequence[Evidence], behind: Mapping[str, Sequence[Unit]]
) -> Generator[Checked | None, None, None]:
    """What the model writes, sentence by sentence, as far as it holds; None where it says that nothing is found."""
    question, embedder, trace = inquiry.read_as, inquiry.embedder, inquiry.trace
    if inquiry.writer is None:
        return
    messages = [Message(role, text) for role, text in prompts.answer(question, [_excerpt(e) for e in evidence])]
    kept = 0
    with closing(sentences_of(inquiry.writer.stream(messages, max_tokens=MOST_TOKENS))) as written:
        for sentence in written:
            if prompts.NOT_FOUND.lower() in sentence.lower():
                yield None
                return
            checked, reason = examine(sentence, evidence, embedder=embedder, question=question)
            if checked is not None and kept and not _concerns(checked.text, question, embedder):
                checked, reason = None, "not about what was asked"
            trace.judge(plain(sentence), reason, kept=checked is not None)
            if checked is None:
                continue
            yield _pointed(inquiry, checked, behind)
            kept += 1
            if kept >= MOST_SENTENCES:
                return


def _behind(inquiry: Inquiry, evidence: Sequence[Evidence]) -> dict[str, list[Unit]]:
    """All units of the recordings that a writer may cite, by id, so that what it writes can be pointed at them."""
    if inquiry.writer is None:
        return {}
    cited = {e.media for e in evidence}
    stored = {row.id: inquiry.store.units(row.number) for row in inquiry.rows if row.id in cited}
    return {media: [units[i] for i in sorted(units)] for media, units in stored.items()}


def _pointed(inquiry: Inquiry, checked: Checked, behind: Mapping[str, Sequence[Unit]]) -> Checked:
    """The sentence with the very words that hold it as evidence."""
    for media in dict.fromkeys(e.media for e in checked.evidence):
        checked = point(checked, behind[media], media, question=inquiry.read_as)
    return checked


def _concerns(text: str, question: str, embedder: Embedder | None) -> bool:
    """Tell whether a further sentence is still about what was asked: a small model likes to read on."""
    if set(content_stems(text)) & set(content_stems(question)):
        return True
    if embedder is None:
        return False
    rows = embedder.embed([text, question])
    return float(rows[0] @ rows[1]) >= ABOUT_COSINE


def _excerpt(evidence: Evidence) -> str:
    words = EVIDENCE_WORDS[min(evidence.number, len(EVIDENCE_WORDS)) - 1]
    if evidence.kind == "transcript":
        return f"said: {shorten(evidence.text, words)}"
    shown = shorten(evidence.text, words)
    left = words - count(shown)
    meanwhile = f" | said meanwhile: {shorten(evidence.meanwhile, left)}" if evidence.meanwhile and left > 12 else ""
    return f"on screen: {shown}{meanwhile}"


def _refuse(inquiry: Inquiry, found: Found, evidence: Sequence[Evidence]) -> Answer:
    several, say = inquiry.several, inquiry.say
    what = "recordings do" if several else "recording does"
    covered = f"the {what} not seem to cover this{inquiry.where}."
    say.say(f"As far as words tell, {covered}" if inquiry.tongue.caveat else covered[:1].upper() + covered[1:])
    if evidence:
        near = ", ".join(f"{e.mark(several=several)} {glimpse(e.text, 8)}" for e in list(evidence)[:3])
        say.say(f"Nearest moments: {near}")
    return inquiry.done(found.moments, (), supported=False)
