"""Looking at a video frugally: a few pictures a second, and only where the picture may have changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import av
import av.error
from av.video.codeccontext import VideoCodecContext

from seehear.errors import MediaError
from seehear.media.clock import origin_s, presentation_s
from seehear.media.container import open_media, video_stream
from seehear.media.h264 import Numbering
from seehear.media.packets import Pace, Stored, are_dense, are_in_order, are_needed, ends, has_spike
from seehear.media.tiles import Grid, Luma, Picture

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    VideoPacket = Packet[VideoStream]

EVERY_S = 0.4
_GROUP_BYTES = 64 << 20
_GROUP_PACKETS = 5000
REFERENCES = 6
LEAP_S = 1.0
_RESTORE = "re-encode it (ffmpeg -i FILE repaired.mp4), or try another file"


@dataclass(frozen=True, slots=True)
class Glance:
    """One looked-at picture at `time_s`; None where it is known to equal the last one.

    `between` are frames decoded since the last glance, to be looked at when it matters when exactly a change came.
    Where it is `gradual`, the picture changed bit by bit since the last glance, and no frame in between was decoded.
    """

    time_s: float
    picture: Picture | None
    grid: Grid
    between: tuple[tuple[float, VideoFrame], ...] = ()
    gradual: bool = False


class Watcher(Protocol):
    """Who looks: what was seen so far decides what must be decoded."""

    def cares(self, picture: Picture) -> bool:
        """Tell whether `picture` differs from the last one where it matters."""
        ...

    def nears(self, picture: Picture, since_s: float) -> bool:
        """Tell whether what changed since `since_s` is a finished part of `picture`, as in typing."""
        ...


@dataclass(frozen=True, slots=True)
class Peeked:
    """A keyframe decoded ahead of its turn: its time, its luma and all of its tiles."""

    time_s: float
    luma: Luma
    picture: Picture


class Glancer:
    """Reads one video stream group by group of pictures (from keyframe to keyframe).

    Before a group is decoded, the keyframe that ends it is decoded on its own and shown to `cares`: when the picture
    has not changed where it matters and no packet inside is unusually large, the whole group is left undecoded. When
    it has changed and a single packet is large, the change came with that packet, and decoding adds nothing.
    Inside a group, frames that no other frame refers to are left undecoded, and so is the tail after the last packet
    that holds more than "as before"; in H.264, packets that say nothing else are left out altogether, since a decoder
    repeats the last picture for one that is missing.
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
        self._decoder: VideoCodecContext = context
        self._peeker = _second_decoder(context)
        self._primed: VideoPacket | None = None
        self._head: VideoPacket | None = None
        self._origin_s = origin_s(self.container)
        self.grid: Grid | None = None
        self.end_s = 0.0
        self._last_s = float("-inf")
        self._pace = Pace(least_bytes=24 + stream.width * stream.height // 256 // 100)
        self._loud_s: list[float] = []
        self._between: list[tuple[float, VideoFrame]] = []
        self._peeked: Peeked | None = None
        self._fresh = True
        self._numbering = Numbering.of(context.extradata) if context.name == "h264" else None
        self._prompt = True
        self._in_order = False
        self._luma: Luma | None = None
        self._busy = 0

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    def look(self, watcher: Watcher) -> Iterator[Glance]:
        """Yield glances in time order, about three a second at most, until the last decodable frame.

        Raises MediaError when not one frame can be decoded.
        """
        group: list[Stored] = []
        held_bytes = 0
        for packet in self._packets():
            if packet.is_key and group and ends(group, packet):
                yield from self._group(group, packet, watcher)
                self._pace.end(group)
                group, held_bytes = [], 0
            if not group and self.grid is None and packet.is_key:
                self._peeked = self._peek(packet)
            group.append(packet)
            held_bytes += packet.size
            if held_bytes > _GROUP_BYTES or len(group) > _GROUP_PACKETS:
                yield from self._decode(group)
                group, held_bytes = [], 0
        yield from self._pick_up()
        yield from self._decode(self._pace.without_tail(group) if self._peeked is not None else group)
        yield from self._drain()
        if self.grid is None:
            raise self.undecodable()

    def frames(self) -> Iterator[VideoFrame]:
        """Every frame, in order, until the last decodable one."""
        self._decoder.skip_frame = "DEFAULT"
        for stored in self._packets():
            yield from self._decoded(stored.packet)
        yield from self._decoded(None)

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
        for stored in self._packets():
            packet = stored.packet
            if stored.time_s is not None and packet.time_base is not None:
                yield stored.time_s + float((packet.duration or 0) * packet.time_base)

    def frame_time_s(self, frame: VideoFrame) -> float | None:
        """A frame's presentation time in seconds, None when the file does not say."""
        stamp = frame.dts if frame.pts is None else frame.pts
        if stamp is None or frame.time_base is None:
            return None
        return presentation_s(stamp, frame.time_base, origin_s=self._origin_s)

    def undecodable(self) -> MediaError:
        """The error to raise when not one picture came out."""
        return MediaError(f"no picture of {self.path.name} can be decoded", hint=_RESTORE)

    def _packets(self) -> Iterator[Stored]:
        packets = self.container.demux(self.stream)
        base = self.stream.time_base
        ticks, per_s = (base.numerator, base.denominator) if base is not None else (0, 1)
        last: Packet[VideoStream] | None = None
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError, OSError):
                break
            size = packet.size
            if not size or packet.is_corrupt:
                continue
            stamp = packet.dts if packet.pts is None else packet.pts
            # As `presentation_s`, thousands of times.
            time = None if stamp is None or base is None else stamp * ticks / per_s - self._origin_s
            self._pace.least_bytes = min(self._pace.least_bytes, size)
            if time is not None and time >= self.end_s:
                self.end_s, last = time, packet
            yield Stored(packet, time, size, packet.is_keyframe)
        if last is not None and base is not None:
            self.end_s += float((last.duration or 0) * base)

    def _group(self, group: list[Stored], following: Stored, watcher: Watcher) -> Iterator[Glance]:
        yield from self._pick_up()
        if self._primed is not None and group[0].packet is self._primed and self._peeker is not None and self._fresh:
            if self._head is not None:
                self._decoder.flush_buffers()
            self._decoder, self._peeker = self._peeker, self._decoder
            self._head, self._primed = self._primed, None
        self._in_order = are_in_order(group)
        self._peeked = self._peek(following) if len(group) > 1 else None
        if self._peeked is None:
            yield from self._decode(group)
            return
        picture = self._peeked.picture
        self._pace.begin(group)
        sizes = sorted(packet.size for packet in group if not packet.is_key)
        changed = watcher.cares(picture)
        alone_s = self._pace.lone_change_s(group, sizes) if changed else None
        if alone_s is not None and alone_s > self._last_s:
            yield self._whole(alone_s, self._peeked)
        elif changed or has_spike(group, sizes):
            loud = [packet for packet in group if packet.size > self._pace.quiet_bytes]
            median = sizes[len(sizes) // 2] if sizes else 0
            big = [p for p in loud if p.size > max(12 * self._pace.quiet_bytes, 4 * median)]
            big_s = max((p.time_s for p in big if p.time_s is not None), default=float("-inf"))
            burst = self._pace.burst(group, loud) if changed else None
            for glance in self._decode(self._pace.without_tail(group)):
                yield glance
                if glance.picture is None:
                    continue
                # Once the picture is what the next keyframe shows, the rest of the group holds nothing new.
                if glance.time_s >= big_s and not watcher.cares(picture):
                    break
                if burst and burst[0] < glance.time_s < burst[1] - LEAP_S and watcher.nears(picture, burst[0]):
                    # Text is being typed, and the next keyframe shows all of it.
                    self._between, self._fresh, self._pace.typed_s = [], True, burst[1]
                    self._decoder.flush_buffers()
                    yield self._whole(burst[1], self._peeked, gradual=True)
                    return
            yield from self._drain()

    def _pick_up(self) -> Iterator[Glance]:
        if self._peeked is not None and self._peeked.time_s > self._last_s:
            yield self._whole(self._peeked.time_s, self._peeked)

    def _peek(self, stored: Stored) -> Peeked | None:
        if self._peeker is None:
            return None
        if self._primed is not None:
            self._primed = None
            self._peeker.flush_buffers()
        try:
            frames = self._peeker.decode(stored.packet)
            if frames and self._in_order and self._prompt:
                # It may go on from here: the next group begins with this very picture.
                self._primed = stored.packet
            else:
                frames = [*frames, *self._peeker.decode(None)]
        except av.error.FFmpegError:
            frames = []
        if self._primed is None:
            self._peeker.flush_buffers()
        if stored.time_s is None or len(frames) != 1:
            return None
        if self.grid is None:
            self.grid = Grid.of(frames[0].width, frames[0].height)
        luma = self.grid.luma(frames[0])
        return Peeked(stored.time_s, luma, self.grid.picture(luma))

    def _decode(self, group: list[Stored]) -> Iterator[Glance]:
        head, self._head = self._head, None
        if head is not None and not (group and group[0].packet is head):
            self._decoder.flush_buffers()
        self._fresh = False
        in_order = self._in_order = are_in_order(group)
        margin = 0 if in_order and self._prompt else REFERENCES
        needed = are_needed(group, self._numbering, least_bytes=self._pace.least_bytes, margin=margin)
        dense = are_dense(group, needed)
        times = (packet.time_s for packet in group if packet.size > self._pace.quiet_bytes)
        self._loud_s = [t for t in self._loud_s if t > self._last_s] + [t for t in times if t is not None]
        for index, packet in enumerate(group):
            if not needed[index]:
                if in_order and self._prompt and packet.time_s is not None:
                    ends = index + 1 == len(group) or needed[index + 1]
                    yield from self._stand(packet.time_s, ends=ends)
                continue
            if packet.packet is head:
                continue
            following = group[index + 1] if index + 1 < len(group) else None
            if following is not None and packet.is_key and following.is_key and not self._due(packet):
                continue
            # Dropping a frame that nothing refers to is harmless only while the next one is near.
            self._decoder.skip_frame = "NONREF" if dense[index] else "DEFAULT"
            frames = self._decoded(packet.packet)
            if in_order and frames and self.frame_time_s(frames[-1]) != packet.time_s:
                self._prompt = False
            for frame in frames:
                yield from self._offer(frame)

    def _stand(self, time: float, *, ends: bool) -> Iterator[Glance]:
        """A packet at `time` that was left out, perhaps the last of its kind: what was decoded last still stands."""
        if time - self._last_s < EVERY_S - 1e-3:
            return
        if self._between:
            yield from self._take(time, self._between[-1][1])
        elif ends and self.grid is not None:
            self._last_s = time
            yield Glance(time, None, self.grid)

    def _decoded(self, packet: VideoPacket | None) -> list[VideoFrame]:
        try:
            frames = self._decoder.decode(packet)
        except av.error.FFmpegError:
            return []
        for frame in frames:
            if frame.time_base is None and self.stream.time_base is not None:
                # Frames that linger in the decoder come out without one.
                frame.time_base = self.stream.time_base
        return frames

    def _due(self, packet: Stored) -> bool:
        return packet.time_s is None or packet.time_s - self._last_s >= EVERY_S

    def _drain(self) -> Iterator[Glance]:
        if self._fresh:
            return
        for frame in self._decoded(None):
            yield from self._offer(frame)
        if self._between:
            time, frame = self._between.pop()
            yield from self._take(time, frame)
        self._decoder.flush_buffers()
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
        picture = self._see(self.grid, frame)
        self._last_s = time
        yield Glance(time, picture, self.grid, between)

    def _see(self, grid: Grid, frame: VideoFrame) -> Picture:
        luma, before = grid.luma(frame), self._luma
        self._luma = luma
        if before is None or self._busy > 0:
            self._busy -= 1
            return grid.picture(luma)
        tiles = grid.changed(luma, before)
        if len(tiles) > 0.6 * grid.rows * grid.columns:
            # Grain everywhere: looking for what stands still is wasted for a while.
            self._busy = 8
        return grid.picture(luma, tiles)

    def _whole(self, time: float, peeked: Peeked, *, gradual: bool = False) -> Glance:
        assert self.grid is not None
        self._last_s, self._luma = time, peeked.luma
        return Glance(time, peeked.picture, self.grid, gradual=gradual)


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
