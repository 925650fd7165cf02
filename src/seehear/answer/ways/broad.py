"""Broad questions: the topics of a recording with their times, a summary of the whole or of a part of it, or both."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seehear import prompts
from seehear.answer.evidence import Checked, Evidence, cut_off, examine, sentences_of, shorten
from seehear.answer.inquiry import Inquiry, Trace
from seehear.answer.outline import Topic, topics
from seehear.answer.summing import central, nearest_whole, recap
from seehear.backends.protocols import Answerer, Embedder, Message
from seehear.fences import plain
from seehear.search.outlooks import looks_ahead
from seehear.search.route import Intent
from seehear.spans import Span, clock
from seehear.store import MediaRow
from seehear.timeline import Timeline
from seehear.units import Cut
from seehear.values import Answer, Citation, Moment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PART_TOKENS = 700
QUOTED_WORDS = 40
MOST_WRITTEN = 8
"""So many recordings a model sums up; the embedded one takes 17 s of one core for a talk of four parts, and
several times that for an hour."""
MOST_RECORDINGS = 40
"""So many are looked at; one of an hour takes a tenth of a second, before anything is shown."""
MOST_TOPICS = 240
"""Topics that are listed and shown as moments, in all recordings together."""
MOST_NAMED = 10
FEWEST_RECAP = 3
MOST_RECAP = 8
MOST_OPENING = 2
MOST_TOKENS = 220
_POINTS_BACK = re.compile(r"\s*(?:it|its|they|their|this|these|those|he|she|such)\b", re.IGNORECASE)


def answer_broadly(inquiry: Inquiry) -> Answer | None:
    """Answer from the whole timeline of each media; the moments go out before a word is written.

    None where something narrower is asked.
    """
    intent, say = inquiry.intent, inquiry.say.say
    if intent.want != "broad":
        return None
    works = [_look(inquiry, row) for row in inquiry.rows[:MOST_RECORDINGS]]
    most = MOST_TOPICS // max(1, len(works))
    moments = tuple(
        moment
        for work in works
        for moment in sorted((_moment(work, t) for t in work.listed[:most]), key=lambda m: not looks_ahead(m.text))
    )
    inquiry.show(moments)
    citations: list[Citation] = []
    for place, work in enumerate(works):
        if not work.made.units:
            continue
        if inquiry.several:
            title = plain(work.row.title)
            say(f"\n{title}\n" if inquiry.say.text else f"{title}\n")
        if intent.list_:
            citations += _say_list(work, intent, say, most=most)
        if intent.summary:
            writer = inquiry.writer if place < MOST_WRITTEN else None
            citations += _say_summary(work, inquiry, writer, after_list=intent.list_)
    if not citations:
        say("Nothing was said or shown that could be outlined.")
    _say_bounds(inquiry, written=intent.summary and inquiry.writer is not None)
    return inquiry.done(moments, citations, supported=bool(citations))


def _say_bounds(inquiry: Inquiry, *, written: bool) -> None:
    """Tell of which recordings the answer was made, where it was not made of all of them alike."""
    rows, say = inquiry.rows, inquiry.say.say
    if written and len(rows) > MOST_WRITTEN:
        quoted = min(len(rows), MOST_RECORDINGS) - MOST_WRITTEN
        say(f"\n(The first {MOST_WRITTEN} of {len(rows)} recordings are put into words, the next {quoted} quoted.)\n")
    left = rows[MOST_RECORDINGS:]
    if left:
        names = ", ".join(plain(row.title) for row in left[:MOST_NAMED])
        beyond = f" and {len(left) - MOST_NAMED} others" if len(left) > MOST_NAMED else ""
        one = "recording is" if len(left) == 1 else "recordings are"
        say(f"\n({len(left)} more {one} left out: {names}{beyond}. Ask about one of them alone.)\n")


@dataclass(frozen=True, slots=True)
class _Work:
    row: MediaRow
    timeline: Timeline
    made: Cut
    topics: tuple[Topic, ...]
    listed: tuple[Topic, ...]
    told: Span  # what a summary is made from
    leaders: dict[int, tuple[int, ...]]  # topic's place -> its central units
    vectors: NDArray[np.float32] | None

    def inside(self, units: Sequence[int]) -> tuple[int, ...]:
        """Those of some units that a summary may be made from: a topic may go on beyond the stretch."""
        spans = ((i, self.made.units[i].span) for i in units)
        return tuple(i for i, span in spans if span.overlap_s(self.told) > 0 or self.told.contains(span.start_s))


def _look(inquiry: Inquiry, row: MediaRow) -> _Work:
    store, intent, embedder = inquiry.store, inquiry.intent, inquiry.embedder
    timeline = store.timeline(row.id)
    made = Cut(tuple(store.units(row.number).values()), (), ())
    vectors = store.unit_vectors(row.number)
    same_space = embedder is not None and row.embedder == embedder.card.name
    everything = tuple(topics(timeline, made, vectors, embedder if same_space else None))
    whole = Span(0.0, max(row.duration_s, everything[-1].span.end_s if everything else 0.0))
    span = intent.span(whole.duration_s) or whole
    listed = tuple(
        t for t in everything if span.contains(t.span.start_s) or t.span.overlap_s(span) > 0.6 * t.span.duration_s > 0
    ) or tuple(t for t in everything if t.span.overlap_s(span) > 0)
    # "List the concepts of the early part and summarise the lecture": the stretch belongs to the list.
    work = _Work(row, timeline, made, everything, listed, whole if intent.list_ else span, {}, vectors)
    for place, topic in enumerate(everything):
        work.leaders[place] = tuple(central(made, vectors, work.inside(topic.units), count=1))
    return work


def _moment(work: _Work, topic: Topic) -> Moment:
    """A topic as far as it lies in the stretch that is told of; a list names it from where it begins."""
    inside = work.inside(topic.units) or topic.units
    said = [work.made.units[i].text for i in inside if work.made.units[i].kind == "transcript"]
    shown = [work.made.units[i].text for i in inside if work.made.units[i].kind == "visual"]
    frames = [work.made.units[i].frame for i in inside if work.made.units[i].frame]
    kind = "visual" if _first(work, topic) == "visual" else "transcript"
    start_s = max(topic.span.start_s, work.told.start_s)
    span = Span(start_s, max(start_s, min(topic.span.end_s, work.told.end_s)))
    return Moment(
        work.row.id, work.row.title, span, "visual" if kind == "visual" else "transcript", topic.title, 1.0,
        shorten(" ".join(said), 60), shorten("\n".join(shown), 60), frames[0] if frames else "",
    )  # fmt: skip


def _first(work: _Work, topic: Topic) -> str:
    return work.made.units[topic.units[0]].kind if topic.units else "transcript"


def _say_list(work: _Work, intent: Intent, say: Callable[[str], None], *, most: int) -> list[Citation]:
    citations = []
    say(f"{_part(intent)} {len(work.listed)} topic{'s' if len(work.listed) != 1 else ''}:\n")
    for topic in work.listed[:most]:
        say(f"- [{clock(topic.span.start_s)}] {plain(topic.title)}\n")
        place = work.topics.index(topic)
        held = work.leaders.get(place) or topic.units[:1]
        if held:
            unit = work.made.units[held[0]]
            citations.append(Citation(work.row.id, unit.span, unit.text))
    if len(work.listed) > most:
        say(f"And {len(work.listed) - most} more.\n")
    return citations


def _part(intent: Intent) -> str:
    stretch = intent.stretch
    if stretch is None:
        return "The recording has" if intent.within is None else "That part of the recording has"
    if stretch.start_s is not None or stretch.end_s is not None:
        return "That part of the recording has"
    middle = ((stretch.start_part or 0.0) + (1.0 if stretch.end_part is None else stretch.end_part)) / 2
    return f"The {'early' if middle < 0.4 else 'later' if middle > 0.6 else 'middle'} part has"


def _say_summary(work: _Work, inquiry: Inquiry, answerer: Answerer | None, *, after_list: bool) -> list[Citation]:
    intent, say = inquiry.intent, inquiry.say.say
    chosen = work.topics if after_list else [t for t in work.topics if work.inside(t.units)] or work.listed
    evidence = _summary_evidence(work, [work.topics.index(t) for t in chosen])
    if not evidence:
        return []
    if after_list:
        say("\nSummary:\n")
    sentences: list[Checked] = []
    back = _looking_back(work, chosen)
    if answerer is not None:
        # One prompt when the topics are few; a time bound when they are many.
        words = QUOTED_WORDS if back else max(18, min(QUOTED_WORDS, 420 // len(evidence)))
        sentences = _phrase(back or evidence, words, inquiry.embedder, answerer, intent.sentences, inquiry.trace)
    if len(sentences) < min(2, intent.sentences):
        used = {e.span for sentence in sentences for e in sentence.evidence}
        left = [e for e in evidence if e.span not in used]
        sentences += _quote(work, chosen, left, intent.sentences - len(sentences), used=used)
    for sentence in sentences:
        inquiry.tell(sentence.told(several=False))
    say(f"\n({_coverage(work, chosen, looking_back=bool(back))}.)\n")
    return [e.citation for sentence in sentences for e in sentence.evidence]


def _coverage(work: _Work, chosen: Sequence[Topic], *, looking_back: bool) -> str:
    """How much of the recording a summary was made from, and what of it could not be seen or heard."""
    start_s, end_s = chosen[0].span.start_s, max(t.span.end_s for t in chosen)
    span = Span(max(start_s, work.told.start_s), max(start_s, min(end_s, work.told.end_s)))
    parts = "one part" if len(chosen) == 1 else f"{len(chosen)} parts"
    told = f"Covers {clock(span.start_s)}–{clock(span.end_s)} in {parts}"
    if looking_back:
        told += ", by its beginning and what is said on looking back"
    missing = sum(gap.span.overlap_s(span) > 0 for gap in work.timeline.gaps)
    return f"{told}; {missing} stretches of it could not be seen or heard" if missing else told


def _summary_evidence(work: _Work, places: Sequence[int]) -> list[Evidence]:
    found: list[Evidence] = []
    for place in places:
        topic = work.topics[place]
        held = work.leaders.get(place) or work.inside(topic.units)[:1]
        if not held:
            continue
        unit = work.made.units[held[0]]
        found.append(
            Evidence(len(found) + 1, work.row.id, work.row.title, unit.kind, unit.span, unit.text, topic.title)
        )  # fmt: skip
    return found


def _looking_back(work: _Work, chosen: Sequence[Topic]) -> list[Evidence]:
    """How the recording begins and what it says when it looks back, where it does: little to read, and all of it."""
    back = work.inside(recap(work.made, chosen))[:MOST_RECAP]
    opens = [work.topics.index(t) for t in chosen[:MOST_OPENING]]
    opening = [i for place in opens for i in work.leaders.get(place, ())[:1]]
    if len(back) < FEWEST_RECAP:
        return []
    found = []
    for number, i in enumerate(sorted({*opening, *back}), start=1):
        unit = work.made.units[i]
        found.append(Evidence(number, work.row.id, work.row.title, unit.kind, unit.span, unit.text, unit.title))
    return found


def _quote(
    work: _Work, parts: Sequence[Topic], evidence: Sequence[Evidence], count: int, *, used: set[Span]
) -> list[Checked]:
    """Without a model: what the recording says itself when it looks back, else its most central sentences."""
    back = [i for i in work.inside(recap(work.made, parts)) if work.made.units[i].span not in used]
    chosen = central(work.made, work.vectors, back, count=count) if len(back) >= count else []
    if len(chosen) < count:
        spans = {e.span for e in evidence}
        leaders = [
            i for i, u in enumerate(work.made.units)
            if u.span in spans and u.kind == "transcript" and any(u.text.startswith(e.text[:20]) for e in evidence)
        ]  # fmt: skip
        inside = [i for part in parts for i in work.inside(part.units) if work.made.units[i].span not in used]
        few = len(leaders) < count <= len(inside)
        chosen = (central if few else nearest_whole)(work.made, work.vectors, inside if few else leaders, count=count)
    found = []
    for number, i in enumerate(chosen, start=1):
        unit = work.made.units[i]
        found.append(_quoted(Evidence(number, work.row.id, work.row.title, unit.kind, unit.span, unit.text)))
    return found


def _quoted(evidence: Evidence) -> Checked:
    return Checked(f"“{plain(cut_off(evidence.text, QUOTED_WORDS))}”", (evidence,))


def _phrase(
    evidence: Sequence[Evidence], words: int, embedder: Embedder | None, answerer: Answerer, count: int, trace: Trace
) -> list[Checked]:
    """Let the model put it into words; in parts when it is long: sentences on each part first, then on those.

    It reads at most so many `words` of each excerpt.
    """
    parts = _parts(evidence, words, answerer)
    if len(parts) == 1:
        return _ask_for(parts[0], words, embedder, answerer, count, trace)
    kept: list[Checked] = []
    for part in parts:
        kept += _ask_for(part, words, embedder, answerer, 2, trace) or [_quoted(part[0])]
    if len(kept) <= count:
        return kept
    # The sentences that held become the evidence of the last step; each still points to where it came from.
    origin = dict(enumerate(kept, start=1))
    again = [
        Evidence(n, c.evidence[0].media, c.evidence[0].title, c.evidence[0].kind, c.evidence[0].span, c.text)
        for n, c in origin.items()
    ]
    final = _phrase(again, QUOTED_WORDS, embedder, answerer, count, trace) if len(again) < len(evidence) else []
    traced = []
    for sentence in final or [Checked(c.text, (again[n - 1],)) for n, c in list(origin.items())[:count]]:
        sources = [e for use in sentence.evidence for e in origin[use.number].evidence]
        traced.append(Checked(sentence.text, tuple(dict.fromkeys(sources))[:3]))
    return traced


def _parts(evidence: Sequence[Evidence], words: int, answerer: Answerer) -> list[list[Evidence]]:
    parts: list[list[Evidence]] = [[]]
    used = 0
    for item in evidence:
        cost = answerer.count_tokens(shorten(item.text, words)) + 6
        if parts[-1] and used + cost > PART_TOKENS:
            parts.append([])
            used = 0
        parts[-1].append(item)
        used += cost
    return parts


def _excerpt(evidence: Evidence, words: int) -> str:
    text = shorten(evidence.text, words)
    return f"{evidence.meanwhile}: {text}" if evidence.meanwhile else text


def _ask_for(
    part: Sequence[Evidence], words: int, embedder: Embedder | None, answerer: Answerer, count: int, trace: Trace
) -> list[Checked]:
    local = [Evidence(n, e.media, e.title, e.kind, e.span, e.text, e.meanwhile) for n, e in enumerate(part, start=1)]
    back = dict(enumerate(part, start=1))
    excerpts = [_excerpt(e, words) for e in local]
    messages = [Message(role, text) for role, text in prompts.summary(excerpts, sentences=count)]
    found: list[Checked] = []
    dropped = False
    with closing(sentences_of(answerer.stream(messages, max_tokens=MOST_TOKENS))) as written:
        for sentence in written:
            checked, reason = examine(sentence, local, embedder=embedder, most=6)
            # "It has types" says nothing when the sentence that told what "it" is had to go.
            hangs = dropped and _POINTS_BACK.match(sentence) is not None
            reason = "continues a sentence that was dropped" if checked is not None and hangs else reason
            if checked is not None and any(checked.text == before.text for before in found):
                trace.judge(plain(sentence), "is told already", kept=False)  # a small model begins anew
                continue
            trace.judge(plain(sentence), reason, kept=checked is not None and not hangs)
            dropped = checked is None or hangs
            if checked is not None and not hangs:
                found.append(Checked(checked.text, tuple(back[e.number] for e in checked.evidence)))
            if len(found) >= count:
                break
    return found
