"""A small picture of a picture, to tell whether two frames show the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS, COLUMNS = 90, 160
SAME_LEVELS = 6
"""Largest difference of one cell, of 255 levels, between two encodings of the same slide; one changed letter of
12 px height moves its cell by more than 20."""


def signature(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Average brightness in a grid: `rgb` uint8 [H, W, 3] → uint8 [90, 160]."""
    from PIL import Image

    small = Image.fromarray(rgb).convert("L").resize((COLUMNS, ROWS), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.uint8)


def same(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Tell whether two signatures come from the same picture, encoded twice."""
    return bool(np.abs(one.astype(np.int16) - other.astype(np.int16)).max() <= SAME_LEVELS)
