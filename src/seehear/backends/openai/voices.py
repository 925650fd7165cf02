"""Who speaks, over the pieces in which a recording is sent: a model tells voices apart within one piece only."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from seehear.backends import pieces
from seehear.backends.openai.transcript import span_of
from seehear.spans import clock
from seehear.values import Audio, Segment

MOST_KNOWN = 4
SHORTEST_S = 2.0
"""How many voices a request may bring along, and how short a sample may be: OpenAI's limits (the longest is 10 s)."""
SAMPLE_S = 6.0
SAME_S = 1.0
"""A piece that begins this close to the end of the last one goes on with the same recording."""


class Voices:
    """Numbers the speakers of one recording; samples of those heard before go along with the next piece.

    A piece that does not go on where the last one ended starts anew: nobody is taken for somebody of another recording.
    """

    def __init__(self) -> None:
        self._samples: dict[str, Audio] = {}
        self._count = 0
        self._since = ""
        self._end_s: float | None = None

    def begin(self, audio: Audio) -> None:
        """Get ready for a stretch of audio: keep whom it may know, forget the others."""
        if self._end_s is None or abs(audio.start_s - self._end_s) > SAME_S:
            self._samples, self._count = {}, 0
            # Who spoke before is not known here: the number alone would say that it is the same person.
            self._since = f", from {clock(audio.start_s)}" if audio.start_s > SAME_S else ""
        self._end_s = audio.span.end_s

    def fields(self) -> dict[str, Any]:
        """What a request says of the voices that are known, with a sample of each."""
        known = list(self._samples.items())[:MOST_KNOWN]
        if not known:
            return {}
        return {
            "known_speaker_names": [name for name, _ in known],
            "known_speaker_references": [
                "data:audio/wav;base64," + base64.b64encode(pieces.encoded(sample, "wav")).decode("ascii")
                for _, sample in known
            ],
        }

    def named(self, rows: Sequence[Any], part: Audio) -> tuple[Segment, ...]:
        """The rows of a reply about `part` as segments whose speakers keep their name over the whole recording."""
        names = {name: name for name in self._samples}
        segments: list[Segment] = []
        for row in sorted(rows, key=lambda row: float(row.start)):
            label, text = str(row.speaker), " ".join(str(row.text).split())
            if not text:
                continue
            if label not in names:
                self._count += 1
                names[label] = f"Speaker {self._count}{self._since}"
            segments.append(Segment(span_of(row.start, row.end, part), text, speaker=names[label]))
        for segment in sorted(segments, key=lambda s: -s.span.duration_s):
            name = segment.speaker or ""
            if name not in self._samples and segment.span.duration_s >= SHORTEST_S:
                self._samples[name] = _cut(part, segment)
        return tuple(segments)


def _cut(part: Audio, segment: Segment) -> Audio:
    """The middle of what somebody said, where nobody else is likely to be heard."""
    length_s = min(segment.span.duration_s, SAMPLE_S)
    start_s = segment.span.start_s + (segment.span.duration_s - length_s) / 2
    first = round((start_s - part.start_s) * part.rate_hz)
    return Audio(part.samples[first : first + round(length_s * part.rate_hz)], part.rate_hz, start_s)
