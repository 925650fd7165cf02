"""All vectors of a library in memory: those of passages, and of their sentences where the library is not huge."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seehear.store.store import Store

MOST_SENTENCES = 100_000
"""Sentences and blocks of screen text, of 150 hours or so, that are kept in memory: 154 MB of 384 dimensions."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """Passage vectors float32 [P, D] with the row of each in the library, and the place of each row.

    `sentences` float32 [U, D] are those of their units, None in a huge library; `members` int [M] tells passage by
    passage which of them it holds, `starts` int [P] where in it each passage begins.
    """

    rows: list[int]
    places: dict[int, int]
    passages: NDArray[np.float32]
    sentences: NDArray[np.float32] | None
    members: NDArray[np.int64]
    starts: NDArray[np.int64]

    def peaks(self, vector: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """The cosine of the best sentence of each passage, float32 [P]; None in a huge library."""
        import numpy as np

        if self.sentences is None:
            return None
        near = self.sentences @ vector
        best: NDArray[np.float32] = np.maximum.reduceat(near[self.members], self.starts) if self.rows else near
        return best


def load_vectors(store: Store) -> Vectors:
    """Read them all."""
    import numpy as np

    stored = store.all("SELECT media, dimensions, passages, length(units) FROM vectors ORDER BY media")
    width = stored[0][1] if stored else 0
    total = sum(size for *_, size in stored) // max(2 * width, 1)
    small = total <= MOST_SENTENCES
    held: dict[int, list[tuple[int, str]]] = {}
    columns = "id, media, units" if small else "id, media, ''"
    for row, number, units in store.all(f"SELECT {columns} FROM passages ORDER BY media, ordinal"):
        held.setdefault(number, []).append((row, units))
    rows = [row for number, *_ in stored for row, _ in held.get(number, ())]
    passages = np.empty((len(rows), width), np.float32)
    sentences = np.empty((total, width), np.float32) if small else None
    members: list[int] = []
    starts: list[int] = []
    at = before = 0
    for number, _, blob, size in stored:
        part = unpacked(blob, width)
        passages[at : at + len(part)] = part
        at += len(part)
        if sentences is None:
            continue
        count = size // (2 * width)
        [(units,)] = store.all("SELECT units FROM vectors WHERE media=?", (number,))
        sentences[before : before + count] = unpacked(units, width)
        for _, ordinals in held.get(number, ()):
            starts.append(len(members))
            members += [before + ordinal for ordinal in json.loads(ordinals)]
        before += count
    return Vectors(
        rows, {row: i for i, row in enumerate(rows)}, passages, sentences, np.asarray(members, np.int64),
        np.asarray(starts, np.int64),
    )  # fmt: skip


def packed(vectors: NDArray[np.float32]) -> bytes:
    """Vectors as they are kept: float16, little-endian."""
    return vectors.astype("<f2").tobytes()


def unpacked(blob: bytes, dimensions: int) -> NDArray[np.float32]:
    """Vectors that were kept, float32 [N, dimensions]."""
    import numpy as np

    return np.frombuffer(blob, "<f2").reshape(-1, dimensions).astype(np.float32)
