"""The stage cache: what a stage made once is never made again, so resuming needs no flag.

A key is the hash of content, stage, stage version, parameters and backend; a value is JSON of the stage's result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from seehear.spans import Span
from seehear.values import Description, Gap, SamplePoint, Screen, Segment, TextLine, Transcript, Word

T = TypeVar("T")

STAGE_VERSIONS = {"points": 2, "read": 2, "describe": 1, "hear": 1, "place": 2}
"""Raised where a stage's code changes its results; `place`, which makes what is searched, keeps nothing here.

Where `place` alone is newer, indexing again cuts up the stored timeline, for which no other stage runs."""


class CacheStore(Protocol):
    """Where cached bytes live."""

    def cache_get(self, key: str) -> bytes | None:
        """Return what was put under `key`, or None."""
        ...

    def cache_put(self, key: str, value: bytes, *, media_id: str = "") -> None:
        """Keep `value` under `key`, durably once this returns; it goes when that media is removed."""
        ...


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """How one type of result becomes JSON and comes back."""

    encode: Callable[[T], Any]
    decode: Callable[[Any], T]


class StageCache:
    """Results of stages for one media."""

    def __init__(self, store: CacheStore, media_id: str) -> None:
        self._store = store
        self._media_id = media_id

    def key(self, stage: str, **parameters: Any) -> str:
        """The key of one result; a stage whose code changes its results raises its number in STAGE_VERSIONS."""
        identity = [self._media_id, stage, STAGE_VERSIONS[stage], sorted(parameters.items())]
        return hashlib.sha256(json.dumps(identity, ensure_ascii=True).encode()).hexdigest()

    def get(self, key: str, codec: Codec[T]) -> T | None:
        """Return the cached result, or None when there is none that can be read."""
        raw = self._store.cache_get(key)
        if raw is None:
            return None
        try:
            return codec.decode(json.loads(raw))
        except (ValueError, KeyError, TypeError, IndexError):
            # A value that cannot be read is only a lost shortcut: the stage runs again and overwrites it.
            return None

    def put(self, key: str, value: T, codec: Codec[T]) -> T:
        """Keep a result and hand it back."""
        raw = json.dumps(codec.encode(value), ensure_ascii=True).encode()
        self._store.cache_put(key, raw, media_id=self._media_id)
        return value


def _span_out(span: Span) -> list[float]:
    return [span.start_s, span.end_s]


def _gap_in(row: Any) -> Gap:
    return Gap(Span(*row[0]), row[1], row[2])


def _segment_out(segment: Segment) -> list[Any]:
    words = [[*_span_out(w.span), w.text, w.probability] for w in segment.words]
    return [_span_out(segment.span), segment.text, words, segment.speaker]


def _segment_in(row: Any) -> Segment:
    words = tuple(Word(Span(a, b), text, probability) for a, b, text, probability in row[2])
    return Segment(Span(*row[0]), row[1], words, row[3])


POINTS: Codec[tuple[SamplePoint, ...]] = Codec(
    encode=lambda points: [[p.time_s, _span_out(p.span), p.reason] for p in points],
    decode=lambda rows: tuple(SamplePoint(time_s, Span(*span), reason) for time_s, span, reason in rows),
)
SCREEN: Codec[Screen] = Codec(
    encode=lambda s: [[[line.text, line.box_px, line.confidence] for line in s.lines], s.width_px, s.height_px],
    decode=lambda row: Screen(
        tuple(TextLine(text, (box[0], box[1], box[2], box[3]), conf) for text, box, conf in row[0]), row[1], row[2]
    ),
)
DESCRIPTION: Codec[Description] = Codec(
    encode=lambda d: [d.time_s, d.text, d.fresh],
    decode=lambda row: Description(row[0], row[1], row[2]),
)
TRANSCRIPT: Codec[Transcript] = Codec(
    encode=lambda t: {
        "language": t.language,
        "via": t.via,
        "segments": [_segment_out(s) for s in t.segments],
        "gaps": [[_span_out(g.span), g.stage, g.reason] for g in t.gaps],
    },
    decode=lambda row: Transcript(
        row["language"], tuple(map(_segment_in, row["segments"])), row["via"], tuple(map(_gap_in, row["gaps"]))
    ),
)
