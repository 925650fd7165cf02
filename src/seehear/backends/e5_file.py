"""The packed file of multilingual-e5-small: its vocabulary, and its weights in blocks of four bits."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seehear.errors import WeightsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 32
"""Weights that share a scale: 2 bytes of float16, then 16 bytes whose low halves are weights 0–15, high ones 16–31."""
BLOCK_BYTES = 18


@dataclass(frozen=True, slots=True)
class Packed:
    """What the file holds. `pieces` are the tokenizer's with their log-probabilities, `replaced` maps characters.

    `tensors` are float32 without shape by name, all but the table of tokens: that stays in `table`, blocks [V, D / 32].
    """

    width: int
    layers: int
    heads: int
    epsilon: float
    start: int
    end: int
    pad: int
    unknown: int
    pieces: list[tuple[str, float]]
    replaced: dict[int, str]
    tensors: dict[str, NDArray[np.float32]]
    table: NDArray[np.void]


def read_packed(path: Path) -> Packed:
    """Read the file, of which the table of tokens stays on the disk until looked at. Raises WeightsError, OSError."""
    import numpy as np

    view = memoryview(np.memmap(path, np.uint8, "r").data)
    if bytes(view[:4]) != b"E5S1":
        raise WeightsError(f"{path} is not a packed E5 model")
    at = 8
    width, layers, heads, _, vocabulary, _, _, epsilon, _ = struct.unpack_from("<7ifi", view, at)
    count, start, end, pad, unknown, text_bytes = struct.unpack_from("<5iQ", view, at + 36)
    at += 36 + 28
    bounds = np.frombuffer(view, "<u4", count + 1, at).tolist()
    at += 4 * (count + 1)
    scores = np.frombuffer(view, "<f4", count, at).tolist()
    at += 4 * count
    text = bytes(view[at : at + text_bytes])
    at += text_bytes
    pieces = [(text[bounds[i] : bounds[i + 1]].decode("utf-8", "replace"), scores[i]) for i in range(count)]
    replaced, at = _replaced(view, at)
    tensors: dict[str, NDArray[np.float32]] = {}
    table = np.zeros(0, _block())
    (entries,) = struct.unpack_from("<i", view, at)
    at += 4
    for _ in range(entries):
        (letters,) = struct.unpack_from("<H", view, at)
        name = bytes(view[at + 2 : at + 2 + letters]).decode("ascii")
        _, size, offset, size_bytes = struct.unpack_from("<BIQQ", view, at + 2 + letters)
        at += 2 + letters + 21
        if size_bytes == 4 * size:
            tensors[name] = np.frombuffer(view, "<f4", size, offset)
            continue
        blocks = np.frombuffer(view, _block(), size_bytes // BLOCK_BYTES, offset)
        if name == "emb.word":
            table = blocks.reshape(vocabulary, width // BLOCK)
        else:
            tensors[name] = unpacked(blocks)
    return Packed(width, layers, heads, epsilon, start, end, pad, unknown, pieces, replaced, tensors, table)


def unpacked(blocks: NDArray[np.void]) -> NDArray[np.float32]:
    """Blocks [..., N] as weights, float32 [..., 32 N]: each half byte less 8, times the scale of its block."""
    import numpy as np

    made = np.empty((*blocks.shape, BLOCK), np.float32)
    made[..., : BLOCK // 2] = blocks["halves"] & 15
    made[..., BLOCK // 2 :] = blocks["halves"] >> 4
    made -= 8.0
    made *= blocks["scale"].astype(np.float32)[..., None]
    return made.reshape(*blocks.shape[:-1], -1)


def _replaced(view: memoryview, at: int) -> tuple[dict[int, str], int]:
    """What each character is replaced by before it is cut into pieces, and where the table ends."""
    count, size_bytes = struct.unpack_from("<iI", view, at)
    here, found = at + 8, {}
    for _ in range(count):
        character, length = struct.unpack_from("<IB", view, here)
        found[character] = "".join(map(chr, struct.unpack_from(f"<{length}I", view, here + 5)))
        here += 5 + 4 * length
    return found, at + 8 + size_bytes


def _block() -> Any:
    import numpy as np

    return np.dtype([("scale", "<f2"), ("halves", "u1", BLOCK // 2)])
