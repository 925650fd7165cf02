"""Speech to text with a model of OpenAI or of any compatible server: with its times, else with those of the cuts."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from seehear.backends import pieces
from seehear.backends.openai.transcript import Said, iso, placed, streamed
from seehear.backends.openai.voices import Voices
from seehear.backends.protocols import Card
from seehear.backends.servers import catalogue
from seehear.backends.servers.client import Client, unreadable
from seehear.backends.servers.meter import Use
from seehear.backends.servers.probes import Probes
from seehear.backends.servers.sdk_errors import Reply
from seehear.backends.speech import is_sign_off, repetitiveness
from seehear.errors import BackendError, BackendRefusedError, BackendUnavailableError, InputError
from seehear.spans import Span
from seehear.values import Audio, Gap, Segment, Transcript

RATE_HZ = 16_000
TIMED_S = 600.0
"""Longest stretch sent where times come back: 19 MB as WAV, under the 25 MB that OpenAI takes."""
UNTIMED_S = 20.0
"""Longest stretch sent where only text comes back: its span is all the time that is known of it."""
STAGE = "hear"

Way = Literal["timed", "speakers", "untimed"]
"""How a model is asked: for the times of words, for who speaks when, or for text alone."""
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
        self._voices = Voices()

    @property
    def card(self) -> Card:
        """What this backend is and can do; `word_times` is what is known or hoped of the server until it was asked."""
        return Card(
            name=self._name, capabilities=("hear",), runs="server" if self._client.server.is_here else "hosted",
            streams=self._streams, word_times=self._way == "timed", packages=("openai",),
        )  # fmt: skip

    def transcribe(
        self, audio: Audio, *, language: str | None = None, on_progress: Progress | None = None
    ) -> Transcript:
        """Transcribe mono audio at 16 kHz; silence is not sent.

        Where the server gives no times, the audio is cut in its pauses into stretches of up to 20 s, and each becomes
        one segment with the span it was cut from. A model that tells speakers apart is asked for them; a number means
        the same person as long as calls go on where the last one ended. A stretch that failed is a Gap of stage `hear`.
        Raises InputError for another rate, BudgetError, BackendUnavailableError when the server is gone,
        BackendRefusedError or ConfigError when it takes no key or model.
        """
        if audio.rate_hz != RATE_HZ:
            raise InputError(
                f"speech is sent at {RATE_HZ} Hz, this audio has {audio.rate_hz}", hint="resample it first"
            )
        self._voices.begin(audio)
        heard = None
        while heard is None:  # no times came back: what was sent whole is sent again in pieces
            heard = self._all(audio, language, on_progress)
        if on_progress is not None:
            on_progress(audio.span.end_s)
        found = language or next((one.language for one in heard if one.language), "")
        segments = tuple(segment for one in heard for segment in one.segments)
        gaps = tuple(one.gap for one in heard if one.gap is not None)
        return Transcript(found, segments, self._name, gaps)

    def close(self) -> None:
        """Let the connections go; safe to call twice."""
        self._client.close()

    def _learnt(self, what: str) -> bool | None:
        """What this server was found to do, else what the data file says of the model."""
        learnt = self._probes.get(self._client.server.base_url, self._model).get(what)
        known = learnt if isinstance(learnt, bool) else catalogue.facts(self._model).get(what)
        return None if known is None else bool(known)

    @property
    def _way(self) -> Way:
        if self._learnt("speakers"):
            return "speakers"
        timed = self._learnt("word_times")
        return "timed" if timed or (timed is None and self._client.server.kind != "openai") else "untimed"

    @property
    def _streams(self) -> bool:
        """Whether text is sent as it is written; a server that is not known is tried, and understood either way."""
        streams = self._learnt("streams")
        return self._way != "timed" and (streams or (streams is None and self._client.server.kind != "openai"))

    def _simpler(self, way: Way, why: str) -> None:
        """Ask no more in a way that this server does not know."""
        if self._way != way:
            return
        learnt: dict[str, bool] = {"word_times": False} if way == "timed" else {"speakers": False}
        self._probes.learn(self._client.server.base_url, self._model, **learnt)
        then = f"the audio is sent in pieces of up to {UNTIMED_S:.0f} s, cut in pauses"
        self._client.log(
            f"{self._model} on {self._client.server.label} {why}"
            + (f": {then}" if self._way == "untimed" else ": its lines are not parted by speaker")
        )

    def _all(self, audio: Audio, language: str | None, on_progress: Progress | None) -> list[_Heard] | None:
        """Every piece of the audio, None when it turned out on the way that it must be asked for otherwise."""
        way = self._way
        parts = pieces.pieces(audio, longest_s=UNTIMED_S) if way == "untimed" else _whole(audio)
        progress = _Progress(parts, on_progress)
        if way == "speakers":  # one after the other: each brings the voices of those before
            heard = []
            for part in parts:
                heard.append(self._one(part, language, way, progress))
                progress.finish(part)
        else:
            heard = self._client.map(
                lambda part: self._one(part, language, way, progress), parts, done=lambda part, _: progress.finish(part)
            )
        return None if any(one is None for one in heard) else [one for one in heard if one is not None]

    def _one(self, part: Audio, language: str | None, way: Way, progress: _Progress) -> _Heard | None:
        try:
            made = self._send(part, language, way, progress)
        except BackendError as error:
            if self._client.is_stopped:
                raise
            reply = error.__cause__
            refused = isinstance(error, BackendRefusedError) and isinstance(reply, Reply)
            if way != "untimed" and refused and isinstance(reply, Reply) and reply.status in (400, 415, 422, 501):
                self._simpler(way, "gives no times" if way == "timed" else "tells no speakers")
                return None
            return _Heard(gap=Gap(part.span, STAGE, error.message))
        try:
            if way == "timed":
                return self._timed(made, part)
            if way == "speakers":
                return self._spoken(made, part)
        except (AttributeError, TypeError, ValueError) as error:
            raise unreadable(self._client.server, "no transcription") from error
        return self._text(made, part)

    def _send(self, part: Audio, language: str | None, way: Way, progress: _Progress) -> Any:
        kind: Literal["wav", "flac"] = "flac" if self._client.server.kind == "openai" else "wav"
        content = pieces.encoded(part, kind)
        shape = {"timed": "verbose_json", "speakers": "diarized_json", "untimed": "json"}[way]
        body: dict[str, Any] = {"model": self._model, "response_format": shape}
        if way == "timed":
            body["timestamp_granularities"] = ["word", "segment"]
        if way == "speakers":
            body |= {"chunking_strategy": "auto", **self._voices.fields()}
        if language is not None:
            body["language"] = language

        def ask(sdk: Any, **more: Any) -> Any:
            # A file is read to its end when it is sent: each try gets a new one.
            return sdk.audio.transcriptions.create(file=(f"speech.{kind}", content, f"audio/{kind}"), **body, **more)

        def listen(sdk: Any) -> Said:
            return streamed(ask(sdk, stream=True), on_second=lambda after_s: progress.at(part, after_s))

        estimate = Use(self._model, audio_s=part.span.duration_s)
        if not self._streams:
            return self._client.call(ask, estimate=estimate)
        try:
            said = self._client.call(listen, estimate=estimate)
        except BackendRefusedError as error:
            reply = error.__cause__
            if not isinstance(reply, Reply) or "stream" not in f"{reply.param} {reply.said}".lower():
                raise
            self._probes.learn(self._client.server.base_url, self._model, streams=False)
            return self._client.call(ask, estimate=estimate)
        except BackendUnavailableError:
            if self._client.is_stopped:
                raise
            return self._client.call(ask, estimate=estimate)  # whole, where the stream broke off
        if not said.was_streamed:
            self._probes.learn(self._client.server.base_url, self._model, streams=False)
        return said

    def _timed(self, made: Any, part: Audio) -> _Heard | None:
        words, segments = getattr(made, "words", None), getattr(made, "segments", None)
        if not segments and not words and str(getattr(made, "text", "") or "").strip():
            self._simpler("timed", "sent text without times")
            return None
        return _Heard(placed(segments or (), words or (), part), iso(getattr(made, "language", None)))

    def _spoken(self, made: Any, part: Audio) -> _Heard | None:
        rows = getattr(made, "segments", None)
        if not rows and str(getattr(made, "text", "") or "").strip():
            self._simpler("speakers", "sent text without speakers")
            return None
        return _Heard(self._voices.named(rows or (), part))

    def _text(self, made: Any, part: Audio) -> _Heard:
        text = made if isinstance(made, str) else getattr(made, "text", None)
        if not isinstance(text, str):
            raise unreadable(self._client.server, "no transcription")
        text = " ".join(text.split())
        invented = is_sign_off(text) and part.span.duration_s >= 4.0
        if not re.search(r"\w", text) or invented or repetitiveness(text) > 4.0:
            return _Heard()
        span = Span(part.start_s + min(pieces.PAD_S, part.span.duration_s / 4), part.span.end_s)
        return _Heard((Segment(span, text),), iso(getattr(made, "language", None)))


class _Progress:
    """How far a recording is heard without a hole, told in growing seconds; used from several threads."""

    def __init__(self, parts: Sequence[Audio], tell: Progress | None) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._waiting = list(parts)
        self._told_s = float("-inf")

    def at(self, part: Audio, after_s: float) -> None:
        """A part has come so many seconds far; what lies behind an unfinished one is not told yet."""
        with self._lock:
            if self._waiting and self._waiting[0] is part:
                self._reach(part.start_s + min(after_s, part.span.duration_s))

    def finish(self, part: Audio) -> None:
        """A part is done."""
        with self._lock:
            first = self._waiting[0]
            self._waiting = [other for other in self._waiting if other is not part]
            reached = self._waiting[0].start_s if self._waiting else part.span.end_s
            if first is part:
                self._reach(reached)

    def _reach(self, time_s: float) -> None:
        if self._tell is not None and time_s > self._told_s:
            self._told_s = time_s
            self._tell(time_s)


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
