"""Decoding sound: mono samples whose times are true, in pieces."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from seehear.media.clock import origin_s, presentation_s
from seehear.media.container import READ_ERRORS, audio_streams, opened, seeks_truly
from seehear.spans import Span
from seehear.values import Audio, Gap

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from numpy.typing import NDArray

# Clocks of recorders jitter by a few milliseconds from packet to packet; only more than this is a hole or an overlap.
_JITTER_S = 0.02
_QUIET_WINDOW_S = 0.1
_QUIET_SHARE = 0.2
# A longer hole is not filled: nobody needs hours of made-up silence, and time stays true across a new chunk.
_MAX_FILL_S = 30.0
_SEEK_MARGIN_S = 1.0
_MAX_READ_ERRORS = 100
_MIN_DAMAGE_S = 0.25
# How a track is found to be mute, softer than the noise of any microphone: in pieces from all over it.
_MUTE, _LISTENED_AT, _LISTENED_S, _LISTEN_HZ = 1e-4, 16, 2.0, 8000


def audio_chunks(
    path: Path, *, chunk_s: float = 300.0, rate_hz: int = 16000, on_gap: Callable[[Gap], None] | None = None
) -> Iterator[Audio]:
    """Yield the sound as mono chunks of at most `chunk_s`, cut at the quietest point of their last fifth.

    Each chunk's `start_s` is true on the media's clock: a stream that starts late starts late, holes are filled with
    silence (long ones end the chunk), overlaps are dropped. A file without sound yields nothing. Damage is told to
    `on_gap`. Memory does not grow with length.

    Raises NotFoundError when the file is missing, InputError when it may not be read, MediaError when it is no media.
    """
    with opened(path) as container:
        stream = _audible_stream(path, container)
        if stream is None:
            return
        limit = max(1, round(chunk_s * rate_hz))
        pending = _Pending(rate_hz)
        for block in _blocks(container, stream, rate_hz, on_gap):
            if pending.length and block.start_s - pending.end_s > _MAX_FILL_S:
                yield pending.take(pending.length)
            pending.add(block)
            while pending.length >= limit:
                yield pending.take(pending.quietest_cut(limit))
        if pending.length:
            yield pending.take(pending.length)
        if pending.dropped and pending.dropped > rate_hz and on_gap is not None:
            dropped_s = pending.dropped / rate_hz
            reason = f"its time stamps go back: {dropped_s:.1f} s of sound were left out"
            on_gap(Gap(Span(pending.dropped_at_s, pending.dropped_at_s + dropped_s), "decode", reason))


def audio_at(path: Path, span: Span, *, rate_hz: int = 16000) -> Audio:
    """The mono sound during `span`, as far as there is any; samples are empty where there is none.

    Raises NotFoundError when the file is missing, InputError when it may not be read, MediaError when it is no media.
    """
    empty = Audio(np.zeros(0, np.float32), rate_hz, span.start_s)
    with opened(path) as container:
        stream = _audible_stream(path, container)
        if stream is None or stream.time_base is None:
            return empty
        # Decoders need some packets before their first good sample.
        start_s = max(0.0, span.start_s - _SEEK_MARGIN_S)
        if start_s > 0 and seeks_truly(container):
            # A file that refuses to be jumped in is read from where it stands: its start.
            with suppress(*READ_ERRORS):
                container.seek(round((start_s + origin_s(container)) / stream.time_base), stream=stream)
        first = round(span.start_s * rate_hz)
        samples = np.zeros(max(0, round(span.end_s * rate_hz) - first), np.float32)
        heard_from, heard_to = len(samples), 0
        for block in _blocks(container, stream, rate_hz, None):
            start = round(block.start_s * rate_hz) - first
            if start >= len(samples):
                break
            left, right = max(0, start), min(len(samples), start + len(block.samples))
            if left < right:
                samples[left:right] = block.samples[left - start : right - start]
                heard_from, heard_to = min(heard_from, left), max(heard_to, right)
        if heard_from >= heard_to:
            return empty
        return Audio(samples[heard_from:heard_to], rate_hz, (first + heard_from) / rate_hz)


def _audible_stream(path: Path, container: InputContainer) -> AudioStream | None:
    """The sound to listen to; where that is mute and another is not, as of recorders with a track per device, that."""
    sounds = audio_streams(container)
    if len(sounds) < 2 or not seeks_truly(container):
        return sounds[0] if sounds else None
    # Another way through the file, since nobody can go back to where this one stands.
    with opened(path) as probed:
        tried = zip(sounds, audio_streams(probed), strict=True)
        return next((sound for sound, stream in tried if _is_audible(probed, stream)), sounds[0])


def _is_audible(container: InputContainer, stream: AudioStream) -> bool:
    start, length = container.start_time or 0, container.duration or 0
    for place in range(_LISTENED_AT):
        heard_s = 0.0
        with suppress(*READ_ERRORS):
            container.seek(start + length * place // _LISTENED_AT)
            for block in _blocks(container, stream, _LISTEN_HZ, None):
                if np.abs(block.samples).max(initial=0.0) > _MUTE:
                    return True
                heard_s += len(block.samples) / _LISTEN_HZ
                if heard_s >= _LISTENED_S:
                    break
    return False


class _Pending:
    """Samples that wait to be cut into chunks, without holes."""

    def __init__(self, rate_hz: int) -> None:
        self.length = 0
        self.dropped = 0
        self.dropped_at_s = 0.0
        self._rate_hz = rate_hz
        self._pieces: deque[NDArray[np.float32]] = deque()
        self._start_s = 0.0

    @property
    def end_s(self) -> float:
        return self._start_s + self.length / self._rate_hz

    def add(self, block: Audio) -> None:
        samples, start_s = block.samples, block.start_s
        # Before the first sample only zero bounds the past: what lies earlier is codec priming.
        floor_s = self.end_s
        late = round((start_s - floor_s) * self._rate_hz)
        if late < 0:
            dropped = min(-late, len(samples))
            if floor_s > 0:
                self.dropped_at_s = self.dropped_at_s if self.dropped else floor_s
                self.dropped += dropped
            samples, start_s, late = samples[dropped:], start_s + dropped / self._rate_hz, 0
        if not len(samples):
            return
        if not self.length and (late or not self._start_s):
            self._start_s = max(0.0, start_s)
        elif late > 0:
            self._push(np.zeros(late, np.float32))
        self._push(samples)

    def take(self, count: int) -> Audio:
        whole = np.concatenate(self._pieces)
        chunk = Audio(whole[:count], self._rate_hz, self._start_s)
        rest = whole[count:].copy()
        self._start_s += count / self._rate_hz
        self._pieces, self.length = deque(), 0
        if len(rest):
            self._push(rest)
        return chunk

    def quietest_cut(self, limit: int) -> int:
        """Where to cut in the last fifth before `limit`: amid the longest stretch that is as quiet as it gets."""
        whole = np.concatenate(self._pieces)
        self._pieces = deque([whole])
        hop = max(1, self._rate_hz // 100)
        first = int(limit * (1 - _QUIET_SHARE))
        steps = (limit - first) // hop
        window = min(steps, round(_QUIET_WINDOW_S * self._rate_hz / hop))
        if steps < 2 or window < 1:
            return limit
        power = np.square(whole[first : first + steps * hop]).reshape(steps, hop).mean(axis=1)
        smooth = np.convolve(power, np.full(window, 1 / window), mode="valid")
        quiet = np.flatnonzero(smooth <= smooth.min() * 1.1 + 1e-12)
        runs = np.split(quiet, np.flatnonzero(np.diff(quiet) > 1) + 1)
        longest = max(runs, key=len)
        return min(limit, first + int((longest[0] + longest[-1] + window) / 2 * hop))

    def _push(self, samples: NDArray[np.float32]) -> None:
        self._pieces.append(samples)
        self.length += len(samples)


class _Damage:
    """Neighbouring decoding errors, told as one gap; a lost packet or two are not worth telling."""

    def __init__(self, on_gap: Callable[[Gap], None] | None) -> None:
        self._on_gap = on_gap
        self._start_s: float | None = None
        self._errors = 0
        self.last_s = 0.0

    def strike(self, time_s: float, length_s: float = 0.0) -> None:
        self._start_s = time_s if self._start_s is None else self._start_s
        self._errors += 1
        self.last_s = max(self.last_s, time_s + length_s)

    def heal(self, time_s: float) -> None:
        if self._start_s is not None and time_s - self._start_s >= _MIN_DAMAGE_S and self._on_gap is not None:
            reason = f"the sound is damaged ({self._errors} errors)"
            self._on_gap(Gap(Span(self._start_s, time_s), "decode", reason))
        self._start_s, self._errors = None, 0


def _blocks(
    container: InputContainer, stream: AudioStream, rate_hz: int, on_gap: Callable[[Gap], None] | None
) -> Iterator[Audio]:
    """Resampled pieces with true starts, from the current position on; they may leave holes or overlap."""
    origin = origin_s(container)
    damage = _Damage(on_gap)
    resampler: av.AudioResampler | None = None
    shape: tuple[int, str, str] | None = None
    run_s = expected_s = 0.0
    heard = made = 0
    for frame in _frames(container, stream, origin, damage):
        frame_shape = (frame.sample_rate, frame.layout.name, frame.format.name)
        time_s = expected_s
        if frame.pts is not None and frame.time_base is not None:
            time_s = presentation_s(frame.pts, frame.time_base, origin_s=origin)
        if resampler is None or frame_shape != shape or abs(time_s - expected_s) > _JITTER_S:
            if resampler is not None:
                yield from _resampled(resampler, None, run_s, made, rate_hz)
            resampler = av.AudioResampler(format="flt", layout="mono", rate=rate_hz)
            shape, run_s, heard, made = frame_shape, time_s, 0, 0
        damage.heal(time_s)
        # Stamps would make the resampler's filter graph stretch; the count of samples is what tells time in a run.
        frame.pts = None
        heard += frame.samples
        for block in _resampled(resampler, frame, run_s, made, rate_hz):
            made += len(block.samples)
            yield block
        expected_s = run_s + heard / frame.sample_rate
    # Damage that reaches the end is not followed by sound that would tell where it ends.
    damage.heal(max(expected_s, damage.last_s))
    if resampler is not None:
        yield from _resampled(resampler, None, run_s, made, rate_hz)


def _resampled(
    resampler: av.AudioResampler, frame: AudioFrame | None, run_s: float, made: int, rate_hz: int
) -> Iterator[Audio]:
    for out in resampler.resample(frame):
        samples = np.asarray(out.to_ndarray(), np.float32).reshape(-1)
        # Broken float files hold infinities and worse.
        samples = np.clip(np.nan_to_num(samples), -1.0, 1.0)
        yield Audio(samples, rate_hz, run_s + made / rate_hz)
        made += len(samples)


def _frames(container: InputContainer, stream: AudioStream, origin: float, damage: _Damage) -> Iterator[AudioFrame]:
    errors, last_s = 0, 0.0
    while True:
        try:
            for packet in container.demux(stream):
                errors = 0
                if packet.pts is not None:
                    last_s = presentation_s(packet.pts, packet.time_base, origin_s=origin)
                try:
                    yield from stream.decode(packet)
                except READ_ERRORS:
                    damage.strike(last_s, float((packet.duration or 0) * packet.time_base))
            return
        except READ_ERRORS:
            damage.strike(last_s)
            errors += 1
            if errors > _MAX_READ_ERRORS:
                return
