"""Cutting recordings where nobody speaks, by loudness alone: for recognisers elsewhere that give no times."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

from seehear.values import Audio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FRAME_S = 0.03
JOIN_S = 0.35
"""A pause up to this long belongs to the speech around it."""
PAD_S = 0.15
BREAK_S = 2.0
"""A pause this long always ends a piece, so that a line does not begin long before its words."""
ENOUGH_S = 8.0
"""A piece this long ends at the next pause."""
SILENT = 1e-3
"""Loudness (root mean square) under which there is nothing to hear, -60 dB."""


def pieces(audio: Audio, *, longest_s: float) -> list[Audio]:
    """The stretches of mono audio with sound in them, in order, each at most `longest_s` long, with absolute starts.

    Cuts lie in pauses; where somebody speaks on without one, at the quietest moment of the second half.
    """
    rate_hz = audio.rate_hz
    loudness = _loudness(audio)
    stretches = _stretches(loudness)
    bounds: list[tuple[int, int]] = []
    longest = max(2, int(longest_s / FRAME_S) - 2 * round(PAD_S / FRAME_S))
    for start, end in stretches:
        if bounds and _joins(bounds[-1], start, end, longest):
            bounds[-1] = (bounds[-1][0], end)
        else:
            bounds.append((start, end))
    cut = [part for bound in bounds for part in _cut(loudness, bound, longest)]
    frame = round(FRAME_S * rate_hz)
    pad = round(PAD_S * rate_hz)
    result = []
    for number, (start, end) in enumerate(cut):
        first = max(start * frame - pad, 0 if number == 0 else cut[number - 1][1] * frame)
        last = min(end * frame + pad, len(audio.samples) if number + 1 == len(cut) else cut[number + 1][0] * frame)
        result.append(Audio(audio.samples[first:last], rate_hz, audio.start_s + first / rate_hz))
    return result


def _joins(before: tuple[int, int], start: int, end: int, longest: int) -> bool:
    pause_s = (start - before[1]) * FRAME_S
    enough = (before[1] - before[0]) * FRAME_S >= ENOUGH_S
    return pause_s < BREAK_S and not enough and end - before[0] <= longest


def _loudness(audio: Audio) -> NDArray[np.float32]:
    """Root mean square of each whole frame, and of what is left at the end."""
    import numpy as np

    frame = round(FRAME_S * audio.rate_hz)
    samples = np.nan_to_num(audio.samples.astype(np.float32, copy=False), nan=0.0, posinf=0.0, neginf=0.0)
    count = -(-len(samples) // frame)
    padded = np.zeros(count * frame, np.float32)
    padded[: len(samples)] = samples
    return np.asarray(np.sqrt((padded.reshape(count, frame) ** 2).mean(axis=1)), np.float32)


def _stretches(loudness: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Frames [start, end) with sound, short pauses included."""
    import numpy as np

    if not len(loudness):
        return []
    quiet, loud = np.percentile(loudness, 10), np.percentile(loudness, 95)
    # Even noise has no quiet parts: then all of it counts as sound, since there may be speech in it.
    threshold = max(SILENT, min(2.5 * float(quiet), 0.25 * float(loud)))
    found: list[tuple[int, int]] = []
    for at in np.flatnonzero(loudness > threshold).tolist():
        if found and (at - found[-1][1]) * FRAME_S <= JOIN_S:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return [(start, end) for start, end in found if (end - start) * FRAME_S >= 0.09]


def _cut(loudness: NDArray[np.float32], bound: tuple[int, int], longest: int) -> list[tuple[int, int]]:
    start, end = bound
    parts: list[tuple[int, int]] = []
    while end - start > longest:
        half = longest // 2
        around = loudness[start + half : start + longest]
        at = start + half + int(around.argmin())
        parts.append((start, at))
        start = at
    return [*parts, (start, end)]


def encoded(audio: Audio, kind: Literal["wav", "flac", "mp3"]) -> bytes:
    """The samples as a file in memory; FLAC takes about half of WAV, which every server can read, MP3 a fourth."""
    import numpy as np

    whole = (np.clip(np.nan_to_num(audio.samples), -1.0, 1.0) * 32767.0).astype("<i2")
    kept = io.BytesIO()
    if kind == "wav":
        import wave

        with wave.open(kept, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(audio.rate_hz)
            out.writeframes(whole.tobytes())
        return kept.getvalue()
    import av

    with av.open(kept, "w", format=kind) as container:
        stream = container.add_stream("flac" if kind == "flac" else "libmp3lame", rate=audio.rate_hz, layout="mono")
        if kind == "mp3":
            stream.bit_rate = 64_000
        layout = {"format": "s16" if kind == "flac" else "s16p", "layout": "mono"}
        frame = av.AudioFrame.from_ndarray(whole.astype(np.int16).reshape(1, -1), **layout)
        frame.sample_rate = audio.rate_hz
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return kept.getvalue()
