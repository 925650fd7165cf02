"""Questions about recordings themselves: how long, how many, which is the longest, in which language, who speaks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from seehear.answer.inquiry import Inquiry
from seehear.answer.place import citation, mark, moment, units_of
from seehear.answer.subject import bare
from seehear.fences import plain
from seehear.language import NAMES, language_of_all
from seehear.spans import clock
from seehear.store import MediaRow
from seehear.values import Answer, Citation, Moment

MOST = 40
SAMPLED = 60
"""Sentences by whose words a language is told where no one stated it."""
_ONE = r"(?:video|lecture|talk|recording|presentation|clip|lesson|session|episode|course|file|film)"
_IT = rf"(?:it|they|(?:(?:the|this|that|these|those|my|your|all|all\ the)\ )?(?:whole\ |entire\ )?{_ONE}s?)"
_TOTAL = r"(?:\ (?:in\ (?:all|total|minutes|seconds|hours)|altogether|together))*"
_HELD = r"(?:are\ (?:there|here|indexed|stored)|(?:do|can|have)\ (?:i|we|you)\b.*|in\ (?:the|this|my)\ library)"
_THERE = rf"(?:\ {_HELD})*{_TOTAL}"
_FLAGS = re.IGNORECASE | re.VERBOSE
_LENGTH = re.compile(
    rf"""^(?:and\ )?how\ (?:long|many\ (?:minutes|seconds|hours)(?:\ long)?)\ (?:is|are|was|were|does|do|did)\ {_IT}
        (?:\ (?:last|run|go\ on|take))?{_TOTAL}$
    |\b(?:duration|length|running\ time)\ of\ {_IT}$""",
    _FLAGS,
)
_COUNT = re.compile(rf"^(?:and\ )?how\ many\ {_ONE}s{_THERE}$", _FLAGS)
_LIST = re.compile(
    rf"^(?:(?:list|show|name)(?:\ me)?|which|what)(?:\ all)?(?:\ (?:the|my|your))?\ {_ONE}s{_THERE}$", _FLAGS
)
_EXTREME = re.compile(
    rf"""^(?:which|what)(?:\ {_ONE})?\ (?:is|are)\ (?:the\ )?(?:longest|shortest)(?:\ {_ONE}|\ one|\ of\ (?:them|all))?$
    |^(?:how\ long\ is\ )?(?:the\ )?(?:longest|shortest)\ {_ONE}$""",
    _FLAGS,
)
_LANGUAGE = re.compile(
    rf"""^(?:in\ )?(?:what|which)\ (?:spoken\ )?languages?\ (?:is|are|was|do|does|did)
        \ (?:{_IT}|he|she|the\ (?:speaker|lecturer|teacher|professor)|spoken)
        (?:\ (?:in|spoken|held|given|speak|use|talk|recorded))*
        (?:\ {_IT})?$
    |^language\ of\ {_IT}$""",
    _FLAGS,
)
_SPEAKER = re.compile(
    rf"""^who(?:['’]s|\ is|\ are|\ was)?\ (?:the\ )?
        (?:(?:speak|talk|present|teach|lectur)(?:s|ing|ers?|ed)?|professors?|instructors?)
        (?:\ (?:here|in|of|{_IT}))*$
    |^(?:list\ the|which|what|how\ many)\ (?:different\ )?(?:speakers|people|persons|voices)
        (?:\ (?:are|is|there|speak|speaking|talk|talking|in|heard|{_IT}))*$""",
    _FLAGS,
)
What = Literal["length", "list", "longest", "shortest", "language", "speakers"]


@dataclass(frozen=True, slots=True)
class Fact:
    """What is wanted to know of the recordings."""

    what: What


def read_fact(text: str) -> Fact | None:
    """Which fact about recordings a question asks for, None where it asks for what they hold."""
    asked = bare(text)
    if _LENGTH.search(asked):
        return Fact("length")
    if _COUNT.match(asked) or _LIST.match(asked):
        return Fact("list")
    if extreme := _EXTREME.match(asked):
        return Fact("longest" if "longest" in extreme.group().lower() else "shortest")
    if _LANGUAGE.match(asked):
        return Fact("language")
    return Fact("speakers") if _SPEAKER.match(asked) else None


def answer_fact(inquiry: Inquiry) -> Answer | None:
    """Tell it from what the library knows; None where it does not, and something may be said about it."""
    fact = read_fact(inquiry.read_as)
    if fact is None:
        return None
    rows, say = inquiry.rows, inquiry.say.say
    if not rows:
        return None
    if fact.what == "speakers":
        return _speakers(inquiry)
    if fact.what == "language":
        found = [(row, _language(inquiry, row)) for row in rows[:MOST]]
        if not any(language for _, language in found):
            return None
        inquiry.show(())
        if len({language for _, language in found}) == 1:
            which = (
                f"All {len(rows)} recordings are" if len(rows) == len(found) > 1 else f"{_name(inquiry, rows[0])} is"
            )
            say(f"{which} in {found[0][1]}.")
            return inquiry.done((), ())
        lines = [f"{_name(inquiry, row)} is in {language or 'a language that is not known'}" for row, language in found]
        _lines(inquiry, "They are in several languages:", lines, left=len(rows) - len(found))
        return inquiry.done((), ())
    inquiry.show(())
    if fact.what in ("longest", "shortest") and len(rows) > 1:
        row = (max if fact.what == "longest" else min)(rows, key=lambda row: row.duration_s)
        say(f"“{plain(row.title)}” is the {fact.what} of {len(rows)} recordings: it lasts {clock(row.duration_s)}.")
        return inquiry.done((), ())
    lines = [f"{_name(inquiry, row)} lasts {clock(row.duration_s)}" for row in rows[:MOST]]
    total = clock(sum(row.duration_s for row in rows))
    head = f"{len(rows)} recordings, {total} in all:" if inquiry.several else ""
    if fact.what == "list" and not inquiry.several:
        head = "One recording:"
        lines = [f"{plain(rows[0].title)} lasts {clock(rows[0].duration_s)}"]
    _lines(inquiry, head, lines, left=len(rows) - len(lines))
    return inquiry.done((), ())


def _name(inquiry: Inquiry, row: MediaRow) -> str:
    return plain(row.title) if inquiry.several else "The recording"


def _lines(inquiry: Inquiry, head: str, lines: Sequence[str], *, left: int) -> None:
    if head:
        inquiry.say.say(head)
    for line in lines:
        inquiry.say.say(f"\n- {line}" if len(lines) > 1 else f"{line}.")
    if left > 0:
        inquiry.say.say(f"\nAnd {left} more.")


def _language(inquiry: Inquiry, row: MediaRow) -> str:
    """The name of the language that is stated for a recording, else of the one its words are in; empty if neither."""
    spoken = (unit.text for unit in units_of(inquiry, row) if unit.kind == "transcript")
    code = row.language or language_of_all([text for _, text in zip(range(SAMPLED), spoken, strict=False)])
    return NAMES.get(code or "", code or "")


def _speakers(inquiry: Inquiry) -> Answer | None:
    """Who speaks, and from when, where captions name them."""
    places: dict[str, list[str]] = {}
    moments: list[Moment] = []
    citations: list[Citation] = []
    for row in inquiry.rows[:MOST]:
        starts: dict[str, float] = {}
        for event in inquiry.store.timeline(row.id).of_kind("transcript"):
            if event.speaker:
                starts.setdefault(event.speaker, event.span.start_s)
        among = units_of(inquiry, row)
        for name, start_s in starts.items():
            first = [u for u in among if u.kind == "transcript" and u.span.end_s > start_s][:1]
            moments += [moment(row, first, among)] if first else []
            citations += [citation(row, unit) for unit in first]
            places.setdefault(name, []).append(mark(row, start_s, several=inquiry.several))
    lines = [
        f"{plain(name)}, from {at[0]}" + (f", and in {len(at) - 1} more recordings" if len(at) > 1 else "")
        for name, at in places.items()
    ]
    if not lines:
        inquiry.trace.step("No captions name who speaks.")
        return None
    inquiry.show(moments)
    _lines(
        inquiry,
        "Named as speaking:" if len(lines) > 1 else "Named as speaking is",
        lines[:MOST],
        left=len(lines) - MOST,
    )
    return inquiry.done(moments[:MOST], citations[:MOST])
