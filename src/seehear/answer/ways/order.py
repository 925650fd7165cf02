"""Questions of order: which topic is third, what comes before or after a subject, and which of two comes first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seehear.answer.evidence import cut_off
from seehear.answer.follow import Beside, FollowUp
from seehear.answer.inquiry import Inquiry
from seehear.answer.numbers import ORDINALS
from seehear.answer.outline import Topic, topics_of
from seehear.answer.place import citation, mark, moment
from seehear.answer.subject import TREATED, bare, best_of
from seehear.answer.ways.beside import answer_beside
from seehear.fences import plain
from seehear.search.terms import EMPTY, content_stems
from seehear.store import MediaRow
from seehear.units import Unit
from seehear.values import Answer, Citation, Moment
from seehear.words import words_of

MOST_RECORDINGS = 40
MOST = 8
QUOTED_WORDS = 24
_NTH = re.compile(
    rf"^(?:and\s+)?(?:(?:what|which)(?:['’]?s|\s+is|\s+was|\s+are)?\s+)?the\s+({'|'.join(ORDINALS)}|last|final)\s+"
    r"(?:topic|chapter|section|subject)(?:\s+(?:about|of\s+(?:the|this)\s+\w+))?$",
    re.IGNORECASE,
)
_VERB = rf"(?:{TREATED}|introduced|mentioned|shown)"
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
_ASIDE = re.compile(
    rf"""^(?:and\ )?(?:what|which\ (?:topic|concept|subject|chapter|section|slide|part))\ (?:topic\ )?
    (?:comes?|came|follows|(?:is|was)\ (?:{TREATED}|introduced|said)
    |(?:does|do|did|will)\ (?:\w+\ ){{1,2}}(?:explain|cover|discuss|teach|introduce|treat|talk\ about|turn\ to))
    \ (?:next\ |just\ |right\ |directly\ |immediately\ |straight\ )?(after|before)\ (.+)$
    |^(?:and\ )?what\ (follows|precedes)\ (?:after\ )?(.+)$""",
    re.IGNORECASE | re.VERBOSE,
)
_EXPLAINED = re.compile(rf"\s+(?:is|are|was|were)\s+{_VERB}$", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
_TIME = re.compile(r"\d:\d|\b(?:minutes?|seconds?)\b")


@dataclass(frozen=True, slots=True)
class Order:
    """The topic at `nth`, from 1, -1 for the last; or the order of two subjects."""

    nth: int = 0
    pair: tuple[str, str] | None = None


def read_order(text: str) -> Order | None:
    """Which topic by its place, or which of two things first, is asked for; None where something else is."""
    asked = bare(text)
    if match := _NTH.match(asked):
        name = match.group(1).lower()
        return Order(ORDINALS.index(name) + 1 if name in ORDINALS else -1)
    match = _FIRST.match(asked)
    pair = (match.group(1), match.group(2)) if match else None
    if pair is None and (match := _BEFORE.match(asked)):
        one, other = (side for side in match.groups() if side)
        pair = (one, other)
    if pair is None or not all(set(words_of(side)) - EMPTY for side in pair):
        return None
    return Order(pair=pair)


def answer_order(inquiry: Inquiry) -> Answer | None:
    """Name the topic, or tell which comes first; None where one of the two is nowhere."""
    asked = read_order(inquiry.read_as)
    if asked is None:
        return None
    return _nth(inquiry, asked.nth) if asked.pair is None else _earlier(inquiry, *asked.pair)


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
    name = "last" if nth < 0 else ORDINALS[nth - 1]
    inquiry.say.say(f"The {name} of {len(outline)} topics is {_called(row, topic, inquiry)} to {end}{_quote(said)}")
    return inquiry.done(moments, citations)


def _called(row: MediaRow, topic: Topic, inquiry: Inquiry) -> str:
    return f"“{plain(topic.title)}” {mark(row, topic.span.start_s, several=inquiry.several)}"


def _quote(said: Unit | None) -> str:
    return "." if said is None else f": “{plain(cut_off(said.text, QUOTED_WORDS))}”"


def _earlier(inquiry: Inquiry, one: str, other: str) -> Answer | None:
    """Which of two things is explained first: by the topic that is called so, else by the moment that fits best."""
    if len(inquiry.rows) != 1:
        return None
    row = inquiry.rows[0]
    outline = topics_of(inquiry.store, row, inquiry.embedder)
    units = list(inquiry.store.units(row.number).values())
    places: list[tuple[str, Moment]] = []
    for subject in (one, other):
        at = _topic_called(outline, frozenset(content_stems(subject)))
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


@dataclass(frozen=True, slots=True)
class Neighbour:
    """On which side of which subject to look."""

    before: bool
    stems: frozenset[str]
    subject: str = ""


def read_neighbour(text: str) -> Neighbour | None:
    """Whether a question asks what comes before or after a subject, None where it asks for something else."""
    match = _ASIDE.match(bare(text))
    if match is None:
        return None
    side, subject = (match[1], match[2]) if match[1] else (match[3], match[4])
    subject = _EXPLAINED.sub("", subject)
    words = [word for word in words_of(subject) if word not in EMPTY]
    if not words or _TIME.search(subject):
        return None
    return Neighbour(side.lower() in ("before", "precedes"), frozenset(content_stems(" ".join(words))), subject)


def answer_neighbour(inquiry: Inquiry) -> Answer | None:
    """Name the topic beside the one that is called so, else what is said beside the place; None where neither is."""
    asked = read_neighbour(inquiry.read_as)
    if asked is None:
        return None
    moments: list[Moment] = []
    citations: list[Citation] = []
    lines: list[str] = []
    for row in inquiry.rows[:MOST_RECORDINGS]:
        outline = topics_of(inquiry.store, row, inquiry.embedder)
        place = _topic_called(outline, asked.stems)
        if place is None or len(lines) >= MOST:
            continue
        units = list(inquiry.store.units(row.number).values())
        here = _called(row, outline[place], inquiry)
        other = place + (-1 if asked.before else 1)
        if not 0 <= other < len(outline):
            lines.append(f"{here} is the {'first' if asked.before else 'last'} topic.")
            continue
        beside = outline[other]
        said = next((units[i] for i in beside.units if units[i].kind == "transcript"), None)
        side = "Before" if asked.before else "After"
        lines.append(f"{side} {here} comes {_called(row, beside, inquiry)}{_quote(said)}")
        held = [units[i] for i in beside.units[:1]]
        moments += [moment(row, held, units)] if held else []
        citations += [citation(row, unit) for unit in (*held, said) if unit is not None]
    if not lines:
        return _beside_the_place(inquiry, asked)
    inquiry.trace.step("It asks for the topic beside another one: read from the outline.")
    inquiry.show(moments)
    for line in lines:
        inquiry.say.say(f"\n- {line}" if len(lines) > 1 else line)
    return inquiry.done(moments, citations)


def _beside_the_place(inquiry: Inquiry, asked: Neighbour) -> Answer | None:
    """What is said before or after the moment that fits the subject best; None where none is about it."""
    best = next(iter(best_of(inquiry, asked.subject)), None)
    if best is None:
        return None
    inquiry.trace.step("No topic is called so: what lies beside its best moment is quoted.")
    side: Beside = "before" if asked.before else "after"
    follow = FollowUp(inquiry.read_as, "", best.media, best.span, side, called=_ARTICLE.sub("", asked.subject))
    return answer_beside(replace(inquiry, follow=follow))


def _topic_called(outline: Sequence[Topic], stems: frozenset[str]) -> int | None:
    """The topic whose title holds all the words and the fewest others, the first of those that are alike."""
    titles = [set(content_stems(topic.title)) for topic in outline]
    return min((i for i, title in enumerate(titles) if stems <= title), key=lambda i: len(titles[i]), default=None)
