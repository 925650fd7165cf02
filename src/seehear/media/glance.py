"""Looking at a video frugally: a few pictures a second, and only where the picture may have changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
from av.video.codeccontext import VideoCodecContext

from seehear.errors import MediaError
from seehear.media.clock import origin_s, presentation_s
from seehear.media.container import open_media, video_stream
from seehear.media.tiles import Grid, Picture

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    VideoPacket = Packet[VideoStream]

EVERY_S = 0.4
DENSE_S = 0.15
_GROUP_S = 1.0
_GROUP_BYTES = 64 << 20
_RESTORE = "re-encode it (ffmpeg -i FILE repaired.mp4), or try another file"


@dataclass(frozen=True, slots=True)
class Glance:
    """One looked-at picture at `time_s`; None where it is known to equal the last one.

    `between` are frames decoded since the last glance, to be looked at when it matters when exactly a change came.
    """

    time_s: float
    picture: Picture | None
    grid: Grid
    between: tuple[tuple[float, VideoFrame], ...] = ()


class Glancer:
    """Reads one video stream group by group of pictures (from keyframe to keyframe).

    Before a group is decoded, the keyframe that ends it is decoded on its own and shown to `cares`: when the picture
    has not changed where it matters and no packet inside is unusually large, the whole group is left undecoded. When
    it has changed and a single packet is large, the change came with that packet, and decoding adds nothing.
    Inside a group, frames that no other frame refers to are left undecoded, and so is the tail after the last packet
    that holds more than "as before".
    """

    def __init__(self, path: str | Path) -> None:
        """Open `path`; raises what `open_media` raises, MediaError when there is no picture in it."""
        self.path = Path(path)
        self.container: InputContainer = open_media(self.path)
        stream = video_stream(self.container)
        if stream is None:
            self.container.close()
            raise MediaError(f"{self.path.name} has no video", hint="seehear transcribe works on sound alone")
        self.stream: VideoStream = stream
        context = stream.codec_context
        context.thread_type = "NONE"
        self._peeker = _second_decoder(context)
        self._origin_s = origin_s(self.container)
        self.grid: Grid | None = None
        self.end_s = 0.0
        self._last_s = float("-inf")
        self._least_bytes = 24 + stream.width * stream.height // 256 // 100
        self._longest = self._longest_seen = 0
        self._loud_s: list[float] = []
        self._between: list[tuple[float, VideoFrame]] = []
        self._peeked: tuple[float, Picture] | None = None
        self._fresh = True

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    def look(self, cares: Callable[[Picture], bool]) -> Iterator[Glance]:
        """Yield glances in time order, about three a second at most, until the last decodable frame.

        `cares` tells whether a picture differs from the last one yielded where it matters.
        Raises MediaError when not one frame can be decoded.
        """
        group: list[VideoPacket] = []
        held_bytes = 0
        for packet in self._packets():
            if packet.is_keyframe and group and self._ends(group, packet):
                yield from self._group(group, packet, cares)
                group, held_bytes = [], 0
            if not group and self.grid is None and packet.is_keyframe:
                self._peeked = self._peek(packet)
            group.append(packet)
            held_bytes += packet.size
            if held_bytes > _GROUP_BYTES:
                yield from self._decode(group)
                group, held_bytes = [], 0
        yield from self._pick_up()
        yield from self._decode(self._without_tail(group) if self._peeked is not None else group)
        yield from self._drain()
        if self.grid is None:
            raise self.undecodable()

    def frames(self) -> Iterator[VideoFrame]:
        """Every frame, in order, until the last decodable one."""
        self.stream.codec_context.skip_frame = "DEFAULT"
        for packet in chain(self._packets(), (None,)):
            yield from self._decoded(packet)

    def first_s(self) -> float:
        """The time of the first picture; raises MediaError when there is none. Rewinds."""
        for frame in self.frames():
            time = self.frame_time_s(frame)
            if time is not None:
                self.container.seek(0)
                return time
        raise self.undecodable()

    def packet_ends(self) -> Iterator[float]:
        """The time at which each stored picture ends, in stored order, without decoding."""
        for packet in self._packets():
            time = self._time_s(packet)
            if time is not None and packet.time_base is not None:
                yield time + float((packet.duration or 0) * packet.time_base)

    def frame_time_s(self, frame: VideoFrame) -> float | None:
        """A frame's presentation time in seconds, None when the file does not say."""
        stamp = frame.dts if frame.pts is None else frame.pts
        if stamp is None or frame.time_base is None:
            return None
        return presentation_s(stamp, frame.time_base, origin_s=self._origin_s)

    def _time_s(self, packet: VideoPacket) -> float | None:
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is None or packet.time_base is None:
            return None
        return presentation_s(stamp, packet.time_base, origin_s=self._origin_s)

    def undecodable(self) -> MediaError:
        """The error to raise when not one picture came out."""
        return MediaError(f"no picture of {self.path.name} can be decoded", hint=_RESTORE)

    def _packets(self) -> Iterator[VideoPacket]:
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (av.error.FFmpegError, OSError):
                return
            if packet.size and not packet.is_corrupt:
                if (time := self._time_s(packet)) is not None and packet.time_base is not None:
                    self._least_bytes = min(self._least_bytes, packet.size)
                    self.end_s = max(self.end_s, time + float((packet.duration or 0) * packet.time_base))
                yield packet

    def _ends(self, group: list[VideoPacket], packet: VideoPacket) -> bool:
        first, time = self._time_s(group[0]), self._time_s(packet)
        return first is None or time is None or time - first >= _GROUP_S

    def _group(
        self, group: list[VideoPacket], following: VideoPacket, cares: Callable[[Picture], bool]
    ) -> Iterator[Glance]:
        yield from self._pick_up()
        self._peeked = self._peek(following) if len(group) > 1 else None
        if self._peeked is None:
            yield from self._decode(group)
            return
        picture = self._peeked[1]
        self._longest_seen = self._longest_seen + 1 if len(group) == self._longest else int(len(group) > self._longest)
        self._longest = max(self._longest, len(group))
        sizes = sorted(packet.size for packet in group if not packet.is_keyframe)
        changed = cares(picture)
        if changed and (alone_s := self._lone_change_s(group, sizes)) is not None:
            yield self._glance(alone_s, picture)
        elif changed or _has_spike(group, sizes):
            loud = [packet for packet in group if packet.size > self._quiet_bytes]
            median = sizes[len(sizes) // 2]
            big = [p for p in loud if p.size > max(12 * self._quiet_bytes, 4 * median)]
            big_s = max((t for t in map(self._time_s, big) if t is not None), default=float("-inf"))
            for glance in self._decode(self._without_tail(group)):
                yield glance
                # Once the picture is what the next keyframe shows, the rest of the group holds nothing new.
                if glance.time_s >= big_s and not cares(picture):
                    break
            yield from self._drain()

    def _pick_up(self) -> Iterator[Glance]:
        if self._peeked is not None and self._peeked[0] > self._last_s:
            yield self._glance(*self._peeked)

    def _lone_change_s(self, group: list[VideoPacket], sizes: list[int]) -> float | None:
        """When all that changed in a group came with one packet: its time."""
        # A keyframe that came early was put where the picture changed: then it is the keyframe that brought the change.
        if len(sizes) < 2 or self._longest_seen < 2 or len(group) < self._longest:
            return None
        if sizes[-2] > min(0.1 * sizes[-1], 12 * self._quiet_bytes):
            return None
        packet = max((p for p in group if not p.is_keyframe), key=lambda p: p.size)
        time = self._time_s(packet)
        return time if time is not None and time > self._last_s else None

    @property
    def _quiet_bytes(self) -> float:
        """Up to this size a packet holds nothing but "as before"; the smallest packets of the file tell."""
        return 1.15 * self._least_bytes + 4

    def _without_tail(self, group: list[VideoPacket]) -> list[VideoPacket]:
        loud = [i for i, packet in enumerate(group) if packet.size > self._quiet_bytes or packet.is_keyframe]
        return group[: loud[-1] + 1]

    def _peek(self, packet: VideoPacket) -> tuple[float, Picture] | None:
        if self._peeker is None:
            return None
        try:
            frames = [*self._peeker.decode(packet), *self._peeker.decode(None)]
        except av.error.FFmpegError:
            frames = []
        self._peeker.flush_buffers()
        time = self._time_s(packet)
        if time is None or len(frames) != 1:
            return None
        if self.grid is None:
            self.grid = Grid.of(frames[0].width, frames[0].height)
        return time, self.grid.picture(frames[0])

    def _decode(self, group: list[VideoPacket]) -> Iterator[Glance]:
        self._fresh = False
        dense = self._are_dense(group)
        times = (self._time_s(packet) for packet in group if packet.size > self._quiet_bytes)
        self._loud_s = [t for t in self._loud_s if t > self._last_s] + [t for t in times if t is not None]
        for index, packet in enumerate(group):
            following = group[index + 1] if index + 1 < len(group) else None
            if following is not None and packet.is_keyframe and following.is_keyframe and not self._due(packet):
                continue
            # Dropping a frame that nothing refers to is harmless only while the next one is near.
            self.stream.codec_context.skip_frame = "NONREF" if dense[index] else "DEFAULT"
            for frame in self._decoded(packet):
                yield from self._offer(frame)

    def _are_dense(self, group: list[VideoPacket]) -> list[bool]:
        """For each packet: whether the picture after it, in order of time, comes within a fifth of a second."""
        times = [self._time_s(packet) for packet in group]
        order = sorted(t for t in times if t is not None)
        after = dict(pairwise(order))
        return [t is not None and after.get(t, math.inf) - t < DENSE_S for t in times]

    def _decoded(self, packet: VideoPacket | None) -> list[VideoFrame]:
        try:
            frames = self.stream.codec_context.decode(packet)
        except av.error.FFmpegError:
            return []
        for frame in frames:
            if frame.time_base is None and self.stream.time_base is not None:
                # Frames that linger in the decoder come out without one.
                frame.time_base = self.stream.time_base
        return frames

    def _due(self, packet: VideoPacket) -> bool:
        time = self._time_s(packet)
        return time is None or time - self._last_s >= EVERY_S

    def _drain(self) -> Iterator[Glance]:
        if self._fresh:
            return
        for frame in self._decoded(None):
            yield from self._offer(frame)
        if self._between:
            time, frame = self._between.pop()
            yield from self._take(time, frame)
        self.stream.codec_context.flush_buffers()
        self._fresh = True

    def _offer(self, frame: VideoFrame) -> Iterator[Glance]:
        time = self.frame_time_s(frame)
        if time is None or time <= self._last_s:
            return
        if time - self._last_s < EVERY_S - 1e-3:
            self._between.append((time, frame))
            return
        yield from self._take(time, frame)

    def _take(self, time: float, frame: VideoFrame) -> Iterator[Glance]:
        if self.grid is None:
            self.grid = Grid.of(frame.width, frame.height)
        between, self._between = tuple(b for b in self._between if b[0] < time), []
        if self._last_s > float("-inf") and not any(self._last_s < loud_s <= time for loud_s in self._loud_s):
            self._last_s = time
            yield Glance(time, None, self.grid)
            return
        yield self._glance(time, self.grid.picture(frame), between)

    def _glance(self, time: float, picture: Picture, between: tuple[tuple[float, VideoFrame], ...] = ()) -> Glance:
        self._last_s = time
        assert self.grid is not None
        return Glance(time, picture, self.grid, between)


def _second_decoder(context: VideoCodecContext) -> VideoCodecContext | None:
    try:
        decoder = av.CodecContext.create(context.name, "r")
        assert isinstance(decoder, VideoCodecContext)
        decoder.extradata = context.extradata
        decoder.width, decoder.height = context.width, context.height
        decoder.thread_type = "NONE"
        decoder.open()
    except (av.error.FFmpegError, ValueError):
        return None
    return decoder


def _has_spike(group: list[VideoPacket], sizes: list[int]) -> bool:
    """Tell whether a packet inside is so large that a passing picture may hide between two equal keyframes."""
    key = max(packet.size for packet in group if packet.is_keyframe)
    return bool(sizes) and sizes[-1] > max(0.2 * key, 6 * sizes[len(sizes) // 2])
