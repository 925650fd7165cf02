"""One topic of the outline by its place, "what is the third topic?", and which of two things comes first."""

from __future__ import annotations

import re
from dataclasses import dataclass

from seehear.answer.evidence import cut_off
from seehear.answer.inquiry import Inquiry
from seehear.answer.neighbours import topic_called
from seehear.answer.outline import Topic, topics_of
from seehear.answer.place import citation, mark, moment
from seehear.answer.subject import bare, best_of
from seehear.fences import plain
from seehear.search.terms import EMPTY, content_stems
from seehear.store import MediaRow
from seehear.values import Answer, Citation, Moment
from seehear.words import words_of

QUOTED_WORDS = 24
_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NTH = re.compile(
    rf"^(?:and\s+)?(?:(?:what|which)(?:['’]?s|\s+is|\s+was|\s+are)?\s+)?the\s+({'|'.join(_PLACES)}|last|final)\s+"
    r"(?:topic|chapter|section|subject)(?:\s+(?:about|of\s+(?:the|this)\s+\w+))?$",
    re.IGNORECASE,
)
_VERB = r"(?:explained|covered|discussed|taught|introduced|treated|mentioned|shown|talked\ about)"
_FIRST = re.compile(
    rf"""^(?:which|what)(?:\ (?:one|of\ (?:them|these|the\ two)))?\ (?:(?:is|are|was|comes?|came)\ )?(?:{_VERB}\ )?
    (?:first|earlier|last|later)(?:\ {_VERB})?\s*[,:]?\ (.+?)\ or\ (.+)$""",
    re.IGNORECASE | re.VERBOSE,
)
_SIDE = r"(?:before\ or\ after|before|after|earlier\ than|later\ than)"
_BEFORE = re.compile(
    rf"""^(?:is|are|was|were)\ (.+?)\ {_VERB}\ {_SIDE}\ (.+?)(?:\ (?:is|are|was))?(?:\ {_VERB})?$
    |^(?:does|do|did)\ (.+?)\ come\ {_SIDE}\ (.+)$
    |^(?:is|are)\ (.+?)\ before\ or\ after\ (.+)$""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """The topic at `nth`, from 1, -1 for the last; or the order of two subjects."""

    nth: int = 0
    pair: tuple[str, str] | None = None


def read_place(text: str) -> Place | None:
    """Which topic by its place, or which of two things first, is asked for; None where something else is."""
    asked = bare(text)
    if match := _NTH.match(asked):
        name = match.group(1).lower()
        return Place(_PLACES.index(name) + 1 if name in _PLACES else -1)
    match = _FIRST.match(asked)
    pair = (match.group(1), match.group(2)) if match else None
    if pair is None and (match := _BEFORE.match(asked)):
        one, other = (side for side in match.groups() if side)
        pair = (one, other)
    if pair is None or not all(set(words_of(side)) - EMPTY for side in pair):
        return None
    return Place(pair=pair)


def answer_place(inquiry: Inquiry, place: Place) -> Answer | None:
    """Name the topic, or tell which comes first; None where one of the two is nowhere."""
    return _nth(inquiry, place.nth) if place.pair is None else _order(inquiry, *place.pair)


def _nth(inquiry: Inquiry, nth: int) -> Answer | None:
    row = inquiry.rows[0] if len(inquiry.rows) == 1 else None
    outline = topics_of(inquiry.store, row, inquiry.embedder) if row is not None else []
    if row is None or not outline:
        return None
    if nth > len(outline):
        inquiry.show(())
        inquiry.say.say(
            f"There are only {len(outline)} topics in its outline: {_called(row, outline[-1], inquiry)} is the last."
        )
        return inquiry.done((), (), supported=False)
    topic = outline[nth - 1 if nth > 0 else -1]
    units = list(inquiry.store.units(row.number).values())
    held = [units[i] for i in topic.units]
    said = next((unit for unit in held if unit.kind == "transcript"), None)
    moments = [moment(row, held[:1], units)] if held else []
    citations = [citation(row, unit) for unit in dict.fromkeys((*held[:1], *((said,) if said else ())))]
    inquiry.trace.step("It asks for a topic by its place: read from the outline.")
    inquiry.show(moments)
    end = mark(row, topic.span.end_s, several=False)
    quote = f": “{plain(cut_off(said.text, QUOTED_WORDS))}”" if said else "."
    name = "last" if nth < 0 else _PLACES[nth - 1]
    inquiry.say.say(f"The {name} of {len(outline)} topics is {_called(row, topic, inquiry)} to {end}{quote}")
    return inquiry.done(moments, citations)


def _called(row: MediaRow, topic: Topic, inquiry: Inquiry) -> str:
    return f"“{plain(topic.title)}” {mark(row, topic.span.start_s, several=inquiry.several)}"


def _order(inquiry: Inquiry, one: str, other: str) -> Answer | None:
    """Which of two things is explained first: by the topic that is called so, else by the moment that fits best."""
    if len(inquiry.rows) != 1:
        return None
    row = inquiry.rows[0]
    outline = topics_of(inquiry.store, row, inquiry.embedder)
    units = list(inquiry.store.units(row.number).values())
    places: list[tuple[str, Moment]] = []
    for subject in (one, other):
        at = topic_called(outline, frozenset(content_stems(subject)))
        if at is not None and outline[at].units:
            places.append((subject, moment(row, [units[outline[at].units[0]]], units)))
            continue
        best = best_of(inquiry, subject, route="both")
        if not best:
            return None
        places.append((subject, best[0]))
    places.sort(key=lambda held: held[1].start_s)
    (first, early), (second, late) = places
    if early.start_s == late.start_s:
        return None
    inquiry.trace.step("Which comes first was told by the topic that is called so, else by the moment that fits best.")
    inquiry.show([early, late])
    told = [f"“{plain(name)}” {mark(row, at.start_s, several=False)}" for name, at in ((first, early), (second, late))]
    inquiry.say.say(f"{told[0]} comes before {told[1]}, by where each is explained.")
    return inquiry.done([early, late], [Citation(m.media, m.span, m.text) for m in (early, late)])
