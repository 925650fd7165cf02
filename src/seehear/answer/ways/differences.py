"""Where the slides and the speech differ: numbers that disagree, lines nobody speaks of, numbers no slide shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seehear.answer.evidence import cut_off
from seehear.answer.inquiry import Inquiry
from seehear.answer.numbers import Number, numbers_of
from seehear.answer.place import citation, mark, moment, units_of
from seehear.answer.things import slides
from seehear.backends.protocols import Embedder
from seehear.fences import plain
from seehear.search.terms import STOP, content_stems, stem
from seehear.spans import Span
from seehear.store import MediaRow
from seehear.units import Unit
from seehear.values import Answer, Citation, Moment

AROUND_S = 8.0
"""People speak of a slide a little before it comes up and after it is gone."""
MOST = 8
MOST_OF_ONE = 40
"""Lines that are listed where only one side is asked for."""
WINDOW = 3
"""Sentences in a row that may speak of a line together."""
QUOTED_WORDS = 24
SPOKEN_SHARE = 0.34
SAME_COSINE = 0.5
_SHOWN = re.compile(r"\b(?:slides?|screen|shown|written|shows)\b", re.IGNORECASE)
_SAID = re.compile(
    r"\b(?:say|says|said|saying|speech|spoken|spoke|speaks?|speaker|talks?|aloud|mention\w*|words)\b", re.IGNORECASE
)
_DIFFER = re.compile(
    r"\b(?:differ\w*|contradict\w*|disagree\w*|mismatch\w*|inconsisten\w*|discrepan\w*)\b", re.IGNORECASE
)
_UNSAID = re.compile(
    r"\b(?:slides?|screen|shown|written|shows)\b.{0,40}\b(?:not|never|n[o']t|without)\b.{0,25}"
    r"\b(?:said|say|mention\w*|spoken|speaks?|talk\w*|aloud)\b",
    re.IGNORECASE,
)
_UNSHOWN = re.compile(
    r"\b(?:says?|said|saying|mention\w*|spoken|talks?)\b.{0,40}\b(?:not|never|n[o']t|without)\b.{0,25}"
    r"\b(?:slides?|screen|shown|written)\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"[={}<>;|]|\w\(|^\s*(?:def|class|import|from|return|for|while|if|else|print)\b|^\s{2,}")
_PARAPHRASE = (
    "Compared were words and numbers, code aside; what is said in other words than it is written may be listed, and a"
    " contradiction in other words is not found."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which differences are asked for."""

    unsaid: bool
    unshown: bool

    @property
    def anywhere(self) -> bool:
        """Whether what is "never" said or shown is asked for, rather than what differs at one time."""
        return not (self.unsaid and self.unshown)


def read_differences(text: str) -> Wanted | None:
    """Whether a question compares what is shown with what is said, None where it does not."""
    if _UNSAID.search(text):
        return Wanted(unsaid=True, unshown=False)
    if _UNSHOWN.search(text):
        return Wanted(unsaid=False, unshown=True)
    if _DIFFER.search(text) and _SHOWN.search(text) and _SAID.search(text):
        return Wanted(unsaid=True, unshown=True)
    return None


@dataclass(frozen=True, slots=True)
class _Slide:
    row: MediaRow
    units: tuple[Unit, ...]
    spoken: tuple[Unit, ...]
    everywhere: tuple[Unit, ...] = ()

    @property
    def lines(self) -> Iterator[tuple[Unit, str]]:
        """Lines of text, the heading and code left aside."""
        seen: set[str] = set()
        for unit in self.units:
            for line in unit.text.splitlines():
                bare = line.strip(" -–•*\t:")
                if bare and bare not in seen and bare != unit.title and not _CODE.search(line):
                    seen.add(bare)
                    yield unit, bare


@dataclass(frozen=True, slots=True)
class _Found:
    """How many slides were `compared`, and what differs: a line and the sentence against it, lines, spoken numbers."""

    compared: int
    clashes: list[tuple[_Slide, Unit, str, Unit]]
    unsaid: list[tuple[_Slide, Unit, str]]
    unshown: list[tuple[_Slide, Unit, str]]


def answer_differences(inquiry: Inquiry) -> Answer | None:
    """Tell contradicting numbers first, then what stands on screen unspoken, then numbers said that no slide shows.

    None where slides and speech are not to be compared.
    """
    wanted = read_differences(inquiry.read_as)
    if wanted is None:
        return None
    found = _compare(inquiry, wanted)
    if not found.compared:
        inquiry.show(())
        inquiry.say.say(f"There is nothing to compare{inquiry.where}: speech and slides never meet.")
        return inquiry.done((), (), supported=False)
    with_what = "all that is said" if wanted.anywhere else "what is said while they stand"
    inquiry.trace.step(f"{found.compared} slides were compared with {with_what}, word by word.")
    return _tell(inquiry, wanted, found)


def _compare(inquiry: Inquiry, wanted: Wanted) -> _Found:
    clashes: list[tuple[_Slide, Unit, str, Unit]] = []
    unsaid: list[tuple[_Slide, Unit, str]] = []
    unshown: list[tuple[_Slide, Unit, str]] = []
    compared = 0
    for row in inquiry.rows:
        for slide in _slides(row, units_of(inquiry, row)):
            compared += 1
            found = list(_clashes(slide))
            clashes += [(slide, *clash) for clash in found]
            told = {id(unit) for _, _, unit in found} | {line for _, line, _ in found}
            unsaid += [(slide, u, line) for u, line in _unsaid(slide, wanted) if line not in told]
            unshown += [(slide, u, value) for u, value in _unshown(slide, wanted) if id(u) not in told]
    if unsaid and inquiry.embedder is not None:
        unsaid = _in_no_words(unsaid, inquiry.embedder, wanted)
    return _Found(compared, clashes, unsaid, unshown)


def _tell(inquiry: Inquiry, wanted: Wanted, found: _Found) -> Answer:
    most = MOST_OF_ONE if wanted.anywhere else MOST
    several = inquiry.several
    moments: list[Moment] = []
    citations: list[Citation] = []
    lines: list[str] = []

    def at(slide: _Slide, unit: Unit) -> str:
        citations.append(citation(slide.row, unit))
        return mark(slide.row, unit.span.start_s, several=several)

    for slide, unit, line, spoken in found.clashes[:MOST]:
        lines.append(
            f"On screen at {at(slide, unit)}: “{plain(line)}”, but said at {at(slide, spoken)}: "
            f"“{plain(cut_off(spoken.text, QUOTED_WORDS))}”"
        )
        moments.append(moment(slide.row, [unit], slide.spoken))
    parts = [("Numbers disagree:", lines)]
    if wanted.unsaid:
        heading = "On screen, but never spoken of:" if wanted.anywhere else "On screen, but not spoken of meanwhile:"
        parts.append((heading, [
            f"{at(slide, unit)} “{plain(cut_off(line, QUOTED_WORDS))}”" for slide, unit, line in found.unsaid[:most]
        ]))  # fmt: skip
        moments += [moment(slide.row, [unit], slide.spoken) for slide, unit, _ in found.unsaid[:most]]
    if wanted.unshown:
        heading = "Numbers said, but on no slide:" if wanted.anywhere else "Numbers said, but not on screen meanwhile:"
        parts.append((heading, [
            f"{plain(value)} at {at(slide, unit)}: “{plain(cut_off(unit.text, QUOTED_WORDS))}”"
            for slide, unit, value in found.unshown[:most]
        ]))  # fmt: skip
        moments += [moment(slide.row, [unit], slide.units) for slide, unit, _ in found.unshown[:most]]
    inquiry.show(moments)
    left = max(0, len(found.unsaid) - most) * wanted.unsaid + max(0, len(found.unshown) - most) * wanted.unshown
    _say(inquiry, parts, left)
    return inquiry.done(moments, citations)


def _say(inquiry: Inquiry, parts: Sequence[tuple[str, list[str]]], left: int) -> None:
    if not any(lines for _, lines in parts):
        inquiry.say.say(f"No difference was found{inquiry.where}.")
    for heading, lines in parts:
        if lines:
            inquiry.say.say(f"\n{heading}" if inquiry.say.text else heading)
        for line in lines:
            inquiry.say.say(f"\n- {line}")
    if left:
        inquiry.say.say(f"\nAnd {left} more: ask about a part of the recording to see them.")
    inquiry.say.say(f"\n{_PARAPHRASE}")


def _slides(row: MediaRow, units: Sequence[Unit]) -> Iterator[_Slide]:
    everywhere = tuple(units)
    for item in slides(units):
        start_s, end_s = item.units[0].span.start_s, max(unit.span.end_s for unit in item.units)
        window = Span(max(0.0, start_s - AROUND_S), end_s + AROUND_S)
        spoken = tuple(u for u in units if u.kind == "transcript" and u.span.overlap_s(window) > 0)
        if spoken:
            yield _Slide(row, item.units, spoken, everywhere)


def _clashes(slide: _Slide) -> Iterator[tuple[Unit, str, Unit]]:
    """Lines whose number is another one beside the same word in what is said."""
    said = [(unit, number) for unit in slide.spoken for number in numbers_of(unit.text)]
    spoken = {number.value for _, number in said}
    shown = {number.value for unit in slide.units for number in numbers_of(unit.text)}
    for unit, line in slide.lines:
        for number in numbers_of(line):
            if number.value in spoken or ":" in number.value:
                continue
            for place, other in said:
                if other.value not in shown and ":" not in other.value and _beside(number) & _beside(other):
                    yield unit, line, place
                    break


def _beside(number: Number) -> set[str]:
    return {stem(word) for word in number.words if word not in STOP and len(word) > 2}


def _unsaid(slide: _Slide, wanted: Wanted) -> Iterator[tuple[Unit, str]]:
    """Lines that nothing said while the slide stands speaks of; nothing said at any time, where that is asked for."""
    held = [_stems(slide.spoken)]
    if wanted.anywhere:
        said = [unit for unit in slide.everywhere if unit.kind == "transcript"]
        held += [_stems(said[i : i + WINDOW]) for i in range(max(1, len(said) - WINDOW + 1))]
    for unit, line in slide.lines:
        asked = set(content_stems(line))
        # A single short word or figure is a label or what a program printed.
        telling = len(asked) > 1 or (line.isalpha() and len(line) > 5)
        if telling and all(len(asked & stems) < SPOKEN_SHARE * len(asked) for stems in held):
            yield unit, line


def _stems(said: Sequence[Unit]) -> set[str]:
    words = {s for unit in said for s in content_stems(unit.text)}
    return words | {number.value for unit in said for number in numbers_of(unit.text)}


def _in_no_words(
    unsaid: Sequence[tuple[_Slide, Unit, str]], embedder: Embedder, wanted: Wanted
) -> list[tuple[_Slide, Unit, str]]:
    """Leave out lines that are said in other words, meanwhile or at any time, as far as vectors can tell."""

    def spoken_of(slide: _Slide) -> Iterator[Unit]:
        return (u for u in (slide.everywhere if wanted.anywhere else slide.spoken) if u.kind == "transcript")

    lines = list(dict.fromkeys(line for _, _, line in unsaid))
    spoken = list(dict.fromkeys(u.text for slide, _, _ in unsaid for u in spoken_of(slide)))
    rows = embedder.embed([*lines, *spoken])
    row = dict(zip([*lines, *spoken], rows, strict=True))
    return [
        (slide, unit, line) for slide, unit, line in unsaid
        if max(float(row[line] @ row[u.text]) for u in spoken_of(slide)) < SAME_COSINE
    ]  # fmt: skip


def _unshown(slide: _Slide, wanted: Wanted) -> Iterator[tuple[Unit, str]]:
    pictures = [u for u in slide.everywhere if u.kind == "visual"] if wanted.anywhere else slide.units
    shown = {number.value for unit in pictures for number in numbers_of(f"{unit.title}\n{unit.text}")}
    whole = Span(slide.units[0].span.start_s, max(unit.span.end_s for unit in slide.units))
    for unit in slide.spoken:
        if whole.contains(unit.span.start_s):
            for value in dict.fromkeys(number.value for number in numbers_of(unit.text)):
                # "Two ways", "four times": those of one digit are hardly ever worth a slide.
                if value not in shown and not (value.isdigit() and len(value) == 1):
                    yield unit, value
