"""How an answer is worded without a model: quotes with their times, and a sentence that says when."""

from __future__ import annotations

import re
from collections.abc import Sequence

from seehear.answer.evidence import Evidence, Told, cut_off, shorten
from seehear.fences import plain, verbatim_line
from seehear.search.route import Intent
from seehear.search.terms import content_stems
from seehear.words import count

SAME_S = 3.0
LONGEST_SUBJECT = 14
QUOTED_WORDS = 32
BARE_WORDS = 4
"""A screen of fewer words is a heading: what is said under it tells more."""

_PASSIVE = re.compile(
    r"(?:when|where|at what (?:time|point|minute|second))\s+(?:exactly\s+)?(is|are|was|were)\s+(.+?)\s+"
    r"((?:first\s+|actually\s+|being\s+)?(?:explained|introduced|shown|mentioned|discussed|defined|described|covered|used|"
    r"presented|displayed|taught|talked about|spoken about|drawn|written|called|compared|demonstrated)\b.*)",
    re.IGNORECASE,
)
_ACTIVE = re.compile(
    r"(?:when|where|at what (?:time|point|minute|second))\s+(?:exactly\s+)?does\s+"
    r"(she|he|(?:the|this)\s+(?:\w+\s+)?(?:speaker|lecturer|professor|presenter|instructor|teacher|video|lecture|talk))\s+"
    r"((?:first|actually)\s+)?([a-z]+)\s+(.+)",
    re.IGNORECASE,
)
_LASTING = re.compile(
    r"\b(?:explain|introduc|discuss|describ|cover|taught|teach|present|demonstrat|compar|talk)", re.IGNORECASE
)
_BULLET = re.compile(r"^[-–•*]\s+")
_TIME = re.compile(r"\d:\d")


def quoted(evidence: Evidence, words: int, *, several: bool) -> Told:
    """An excerpt in quotation marks, with its time and whether it was on screen."""
    text = _BULLET.sub("", verbatim_line(cut_off(evidence.text, words)))
    mark = evidence.mark(several=several)
    if evidence.kind == "visual":
        return Told(f"On screen {'' if several else 'at '}{mark}: “{text}”", "", (evidence,))
    return Told(f"“{text}”", mark, (evidence,))


def opening(question: str, intent: Intent, evidence: Sequence[Evidence], *, several: bool) -> Told:
    """The sentence that answers "when": what, from which time, and the words heard or seen there."""
    first = evidence[0]
    said = first
    if first.kind == "visual" and not intent.first:
        under = (e for e in evidence[1:2] if e.kind == "transcript" and e.media == first.media)
        said = next((e for e in under if 0 <= e.span.start_s - first.span.start_s < 30.0), first)
        said = first if _shows_more(first.text, said.text, intent) else said
    subject = _subject(question)
    time = first.mark(several=several)
    word = "first at" if intent.first else "at"
    if subject:
        word = "from" if _LASTING.search(subject) and not intent.first else "at"
    start = f"{subject} {word} {time}" if subject else f"{word[:1].upper()}{word[1:]} {time}"
    quote = f"“{_BULLET.sub('', verbatim_line(cut_off(said.text, QUOTED_WORDS)))}”"
    if said is first and first.kind == "visual":
        return Told(f"{start}, on screen: {quote}", "", (first,))
    late = said is not first and said.span.start_s - first.span.start_s > SAME_S
    marks = said.mark(several=several) if late else ""
    return Told(f"{start}: {quote}", marks, tuple(dict.fromkeys((first, said))))


def _shows_more(shown: str, said: str, intent: Intent) -> bool:
    """Tell whether the screen, as far as it would be quoted, names what is asked for and what is said does not."""
    asked = set(intent.terms.stems)
    held = asked & set(content_stems(shorten(shown, QUOTED_WORDS)))
    return bool(held - set(content_stems(said))) and count(shown) >= BARE_WORDS


def _subject(question: str) -> str:
    """ "when are functions explained?" as "Functions are explained"; empty where the question is built otherwise."""
    text = " ".join(question.split()).rstrip("?.! ")
    if _TIME.search(text) or "," in text or len(text.split()) > LONGEST_SUBJECT:
        return ""
    if match := _PASSIVE.fullmatch(text):
        verb, subject, rest = match.groups()
        found = f"{subject} {verb.lower()} {rest}"
    elif match := _ACTIVE.fullmatch(text):
        who, how, verb, rest = match.groups()
        found = f"{who} {how or ''}{_third(verb.lower())} {rest}"
    else:
        return ""
    return plain(found[:1].upper() + found[1:])


def _third(verb: str) -> str:
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "o")) else "s")


def glimpse(text: str, words: int) -> str:
    """The first words of an excerpt in quotation marks, with an ellipsis where it goes on."""
    whole = _BULLET.sub("", verbatim_line(text))
    part = shorten(whole, words)
    return f"“{part}”" if part == whole else f"“{part.rstrip(' .,;:!?')}…”"
