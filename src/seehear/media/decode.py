"""Decoding pictures: what a media file is, and its frames at given times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from seehear.captions import parse_captions
from seehear.errors import InputError, MediaError, NotFoundError
from seehear.media.clock import origin_s, presentation_s
from seehear.media.container import (
    MAX_DURATION_S,
    MAX_PIXELS,
    READ_ERRORS,
    audio_stream,
    opened,
    seeks_truly,
    video_stream,
)
from seehear.media.picture import load_picture
from seehear.media.source import content_of, identify, kind_of, title_of
from seehear.spans import Span
from seehear.values import Chapter, Frame, Gap, Media

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

# Times that were rounded to milliseconds on their way through JSON must still find their own frame.
_SNAP_S = 0.0006
# What is predicted from a damaged picture is damaged until the next key frame, if the stream has any.
_MAX_DAMAGE_S = 10.0
_FIRST_JUMP_S = 4.0
_CUT_OFF_S = 1.5
_MAX_PROBE_PACKETS = 2000
_MAX_READ_ERRORS = 100


class _State(NamedTuple):
    """From `time_s` on this is displayed; no frame where the file is damaged."""

    time_s: float
    frame: VideoFrame | None


def probe(path: Path, *, media_id: str | None = None) -> Media:
    """Look into a file: identity, kind, duration, picture size as displayed, chapters, and what is odd about it.

    `media_id` saves hashing a file whose identity is known. `duration_s` is the end of the last picture or
    sound on the media's clock, 0.0 for an image.

    Raises NotFoundError when it is missing, InputError when it may not be read, MediaError when it cannot be decoded.
    """
    size_bytes, title = _size_bytes(path), title_of(path)
    kind, digest = kind_of(path), media_id or identify(path)
    if kind == "image":
        height, width = load_picture(path).shape[:2]
        return Media(digest, path, title, kind, 0.0, size_bytes, has_video=True, width_px=width, height_px=height)
    if kind == "captions":
        transcript = parse_captions(content_of(path), via="captions")
        if not transcript.segments:
            raise MediaError(f"{path.name!r} holds no captions", hint="check that it is SRT or WebVTT")
        return Media(digest, path, title, kind, max(s.span.end_s for s in transcript.segments), size_bytes)
    with opened(path) as container:
        video, audio = video_stream(container), audio_stream(container)
        if video is None and audio is None:
            raise MediaError(
                f"{path.name!r} holds neither picture nor sound that can be decoded",
                hint="check that it plays elsewhere, or convert it to MP4",
            )
        origin = origin_s(container)
        warnings: list[str] = []
        width = height = 0
        if video is not None:
            size = _first_size(container, video, path.name)
            if size is None and audio is None:
                raise MediaError(f"no picture in {path.name!r} can be decoded: the file is damaged")
            if size is None:
                warnings.append("its pictures cannot be decoded; only the sound is used")
                video = None
            else:
                width, height = size
        duration = _duration_s(container, video, audio, origin, warnings)
        if duration > MAX_DURATION_S:
            raise MediaError(f"{path.name!r} lasts {duration / 3600:.1f} hours; 24 is the limit", hint="split it")
        return Media(
            digest, path, title, "video" if video is not None else "audio", duration, size_bytes,
            has_video=video is not None, has_audio=audio is not None, width_px=width, height_px=height,
            chapters=_chapters(container, origin, duration), warnings=tuple(warnings),
        )  # fmt: skip


def frames_at(path: Path, times_s: Sequence[float], *, on_gap: Callable[[Gap], None] | None = None) -> Iterator[Frame]:
    """Yield the picture displayed at each of `times_s`, in order of time; `shown_at` without the times asked for."""
    return (frame for _, frame in shown_at(path, times_s, on_gap=on_gap))


def shown_at(
    path: Path, times_s: Sequence[float], *, on_gap: Callable[[Gap], None] | None = None
) -> Iterator[tuple[float, Frame]]:
    """Yield each of `times_s` (given in any order, yielded in order of time) with the picture displayed at it.

    `Frame.time_s` is the time at which that picture appeared, at or before the time asked for; before the first
    picture the first is yielded, after the end the last. Pictures are upright, with square pixels. Where the file is
    damaged nothing is yielded and `on_gap` is told the span, once per damage. Memory does not grow with length.

    Raises MediaError when there is no picture stream, or its pictures are larger than 100 megapixels.
    """
    wanted = sorted(times_s)
    if kind_of(path) == "image":
        rgb = load_picture(path)
        yield from ((time_s, Frame(0.0, rgb)) for time_s in wanted)
        return
    with opened(path) as container:
        stream = video_stream(container)
        if stream is None:
            raise MediaError(f"{path.name!r} has no picture, only sound", hint="frames need a video or an image")
        _refuse_huge(*_size_shown(stream, stream.sample_aspect_ratio), path.name)
        yield from _displayed(_Reader(container, stream), wanted, on_gap, path.name)


def upright_rgb(frame: VideoFrame, *, pixel_aspect: Fraction | None = None) -> NDArray[np.uint8]:
    """A decoded frame as it is displayed: uint8 [H, W, 3], turned and mirrored as its display matrix says.

    `pixel_aspect` is the width of a pixel over its height; pictures are widened or heightened, never shrunk.
    """
    width, height = _size_shown(frame, pixel_aspect)
    rgb = cast("NDArray[np.uint8]", frame.reformat(width=width, height=height, format="rgb24").to_ndarray())
    return np.ascontiguousarray(_turned(rgb, frame))


def _size_shown(stored: VideoStream | VideoFrame, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Width and height in square pixels, not turned yet; a stretch that no film has is not believed."""
    width, height = stored.width, stored.height
    if not pixel_aspect or not Fraction(1, 8) < pixel_aspect < 8:
        return width, height
    return (round(width * pixel_aspect), height) if pixel_aspect > 1 else (width, round(height / pixel_aspect))


def _turned(rgb: NDArray[np.uint8], frame: VideoFrame) -> NDArray[np.uint8]:
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return rgb
    # Rows of the matrix: where one step right (a, b) and one step down (c, d) in the stored picture go on the screen.
    a, b, _, c, d = np.frombuffer(bytes(cast(Any, data)), dtype=np.int32)[:5]
    if abs(int(b)) > abs(int(a)):
        rgb = rgb.transpose(1, 0, 2)
        a, d = c, b
    if d < 0:
        rgb = rgb[::-1]
    if a < 0:
        rgb = rgb[:, ::-1]
    return rgb


class _Reader:
    """One way through a video stream: decodes forwards, and jumps."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self.stream = stream
        self.errors = 0
        self._container = container
        self._time_base = cast(Fraction, stream.time_base)
        self._origin_s = origin_s(container)

    def states(self) -> Iterator[_State]:
        """What is displayed from when on, times strictly increasing, from the current position to the end."""
        last_s = float("-inf")
        damaged_s: float | None = None
        started = False
        for packet in self._packets():
            try:
                frames = self.stream.decode(packet)
            except READ_ERRORS:
                self.errors += 1
                if packet.pts is not None and damaged_s is None and started:
                    damaged_s = self._seconds(packet.pts)
                continue
            for frame in frames:
                stamp = frame.pts if frame.pts is not None else frame.dts
                if stamp is None:
                    raise MediaError(
                        "the pictures carry no times (a bare stream)", hint="put it into an MP4 file first"
                    )
                time_s = self._seconds(stamp)
                if time_s <= last_s:
                    continue
                if frame.is_corrupt:
                    # The decoder guessed what it could not read.
                    self.errors += 1
                    damaged_s = time_s if damaged_s is None else min(damaged_s, time_s)
                if damaged_s is not None and time_s >= damaged_s:
                    healed = not frame.is_corrupt and (frame.key_frame or time_s - damaged_s >= _MAX_DAMAGE_S)
                    if damaged_s > last_s and not (healed and damaged_s == time_s):
                        last_s = damaged_s
                        yield _State(damaged_s, None)
                    if not healed:
                        continue
                    damaged_s = None
                started, last_s = True, time_s
                yield _State(time_s, frame)
        if damaged_s is not None and damaged_s > last_s:
            yield _State(damaged_s, None)

    def jump(self, time_s: float) -> tuple[_State | None, Iterator[_State]] | None:
        """Go to the last key frame at or before `time_s`; returns the state there and those after it.

        None when the file does not let itself be jumped in; reading goes on where it was.
        """
        back_s = 0.0
        while True:
            target_s = max(0.0, time_s - back_s)
            try:
                self._container.seek(round((target_s + self._origin_s) / self._time_base), stream=self.stream)
            except READ_ERRORS:
                return None
            states = self.states()
            first = next(states, None)
            if target_s == 0.0 or (first is not None and first.time_s <= time_s + _SNAP_S):
                return first, states
            # Indexes count decoding time, which runs ahead of presentation time, and some count only roughly.
            back_s = back_s * 2 + 1.0

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        errors = 0
        while True:
            try:
                for packet in self._container.demux(self.stream):
                    errors = 0
                    yield packet
                return
            except READ_ERRORS:
                self.errors += 1
                errors += 1
                if errors > _MAX_READ_ERRORS:
                    return

    def _seconds(self, stamp: int) -> float:
        return presentation_s(stamp, self._time_base, origin_s=self._origin_s)


def _displayed(
    reader: _Reader, wanted: Sequence[float], on_gap: Callable[[Gap], None] | None, name: str
) -> Iterator[tuple[float, Frame]]:
    states = reader.states()
    shown = next(states, None)
    upcoming = next(states, None)
    jump_s = _FIRST_JUMP_S
    told_s = rendered_s = float("-inf")
    rgb = None
    for time_s in wanted:
        limit_s = time_s + _SNAP_S
        if upcoming is not None and limit_s - upcoming.time_s > jump_s:
            passed_s = upcoming.time_s
            landed = reader.jump(time_s)
            if landed is None:
                jump_s = float("inf")
            else:
                shown, states = landed
                upcoming = next(states, None)
                # A jump that lands behind us cost more than it saved: the key frames lie further apart than that.
                jump_s = 2 * (time_s - passed_s) if shown is not None and shown.time_s <= passed_s else _FIRST_JUMP_S
        while upcoming is not None and upcoming.time_s <= limit_s:
            shown, upcoming = upcoming, next(states, None)
        if shown is None or shown.frame is None:
            start_s = shown.time_s if shown is not None else 0.0
            if start_s > told_s and on_gap is not None:
                end_s = upcoming.time_s if upcoming is not None else max(time_s, start_s)
                on_gap(
                    Gap(
                        Span(start_s, end_s),
                        "decode",
                        f"the picture stream is damaged ({max(1, reader.errors)} errors)",
                    )
                )
            told_s = start_s
            continue
        if rgb is None or shown.time_s != rendered_s:
            aspect = reader.stream.sample_aspect_ratio
            _refuse_huge(*_size_shown(shown.frame, aspect), name)
            rgb, rendered_s = upright_rgb(shown.frame, pixel_aspect=aspect), shown.time_s
        yield time_s, Frame(rendered_s, rgb)


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {str(path)!r}", hint="check the name and the current folder") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path.name!r} cannot be read: {error}", hint="check the disk and the name") from error


def _refuse_huge(width_px: int, height_px: int, name: str) -> None:
    if width_px * height_px > MAX_PIXELS:
        raise MediaError(f"{name!r} has pictures of {width_px}×{height_px}; 100 megapixels is the limit")


def _first_size(container: InputContainer, stream: VideoStream, name: str) -> tuple[int, int] | None:
    """Width and height in pixels as displayed, None when nothing near the start decodes."""
    _refuse_huge(*_size_shown(stream, stream.sample_aspect_ratio), name)
    for number, packet in enumerate(container.demux(stream)):
        try:
            frames = stream.decode(packet)
        except READ_ERRORS:
            frames = []
        if frames:
            height, width = upright_rgb(frames[0], pixel_aspect=stream.sample_aspect_ratio).shape[:2]
            return width, height
        if number > _MAX_PROBE_PACKETS:
            break
    return None


def _duration_s(
    container: InputContainer, video: VideoStream | None, audio: AudioStream | None, origin: float, warnings: list[str]
) -> float:
    streams = [stream for stream in (video, audio) if stream is not None]
    promised_s = _promised_end_s(container, streams) - origin
    sparse_s = measured_s = 0.0
    starts_s = [0.0] if not seeks_truly(container) or promised_s <= 0 else [max(0.0, promised_s - 2.0), 0.0]
    for start_s in starts_s:
        measured_s, sparse_s = _measured_end_s(container, streams, start_s, origin)
        if measured_s >= promised_s - _CUT_OFF_S:
            break
    if not seeks_truly(container) or promised_s <= 0:
        return measured_s
    # A still picture may rightly stay for long after the last packet; a dense stream that ends early was cut off.
    if measured_s < promised_s - max(_CUT_OFF_S, 2 * sparse_s):
        warnings.append(f"cut off: it should last {promised_s:.1f} s but its data ends at {measured_s:.1f} s")
        return measured_s
    return max(measured_s, promised_s) if sparse_s > _CUT_OFF_S else measured_s


def _promised_end_s(container: InputContainer, streams: Sequence[VideoStream | AudioStream]) -> float:
    ends = [
        float((stream.start_time + stream.duration) * stream.time_base)
        for stream in streams
        if stream.start_time is not None and stream.duration is not None and stream.time_base is not None
    ]
    if len(ends) == len(streams):
        return max(ends)
    return container.duration / 1_000_000 if container.duration is not None else 0.0


def _measured_end_s(
    container: InputContainer, streams: Sequence[VideoStream | AudioStream], start_s: float, origin: float
) -> tuple[float, float]:
    """Where the data ends when read from `start_s`, and the longest time between two packets of a stream."""
    end_s = longest_s = 0.0
    last_s: dict[int, float] = {}
    # Transport streams do not tell how long a picture stays.
    usual = {s.index: 1 / s.average_rate for s in streams if s.type == "video" and s.average_rate}
    try:
        container.seek(round((start_s + origin) * 1_000_000))
        for packet in container.demux(*streams):
            if packet.pts is None:
                continue
            time_s = presentation_s(packet.pts, packet.time_base, origin_s=origin)
            longest_s = max(longest_s, time_s - last_s.get(packet.stream_index, time_s))
            last_s[packet.stream_index] = time_s
            length = packet.duration * packet.time_base if packet.duration else usual.get(packet.stream_index, 0)
            end_s = max(end_s, time_s + float(length))
    except READ_ERRORS:
        # Whatever could be read before the damage counts; decoding reports the damage itself.
        pass
    return end_s, longest_s


def _chapters(container: InputContainer, origin: float, duration_s: float) -> tuple[Chapter, ...]:
    found: list[Chapter] = []
    for raw in container.chapters():
        base = raw["time_base"]
        if base is None:
            continue
        start_s = max(0.0, presentation_s(raw["start"], base, origin_s=origin))
        end_s = min(presentation_s(raw["end"], base, origin_s=origin), duration_s)
        if start_s <= end_s:
            found.append(Chapter(Span(start_s, end_s), raw["metadata"].get("title", "").strip()))
    return tuple(sorted(found, key=lambda chapter: chapter.span))
