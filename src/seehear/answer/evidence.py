"""Numbered evidence for an answer, and the check whether a written sentence rests on it."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from seehear.backends.protocols import Embedder
from seehear.fences import plain
from seehear.search.terms import FRAME_STEMS, content_stems
from seehear.spans import Span, clock
from seehear.values import Citation, EventKind, Moment
from seehear.words import count, pieces

LONGEST_WORDS = 70
ENOUGH_WORDS_SHARED = 0.75
SOME_WORDS_SHARED = 0.45
ENOUGH_COSINE = 0.62

_CITED = re.compile(r"\[\s*(\d{1,2}(?:\s*(?:,|and|-|;)\s*\d{1,2})*)\s*\]")
_TIME = re.compile(
    r"[\[(]?\b(?:(?:at|around|about|from|until|to)\s+)?(\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d+)?)\b[\])]?"
    r"|\b(?:at|after|around)\s+(?:the\s+)?(\d+(?:\.\d+)?(?:st|nd|rd|th)?[\s-]*"
    r"(?:seconds?|secs?|minutes?|mins?|hours?))\b(?:\s+mark)?",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r".+?(?:(?:[.!?…]+[\"”')]*|\n)(?:\s*\[[\d,;\s-]+\][.]?)*(?=\s+[^\s\[])"
    r"|[。？！]+[」』）”]*(?:\s*\[[\d,;\s-]+\])*(?=\s*[^\s\[。？！」』）”]))",
    re.DOTALL,
)
_ENDS = ".!?。？！"
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_LEAD = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One numbered excerpt: what was said or shown, where; `title` names its media, `meanwhile` is what was said
    while it was shown, and of an excerpt that `goes_on` only the beginning is held."""

    number: int
    media: str
    title: str
    kind: EventKind
    span: Span
    text: str
    meanwhile: str = ""
    goes_on: bool = False

    @property
    def whole(self) -> str:
        """All that a sentence may rest on."""
        return f"{self.text}\n{self.meanwhile}" if self.meanwhile else self.text

    @property
    def citation(self) -> Citation:
        """The pointer that an answer carries."""
        return Citation(self.media, self.span, broken_off(self.text) if self.goes_on else self.text)

    def mark(self, *, several: bool) -> str:
        """The time as it is printed: `[m:ss]`, with the media's title when there are several."""
        at = f"[{clock(self.span.start_s)}]"
        return f"({plain(self.title)} {at})" if several else at


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence that holds, and the evidence it rests on, best first."""

    text: str
    evidence: tuple[Evidence, ...]

    def told(self, *, several: bool) -> Told:
        """The sentence with the times of its evidence behind it."""
        return Told(self.text, " ".join(dict.fromkeys(e.mark(several=several) for e in self.evidence)), self.evidence)


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of an answer: its words, the times that are printed behind them, and the evidence for both."""

    text: str
    marks: str
    evidence: tuple[Evidence, ...]

    @property
    def printed(self) -> str:
        """The words and the times."""
        return f"{self.text} {self.marks}".strip()


def gather(moments: Sequence[Moment], *, limit: int = 4) -> list[Evidence]:
    """Number the moments, best first; each keeps its own span."""
    return [
        Evidence(
            number,
            m.media,
            m.title,
            m.kind,
            m.span,
            shorten(m.text, LONGEST_WORDS),
            shorten(m.said, LONGEST_WORDS) if m.kind == "visual" else "",
            goes_on=count(shorten(m.text, LONGEST_WORDS)) < count(m.text),
        )
        for number, m in enumerate(moments[:limit], start=1)
    ]


def shorten(text: str, words: int) -> str:
    """At most so many words of a text, cut at a sentence's end where there is one; always a part of the text."""
    tokens = pieces(text)
    if len(tokens) <= words:
        return text.strip()
    part = text[: tokens[words - 1].end()]
    stop = max(part.rfind(". "), part.rfind("? "), part.rfind("! "), part.rfind("\n"), *map(part.rfind, "。？！"))
    return (part[: stop + 1] if stop > len(part) // 3 else part).strip()


def cut_off(text: str, words: int) -> str:
    """At most so many words of a text as an answer quotes them: with an ellipsis where it stops inside a sentence or
    a list. What the quote cites stays whole."""
    part = shorten(text, words)
    whole = count(part) >= count(text) or part[-1:] in _ENDS
    return part if whole else broken_off(part)


def broken_off(part: str) -> str:
    """The beginning of a text with the mark that it goes on."""
    return f"{part} …" if part[-1:] in _ENDS else f"{part.rstrip(' ,;:')}…"


def sentences_of(pieces: Iterable[str]) -> Generator[str, None, None]:
    """Turn a stream of text into whole sentences, each with the citations that follow it.

    Closing it ends the stream: a model on this machine writes nothing else before that.
    """
    buffer = ""
    try:
        for piece in pieces:
            buffer += piece
            while match := _SENTENCE.match(buffer):
                yield match.group().strip()
                buffer = buffer[match.end() :]
        if buffer.strip():
            yield buffer.strip()
    finally:
        if isinstance(pieces, Generator):
            pieces.close()


def untimed(sentence: str, held: str) -> str:
    """A written sentence without its citations and without the times that a model made up.

    A ratio or an hour that stands in `held`, what the sentence may rest on, is no time of the recording and stays.
    What is in square brackets never does: those are for times that code prints.
    """

    def kept(match: re.Match[str]) -> str:
        said = match[1] or match[2]
        there = re.search(rf"(?<![\d:.,]){re.escape(said)}(?![\d:])", held, re.IGNORECASE)
        return match[0] if there and match[0][0] != "[" else ""

    text = _TIME.sub(kept, _CITED.sub("", sentence))
    text = re.sub(r"\(\s*\)|\[[^\]]*\]", "", text)
    text = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(text.split()))
    return re.sub(r"[,;]+(?=[.!?])", "", text)


def examine(
    sentence: str, evidence: Sequence[Evidence], *, embedder: Embedder | None, question: str = "", most: int = 2
) -> tuple[Checked | None, str]:
    """Keep a written sentence if the evidence it cites, or else other evidence, holds what it says; and tell why.

    A time that the model made up is taken out; the numbers it cites become evidence, and code prints their times. Every
    other number must occur in the evidence or the question. At most `most` excerpts may hold a sentence together.
    """
    cited = {int(n) for group in _CITED.findall(sentence) for n in re.findall(r"\d+", group)}
    text = untimed(_LEAD.sub("", sentence), "\n".join([question, *(e.whole for e in evidence)])).strip(" ,;:-–")
    said = [s for s in dict.fromkeys(content_stems(text)) if s not in FRAME_STEMS]
    if not said or not re.search(r"[^\W\d_]{2}", text):
        return None, "says nothing"
    if text[-1] not in '.!?…”"。？！」':
        text += "."
    asked = set(content_stems(question))
    if question and set(said) <= asked:
        return None, "only says the question again"
    cosines = _cosines(text, evidence, embedder)
    pointed = [e for e in evidence if e.number in cited]
    reason = ""
    for choice, held in (
        (_cover(said, asked, pointed, len(pointed)), "held by the excerpts it cites"),
        (_cover(said, asked, evidence, most), "held by other excerpts than it cites"),
    ):
        if choice:
            fault = _fault(text, said, asked, choice, question, cosines)
            if not fault:
                return Checked(text, choice), held
            reason = reason or fault
    return None, reason or "cites nothing that is there"


def _cover(said: Sequence[str], asked: set[str], evidence: Sequence[Evidence], most: int) -> tuple[Evidence, ...]:
    """The fewest excerpts that hold most of the words, the strongest first."""
    left, chosen = set(said), list[Evidence]()
    while left and len(chosen) < most:
        best = max(
            (e for e in evidence if e not in chosen), key=lambda e: (support(list(left), asked, e.whole), -e.number),
            default=None,
        )  # fmt: skip
        if best is None or (chosen and not left & set(content_stems(best.whole)) - asked):
            break
        chosen.append(best)
        left -= set(content_stems(best.whole))
    return tuple(chosen)


def support(said: Sequence[str], asked: set[str], text: str) -> float:
    """The share of a sentence's content stems that the text holds; the question's own words count little."""
    held = set(content_stems(text))
    weight = {s: 0.3 if s in asked else 1.0 for s in said}
    total = sum(weight.values())
    return sum(w for s, w in weight.items() if s in held) / total if total else 0.0


def _fault(
    text: str,
    said: Sequence[str],
    asked: set[str],
    choice: Sequence[Evidence],
    question: str,
    cosines: dict[int, float],
) -> str:
    """Why these excerpts do not hold what the sentence says; empty where they do."""
    joined = " ".join(e.whole for e in choice)
    strange = set(_NUMBER.findall(text)) - set(_NUMBER.findall(joined)) - set(_NUMBER.findall(question))
    if strange:
        return f"brings numbers of its own: {', '.join(sorted(strange))}"
    shared = support(said, asked, joined)
    cosine = max((cosines.get(e.number, 0.0) for e in choice), default=0.0)
    if shared >= ENOUGH_WORDS_SHARED or (shared >= SOME_WORDS_SHARED and cosine >= ENOUGH_COSINE):
        return ""
    return f"{shared:.0%} of its words are in the excerpts, cosine {cosine:.2f}"


def _cosines(text: str, evidence: Sequence[Evidence], embedder: Embedder | None) -> dict[int, float]:
    if embedder is None or not evidence:
        return {}
    rows = embedder.embed([text, *(e.whole for e in evidence)])
    return {e.number: float(row @ rows[0]) for e, row in zip(evidence, rows[1:], strict=True)}
