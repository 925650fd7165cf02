"""Several questions in one ("what is a variable? when is the exam?"): taken apart, and their answers put together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from seehear.answer.follow import own_words
from seehear.answer.inquiry import Sayer
from seehear.answer.ways.differences import read_differences
from seehear.fences import plain
from seehear.search.chatter import CHATTER
from seehear.search.moments import same
from seehear.values import Answer, Moment, Turn, Why

Answering = Callable[[str, Sequence[Turn]], Answer]
"""How one question is answered after the turns before it."""
MOST = 4
"""So many are answered; of more it says how many are left."""
_ENDS = re.compile(r"(?<=\?)\s+(?=\S)")
_IS = r"(?:is|are|was|were|do|does|did|can|could|will|would|should|must|has|have|happens?|comes?|means?)"
_ASKS = r"(?:(?:at\ |in\ |on\ |for\ |from\ )?(?:what|when|where|which|who|whose|why|how))"
_FIRST = re.compile(rf"^\W*(?:and\s+|so\s+|but\s+)?{_ASKS}\b", re.IGNORECASE | re.VERBOSE)
_AND = re.compile(
    rf",?\s+(?:and|and\ also|as\ well\ as)\s+(?={_ASKS}(?:\ (?:much|many|often|long|\w+\ \w+|\w+))?\ {_IS}\b)",
    re.IGNORECASE | re.VERBOSE,
)
"""Before another whole question: "… and what she says differ" is none, as nothing is asked of what she says."""
_HOLDS_TWO = re.compile(r"\b(?:between|compar\w*|differ\w*|versus|vs|both)\b", re.IGNORECASE)
_LEAD = re.compile(r"^\W*(?:(?:and|but|so|also|then)\b[\s,]*)+", re.IGNORECASE)
_ASKING = re.compile(rf"\b{_ASKS}\b", re.IGNORECASE | re.VERBOSE)


def questions_of(text: str) -> tuple[str, ...]:
    """The questions that a text holds, each as it stands; the text alone where it holds one.

    Taken apart where a question mark ends one, and at an "and" between two whole questions of which the second names
    something of its own. What only asks for help ("could anybody explain?") is no question.
    """
    found: list[str] = []
    pieces = [piece.strip() for piece in _ENDS.split(text) if piece.strip()]
    if len(pieces) > 1:
        pieces = [piece for piece in pieces if _names(piece) or (piece.endswith("?") and _ASKING.search(piece))]
        # What is told before or after a question belongs to it.
        whole = bool(pieces) and _names(pieces[0]) and pieces[-1].endswith("?")
        if not whole or sum(piece.endswith("?") for piece in pieces) < 2:
            pieces = [text]
    for piece in pieces or [text]:
        found += _joined_by_and(piece)
    return tuple(found) if len(found) > 1 else (text,)


def _joined_by_and(text: str) -> list[str]:
    if _FIRST.match(text) is None or _HOLDS_TWO.search(text) or read_differences(text) is not None:
        return [text]
    parts = [part.strip() for part in _AND.split(text)]
    # "What is a loop and how does it work?" asks for one thing.
    if len(parts) < 2 or not all(_names(part) for part in parts):
        return [text]
    return [*(part.rstrip("?., ") + "?" for part in parts[:-1]), parts[-1]]


def _names(text: str) -> bool:
    return bool(own_words(text) - CHATTER)


def answer_each(
    question: str,
    parts: Sequence[str],
    history: Sequence[Turn],
    answer: Answering,
    *,
    draft: Answering | None = None,
    on_moments: Callable[[Sequence[Moment]], None] | None = None,
    on_text: Callable[[str], None] | None = None,
) -> Answer:
    """Answer one after the other, each read with those before it, and put the answers under their questions.

    Moments are shown before words: a `draft`, which answers at once with the same moments, tells them while `answer`
    still has to write; without one nothing is told before the last is answered.
    """
    asked = parts[:MOST]
    shown = None if draft is None else _moments(_in_turn(asked, history, draft))
    say = Sayer(on_text)
    if shown is not None and on_moments is not None:
        on_moments(shown)
    answers: list[Answer] = []
    for part, answered in zip(asked, _in_turn(asked, history, answer), strict=True):
        answers.append(answered)
        if shown is not None:
            say.say(_section(part, answers))
    if shown is None:
        shown = _moments(answers)
        if on_moments is not None:
            on_moments(shown)
        for place, part in enumerate(asked, 1):
            say.say(_section(part, answers[:place]))
    if len(parts) > MOST:
        say.say(f"\n\n(Only the first {MOST} of {len(parts)} questions are answered.)")
    return replace(
        answers[0],
        question=question,
        text=say.text,
        supported=any(answer.supported for answer in answers),
        moments=shown,
        citations=tuple(dict.fromkeys(c for answer in answers for c in answer.citations)),
        sentences=tuple(s for answer in answers for s in answer.sentences),
        why=_why(answers),
    )


def _in_turn(parts: Sequence[str], history: Sequence[Turn], answer: Answering) -> Iterator[Answer]:
    before = list(history)
    for part in parts:
        answered = answer(part, before)
        before.append(answered.turn)
        yield answered


def _section(part: str, answers: Sequence[Answer]) -> str:
    """The last of some answers under its question; one that has been given already is not given again."""
    *before, last = (answer.text.strip() for answer in answers)
    lead = "\n\n" if before else ""
    return f"{lead}{plain(_LEAD.sub('', part))}\n{'(See the answer above.)' if last in before else last}"


def _moments(answers: Iterable[Answer]) -> tuple[Moment, ...]:
    """The best moment of each, then the second best of each, every place once."""
    places: list[Moment] = []
    for row in zip_longest(*(answer.moments for answer in answers)):
        for moment in row:
            if moment is not None and not any(same(moment, other) for other in places):
                places.append(moment)
    return tuple(places)


def _why(answers: Sequence[Answer]) -> Why | None:
    """How each was read, with how likely it is answered; one estimate for all of them would be none."""
    whys = [answer.why for answer in answers if answer.why is not None]
    if not whys:
        return None
    steps = [f"Read as {len(answers)} questions, one after the other."]
    for why in whys:
        likely = [] if why.likelihood is None else [f"answerable {why.likelihood:.2f}"]
        steps += [f"“{why.read_as}”: {step}" for step in (*why.steps, *likely)]
    return replace(
        whys[0],
        read_as=" ".join(why.read_as for why in whys),
        terms=tuple(dict.fromkeys(term for why in whys for term in why.terms)),
        exact=tuple(dict.fromkeys(term for why in whys for term in why.exact)),
        steps=tuple(steps),
        weighed=tuple(weighed for why in whys for weighed in why.weighed),
        likelihood=None,
        threshold=None,
        features={},
        sentences=tuple(s for why in whys for s in why.sentences),
    )
