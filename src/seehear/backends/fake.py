"""A backend without a model: the same input always gives the same output, at once. For trying out, and for tests.

What it tells follows from the content by rules that a test can state: mean colours of pictures, lengths of sounds,
words of texts. It is never chosen by itself.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from seehear.backends import pieces
from seehear.backends.protocols import Card, Message, OnDescribed
from seehear.errors import InputError
from seehear.spans import Span
from seehear.values import Audio, Description, Gap, Screen, Segment, Sight, TextLine, Transcript, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 64
LONGEST_S = 10.0
"""Longest stretch of sound that becomes one line."""
RATE_HZ = 16_000
SECONDS_PER_WORD = 0.3
COLOURS = {
    "black": (0, 0, 0), "white": (255, 255, 255), "grey": (128, 128, 128), "red": (200, 30, 30),
    "green": (30, 160, 30), "blue": (30, 30, 200), "yellow": (230, 220, 40),
}  # fmt: skip

CARD = Card(
    name="fake", capabilities=("read", "describe", "hear", "embed", "rerank", "answer", "speak"), runs="here",
    streams=True, images_per_request=8, word_times=True, context_tokens=8192, dimensions=DIMENSIONS,
    licence="Apache-2.0",
)  # fmt: skip


class Fake:
    """Reads, describes, hears, embeds, reranks, answers and speaks by fixed rules; `threads` is not needed."""

    def __init__(self, *, threads: int = 1) -> None:
        """Nothing is loaded."""

    @property
    def card(self) -> Card:
        """What this backend is and can do."""
        return CARD

    def close(self) -> None:
        """Nothing to let go."""

    def start(self) -> None:
        """Nothing has to be loaded."""

    def read(self, rgb: NDArray[np.uint8]) -> Screen:
        """One line that fills the upper half: the picture's colour and size, such as `blue 160x90`."""
        height_px, width_px = rgb.shape[:2]
        line = TextLine(f"{colour(rgb)} {width_px}x{height_px}", (0.0, 0.0, float(width_px), height_px / 2))
        return Screen((line,), width_px, height_px)

    def describe(
        self, sights: Sequence[Sight], *, question: str = "", on_described: OnDescribed | None = None
    ) -> list[Description | Gap]:
        """Tell each picture's colour, what was read on it, and as `fresh` the colour where it changed."""
        told: list[Description | Gap] = []
        before = ""
        for sight in sights:
            now = colour(sight.rgb)
            read = " ".join(sight.read.split())
            text = f"A {now} picture." if not read else f"A {now} picture that reads: {read}"
            made = Description(sight.time_s, text, f"It is {now} now." if before not in ("", now) else "")
            before = now
            told.append(made)
            if on_described is not None:
                on_described(sight, made)
        return told

    def transcribe(
        self, audio: Audio, *, language: str | None = None, on_progress: Callable[[float], None] | None = None
    ) -> Transcript:
        """Number the stretches with sound in them and tell the length of each: `Sound 1 lasts 2.4 seconds.`

        Raises InputError for another rate than 16 kHz.
        """
        if audio.rate_hz != RATE_HZ:
            raise InputError(f"speech is heard at {RATE_HZ} Hz, this has {audio.rate_hz}", hint="resample it first")
        segments = []
        for number, part in enumerate(pieces.pieces(audio, longest_s=LONGEST_S), start=1):
            text = f"Sound {number} lasts {part.span.duration_s:.1f} seconds."
            segments.append(Segment(part.span, text, _spread(text, part.span)))
            if on_progress is not None:
                on_progress(part.span.end_s)
        if on_progress is not None:
            on_progress(audio.span.end_s)
        return Transcript(language or "en", tuple(segments), CARD.name)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Count words into 64 places by a hash with a sign: texts that share words are near to each other.

        Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009.
        """
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                code = zlib.crc32(word.encode())
                vectors[row, code % DIMENSIONS] += 1.0 if code & 0x10000 else -1.0
            if not vectors[row].any():  # no words, or words that cancel out
                vectors[row, 0] = 1.0
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    def rerank(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """The share of the question's words that stand in each text."""
        import numpy as np

        wanted = set(re.findall(r"\w+", question.lower()))
        shared = [len(wanted & set(re.findall(r"\w+", text.lower()))) for text in texts]
        return np.asarray([count / max(1, len(wanted)) for count in shared], np.float32)

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        """Repeat the first numbered excerpt of the last message with its number, else what was said, word by word."""
        last = messages[-1].text if messages else ""
        found = re.search(r"^\[(\d+)\] (?:\w+: )?(.+)$", last, re.MULTILINE)
        words = [*found[2].split(), f"[{found[1]}]"] if found else ["You", "said:", *last.split()]
        for word in words[:max_tokens]:
            yield f"{word} "

    def count_tokens(self, text: str) -> int:
        """Words stand for tokens."""
        return len(text.split())

    def speak(self, text: str) -> Audio:
        """A tone of 0.3 s for each word, higher for longer words, at 16 kHz."""
        import numpy as np

        clock = np.arange(round(SECONDS_PER_WORD * RATE_HZ), dtype=np.float32) / RATE_HZ
        tones = [0.2 * np.sin(2 * math.pi * (200 + 20 * len(word)) * clock) for word in text.split()]
        return Audio(np.concatenate(tones).astype(np.float32) if tones else np.zeros(0, np.float32), RATE_HZ)


def colour(rgb: NDArray[np.uint8]) -> str:
    """The nearest of seven colours to the mean of a picture, uint8 [H, W, 3]."""
    mean = rgb.reshape(-1, 3).mean(axis=0).tolist()
    return min(COLOURS, key=lambda name: math.dist(COLOURS[name], mean))


def _spread(text: str, span: Span) -> tuple[Word, ...]:
    words = text.split()
    each_s = span.duration_s / len(words)
    starts = [span.start_s + n * each_s for n in range(len(words))]
    return tuple(Word(Span(at, at + each_s), word) for at, word in zip(starts, words, strict=True))
