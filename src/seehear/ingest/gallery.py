"""The pictures of one recording that were looked at so far, to find an earlier one that shows the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from seehear.ingest.signature import COLUMNS, ROWS, SAME_LEVELS, same

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK_ROWS, _BLOCK_COLUMNS = 15, 16
# Where no cell differs by more than so much, no sum over a block does by more than this.
_MOST = SAME_LEVELS * _BLOCK_ROWS * _BLOCK_COLUMNS


class Gallery:
    """Signatures by time; `times_s` are all times at which a picture may come, in whatever order they then do."""

    def __init__(self, times_s: Iterable[float]) -> None:
        self._times_s: list[float] = sorted(times_s)
        self._places = {time_s: place for place, time_s in enumerate(self._times_s)}
        self._marks: dict[int, NDArray[np.uint8]] = {}
        self._taken = np.zeros(len(self._times_s), np.bool_)
        self._sums = np.zeros((len(self._times_s), (ROWS // _BLOCK_ROWS) * (COLUMNS // _BLOCK_COLUMNS)), np.int32)
        self._totals = np.zeros(len(self._times_s), np.int64)

    def add(self, time_s: float, mark: NDArray[np.uint8]) -> None:
        """Take in the signature of the picture at one of the times."""
        place = self._places[time_s]
        self._marks[place], self._sums[place], self._taken[place] = mark, _sums(mark), True
        self._totals[place] = self._sums[place].sum()

    def before(self, time_s: float) -> float | None:
        """The time of the last picture before this one, None where there is none."""
        earlier = np.flatnonzero(self._taken[: self._places[time_s]])
        return self._times_s[int(earlier[-1])] if len(earlier) else None

    def twin(self, time_s: float, mark: NDArray[np.uint8]) -> float | None:
        """The time of the last earlier picture that shows the same, None where none does."""
        place = self._places[time_s]
        sums = _sums(mark)
        # Comparing every cell with every picture takes minutes for an hour of slides: few come as near as this, first
        # in brightness and then block by block.
        near = np.flatnonzero(self._taken[:place] & (np.abs(self._totals[:place] - sums.sum()) <= _MOST * len(sums)))
        near = near[(np.abs(self._sums[near] - sums) <= _MOST).all(axis=1)]
        for earlier in map(int, near[::-1]):
            if same(self._marks[earlier], mark):
                return self._times_s[earlier]
        return None


def _sums(mark: NDArray[np.uint8]) -> NDArray[np.int32]:
    """The sum over each block of a signature, int32 [60]."""
    blocks = mark.reshape(ROWS // _BLOCK_ROWS, _BLOCK_ROWS, COLUMNS // _BLOCK_COLUMNS, _BLOCK_COLUMNS)
    sums: NDArray[np.int32] = blocks.sum(axis=(1, 3), dtype=np.int32).ravel()
    return sums
