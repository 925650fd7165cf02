"""Minutes as context: what is said around a sentence tells what it is about, where its own words do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from seehear.scripts import joined
from seehear.search.passages import unit_text
from seehear.units import Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WINDOW_S = 60.0
"""About as much speech as the embedded model reads at once, 256 tokens: 40 s told less, and more would be cut."""


def window_of(unit: Unit) -> int:
    """The number of the window that a unit begins in, from 0."""
    return int(unit.span.start_s // WINDOW_S)


def windows(units: Sequence[Unit]) -> dict[int, str]:
    """All that is said in each window, by number; none where nothing is: what is shown has its title for context."""
    said: dict[int, list[str]] = {}
    for unit in units:
        if unit.kind == "transcript":
            said.setdefault(window_of(unit), []).append(unit_text(unit))
    return {number: joined(texts) for number, texts in said.items()}


def fits(
    keys: Sequence[tuple[int, int]], units: Sequence[Unit], vectors: NDArray[np.float32],
    stored: Mapping[tuple[int, int], NDArray[np.float32]], asked: NDArray[np.float32],
) -> NDArray[np.float32]:  # fmt: skip
    """The cosine of what is `asked` and the window that each unit begins in, [N]; where nothing is said, their mean.

    `keys` begin with each unit's media number, `stored` has vectors by media number and window. A window that was not
    embedded has the mean of its sentences' `vectors`, float32 [N, D].
    """
    import numpy as np

    windows_of = [(key[0], window_of(unit)) for key, unit in zip(keys, units, strict=True)]
    sums: dict[tuple[int, int], NDArray[np.float32]] = {}
    for window, unit, vector in zip(windows_of, units, vectors, strict=True):
        if unit.kind == "transcript" and window not in stored:
            sums[window] = sums.get(window, np.zeros_like(vector)) + vector
    means = {window: total / max(float(np.linalg.norm(total)), 1e-9) for window, total in sums.items()}
    cosines = {window: float(vector @ asked) for window, vector in {**stored, **means}.items()}
    usual = sum(cosines.values()) / max(len(cosines), 1)
    return np.asarray([cosines.get(window, usual) for window in windows_of], np.float32)
