"""The values that cross boundaries: frozen, checked where they are made, carrying their units.

`Array` members are numpy arrays; numpy is imported for its types only, so that `import seehear` stays light.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from seehear.errors import InputError
from seehear.spans import Span, clock

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MediaKind = Literal["video", "audio", "image", "captions"]
EventKind = Literal["visual", "transcript"]
Route = Literal["said", "shown", "both"]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A titled span that the file itself carries."""

    span: Span
    title: str


@dataclass(frozen=True, slots=True)
class Media:
    """One video, audio, image or caption file; `id` is the SHA-256 of its bytes, never its path."""

    id: str
    path: Path
    title: str
    kind: MediaKind
    duration_s: float
    size_bytes: int
    has_video: bool = False
    has_audio: bool = False
    width_px: int = 0
    height_px: int = 0
    chapters: tuple[Chapter, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture: `rgb` uint8 [H, W, 3], upright, at `time_s` of presentation time."""

    time_s: float
    rgb: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frames:
    """Several pictures of one size: `rgb` uint8 [N, H, W, 3], `times_s` float64 [N], increasing."""

    rgb: NDArray[np.uint8]
    times_s: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.rgb.ndim != 4 or self.rgb.shape[-1] != 3 or len(self.rgb) != len(self.times_s):
            raise InputError(f"frames need [N, H, W, 3] and [N], got {self.rgb.shape} and {self.times_s.shape}")
        if any(b <= a for a, b in zip(self.times_s, self.times_s[1:], strict=False)):
            raise InputError("frame times must increase")


@dataclass(frozen=True, slots=True)
class Audio:
    """Mono float32 samples in [-1, 1], shape [T], at `rate_hz`, the first one at `start_s`."""

    samples: NDArray[np.float32]
    rate_hz: int
    start_s: float = 0.0

    @property
    def span(self) -> Span:
        """The stretch of presentation time that the samples cover."""
        return Span(self.start_s, self.start_s + len(self.samples) / self.rate_hz)


@dataclass(frozen=True, slots=True)
class SamplePoint:
    """A time at which a frame is worth looking at, and why (`uniform`, `scene`, `slide`, `build`, `scroll`, `start`).

    `span` is the stretch during which that picture stays; `time_s` lies in it, where the picture is complete.
    """

    time_s: float
    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word with its span and the recogniser's probability in [0, 1]."""

    span: Span
    text: str
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A spoken stretch, a sentence or a caption cue."""

    span: Span
    text: str
    words: tuple[Word, ...] = ()
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said: ISO 639-1 language, segments in order of time, times absolute to the media."""

    language: str
    segments: tuple[Segment, ...]
    via: str
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text on a picture: box (left, top, right, bottom) in pixels, confidence in [0, 1]."""

    text: str
    box_px: tuple[float, float, float, float]
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Screen:
    """The text found on one picture, in no particular order, with the picture's size."""

    lines: tuple[TextLine, ...]
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Sight:
    """One picture to be described, `rgb` uint8 [H, W, 3], with what is known of it already.

    `read` is the text that was read on it, `changed` the part of that which the picture before did not have. Both come
    from the media: data, never instructions. `film` is its whole shot, where a model takes film.
    """

    time_s: float
    span: Span
    rgb: NDArray[np.uint8]
    read: str = ""
    changed: str = ""
    film: Frames | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What one picture shows, in words; `fresh` is what is new against the picture before."""

    time_s: float
    text: str
    fresh: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """What could not be seen or heard: failure is kept here and never becomes content."""

    span: Span
    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the timeline.

    `text` is what is printed: for a transcript the words, for a visual the line that tells what is new on screen.
    `screen` is all that is readable on screen at that time (visual only), `title` its heading, `frame` the name of
    the kept picture, `via` the backend that produced it, `reason` why the moment was looked at.
    """

    span: Span
    kind: EventKind
    text: str
    via: str
    words: tuple[Word, ...] = ()
    speaker: str | None = None
    title: str = ""
    screen: str = ""
    frame: str = ""
    reason: str = ""

    @property
    def line(self) -> str:
        """The rendered line `[m:ss] visual: …` or `[m:ss] transcript: …`, on one line."""
        return f"[{clock(self.span.start_s)}] {self.kind}: {' '.join(self.text.split())}"


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrievable stretch of one timeline: speech (`said`) and what was on screen meanwhile (`shown`), together."""

    media: str
    ordinal: int
    span: Span
    title: str
    said: str
    shown: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A found stretch of one media: where, of what kind, the text it rests on; a higher `score` fits better."""

    media: str
    title: str
    span: Span
    kind: EventKind
    text: str
    score: float
    said: str = ""
    shown: str = ""
    frame: str = ""

    @property
    def start_s(self) -> float:
        """Start in seconds of presentation time."""
        return self.span.start_s

    @property
    def end_s(self) -> float:
        """End in seconds of presentation time."""
        return self.span.end_s

    @property
    def clock(self) -> str:
        """The start as `m:ss`."""
        return clock(self.span.start_s)

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a moment."""
        return {
            "media": self.media, "title": self.title, "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3), "clock": self.clock, "kind": self.kind, "text": self.text,
            "score": round(self.score, 4), "said": self.said, "shown": self.shown,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moments(Sequence[Moment]):
    """What a search found, best first; not `fits`: nothing seems to be about it, and these only come nearest."""

    found: tuple[Moment, ...] = ()
    fits: bool = False

    def __len__(self) -> int:
        return len(self.found)

    @overload
    def __getitem__(self, index: int) -> Moment: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Moment, ...]: ...
    def __getitem__(self, index: int | slice) -> Moment | tuple[Moment, ...]:
        return self.found[index]


@dataclass(frozen=True, slots=True)
class Citation:
    """A verified pointer: `quote` is on the timeline of `media` during `span`."""

    media: str
    span: Span
    quote: str

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a citation."""
        return {
            "media": self.media, "start_s": round(self.span.start_s, 3), "end_s": round(self.span.end_s, 3),
            "clock": clock(self.span.start_s), "quote": self.quote,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, without the times beside it; `supported` when its citations hold what it says."""

    text: str
    supported: bool
    citations: tuple[Citation, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a sentence of an answer."""
        return {
            "text": self.text, "supported": self.supported,
            "citations": [citation.as_json() for citation in self.citations],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens that a language model read and wrote; `exact` when it counted them itself, else an upper estimate."""

    read: int = 0
    written: int = 0
    exact: bool = True

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a count of tokens."""
        return {"read": self.read, "written": self.written, "exact": self.exact}


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation with what was answered; `read_as` is the question with what it left out put in.

    A follow-up question is read with the turns before it; "before that" means before the first of `citations`, or of
    `moments` where nothing was cited.
    """

    question: str
    answer: str = ""
    citations: tuple[Citation, ...] = ()
    moments: tuple[Moment, ...] = ()
    read_as: str = ""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A moment that was found, with what each kind of evidence added to its score.

    `reranked` is the score that a reranker gave it, by which it then stands where it does.
    """

    moment: Moment
    parts: dict[str, float] = field(default_factory=dict)
    reranked: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence that was written for an answer, whether it was kept, and why."""

    text: str
    kept: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Why:
    """How an answer came about.

    `read_as` is the question after follow-ups and translation, `want` the kind of question it was taken for, `terms`
    and `exact` what was looked up; `likelihood` in [0, 1] that the material holds an answer, from `features`, answered
    from `threshold` on (None where that was not asked); `steps` tell in words what else was decided.
    """

    read_as: str
    want: str
    routed: Route
    terms: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    weighed: tuple[Weighed, ...] = ()
    sentences: tuple[Judged, ...] = ()
    likelihood: float | None = None
    threshold: float | None = None
    features: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of how an answer came about."""
        return {
            "read_as": self.read_as, "want": self.want, "routed": self.routed, "terms": list(self.terms),
            "exact": list(self.exact), "steps": list(self.steps),
            "weighed": [
                {"media": w.moment.media, "start_s": round(w.moment.start_s, 3), "end_s": round(w.moment.end_s, 3),
                 "clock": w.moment.clock, "kind": w.moment.kind, "score": round(w.moment.score, 4),
                 "parts": {name: round(value, 4) for name, value in w.parts.items()},
                 "reranked": None if w.reranked is None else round(w.reranked, 4)}
                for w in self.weighed
            ],
            "sentences": [{"text": s.text, "kept": s.kept, "reason": s.reason} for s in self.sentences],
            "likelihood": None if self.likelihood is None else round(self.likelihood, 4), "threshold": self.threshold,
            "features": {name: round(value, 4) for name, value in self.features.items()},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """Text plus what it rests on; `supported` is False when the material does not hold an answer.

    `sentences` are those of `text`, each with its own citations; `tokens` what a language model took for it.
    """

    question: str
    text: str
    supported: bool
    routed: Route
    moments: tuple[Moment, ...]
    citations: tuple[Citation, ...]
    backends: dict[str, str] = field(default_factory=dict)
    why: Why | None = None
    sentences: tuple[Sentence, ...] = ()
    tokens: Tokens = Tokens()

    @property
    def turn(self) -> Turn:
        """This answer as what a follow-up question is read with: `history=[answer.turn]`."""
        read_as = self.question if self.why is None else self.why.read_as
        return Turn(self.question, self.text, self.citations, self.moments, read_as)

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of an answer, without `why`, which has its own."""
        return {
            "question": self.question, "text": self.text, "supported": self.supported, "routed": self.routed,
            "moments": [moment.as_json() for moment in self.moments],
            "citations": [citation.as_json() for citation in self.citations],
            "sentences": [sentence.as_json() for sentence in self.sentences],
            "tokens": self.tokens.as_json(), "backends": dict(self.backends),
        }  # fmt: skip
