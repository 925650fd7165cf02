"""Speech to text with a model of OpenAI or of any compatible server: with its times, else with those of the cuts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from seehear.backends import catalogue, pieces
from seehear.backends.client import Client, unreadable
from seehear.backends.meter import Use
from seehear.backends.probes import Probes
from seehear.backends.protocols import Card
from seehear.backends.sdk_errors import Reply
from seehear.backends.speech import is_sign_off, repetitiveness, sentences
from seehear.errors import BackendError, BackendRefusedError, InputError
from seehear.spans import Span
from seehear.values import Audio, Gap, Segment, Transcript, Word

RATE_HZ = 16_000
TIMED_S = 600.0
"""Longest stretch sent where times come back: 19 MB as WAV, under the 25 MB that OpenAI takes."""
UNTIMED_S = 20.0
"""Longest stretch sent where only text comes back: its span is all the time that is known of it."""
STAGE = "hear"

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class _Heard:
    segments: tuple[Segment, ...] = ()
    language: str = ""
    gap: Gap | None = None


class OpenAITranscriber:
    """A transcriber behind `/audio/transcriptions`; `name` is what the user calls it."""

    def __init__(self, client: Client, model: str, *, name: str, probes: Probes | None = None) -> None:
        self._client, self._model, self._name = client, model, name
        self._probes = probes or Probes()

    @property
    def card(self) -> Card:
        """What this backend is and can do; `word_times` is what is known or hoped of the server until it was asked."""
        return Card(
            name=self._name, capabilities=("hear",), runs="server" if self._client.server.is_here else "hosted",
            word_times=self._timed, packages=("openai",),
        )  # fmt: skip

    def transcribe(
        self, audio: Audio, *, language: str | None = None, on_progress: Progress | None = None
    ) -> Transcript:
        """Transcribe mono audio at 16 kHz; silence is not sent.

        Where the server gives no times, the audio is cut in its pauses into stretches of up to 20 s, and each becomes
        one segment with the span it was cut from. A stretch that failed is a Gap of stage `hear`. Raises InputError for
        another rate, BudgetError, BackendUnavailableError when the server is gone, BackendRefusedError or ConfigError
        when it takes no key or model.
        """
        if audio.rate_hz != RATE_HZ:
            raise InputError(
                f"speech is sent at {RATE_HZ} Hz, this audio has {audio.rate_hz}", hint="resample it first"
            )
        heard = self._all(audio, language, on_progress)
        if heard is None:  # no times came back: what was sent whole is sent again in pieces
            heard = self._all(audio, language, on_progress) or []
        if on_progress is not None:
            on_progress(audio.span.end_s)
        found = language or next((one.language for one in heard if one.language), "")
        segments = tuple(segment for one in heard for segment in one.segments)
        gaps = tuple(one.gap for one in heard if one.gap is not None)
        return Transcript(found, segments, self._name, gaps)

    def close(self) -> None:
        """Let the connections go; safe to call twice."""
        self._client.close()

    @property
    def _timed(self) -> bool:
        server = self._client.server
        learnt = self._probes.get(server.base_url, self._model).get("word_times")
        if isinstance(learnt, bool):
            return learnt
        known = catalogue.facts(self._model).get("word_times")
        return bool(known) if known is not None else server.kind != "openai"

    def _untimed(self, why: str) -> None:
        if self._timed:
            self._probes.learn(self._client.server.base_url, self._model, word_times=False)
            self._client.log(
                f"{self._model} on {self._client.server.label} {why}: the audio is sent in pieces of up to "
                f"{UNTIMED_S:.0f} s, cut in pauses"
            )

    def _all(self, audio: Audio, language: str | None, on_progress: Progress | None) -> list[_Heard] | None:
        """Every piece of the audio, None when it turned out on the way that no times come back."""
        timed = self._timed
        parts = pieces.pieces(audio, longest_s=TIMED_S if timed else UNTIMED_S) if not timed else _whole(audio)
        finished: set[float] = set()

        def done(part: Audio, heard: _Heard | None) -> None:
            finished.add(part.start_s)
            if on_progress is not None and heard is not None:
                whole = [p.span.end_s for n, p in enumerate(parts) if {q.start_s for q in parts[: n + 1]} <= finished]
                if whole:
                    on_progress(whole[-1])

        heard = self._client.map(lambda part: self._one(part, language, timed), parts, done=done)
        return None if any(one is None for one in heard) else [one for one in heard if one is not None]

    def _one(self, part: Audio, language: str | None, timed: bool) -> _Heard | None:
        try:
            made = self._send(part, language, timed)
        except BackendError as error:
            if self._client.is_stopped:
                raise
            reply = error.__cause__
            refused = isinstance(error, BackendRefusedError) and isinstance(reply, Reply)
            if timed and refused and isinstance(reply, Reply) and reply.status in (400, 415, 422, 501):
                self._untimed("gives no times")
                return None
            return _Heard(gap=Gap(part.span, STAGE, error.message))
        if not timed:
            return self._text(made, part)
        words, segments = getattr(made, "words", None), getattr(made, "segments", None)
        if not segments and not words and str(getattr(made, "text", "") or "").strip():
            self._untimed("sent text without times")
            return None
        try:
            return _Heard(_placed(segments or (), words or (), part), _iso(getattr(made, "language", None)))
        except (AttributeError, TypeError, ValueError) as error:
            raise unreadable(self._client.server, "no transcription") from error

    def _send(self, part: Audio, language: str | None, timed: bool) -> Any:
        kind = "flac" if self._client.server.kind == "openai" else "wav"
        content = pieces.encoded(part, "flac" if kind == "flac" else "wav")
        body: dict[str, Any] = {"model": self._model, "response_format": "verbose_json" if timed else "json"}
        if timed:
            body["timestamp_granularities"] = ["word", "segment"]
        if language is not None:
            body["language"] = language
        estimate = Use(self._model, audio_s=part.span.duration_s)
        return self._client.call(
            lambda sdk: sdk.audio.transcriptions.create(file=(f"speech.{kind}", content, f"audio/{kind}"), **body),
            estimate=estimate,
        )

    def _text(self, made: Any, part: Audio) -> _Heard:
        text = made if isinstance(made, str) else getattr(made, "text", None)
        if not isinstance(text, str):
            raise unreadable(self._client.server, "no transcription")
        text = " ".join(text.split())
        invented = is_sign_off(text) and part.span.duration_s >= 4.0
        if not re.search(r"\w", text) or invented or repetitiveness(text) > 4.0:
            return _Heard()
        span = Span(part.start_s + min(pieces.PAD_S, part.span.duration_s / 4), part.span.end_s)
        return _Heard((Segment(span, text),), _iso(getattr(made, "language", None)))


def _whole(audio: Audio) -> list[Audio]:
    """The audio in as few parts as can be sent, none where nothing can be heard."""
    parts = pieces.pieces(audio, longest_s=TIMED_S)
    if not parts:
        return []
    if audio.span.duration_s <= TIMED_S:
        first, last = parts[0].start_s, parts[-1].span.end_s
        start, end = (round((time_s - audio.start_s) * audio.rate_hz) for time_s in (first, last))
        return [Audio(audio.samples[start:end], audio.rate_hz, first)]
    return parts


def _placed(segments: Sequence[Any], words: Sequence[Any], part: Audio) -> tuple[Segment, ...]:
    """Sentences with absolute times from what the server sent: its words where it sent some, else its segments."""
    kept = [segment for segment in segments if _is_believable(segment)]
    timed = [
        Word(_span(word.start, word.end, part), f" {str(word.word).strip()}")
        for word in words
        if not segments or any(s.start - 0.1 <= (word.start + word.end) / 2 <= s.end + 0.1 for s in kept)
    ]
    if not kept:
        return tuple(sentences(timed)) if not segments else ()
    punctuated = _punctuated(timed, " ".join(str(segment.text) for segment in kept))
    if punctuated is not None:
        return tuple(sentences(punctuated))
    return tuple(Segment(_span(s.start, s.end, part), " ".join(str(s.text).split())) for s in kept)


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


def _span(start_s: float, end_s: float, part: Audio) -> Span:
    """A span of the server's clock on the recording's, kept inside what was sent."""
    first = min(max(part.start_s + float(start_s), part.start_s), part.span.end_s)
    return Span(first, min(max(part.start_s + float(end_s), first), part.span.end_s))


def _iso(language: Any) -> str:
    """ISO 639-1 of what a server calls a language: the code, or its English name; empty when it is neither."""
    told = str(language or "").strip().lower()
    return told if re.fullmatch(r"[a-z]{2,3}", told) else catalogue.language(told)
