"""From the excerpt that holds a sentence to the words in it that do: what is cited, and from when on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from seehear.answer.evidence import Checked, Evidence, support
from seehear.search.terms import FRAME_STEMS, content_stems
from seehear.spans import Span
from seehear.units import Unit
from seehear.words import joined

MOST_UNITS = 3
SPOKEN_S = 60.0
AS_GOOD = 0.02


def point(checked: Checked, units: Sequence[Unit], media: str, *, question: str = "") -> Checked:
    """The sentence with its evidence in `media` narrowed to the fewest neighbouring sentences that hold as much of it.

    `units` are those of that recording. What was said while a picture stood is cited as speech, with its own time,
    when the sentence rests on it. Evidence that cannot be narrowed stays as it is.
    """
    words = [s for s in dict.fromkeys(content_stems(checked.text)) if s not in FRAME_STEMS]
    asked = set(content_stems(question))
    found: list[Evidence] = []
    for evidence in checked.evidence:
        found += [evidence] if evidence.media != media else _narrowed(evidence, units, words, asked)
    return replace(checked, evidence=tuple(dict.fromkeys(found)))


def _narrowed(evidence: Evidence, units: Sequence[Unit], words: Sequence[str], asked: set[str]) -> list[Evidence]:
    held = support(words, asked, evidence.whole) - AS_GOOD
    shown = evidence.kind == "visual"
    if shown and (not evidence.meanwhile or support(words, asked, evidence.text) >= held):
        return [evidence]
    near = Span(evidence.span.start_s, min(evidence.span.end_s, evidence.span.start_s + SPOKEN_S))
    spoken = [
        unit for unit in units
        if unit.kind == "transcript" and (near if shown else evidence.span).overlap_s(unit.span) > 0
    ]  # fmt: skip
    for run in _runs(spoken):
        text = joined(unit.text for unit in run)
        said = Evidence(
            evidence.number, evidence.media, evidence.title, "transcript",
            Span(run[0].span.start_s, max(unit.span.end_s for unit in run)), text,
        )  # fmt: skip
        if support(words, asked, text) >= held:
            return [said]
        if shown and support(words, asked, f"{evidence.text}\n{text}") >= held:
            return [evidence, said]
    return [evidence]


def _runs(units: Sequence[Unit]) -> Iterator[Sequence[Unit]]:
    """Neighbouring units, one by one first, then two and three together."""
    for size in range(1, MOST_UNITS + 1):
        for first in range(len(units) - size + 1):
            yield units[first : first + size]
