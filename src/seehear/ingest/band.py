"""Reading only the rows of a picture that changed, and putting its reading together from old and new lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seehear.ingest.signature import ROWS, SAME_LEVELS
from seehear.values import Screen, TextLine

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 0.75
"""Above this share of the height, reading the whole picture costs hardly more."""
MARGIN_ROWS = 2
"""Rows of the signature around what changed that are read anew."""
STEP_PX = 128
"""Bands begin and end at multiples of this: a detector that works in blocks of 32 pixels at full, three quarters of, or
half the size then sees the lines as it does in the whole picture."""
AROUND_PX = 32
"""Least height read above and below a band: what surrounds a line helps to find its ends."""


@dataclass(frozen=True, slots=True)
class Band:
    """Rows [top_px, bottom_px) in which a picture differs from one before, read with what lies around them."""

    top_px: float
    bottom_px: float
    read_from_px: int
    read_until_px: int

    def read(self, rgb: NDArray[np.uint8], seen: Screen, read: Callable[[NDArray[np.uint8]], Screen]) -> Screen:
        """What stands on `rgb`: the lines `seen` before outside the band, and within it those that are read now."""
        fresh = read(rgb[self.read_from_px : self.read_until_px])
        kept = [line for line in seen.lines if not _meets(line, self.top_px, self.bottom_px)]
        for line in fresh.lines:
            left, top, right, bottom = line.box_px
            top, bottom = top + self.read_from_px, bottom + self.read_from_px
            if self.top_px <= (top + bottom) / 2 < self.bottom_px:
                kept.append(TextLine(line.text, (left, top, right, bottom), line.confidence))
        return Screen(tuple(kept), seen.width_px, seen.height_px)


def band_to_read(mark: NDArray[np.uint8], before: NDArray[np.uint8], seen: Screen) -> Band | None:
    """The band of a picture that must be read anew; None when it is most of the picture.

    `mark` and `before` are the signatures of the picture and of one before, `seen` is what was read on that one: no
    line of it is cut by the band.
    """
    changed = np.flatnonzero((np.abs(mark.astype(np.int16) - before) > SAME_LEVELS).any(axis=1))
    if not len(changed):
        return None
    height_px = seen.height_px
    row_px = height_px / ROWS
    top, bottom = (changed[0] - MARGIN_ROWS) * row_px, (changed[-1] + 1 + MARGIN_ROWS) * row_px
    # Taking in one line may cut the next.
    while cut := [line for line in seen.lines if _meets(line, top, bottom) and not _within(line, top, bottom)]:
        top = min(top, *(line.box_px[1] for line in cut))
        bottom = max(bottom, *(line.box_px[3] for line in cut))
    start = max(0, int((top - AROUND_PX) // STEP_PX) * STEP_PX)
    end = min(height_px, -int(-(bottom + AROUND_PX) // STEP_PX) * STEP_PX)
    return Band(float(top), float(bottom), start, end) if end - start <= MOST * height_px else None


def _meets(line: TextLine, top: float, bottom: float) -> bool:
    return line.box_px[1] < bottom and line.box_px[3] > top


def _within(line: TextLine, top: float, bottom: float) -> bool:
    return line.box_px[1] >= top and line.box_px[3] <= bottom
