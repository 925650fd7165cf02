"""What a server sends of a transcription, whole or piece by piece, as segments on the recording's own clock."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from seehear.backends.servers import catalogue
from seehear.backends.speech import is_sign_off, repetitiveness, sentences
from seehear.errors import BackendUnavailableError
from seehear.spans import Span
from seehear.values import Audio, Segment, Word

WORDS_PER_S = 2.5
"""How fast people speak: how far a streamed text has come is told by it, never where a line stands."""


@dataclass(frozen=True, slots=True)
class Said:
    """A whole transcription: its text, and its segments where the server sends them."""

    text: str
    segments: tuple[Any, ...] = ()
    was_streamed: bool = True


def streamed(pieces: Any, *, on_second: Callable[[float], None]) -> Said:
    """Read a streamed transcription to its end; `on_second` is told how far it has come, in seconds of what was sent.

    A server that sends its whole reply at once although a stream was asked for is understood too. Raises
    BackendUnavailableError when the stream ends before the text is complete, else what the SDK raises.
    """
    import openai

    response = pieces.response
    if "event-stream" not in str(response.headers.get("content-type", "")):
        whole = json.loads(response.read())
        if not isinstance(whole, dict):
            raise ValueError("no transcription")
        found = whole.get("segments") or ()
        return Said(str(whole.get("text") or ""), tuple(_Row(row) for row in found), was_streamed=False)
    text, done, segments = "", None, []
    ended = False
    try:
        for piece in pieces:
            kind = str(getattr(piece, "type", "") or "")
            if kind == "transcript.text.segment":
                segments.append(piece)
                on_second(float(piece.end))
            elif kind == "transcript.text.done":
                done, ended = str(piece.text), True
            else:
                fresh, finished = _delta(piece)
                text += fresh
                ended = ended or finished
                if fresh and not segments:
                    on_second(len(text.split()) / WORDS_PER_S)
    except openai.APIConnectionError as error:
        # The server was reached: this is no sign that it is gone, as a refused connection would be.
        raise BackendUnavailableError("the transcription broke off", hint="try again") from error
    if not ended:
        raise BackendUnavailableError("the transcription broke off", hint="try again")
    return Said(text if done is None else done, tuple(segments))


class _Row:
    """A row of JSON with its fields as attributes, as the SDK hands them out."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.__dict__.update(row)


def _delta(piece: Any) -> tuple[str, bool]:
    """The fresh text of a piece and whether it is the last: OpenAI's events, and vLLM's, which are those of a chat."""
    fresh, finished = str(getattr(piece, "delta", "") or ""), False
    for choice in getattr(piece, "choices", None) or ():
        row = choice if isinstance(choice, dict) else vars(choice)
        delta = row.get("delta") or {}
        fresh += str((delta.get("content") if isinstance(delta, dict) else getattr(delta, "content", "")) or "")
        finished = finished or bool(row.get("finish_reason"))
    return fresh, finished


def placed(segments: Sequence[Any], words: Sequence[Any], part: Audio) -> tuple[Segment, ...]:
    """Sentences with absolute times from what the server sent: its words where it sent some, else its segments."""
    kept = [segment for segment in segments if _is_believable(segment)]
    timed = [
        Word(span_of(word.start, word.end, part), f" {str(word.word).strip()}")
        for word in words
        if not segments or any(s.start - 0.1 <= (word.start + word.end) / 2 <= s.end + 0.1 for s in kept)
    ]
    if not kept:
        return tuple(sentences(timed)) if not segments else ()
    punctuated = _punctuated(timed, " ".join(str(segment.text) for segment in kept))
    if punctuated is not None:
        return tuple(sentences(punctuated))
    return tuple(Segment(span_of(s.start, s.end, part), " ".join(str(s.text).split())) for s in kept)


def _punctuated(words: Sequence[Word], text: str) -> list[Word] | None:
    """The words as the text writes them, with its punctuation; None when the two do not go together."""
    tokens = text.split()
    plain = [re.sub(r"\W", "", word.text).lower() for word in words]
    match = SequenceMatcher(None, plain, [re.sub(r"\W", "", token).lower() for token in tokens], autojunk=False)
    written = [word.text for word in words]
    matched = 0
    for block in match.get_matching_blocks():
        for at in range(block.size):
            written[block.a + at] = f" {tokens[block.b + at]}"
        matched += block.size
    if matched < 0.8 * max(len(words), len(tokens), 1):
        return None
    return [Word(word.span, form, word.probability) for word, form in zip(words, written, strict=True)]


def _is_believable(segment: Any) -> bool:
    text = str(segment.text)
    no_speech = float(getattr(segment, "no_speech_prob", None) or 0.0)
    logprob = float(getattr(segment, "avg_logprob", None) or 0.0)
    if not re.search(r"\w", text) or (no_speech > 0.6 and logprob < -0.7) or logprob < -1.3:
        return False
    if is_sign_off(text) and (no_speech > 0.3 or logprob < -0.8):
        return False
    return not (len(text.split()) >= 6 and repetitiveness(text) > 2.8)


def span_of(start_s: float, end_s: float, part: Audio) -> Span:
    """A span of the server's clock on the recording's, kept inside what was sent."""
    first = min(max(part.start_s + float(start_s), part.start_s), part.span.end_s)
    return Span(first, min(max(part.start_s + float(end_s), first), part.span.end_s))


def iso(language: Any) -> str:
    """ISO 639-1 of what a server calls a language: the code, or its English name; empty when it is neither."""
    told = str(language or "").strip().lower()
    return told if re.fullmatch(r"[a-z]{2,3}", told) else catalogue.language(told)
