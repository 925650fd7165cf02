"""How long a recording speaks of something: by the topics of its outline, and by the sentences that are about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from seehear.answer.inquiry import Inquiry
from seehear.answer.outline import Topic, topics_of
from seehear.answer.place import citation, mark, moment, units_of
from seehear.answer.subject import TREATED, bare
from seehear.answer.ways.across import sentences_about
from seehear.fences import plain
from seehear.search.terms import EMPTY, content_stems
from seehear.spans import clock
from seehear.store import MediaRow
from seehear.values import Answer, Citation, Moment

MOST_RECORDINGS = 40
MOST = 8
_WHO = r"(?:\w+\s+){1,3}?"
_ASKED = re.compile(
    rf"""^(?:and\ )?(?:for\ )?how\ long\ (?:does|do|did|has|is|was)\ (?:{_WHO})?
        (?:talk|speak|talking|speaking|spend|go)\w*\ (?:about|of|on|over)\ (.+)$
    |^(?:and\ )?(?:for\ )?how\ long\ (?:is|are|was|were)\ (.+?)
        \ (?:{TREATED})$
    |^(?:and\ )?how\ (?:much\ time|many\ minutes|many\ seconds|long)\ (?:is|are|was|were|does|do|did)\ (?:{_WHO})?
        (?:spent|spend|devoted|given)\ (?:on|about|to|for|with)\ (.+)$
    |^(?:and\ )?how\ long\ (?:is|are|was|does)\ the\ (?:part|section|chapter|topic|bit|explanation)
        \ (?:about|on|of|called|with)\ (.+?)(?:\ last)?$
    |^(?:and\ )?(?:for\ )?how\ long\ (?:about|of)\ (.+)$
    |^(?:and\ )?(?:until\ )?when\ (?:does|do|did)\ (?:{_WHO})?(?:stop|finish|end)
        \ (?:talking|speaking)\ (?:about|of|on)\ (.+)$
    |^(?:and\ )?(?:until\ )?when\ (?:does|do|did)\ the\ (?:part|section|chapter|topic|bit|explanation)
        \ (?:about|on|of|called)\ (.+?)\ (?:end|stop|finish)$""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Lasting:
    """What it is that is spoken of."""

    subject: str


def read_lasting(text: str) -> Lasting | None:
    """Whether it is asked how long something is spoken of, None where something else is."""
    match = _ASKED.match(bare(text))
    if match is None:
        return None
    subject = next(group for group in match.groups() if group)
    words = [word for word in re.findall(r"\w+", subject.lower()) if word not in EMPTY]
    return Lasting(subject) if words else None


def answer_lasting(inquiry: Inquiry) -> Answer | None:
    """Name the topics that are called so with their lengths, and the sentences about it; None without either."""
    asked = read_lasting(inquiry.read_as)
    if asked is None:
        return None
    sought = set(content_stems(asked.subject))
    moments: list[Moment] = []
    citations: list[Citation] = []
    lines: list[str] = []
    for row in inquiry.rows[:MOST_RECORDINGS]:
        among = units_of(inquiry, row)
        spoken = sentences_about(inquiry, row, asked.subject)
        headed = any(sought <= set(content_stems(unit.title)) for unit in among)
        if not (spoken or headed) or len(lines) >= MOST:
            continue
        span = inquiry.span(row)
        outline = [t for t in topics_of(inquiry.store, row, inquiry.embedder) if t.span.overlap_s(span) > 0]
        called = [topic for topic in outline if sought <= set(content_stems(topic.title))]
        if not (called or spoken):
            continue
        lines.append(_line(row, called, len(spoken), sum(u.span.duration_s for u in spoken), inquiry))
        held = [u for u in among if called and called[0].span.contains(u.span.start_s)][:1] or spoken[:1]
        moments += [moment(row, held, among)] if held else []
        citations += [citation(row, unit) for unit in (*held, *spoken[:MOST])]
    if not lines:
        return None
    inquiry.trace.step("How long it is spoken of was read from the outline and from the sentences about it.")
    inquiry.show(moments)
    if len(lines) > 1:
        inquiry.say.say(f"“{plain(asked.subject)}” comes up in {len(lines)} recordings:")
    for line in lines:
        inquiry.say.say(f"\n- {line}" if len(lines) > 1 else line)
    return inquiry.done(moments, citations)


def _line(row: MediaRow, called: list[Topic], many: int, spoken_s: float, inquiry: Inquiry) -> str:
    name = f"{plain(row.title)}: " if inquiry.several else ""
    told = [
        f"“{plain(topic.title)}” lasts {_length(topic.span.duration_s)},"
        f" from {mark(row, topic.span.start_s, several=False)} to {mark(row, topic.span.end_s, several=False)}"
        for topic in called[:MOST]
    ]
    if many:
        sentences = "one sentence is" if many == 1 else f"{many} sentences are"
        told.append(f"{sentences} about it in all, by word or by meaning, {_length(spoken_s)}")
    line = "; ".join(told)
    return f"{name}{line if name else line[:1].upper() + line[1:]}."


def _length(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else clock(seconds)
