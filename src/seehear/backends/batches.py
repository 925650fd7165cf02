"""Texts of similar length through a model at once, and one vector for each: what the sentence embedders share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH_TOKENS = 1024
"""Padded tokens that go through the model at once; larger batches were not faster and take more memory."""


def groups(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices in groups of similar length, each at most `BATCH_TOKENS` when padded."""
    group: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if group and lengths[i] * (len(group) + 1) > BATCH_TOKENS:
            yield group
            group = []
        group.append(i)
    if group:
        yield group


def padded(rows: Sequence[Sequence[int]], *, pad: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Token ids side by side, [B, T] filled up with `pad`, and a 1 for each that is text."""
    import numpy as np

    width = max(len(row) for row in rows)
    ids = np.full((len(rows), width), pad, np.int64)
    mask = np.zeros((len(rows), width), np.int64)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return ids, mask


def pooled(hidden: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    """The mean over the tokens of each text, of length 1: [B, T, D] to [B, D]."""
    import numpy as np

    return unit(np.einsum("btd,bt->bd", hidden, mask.astype(np.float32)) / mask.sum(axis=1, keepdims=True))


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows brought to length 1, [N, D]; a row of zeros stays one."""
    import numpy as np

    made: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return made.astype(np.float32, copy=False)
