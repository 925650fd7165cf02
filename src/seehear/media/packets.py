"""What the sizes and times of stored pictures tell before any of them is decoded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from seehear.media.h264 import Numbering

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

    VideoPacket = Packet[VideoStream]

DENSE_S = 0.15
GROUP_S = 1.0
BURST = 8
REST_S = 0.45


@dataclass(frozen=True, slots=True)
class Stored:
    """A packet with what is asked of it often: its time in seconds (None when the file does not say) and its size."""

    packet: VideoPacket
    time_s: float | None
    size: int
    is_key: bool


class Pace:
    """What a file's packets told so far: how small those are that hold nothing, how long a group is, what rested when.

    A group is a list of packets from one keyframe to the next, in stored order.
    """

    def __init__(self, *, least_bytes: int) -> None:
        """Take a packet that says only "as before" to have about `least_bytes`, until a smaller one is seen."""
        self.least_bytes = least_bytes
        self.typed_s = float("-inf")
        self._longest = self._longest_seen = 0
        self._rest_s = float("-inf")

    @property
    def quiet_bytes(self) -> float:
        """Up to this size a packet holds nothing but "as before"; the smallest packets of the file tell."""
        return 1.15 * self.least_bytes + 4

    def begin(self, group: list[Stored]) -> None:
        """Take note of a group before it is judged."""
        length = _length(group)
        self._longest_seen = 1 if length > self._longest else self._longest_seen + (length == self._longest)
        self._longest = max(self._longest, length)

    def end(self, group: list[Stored]) -> None:
        """Take note of when a group held something last."""
        loud = (p.time_s for p in group if p.time_s is not None and not p.is_key and p.size > self.quiet_bytes)
        self._rest_s = max(loud, default=self._rest_s)

    def is_whole(self, group: list[Stored]) -> bool:
        """Tell whether the keyframe after a group came by the clock, not early because the picture changed with it."""
        return self._longest_seen >= 2 and _length(group) >= self._longest

    def lone_change_s(self, group: list[Stored], sizes: list[int]) -> float | None:
        """When all that changed in a group came with one packet: its time. `sizes` are sorted, without keyframes."""
        if len(sizes) < 2 or not self.is_whole(group) or sizes[-2] > min(0.1 * sizes[-1], 12 * self.quiet_bytes):
            return None
        return max((p for p in group if not p.is_key), key=lambda p: p.size).time_s

    def burst(self, group: list[Stored], loud: list[Stored]) -> tuple[float, float] | None:
        """From when to when the last loud packets of a group came, if close together and alike, after a rest."""
        if not self.is_whole(group):
            return None
        inside = sorted((p.time_s, p.size) for p in loud if p.time_s is not None and not p.is_key)
        first = len(inside) - 1
        while first > 0 and inside[first][0] - inside[first - 1][0] < REST_S:
            first -= 1
        run = inside[first:]
        if len(run) < BURST:
            return None
        # Where nothing ever rests (a camera), it is not typing; after a burst that was, it goes on.
        before_s = inside[first - 1][0] if first else self._rest_s
        if run[0][0] - before_s < REST_S and before_s != self.typed_s:
            return None
        sizes = sorted(size for _, size in run)
        return None if sizes[-1] > 4 * sizes[len(sizes) // 2] else (run[0][0], run[-1][0])

    def without_tail(self, group: list[Stored]) -> list[Stored]:
        """A group up to its last packet that holds something."""
        loud = [i for i, packet in enumerate(group) if packet.size > self.quiet_bytes or packet.is_key]
        return group[: loud[-1] + 1] if loud else group


def _length(group: list[Stored]) -> int:
    """How many packets lie between the last keyframe of a group and the next one, which ends it."""
    return next(index for index, packet in enumerate(reversed(group), 1) if packet.is_key or index == len(group))


def ends(group: list[Stored], packet: Stored) -> bool:
    """Tell whether the keyframe `packet` ends a group: those that follow at once belong to it."""
    first, time = group[0].time_s, packet.time_s
    return first is None or time is None or time - first >= GROUP_S


def are_in_order(group: list[Stored]) -> bool:
    """Tell whether pictures are stored in the order in which they are shown."""
    times = [packet.time_s for packet in group]
    return all(a is not None and b is not None and a < b for a, b in pairwise(times))


def are_needed(group: list[Stored], numbering: Numbering | None, *, least_bytes: int, margin: int) -> list[bool]:
    """For each packet: whether it must be decoded, as it, or one at most `margin` away, holds something.

    Where pictures are stored out of order, what refers to what must be complete around each change.
    """
    if numbering is None or numbering.gap <= 2 * margin:
        return [True] * len(group)
    needed = [packet.is_key or packet.size > least_bytes + 4 for packet in group]
    if margin:
        for index in [i for i, loud in enumerate(needed) if loud or (i == 0 and not group[0].is_key)]:
            first, last = max(0, index - margin), min(len(group), index + margin + 1)
            needed[first:last] = [True] * (last - first)
    # Now and then a picture that others refer to (one later than all before) keeps the decoder's count.
    missing, latest_s, last_number = 0, float("-inf"), -1
    for index, packet in enumerate(group):
        ahead = packet.time_s is not None and packet.time_s > latest_s
        latest_s = max(latest_s, packet.time_s) if packet.time_s is not None else latest_s
        missing += 1
        if ahead and missing > numbering.gap - margin:
            needed[index] = True
        if numbering.counted:
            number = numbering.number(memoryview(packet.packet))
            needed[index] |= number is None or number < last_number
            last_number = last_number if number is None else number
        if needed[index] and ahead:
            missing = 0
    return needed


def are_dense(group: list[Stored], needed: list[bool]) -> list[bool]:
    """For each packet: whether the next needed picture, in order of time, comes within a fifth of a second."""
    order = sorted(p.time_s for p, need in zip(group, needed, strict=True) if need and p.time_s is not None)
    after = dict(pairwise(order))
    return [p.time_s is not None and after.get(p.time_s, math.inf) - p.time_s < DENSE_S for p in group]


def has_spike(group: list[Stored], sizes: list[int]) -> bool:
    """Tell whether a packet inside is so large that a passing picture may hide between two equal keyframes."""
    key = max((packet.size for packet in group if packet.is_key), default=0)
    return bool(sizes) and sizes[-1] > max(0.2 * key, 6 * sizes[len(sizes) // 2])
