"""Hearing with Whisper on Apple silicon, through mlx-whisper (extra `mlx`).

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022. What was recognised is judged by the
same figures as that of the embedded Whisper.
"""

from __future__ import annotations

import importlib
import platform
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seehear.backends.protocols import Card
from seehear.backends.speech import is_believable, sentences
from seehear.errors import BackendError, InputError, MissingPackageError, WeightsError
from seehear.spans import Span
from seehear.values import Audio, Segment, Transcript, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE_HZ = 16_000
PIECE_S = 300.0
"""Audio goes in pieces of at most this long, so that progress is seen and a stop is obeyed."""
SEARCH_S = 15.0
"""A piece ends at the quietest moment of its last so many seconds."""
MODEL = "mlx-community/whisper-base-mlx"

# What mlx, its hub client and numpy raise while they load and recognise.
FOREIGN = (RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError, MemoryError)


class MlxWhisper:
    """Speech to sentences with word times on the graphics part of an Apple chip; `model` is a folder or a hub name."""

    def __init__(self, model: str = MODEL) -> None:
        self._model = model
        self._lock = threading.Lock()
        self.card = Card(
            name=f"mlx:{model}", capabilities=("hear",), runs="here", word_times=True, packages=("mlx-whisper",),
            licence="MIT",
        )  # fmt: skip

    def close(self) -> None:
        """Free the model; safe to call twice and unused."""
        loaded = sys.modules.get("mlx_whisper.transcribe")
        holder = getattr(loaded, "ModelHolder", None)
        if holder is not None:
            holder.model = holder.model_path = None

    def transcribe(
        self, audio: Audio, *, language: str | None = None, on_progress: Callable[[float], None] | None = None
    ) -> Transcript:
        """Transcribe mono audio at 16 kHz into sentences with absolute times; `language` is ISO 639-1, None detects it.

        `on_progress` is called with the absolute seconds done after each piece and may raise CancelledError. Raises
        InputError for another rate, MissingPackageError away from Apple silicon or without the package, WeightsError
        when the model is out of reach, BackendError.
        """
        if audio.rate_hz != RATE_HZ:
            raise InputError(f"Whisper hears {RATE_HZ} Hz, this audio has {audio.rate_hz}", hint="resample it first")
        engine = _engine()
        segments: list[Segment] = []
        with self._lock:
            for start, end in pieces(audio.samples):
                span = Span(audio.start_s + start / RATE_HZ, audio.start_s + end / RATE_HZ)
                result = self._hear(engine, audio.samples[start:end], language)
                found = heard(result, span)
                segments += found
                if found and language is None:
                    language = str(result.get("language") or "") or None
                if on_progress is not None:
                    on_progress(span.end_s)
        return Transcript(language or "", tuple(segments), self.card.name)

    def _hear(self, engine: Any, samples: NDArray[np.float32], language: str | None) -> Mapping[str, Any]:
        import numpy as np

        place = str(Path(self._model).expanduser()) if Path(self._model).expanduser().is_dir() else self._model
        tamed = np.clip(np.nan_to_num(samples.astype(np.float32, copy=False), nan=0.0, posinf=1.0, neginf=-1.0), -1, 1)
        try:
            result = engine.transcribe(
                tamed, path_or_hf_repo=place, word_timestamps=True, language=language, verbose=None,
                condition_on_previous_text=False,
            )  # fmt: skip
        except OSError as error:  # the hub's errors are OSErrors too
            raise WeightsError(
                f"the model {self._model} cannot be had: {error}", hint="give a folder, or check the connection"
            ) from error
        except FOREIGN as error:
            raise BackendError(f"Whisper failed on this audio: {error}", hint="try --hear whisper:base") from error
        return result if isinstance(result, Mapping) else {}


def heard(result: Mapping[str, Any], span: Span) -> list[Segment]:
    """Sentences with absolute times from what mlx-whisper returned about the audio of `span`; pure.

    Words lie within `span` and in order; what the recogniser's own figures do not support is left out.
    """
    words: list[Word] = []
    whole: list[Segment] = []
    for row in result.get("segments") or ():
        spoken = [_word(word, span) for word in row.get("words") or () if str(word.get("word", "")).strip()]
        if not spoken and str(row.get("text", "")).strip():
            spoken = [_word({**row, "word": row["text"], "probability": 1.0}, span)]
        if not spoken:
            continue
        stretch = Span(spoken[0].span.start_s, max(word.span.end_s for word in spoken))
        whole.append(Segment(stretch, "".join(word.text for word in spoken).strip(), tuple(spoken)))
        figures = {"no_speech": float(row.get("no_speech_prob", 0.0)), "logprob": float(row.get("avg_logprob", 0.0))}
        if is_believable(whole[-1], **figures):
            words += spoken
    return sentences(sorted(words, key=lambda word: word.span))


def _word(row: Mapping[str, Any], span: Span) -> Word:
    start_s = min(max(span.start_s, span.start_s + float(row["start"])), span.end_s)
    end_s = min(max(start_s, span.start_s + float(row["end"])), span.end_s)
    return Word(Span(start_s, end_s), str(row["word"]), min(1.0, max(0.0, float(row.get("probability", 1.0)))))


def pieces(samples: NDArray[np.float32]) -> Iterator[tuple[int, int]]:
    """Cut samples at 16 kHz into [start, end) of at most `PIECE_S`, at the quietest moments, nothing left out."""
    import numpy as np

    start, frame = 0, RATE_HZ // 10
    while len(samples) - start > PIECE_S * RATE_HZ:
        last = start + int(PIECE_S * RATE_HZ)
        tail = samples[last - int(SEARCH_S * RATE_HZ) : last]
        loudness = np.square(tail[: len(tail) // frame * frame].reshape(-1, frame)).mean(axis=1)
        end = last - len(tail) + int(np.argmin(loudness)) * frame + frame // 2
        yield start, end
        start = end
    if start < len(samples):
        yield start, len(samples)


def _engine() -> Any:
    if (sys.platform, platform.machine()) != ("darwin", "arm64"):
        raise MissingPackageError("mlx-whisper runs on Apple silicon only", hint="use --hear whisper:base")
    try:
        return importlib.import_module("mlx_whisper")
    except ImportError as error:
        raise MissingPackageError(
            "hearing with mlx needs the package mlx-whisper", hint="pip install 'seehear[mlx]'"
        ) from error
