"""Questions of order, "what comes after variables?": the topic beside one in the outline of a recording."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from seehear.answer.beside import answer_beside
from seehear.answer.evidence import cut_off
from seehear.answer.follow import Beside, FollowUp
from seehear.answer.inquiry import Inquiry
from seehear.answer.outline import Topic, topics_of
from seehear.answer.place import citation, mark, moment
from seehear.answer.subject import bare, best_of
from seehear.fences import plain
from seehear.search.terms import EMPTY, content_stems
from seehear.store import MediaRow
from seehear.units import Unit
from seehear.values import Answer, Citation, Moment
from seehear.words import words_of

MOST_RECORDINGS = 40
MOST = 8
QUOTED_WORDS = 24
_ASKED = re.compile(
    r"""^(?:and\ )?(?:what|which\ (?:topic|concept|subject|chapter|section|slide|part))\ (?:topic\ )?
    (?:comes?|came|follows|(?:is|was)\ (?:explained|covered|discussed|taught|introduced|treated|said|talked\ about)
    |(?:does|do|did|will)\ (?:\w+\ ){1,2}(?:explain|cover|discuss|teach|introduce|treat|talk\ about|turn\ to))
    \ (?:next\ |just\ |right\ |directly\ |immediately\ |straight\ )?(after|before)\ (.+)$
    |^(?:and\ )?what\ (follows|precedes)\ (?:after\ )?(.+)$""",
    re.IGNORECASE | re.VERBOSE,
)
_EXPLAINED = re.compile(
    r"\s+(?:is|are|was|were)\s+(?:explained|covered|discussed|taught|introduced|treated|mentioned|shown|talked about)$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
_TIME = re.compile(r"\d:\d|\b(?:minutes?|seconds?)\b")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """On which side of which subject to look."""

    before: bool
    stems: frozenset[str]
    subject: str = ""


def read_neighbour(text: str) -> Neighbour | None:
    """Whether a question asks what comes before or after a subject, None where it asks for something else."""
    match = _ASKED.match(bare(text))
    if match is None:
        return None
    side, subject = (match[1], match[2]) if match[1] else (match[3], match[4])
    subject = _EXPLAINED.sub("", subject)
    words = [word for word in words_of(subject) if word not in EMPTY]
    if not words or _TIME.search(subject):
        return None
    return Neighbour(side.lower() in ("before", "precedes"), frozenset(content_stems(" ".join(words))), subject)


def answer_neighbour(inquiry: Inquiry, asked: Neighbour) -> Answer | None:
    """Name the topic beside the one that is called so, else what is said beside the place; None where neither is."""
    moments: list[Moment] = []
    citations: list[Citation] = []
    lines: list[str] = []
    for row in inquiry.rows[:MOST_RECORDINGS]:
        outline = topics_of(inquiry.store, row, inquiry.embedder)
        place = topic_called(outline, asked.stems)
        if place is None or len(lines) >= MOST:
            continue
        units = list(inquiry.store.units(row.number).values())
        here = f"“{plain(outline[place].title)}” {mark(row, outline[place].span.start_s, several=inquiry.several)}"
        other = place + (-1 if asked.before else 1)
        if not 0 <= other < len(outline):
            lines.append(f"{here} is the {'first' if asked.before else 'last'} topic.")
            continue
        beside = outline[other]
        said = next((units[i] for i in beside.units if units[i].kind == "transcript"), None)
        lines.append(f"{'Before' if asked.before else 'After'} {here} comes {_told(inquiry, row, beside, said)}")
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
    return answer_beside(inquiry, follow)


def topic_called(outline: Sequence[Topic], stems: frozenset[str]) -> int | None:
    """The topic whose title holds all the words and the fewest others, the first of those that are alike."""
    titles = [set(content_stems(topic.title)) for topic in outline]
    return min((i for i, title in enumerate(titles) if stems <= title), key=lambda i: len(titles[i]), default=None)


def _told(inquiry: Inquiry, row: MediaRow, topic: Topic, said: Unit | None) -> str:
    named = f"“{plain(topic.title)}” {mark(row, topic.span.start_s, several=inquiry.several)}"
    return f"{named}." if said is None else f"{named}: “{plain(cut_off(said.text, QUOTED_WORDS))}”"
