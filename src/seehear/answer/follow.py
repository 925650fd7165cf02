"""Follow-up questions: what "it", "before that" and a bare "why?" mean after the questions before.

Only words and places of the turns before are carried on, never their text as a whole: a conversation cannot smuggle
anything into a question that its words could not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from seehear.answer.numbers import ORDINALS
from seehear.search.chatter import CHATTER
from seehear.search.terms import EMPTY, STOP
from seehear.spans import Span
from seehear.values import Turn

Beside = Literal["before", "after", "then", "when", "why", "nth"]

LONGEST_TOPIC = 80
FEW_WORDS = 2
_WORD = re.compile(r"[^\W_]+")
_LEAD = re.compile(r"^\s*(?:(?:and|but|so|ok(?:ay)?|then|also|well|now|or)\b[\s,]*)+", re.IGNORECASE)
_BEFORE = re.compile(
    r"\b(?:(?:just|right|immediately|directly|shortly)\s+)?before\s+(?:that|this|then|it)\b|\b(?:just\s+)?before\s*$"
    r"|\bearlier\s*$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\b(?:(?:just|right|immediately|directly|shortly)\s+)?after\s+(?:that|this|it)\b|\bafter(?:wards?)?\s*$|\b(?:next|later|again)\s*$"
    r"|^(?:what then|then what|then)$"
    r"|^(?:go on|continue|(?:(?:tell (?:me|us)|say|explain) )?more)(?: about (?:it|that|this))?$",
    re.IGNORECASE,
)
_THEN = re.compile(
    r"\b(?:at\s+(?:that|the same)\s+(?:time|moment|point)|meanwhile|in the meantime)\b|\bthen\s*$", re.IGNORECASE
)
_SIDES: tuple[tuple[re.Pattern[str], Beside], ...] = ((_BEFORE, "before"), (_AFTER, "after"), (_THEN, "then"))
_WHEN = re.compile(
    r"^(?:when|where|at what (?:time|minute|second)|what time)(?:\s+exactly)?"
    r"(?:\s+(?:is|was|does|did)\s+(?:that|this|it|(?:she|he|they)\s+(?:say|said|mention|show)\s+(?:that|this|it)))?$",
    re.IGNORECASE,
)
_WHY = re.compile(
    r"^(?:why|how come|why not|what for|why is that|why is it|why is this|for what reason)$", re.IGNORECASE
)
_RECURS = re.compile(
    r"\b(?:it|this|that|they|these|those)\b.*?\b(?:mention\w*|com(?:e|es) (?:up|back)|appears?|occurs?)\b"
    r"|\b(?:mention|speak of|talk(?:s|ing)? (?:about|of))\s+(?:it|this|that|them|these|those)\b",
    re.IGNORECASE,
)
"""That the subject itself comes again: "was it mentioned earlier?" asks for it, not for what lies beside."""
_NTH = re.compile(
    rf"""^(?:(?:what|how)\ about|(?:tell|show)\ (?:me|us)\ (?:more\ )?(?:about\ )?|explain
        |what(?:['’]?s|\ is|\ was|\ does|\ did)?)?
    \s*\b(?:the|number)\ ({"|".join(ORDINALS)}|last|1st|2nd|3rd|[4-9]th|10th)
    (?:\ (?:one|of\ (?:them|these|those)))?
    (?:\ (?:do|does|say|mean|about|show|is|in\ (?:more\ )?detail))*$""",
    re.IGNORECASE | re.VERBOSE,
)
"""One of those that the answer before named."""
_WHICH = re.compile(
    r"^(?:which(?:\ ones?|\ of\ them)?(?:\ (?:are|were)\ (?:they|those|these))?"
    r"|what\ are\ (?:they|those|these)|(?:list|name|show)(?:\ me)?\ them(?:\ all)?)$",
    re.IGNORECASE,
)
_BROKEN_OFF = re.compile(
    r"^(?:which|what|whose|how (?:many|much|long|big|often|far)|for how long|who|how)\b", re.IGNORECASE
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|do|does|did|can|could|will|would|should|has|have|had|must|may|might|shall"
    r"|comes?|came|follow(?:s|ed)|precede[sd]|happen(?:s|ed)|mention(?:s|ed)|cover(?:s|ed)|explain(?:s|ed)|treats?|shows?"
    r"|says?|said|talks?|talked|means?|meant)\b",
    re.IGNORECASE,
)
_ANOTHER = re.compile(r"^(?:what|how) about\s+(.+)$", re.IGNORECASE)
_PRONOUN = re.compile(r"\b(?:it|its|that|this|them|they|their|those|these)\b", re.IGNORECASE)
_EXPLETIVE = re.compile(r"\b(?:is|was|does|makes?)\s+it\b.*\b(?:when|that|to|if)\b|\bit\s+(?:is|was)\b", re.IGNORECASE)
_FILLER = frozenset(
    """another anything bit come comes detail details deeper elaborate else example examples exactly explain find go
    happen happened kindly little line longer look okay please reason shortly simple simpler simply somebody someone
    something sort stuff way word words work works yes""".split()  # noqa: SIM905 - as text it wraps
)
_EMPTY = EMPTY | _FILLER
_PASSIVE = re.compile(r"(?:how|when|where|why|what)\b.*?\b(?:is|are|was|were|been)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question as it is read after the turns before it.

    `beside` asks for what lies beside `anchor` (a stretch of `media`), or for what lies there, `called` by its number;
    otherwise `anchor` with `limit` keeps the question to what lies before or after. `step` tells what was done, empty
    where the question stands on its own.
    """

    read_as: str
    step: str = ""
    media: str = ""
    anchor: Span | None = None
    beside: Beside | None = None
    limit: Span | None = None
    called: str = ""


def read_follow_up(question: str, history: Sequence[Turn], known: Collection[str]) -> FollowUp:
    """Read a question with the turns before it; `known` are the ids of the recordings it may be about."""
    if not history:
        return FollowUp(question)
    text = _stripped(question)
    anchor = _anchor(history, known)
    if (named := _named(question, text, history, known)) is not None:
        return named
    topic, before = _topic(history)
    if anchor is not None and (found := _place(question, text, topic, *anchor)) is not None:
        return found
    if _WHICH.match(text):
        asked = history[-1].read_as or history[-1].question
        return FollowUp(asked, "The question before is asked again.")
    if not topic:
        return FollowUp(question)
    if anchor is not None and _WHY.match(text):
        return FollowUp(f"why {topic}", f"“why” is asked about “{topic}”.", *anchor, "why")
    if match := _ANOTHER.match(text) or (re.match(r"^([\w\s'-]{2,40})$", text) if _bare(question, text) else None):
        asked = _replace(*_standing(history, before, topic), match.group(1))
        return FollowUp(asked, f"The question before is asked again about “{match.group(1)}”.")
    own = own_words(text)
    pronoun = None if _EXPLETIVE.search(text) else _last(_PRONOUN, text)
    step = f"The question before it is about “{topic}”."
    if pronoun is not None and len(own) <= FEW_WORDS:
        return FollowUp(text[: pronoun.start()] + topic + text[pronoun.end() :] + "?", step)
    if own and len(own) <= FEW_WORDS and _BROKEN_OFF.match(text) and not _VERB.search(text):
        return FollowUp(f"{text} of {topic}?", step)
    if not own:
        return FollowUp(f"{text} {'of' if 'example' in text.lower() else 'about'} {topic}?", step)
    return FollowUp(question)


def _stripped(question: str) -> str:
    """A question without the words that only tie it to the one before, and without its mark."""
    whole = " ".join(question.split()).rstrip("?.! ")
    return _LEAD.sub("", whole) or whole.rsplit(" ", 1)[-1]


def _anchor(history: Sequence[Turn], known: Collection[str]) -> tuple[str, Span] | None:
    """The place of the turn before: its first citation, or its first moment where nothing was cited."""
    last = history[-1]
    cited = [(place.media, place.span) for place in last.citations[:1]]
    found = [(place.media, place.span) for place in last.moments[:1]]
    return next(((media, span) for media, span in cited + found if media in known), None)


def _named(question: str, text: str, history: Sequence[Turn], known: Collection[str]) -> FollowUp | None:
    """The one of several cited places that is meant by its number, in the last answer that named that many."""
    match = _NTH.match(text)
    if match is None:
        return None
    called = match.group(1).lower()
    number = -1 if called == "last" else int(re.sub(r"\D", "", called) or ORDINALS.index(called) + 1)
    # Asked for the second and then for the third of a list, it is the same list.
    lists = (
        [place for place in turn.citations if place.media in known]
        for turn in reversed(history) if not _NTH.match(_stripped(turn.question))
    )  # fmt: skip
    places = next((places for places in lists if len(places) >= max(2, number)), None)
    if places is None:
        return None
    place = places[number - 1 if number > 0 else -1]
    step = f"The {called} of the {len(places)} places that the answer before names is meant."
    return FollowUp(question, step, place.media, place.span, "nth", called=called)


def _place(question: str, text: str, topic: str, media: str, anchor: Span) -> FollowUp | None:
    if _WHEN.match(text):
        return FollowUp(question, "It asks for the place of the answer before.", media, anchor, "when")
    for pattern, beside in _SIDES:
        if not pattern.search(text):
            continue
        rest = " ".join(pattern.sub(" ", text).split())
        what = f"“{beside}” is meant of the first place that the answer before rests on."
        limit = {
            "before": Span(0.0, anchor.start_s), "after": Span(anchor.end_s, max(anchor.end_s, 1e7)), "then": anchor
        }[beside]  # fmt: skip
        if not own_words(rest) and topic and _RECURS.search(rest):
            which = {"before": "last", "after": "first"}.get(beside, "")
            asked = f"when is {topic} {which} mentioned?"
            return FollowUp(asked, what, media, anchor, None, limit)
        if not own_words(rest):
            return FollowUp(question, what, media, anchor, beside)
        return FollowUp(f"{rest}?", what, media, anchor, None, limit)
    return None


def _standing(history: Sequence[Turn], before: str, topic: str) -> tuple[str, str]:
    """The last question that names a subject itself, and the subject: "why?" after it is not asked again."""
    own = [turn for turn in history if own_words(turn.question)]
    held, asked = _topic(own)
    return (asked, held) if held else (before, topic)


def _topic(history: Sequence[Turn]) -> tuple[str, str]:
    """What the turns before were about, in their own words, and the question it stands in; empty where nothing."""
    for turn in reversed(history):
        asked = " ".join((turn.read_as or turn.question).split())
        own = own_words(asked)
        # "Are you sure?" tells of no subject.
        own = own if own - CHATTER else set()
        held = [m for m in _WORD.finditer(asked) if m.group().lower() in own]
        if held:
            # "How is BLEU computed?" is about BLEU.
            while len(held) > 1 and held[-1].group().endswith("ed") and _PASSIVE.match(asked):
                held.pop()
            phrase = asked[held[0].start() : held[-1].end()]
            short = phrase if len(phrase) <= LONGEST_TOPIC else " ".join(m.group() for m in held)[:LONGEST_TOPIC]
            return short, asked
    return "", ""


def _replace(before: str, topic: str, other: str) -> str:
    return before.replace(topic, other, 1) if topic in before else other


def _bare(question: str, text: str) -> bool:
    """Tell whether a question is a conjunction and a thing: "and loops?"."""
    words = _WORD.findall(text.lower())
    return _LEAD.match(question) is not None and 0 < len(words) <= 3 and not set(words) & (STOP | _FILLER)


def own_words(text: str) -> set[str]:
    """The words of a question that tell what it is about."""
    return {word for word in _WORD.findall(text.lower()) if word not in _EMPTY}


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = list(pattern.finditer(text))
    return found[-1] if found else None
