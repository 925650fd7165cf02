"""Vectors of single tokens in four bits a dimension: an eighth of what they take as floats.

A vector is turned by a fixed rotation, which spreads what it holds over all its dimensions, and each of these is kept
as the nearest of sixteen levels (Lloyd and Max, for a normal distribution), with one scale that keeps its dot products
unbiased, as in Gao and Long, "RaBitQ" (2024). What is asked is never rounded, only turned. Texts lie in groups, since
what is read for one question lies together.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HALF = (0.1284, 0.3881, 0.6568, 0.9424, 1.256, 1.618, 2.069, 2.733)
LEVELS = (*(-level for level in reversed(HALF)), *HALF)
"""In two bits, half the size, search over a library lost four questions in 250."""
BITS = 4
PER_BYTE = 8 // BITS
PER_GROUP = 16
"""Texts in one row of the table: fewer leave pages half empty, more read what nobody asked for."""
_HEAD = 4


def pack(rows: NDArray[np.float32]) -> bytes:
    """One text's token vectors, float32 [T, D] of length 1, D even, in T · (D / 2 + 2) bytes."""
    import numpy as np

    if not len(rows):
        return b""
    turned = rows @ _rotation(rows.shape[1])
    spread = np.sqrt((turned**2).mean(axis=1, keepdims=True))
    levels = np.asarray(LEVELS, np.float32)
    codes = np.searchsorted((levels[1:] + levels[:-1]) / 2, turned / np.maximum(spread, 1e-9)).astype(np.uint8)
    levels = levels[codes]
    scales = 1.0 / np.maximum((levels * turned).sum(axis=1), 1e-3)
    places = codes.reshape(len(rows), -1, PER_BYTE) << np.arange(0, 8, BITS, dtype=np.uint8)
    return bytes(scales.astype("<f2").tobytes() + places.sum(axis=2, dtype=np.uint8).tobytes())


def best(asked: NDArray[np.float32], packed: Sequence[bytes]) -> NDArray[np.float32]:
    """The best dot product of each asked vector, float32 [Q, D], over the tokens of each packed text: [Q, N].

    A text without tokens has 0.
    """
    import numpy as np

    width = asked.shape[1]
    found = np.zeros((len(asked), len(packed)), np.float32)
    full = [place for place, text in enumerate(packed) if text]
    if not full:
        return found
    counts = [len(packed[place]) // (width // PER_BYTE + 2) for place in full]
    scales = np.concatenate([np.frombuffer(packed[p], "<f2", n) for p, n in zip(full, counts, strict=True)])
    codes = np.concatenate([np.frombuffer(packed[p], np.uint8, -1, 2 * n) for p, n in zip(full, counts, strict=True)])
    levels = _table()[codes].reshape(-1, width)
    alike = (asked @ _rotation(width)) @ levels.T * scales.astype(np.float32)
    found[:, full] = np.maximum.reduceat(alike, np.cumsum([0, *counts[:-1]]), axis=1)
    return found


def grouped(packed: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
    """Texts in groups of `PER_GROUP`, numbered: how many, their lengths, little endian, then the texts themselves."""
    for number, at in enumerate(range(0, len(packed), PER_GROUP)):
        texts = packed[at : at + PER_GROUP]
        yield (
            number,
            b"".join(size.to_bytes(_HEAD, "little") for size in (len(texts), *map(len, texts))) + b"".join(texts),
        )


def ungrouped(groups: Iterable[tuple[int, bytes]]) -> dict[int, bytes]:
    """The texts of some groups, by ordinal."""
    found: dict[int, bytes] = {}
    for number, blob in groups:
        held = int.from_bytes(blob[:_HEAD], "little")
        at = _HEAD * (held + 1)
        for place in range(held):
            size = int.from_bytes(blob[_HEAD * (place + 1) : _HEAD * (place + 2)], "little")
            found[number * PER_GROUP + place] = blob[at : at + size]
            at += size
    return found


@functools.cache
def _rotation(width: int) -> NDArray[np.float32]:
    """Signs, then the cosine transform: orthonormal [D, D]. It is part of the file format: the same everywhere."""
    import numpy as np

    place = np.arange(width)
    waves = np.cos(np.pi / width * np.outer(place, place + 0.5)) * np.sqrt(2 / width)
    waves[0] /= np.sqrt(2)
    drawn = np.frombuffer(hashlib.shake_256(b"seehear").digest(width), np.uint8)
    turned: NDArray[np.float32] = (waves * np.where(drawn & 1, 1.0, -1.0)).T.astype(np.float32)
    return turned


@functools.cache
def _table() -> NDArray[np.float32]:
    """The levels that each byte stands for: [256, 2]."""
    import numpy as np

    codes = np.arange(256)[:, None] >> np.arange(0, 8, BITS) & (1 << BITS) - 1
    levels: NDArray[np.float32] = np.asarray(LEVELS, np.float32)[codes]
    return levels
