"""How H.264 numbers its pictures, and so which ones a decoder does without (ITU-T H.264, 7.3.2.1 and 7.3.3)."""

from __future__ import annotations

from dataclasses import dataclass

_HIGH_PROFILES = {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 144, 244}
_SPS = 7
_SLICES = (1, 5)


@dataclass(frozen=True, slots=True)
class Numbering:
    """`gap` pictures in a row may be left out; where `counted`, not the first one whose number starts over."""

    gap: int
    counted: bool
    number_bits: int
    length_bytes: int
    planes: bool

    @classmethod
    def of(cls, extradata: bytes | None) -> Numbering | None:
        """The numbering a stream's decoder configuration states; None when unsure."""
        data = extradata or b""
        length_bytes = 0
        if data[:1] == b"\x01" and len(data) > 8:
            length_bytes = (data[4] & 3) + 1
            sps = data[8 : 8 + int.from_bytes(data[6:8], "big")]
        else:
            units = data.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
            sps = next((unit for unit in units if unit and unit[0] & 31 == _SPS), b"")
        try:
            return _stated(_Bits(sps.replace(b"\x00\x00\x03", b"\x00\x00")), length_bytes)
        except IndexError:
            return None

    def number(self, packet: memoryview) -> int | None:
        """The number of the picture in a packet, modulo a power of two; None when unsure."""
        at = 0
        while self.length_bytes and at + self.length_bytes < len(packet):
            size = int.from_bytes(packet[at : at + self.length_bytes], "big")
            at += self.length_bytes
            if packet[at] & 31 in _SLICES:
                return self._slice_number(bytes(packet[at + 1 : at + 16]))
            at += size
        if not self.length_bytes:
            start = bytes(packet[:4096])
            while (at := start.find(b"\x00\x00\x01", at)) >= 0 and at + 3 < len(start):
                at += 3
                if start[at] & 31 in _SLICES:
                    return self._slice_number(start[at + 1 : at + 16])
        return None

    def _slice_number(self, head: bytes) -> int | None:
        bits = _Bits(head.replace(b"\x00\x00\x03", b"\x00\x00"))
        try:
            for _ in range(3):
                bits.golomb()
            if self.planes:
                bits.take(2)
            return bits.take(self.number_bits)
        except IndexError:
            return None


def _stated(bits: _Bits, length_bytes: int) -> Numbering | None:
    bits.take(8)
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    planes = False
    if profile in _HIGH_PROFILES:
        if bits.golomb() == 3:
            planes = bool(bits.take(1))
        bits.golomb()
        bits.golomb()
        bits.take(1)
        if bits.take(1):
            # Scaling lists of its own: rare, and not worth reading.
            return None
    number_bits = bits.golomb() + 4
    order = bits.golomb()
    gap = (1 << number_bits) - 2
    if order == 0:
        # Half of the range can be told apart, and neighbours are two apart in it, a frame being two fields.
        gap = min(gap, (1 << (bits.golomb() + 4)) // 4 - 1)
    return Numbering(gap, order == 2, number_bits, length_bytes, planes) if order in (0, 2) else None


class _Bits:
    def __init__(self, data: bytes) -> None:
        # One large number: shifting it is far quicker than walking a string of digits.
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        if count > self._left:
            raise IndexError(count)
        self._left -= count
        taken = self._value >> self._left
        self._value &= (1 << self._left) - 1
        return taken

    def golomb(self) -> int:
        """An unsigned Exp-Golomb number (9.1)."""
        zeros = self._left - self._value.bit_length()
        return self.take(2 * zeros + 1) - 1
