"""Questions about a stretch: one without a subject, "what is said between 3:00 and 3:30?", and one beyond the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from seehear.answer.evidence import cut_off
from seehear.answer.inquiry import Inquiry
from seehear.answer.place import citation, mark, moment, units_of
from seehear.answer.screens import cited, screens, seen, text_of
from seehear.answer.ways.broad import answer_broadly
from seehear.fences import plain, verbatim
from seehear.search.terms import EMPTY
from seehear.spans import clock
from seehear.store import MediaRow, Store
from seehear.values import Answer, Citation, Moment
from seehear.words import count

LONGEST_S = 120.0
"""Longer stretches are summed up instead of quoted."""
WORDS = 120
FEWEST_WORDS = 30
MOST_PICTURES = 8
"""Pictures of one recording that are quoted; of more it is said how many."""
MOST_RECORDINGS = 40
_TIME_ALONE = re.compile(r"[\[(]?\s*(\d{1,3}:[0-5]\d(?::[0-5]\d)?)\s*[\])]?\s*\??")
_OPEN = EMPTY | frozenset(
    """happen happened happening going goes half minutes seconds early late middle part half opening closing told
    thing things anything everything content contents seen heard hear
    board whiteboard blackboard display terminal picture
    one two three four five six seven eight nine ten fifteen twenty thirty forty""".split()  # noqa: SIM905 - as text it wraps
)


def as_place(text: str, store: Store, rows: Sequence[MediaRow]) -> str:
    """A question that is nothing but a time, "4:20", as that place; as it is where the time itself is said or shown."""
    match = _TIME_ALONE.fullmatch(text.strip())
    if match is None:
        return text
    time = match.group(1)
    if any(time in unit.text for row in rows for unit in store.units(row.number).values()):
        return text
    return f"at {time}"


def answer_outside(inquiry: Inquiry) -> Answer | None:
    """Tell that there is nothing in a stretch that no recording reaches; None where one does."""
    ends_s = [row.duration_s for row in inquiry.rows]
    if not inquiry.where or not ends_s or any(inquiry.span(row).start_s < row.duration_s for row in inquiry.rows):
        return None
    inquiry.show(())
    what = "the longest recording" if inquiry.several else "the recording"
    inquiry.say.say(f"There is nothing in that part: {what} ends at {clock(max(ends_s))}.")
    return inquiry.done((), (), supported=False)


def answer_stretch(inquiry: Inquiry) -> Answer | None:
    """Quote what is said and shown there, in order of time; sum it up where that would be long.

    None where no stretch is named, or a subject is.
    """
    if not _is_open(inquiry):
        return None
    if max(inquiry.span(row).duration_s for row in inquiry.rows) > LONGEST_S:
        inquiry.trace.step("A long stretch and no subject: summed up.")
        return answer_broadly(replace(inquiry, intent=replace(inquiry.intent, want="broad", summary=True)))
    inquiry.trace.step("A stretch and no subject: quoted as it stands.")
    route, several = inquiry.intent.route, inquiry.several
    moments: list[Moment] = []
    citations: list[Citation] = []
    lines: list[str] = []
    for row in inquiry.rows[:MOST_RECORDINGS]:
        among = units_of(inquiry, row)
        spoken = [unit for unit in among if unit.kind == "transcript"]
        if spoken and route != "shown":
            whole = moment(row, spoken, among)
            moments.append(whole)
            citations += [citation(row, unit) for unit in spoken]
            at = mark(row, whole.start_s, several=several)
            lines.append(f"Said from {at}: “{plain(_begun(whole.text, WORDS))}”")
        pictures = screens(inquiry, row) if route != "said" else []
        for event in pictures[:MOST_PICTURES]:
            moments.append(seen(row, event, among))
            citations.append(cited(row, event))
            at = mark(row, event.span.start_s, several=several)
            words = max(FEWEST_WORDS, WORDS // min(len(pictures), MOST_PICTURES))
            lines.append(f"On screen from {at}: “{verbatim(_begun(text_of(event), words))}”")
        if len(pictures) > MOST_PICTURES:
            lines.append(f"And {len(pictures) - MOST_PICTURES} more pictures.")
    inquiry.show(moments)
    if not lines:
        inquiry.say.say(f"Nothing is said or shown{inquiry.where}.")
    for line in lines:
        inquiry.say.say(f"\n{line}" if inquiry.say.text else line)
    if len(inquiry.rows) > MOST_RECORDINGS:
        inquiry.say.say(f"\n({len(inquiry.rows) - MOST_RECORDINGS} more recordings are left out.)")
    return inquiry.done(moments, citations, supported=bool(lines))


def _begun(text: str, words: int) -> str:
    """The beginning of a text, with an ellipsis wherever it is not all of it."""
    part = cut_off(text, words)
    return part if part.endswith("…") or count(part) == count(text) else f"{part} …"


def _is_open(inquiry: Inquiry) -> bool:
    """Tell whether a question names a stretch and no subject."""
    limited = any(inquiry.intent.span(row.duration_s) is not None for row in inquiry.rows)
    words = inquiry.intent.terms.words
    return limited and not inquiry.intent.terms.exact and all(word in _OPEN or not word.isalpha() for word in words)
