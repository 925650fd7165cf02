"""Hearing with Whisper through faster-whisper (CTranslate2, int8) on the processor; nothing is fetched from a hub.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022. Speech is found first (Silero VAD),
packed into windows of up to 29 s with the long silences taken out, and each window is read once, without time tokens:
the times come from aligning the words afterwards. docs/hearing.md has the measurements behind each choice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seehear.backends.protocols import Card
from seehear.backends.speech import is_believable, repetitiveness, sentences
from seehear.errors import BackendError, ConfigError, InputError, MissingPackageError, WeightsError
from seehear.spans import Span
from seehear.values import Audio, Gap, Segment, Transcript, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE_HZ = 16_000
WINDOW_S = 29.0
"""Longest stretch read at once; Whisper hears 30 s."""
KEEP_SILENCE_S = 1.0
"""A silence up to this long stays inside a window; of a longer one only the padding beside the speech does."""
PAD_S = 0.2
RETRY_S = 15.0
"""A window at least this long that was not understood is read again in halves."""

MODELS = {"tiny.en": "whisper-tiny.en", "base": "whisper-base"}
"""Model names and the names of their weights."""
AUTO = "base"
"""What `auto` means, in English too. Measured against `tiny.en` it mishears a little less, clean and in noise, and puts
sentence starts four times nearer to the truth, for 0.07 instead of 0.04 CPU-seconds per second (docs/hearing.md)."""
MISSED_S = 2.5
"""Speech this long without a word in it is read once more by itself: a recogniser sometimes stops before the end."""

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Samples [start, end) of the recording that a window holds, `speech_*` without the padding."""

    start: int
    end: int
    speech_start: int
    speech_end: int


class Whisper:
    """Speech to sentences with word times. `model` is `tiny.en`, `base` or `auto` (see `AUTO`).

    `folder` holds the folders named in `MODELS`; None asks `seehear.weights`. `threads` ≥ 1. Models load on first use.
    """

    def __init__(self, model: str = "auto", *, folder: Path | None = None, threads: int = 1) -> None:
        if model != "auto" and model not in MODELS:
            raise ConfigError(f"there is no Whisper model {model!r} here", hint=f"use auto, {', '.join(MODELS)}")
        self._folder, self._threads = folder, threads
        self._lock = threading.Lock()
        self._loaded: Any = None
        self._used = AUTO if model == "auto" else model
        self.card = Card(
            name=f"whisper:{model}", capabilities=("hear",), runs="here", word_times=True,
            languages=("en",) if self._used == "tiny.en" else (), weights=(MODELS[self._used],),
            packages=("faster-whisper",), licence="MIT",
        )  # fmt: skip

    def close(self) -> None:
        """Free the models; safe to call twice."""
        with self._lock:
            self._loaded = None

    def transcribe(
        self, audio: Audio, *, language: str | None = None, on_progress: Progress | None = None
    ) -> Transcript:
        """Transcribe mono audio at 16 kHz into sentences with absolute times.

        `language` is ISO 639-1, None detects it; the transcript's language is "" where nobody speaks. What sounds like
        speech and was not understood becomes a Gap. `on_progress` is called with the absolute seconds done after each
        window and may raise CancelledError. Raises InputError for another rate, ConfigError for a language the model
        does not know, MissingPackageError, WeightsError, BackendError.
        """
        if audio.rate_hz != RATE_HZ:
            raise InputError(f"Whisper hears {RATE_HZ} Hz, this audio has {audio.rate_hz}", hint="resample it first")
        if self._used == "tiny.en" and language not in (None, "en"):
            raise ConfigError(f"whisper:tiny.en knows English only, not {language!r}", hint="use whisper:base")
        samples = _clean(audio.samples)
        segments: list[Segment] = []
        gaps: list[Gap] = []
        with self._lock:
            for window in _pack(_find_speech(samples)):
                if language is None:
                    language = self._detect(samples, window)
                heard, missed = self._read(samples, window, language, audio.start_s)
                segments += heard
                gaps += missed
                if on_progress is not None:
                    on_progress(audio.start_s + window[-1].end / RATE_HZ)
        if on_progress is not None:
            on_progress(audio.span.end_s)
        return Transcript(language or "", tuple(segments), f"whisper:{self._used}", tuple(gaps))

    def _detect(self, samples: NDArray[np.float32], window: Sequence[_Piece]) -> str:
        if self._used == "tiny.en":
            return "en"
        engine = self._engine()
        try:
            language, _, _ = engine.model.detect_language(audio=_join(samples, window))
        except _FOREIGN as error:
            raise _failed(error) from error
        return str(language)

    def _read(
        self,
        samples: NDArray[np.float32],
        window: Sequence[_Piece],
        language: str,
        start_s: float,
        *,
        again: bool = True,
    ) -> tuple[list[Segment], list[Gap]]:
        """Read one window; in halves where it was not understood, and once more where words are missing."""
        words, no_speech, logprob = self._hear(samples, window, language, start_s)
        text = "".join(word.text for word in words)
        doubtful = logprob < -1.0 or repetitiveness(text) > 2.4
        seconds = sum(piece.end - piece.start for piece in window) / RATE_HZ
        if doubtful and no_speech < 0.9 and seconds >= RETRY_S:
            results = [self._read(samples, half, language, start_s) for half in _halve(window)]
            return [s for heard, _ in results for s in heard], [g for _, missed in results for g in missed]
        kept = [s for s in sentences(words) if is_believable(s, no_speech=no_speech, logprob=logprob)]
        if again and kept:
            for part in _pack(_missed(window, words, start_s)):
                kept += self._read(samples, part, language, start_s, again=False)[0]
            kept.sort(key=lambda segment: segment.span)
        return kept, _unheard(window, kept, start_s)

    def _hear(
        self, samples: NDArray[np.float32], window: Sequence[_Piece], language: str, start_s: float
    ) -> tuple[list[Word], float, float]:
        """Words with absolute times, the no-speech probability and the mean log-probability per token."""
        engine = self._engine()
        if language not in engine.model.supported_languages:
            raise ConfigError(
                f"whisper:{self._used} does not know the language {language!r}", hint="leave it out to have it detected"
            )
        try:
            found, _ = engine.transcribe(
                _join(samples, window), language=language, beam_size=5, batch_size=1, vad_filter=False,
                without_timestamps=True, word_timestamps=True,
            )  # fmt: skip
            segments = list(found)
        except _FOREIGN as error:
            raise _failed(error) from error
        place = _Places(window)
        words = [
            Word(place.span(word.start, word.end, start_s), word.word, min(1.0, max(0.0, float(word.probability))))
            for segment in segments
            for word in segment.words or ()
        ]
        if not segments:
            return [], 1.0, -9.0
        return words, max(float(s.no_speech_prob) for s in segments), min(float(s.avg_logprob) for s in segments)

    def _engine(self) -> Any:
        if self._loaded is None:
            try:
                from faster_whisper import BatchedInferencePipeline, WhisperModel
            except ImportError as error:
                raise MissingPackageError(
                    "hearing needs the package faster-whisper", hint="pip install 'seehear[local]'"
                ) from error
            name = MODELS[self._used]
            folder = _locate(name, self._folder)
            try:
                model = WhisperModel(
                    str(folder), device="cpu", compute_type="int8", cpu_threads=self._threads, local_files_only=True
                )
            except (RuntimeError, ValueError, OSError, KeyError) as error:
                raise WeightsError(
                    f"the weights of whisper:{self._used} cannot be loaded: {error}",
                    hint=f"seehear models verify {name}",
                ) from error
            self._loaded = BatchedInferencePipeline(model)
        return self._loaded


# What CTranslate2, onnxruntime (through RuntimeError and its subclasses) and numpy raise while they work.
_FOREIGN = (RuntimeError, ValueError, IndexError, TypeError, OSError, MemoryError)


def _failed(error: BaseException) -> BackendError:
    return BackendError(
        f"Whisper failed on this audio: {error}", hint="try the other model, or report it with the file"
    )


def _locate(name: str, folder: Path | None) -> Path:
    if folder is not None:
        found = folder / name
        if not (found / "model.bin").is_file():
            raise WeightsError(f"no {name}/model.bin in the given folder", hint=f"seehear models pull {name}")
        return found
    from seehear import weights

    return Path(weights.locate(name))


def _clean(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    tamed = np.nan_to_num(samples.astype(np.float32, copy=False), nan=0.0, posinf=1.0, neginf=-1.0)
    return np.clip(tamed, -1.0, 1.0)


def _find_speech(samples: NDArray[np.float32]) -> list[_Piece]:
    """Stretches with a voice in them, padded on both sides, none longer than a window."""
    try:
        from faster_whisper.vad import VadOptions, get_speech_timestamps
    except ImportError as error:
        raise MissingPackageError(
            "hearing needs the package faster-whisper", hint="pip install 'seehear[local]'"
        ) from error
    if not len(samples):
        return []
    options = VadOptions(
        threshold=0.5, min_speech_duration_ms=200, min_silence_duration_ms=300, speech_pad_ms=0,
        max_speech_duration_s=WINDOW_S - 2 * PAD_S,
    )  # fmt: skip
    try:
        found = get_speech_timestamps(samples, options, sampling_rate=RATE_HZ)
    except _FOREIGN as error:
        raise _failed(error) from error
    pad = int(PAD_S * RATE_HZ)
    pieces: list[_Piece] = []
    for i, stretch in enumerate(found):
        start, end = int(stretch["start"]), min(int(stretch["end"]), len(samples))
        before = found[i - 1]["end"] if i else 0
        after = found[i + 1]["start"] if i + 1 < len(found) else len(samples)
        left = max(start - pad, (before + start) // 2 if i else 0)
        right = min(end + pad, (end + after) // 2 if i + 1 < len(found) else len(samples))
        pieces.append(_Piece(left, right, start, end))
    return pieces


def _pack(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """Fill windows of up to `WINDOW_S` with pieces; a short silence between two is kept as it sounds."""
    window: list[_Piece] = []
    filled = 0
    for piece in pieces:
        silence = piece.start - window[-1].end if window else 0
        joined = bool(window) and silence <= KEEP_SILENCE_S * RATE_HZ
        length = piece.end - piece.start + (silence if joined else 0)
        if window and filled + length > WINDOW_S * RATE_HZ:
            yield window
            window, filled, joined, length = [], 0, False, piece.end - piece.start
        if joined:
            piece = _Piece(window[-1].end, piece.end, piece.speech_start, piece.speech_end)
        window.append(piece)
        filled += length
    if window:
        yield window


def _halve(window: Sequence[_Piece]) -> list[list[_Piece]]:
    if len(window) > 1:
        total, seen, cut = sum(p.end - p.start for p in window), 0, 1
        for i, piece in enumerate(window[:-1]):
            seen += piece.end - piece.start
            cut = i + 1
            if seen >= total / 2:
                break
        return [list(window[:cut]), list(window[cut:])]
    piece = window[0]
    middle = (piece.start + piece.end) // 2
    return [
        [_Piece(piece.start, middle, min(piece.speech_start, middle), middle)],
        [_Piece(middle, piece.end, middle, max(piece.speech_end, middle))],
    ]


def _join(samples: NDArray[np.float32], window: Sequence[_Piece]) -> NDArray[np.float32]:
    import numpy as np

    return np.concatenate([samples[piece.start : piece.end] for piece in window])


class _Places:
    """From seconds inside a window to seconds of the recording."""

    def __init__(self, window: Sequence[_Piece]) -> None:
        self._pieces = window
        self._offsets = [0]
        for piece in window:
            self._offsets.append(self._offsets[-1] + piece.end - piece.start)

    def span(self, start_s: float, end_s: float, zero_s: float) -> Span:
        """The word's span; the silence that the alignment gives to a word at the edge of speech is taken off it."""
        middle = (start_s + end_s) / 2 * RATE_HZ
        at = next((i for i in range(len(self._pieces)) if middle < self._offsets[i + 1]), len(self._pieces) - 1)
        piece, shift = self._pieces[at], self._pieces[at].start - self._offsets[at]
        start, end = start_s * RATE_HZ + shift, end_s * RATE_HZ + shift
        if end > piece.speech_start:
            start = max(start, piece.speech_start)
        if start < piece.speech_end:
            end = min(end, piece.speech_end)
        return Span(zero_s + start / RATE_HZ, zero_s + max(start, end) / RATE_HZ)


def _missed(window: Sequence[_Piece], words: Sequence[Word], start_s: float) -> list[_Piece]:
    """Stretches of a voice in which no word was recognised; [] when they last less than `MISSED_S` together."""
    missed: list[_Piece] = []
    for piece in window:
        at = piece.speech_start
        spoken = [(int((w.span.start_s - start_s) * RATE_HZ), int((w.span.end_s - start_s) * RATE_HZ)) for w in words]
        for start, end in [*spoken, (piece.speech_end, piece.speech_end)]:
            until = min(start, piece.speech_end)
            if until - at >= RATE_HZ:
                missed.append(_Piece(at, until, at, until))
            at = max(at, end)
    return missed if sum(piece.end - piece.start for piece in missed) >= MISSED_S * RATE_HZ else []


def _unheard(window: Sequence[_Piece], kept: Sequence[Segment], start_s: float) -> list[Gap]:
    """Stretches of a voice, at least 2 s, of which no sentence was kept; neighbours are joined."""
    spans: list[Span] = []
    for piece in window:
        span = Span(start_s + piece.speech_start / RATE_HZ, start_s + piece.speech_end / RATE_HZ)
        if any(segment.span.overlap_s(span) > 0 for segment in kept):
            continue
        if spans and span.start_s - spans[-1].end_s <= KEEP_SILENCE_S:
            span = Span(spans.pop().start_s, span.end_s)
        spans.append(span)
    reason = "something like a voice, but no words that can be trusted"
    return [Gap(span, "hear", reason) for span in spans if span.duration_s >= 2.0]
