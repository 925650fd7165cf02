"""From recognised or captioned speech to sentences: the unit in which a moment is pointed at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seehear.spans import Span
from seehear.units import clean
from seehear.values import Event
from seehear.words import count, joint

PAUSE_S = 0.7
LONG_PAUSE_S = 2.5
ENOUGH_WORDS = 10
MANY_WORDS = 28
MOST_WORDS = 50
ENDS_WITHIN_WORDS = 60
"""How long sentences may be, on average, for their marks to be believed."""

_END = re.compile(r"[.!?…。？！]+[\"'”’)\]」』）]*$")
_INNER = re.compile(r"(?<=[。？！])(?=[^\"'”’)\]」』）。？！\s])|(?<=[。？！][」』）])(?=[^。？！\s])")
"""Where a sentence ends and the next one begins with no space between them."""
_ABBREVIATION = re.compile(
    r"(?:^|\s)(?:e\.g|i\.e|etc|vs|cf|mr|mrs|ms|dr|prof|st|no|fig|eq|approx|[a-z])\.$", re.IGNORECASE
)
_NOISE = re.compile(r"^(?:\s*(?:[-–—](?=\s)|>>+|\[[^\W\d_][^\]\d]{0,30}\]|\([^\W\d_]+(?:\s[^\W\d_]+){0,3}\)|♪+)\s*)+")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,40}>")


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    span: Span
    opens: bool  # first word of its event
    after: str  # what stands before it: a space, or nothing within Chinese and Japanese
    words: int = 1


def sentences(events: Iterable[Event]) -> list[tuple[Span, str]]:
    """Cut transcript events into sentences; a sentence starts where its first word, or the event holding it, starts.

    Where punctuation is missing, pauses and lengths decide.
    """
    found: list[tuple[Span, str]] = []
    current: list[_Piece] = []
    speaker: str | None = None
    events = list(events)
    punctuated = _is_punctuated(events)

    def close() -> None:
        nonlocal current
        text = "".join(piece.after + piece.text for piece in current).strip()
        if text:
            end_s = max(piece.span.end_s for piece in current)
            found.append((Span(current[0].span.start_s, end_s), text))
        current = []

    for event in events:
        pieces = _pieces(event, current[-1].text if current else "")
        if current and pieces and event.speaker != speaker:
            close()
        speaker = event.speaker
        for piece in pieces:
            if current and _breaks(current, piece, punctuated=punctuated):
                close()
            current.append(piece)
    close()
    return found


def _is_punctuated(events: Sequence[Event]) -> bool:
    """Tell whether sentences end in marks: a stray full stop in a transcript without any others does not say so."""
    words = [part for event in events for word in event.text.split() for part in _INNER.split(word)]
    return ENDS_WITHIN_WORDS * sum(_END.search(word) is not None for word in words) > sum(map(count, words))


def _breaks(current: list[_Piece], piece: _Piece, *, punctuated: bool) -> bool:
    last = current[-1]
    pause_s = piece.span.start_s - last.span.end_s
    words = sum(one.words for one in current)
    if pause_s >= LONG_PAUSE_S or words >= MOST_WORDS:
        return True
    if _END.search(last.text) and not _ABBREVIATION.search(last.text):
        return not piece.text[:1].islower()
    if punctuated:
        return words >= MANY_WORDS and (pause_s >= PAUSE_S or (piece.opens and words >= MOST_WORDS - 8))
    return words >= ENOUGH_WORDS and (pause_s >= PAUSE_S or (piece.opens and words >= MANY_WORDS - 8))


def _pieces(event: Event, before: str = "") -> list[_Piece]:
    text = _NOISE.sub("", clean(_TAG.sub("", event.text)))
    words = text.split()
    if not words:
        return []
    first = joint(before, words[0])
    if event.words and len(event.words) == len(words):
        timed = zip(words, event.words, strict=True)
        return [_Piece(w, at.span, i == 0, " " if i else first) for i, (w, at) in enumerate(timed)]
    # A cue without word times: a sentence that begins inside it is printed with the cue's own start, which is on the
    # timeline; the end of a word is interpolated only to tell how long the sentence lasts.
    parts = [(part, " " if i == 0 else "") for word in words for i, part in enumerate(_INNER.split(word))]
    lengths = [count(part) for part, _ in parts]
    start_s, step_s = event.span.start_s, event.span.duration_s / sum(lengths)
    found, told = [], 0
    for i, ((part, after), length) in enumerate(zip(parts, lengths, strict=True)):
        told += length
        found.append(_Piece(part, Span(start_s, start_s + step_s * told), i == 0, after if i else first, length))
    return found
