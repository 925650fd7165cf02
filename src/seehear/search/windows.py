"""Minutes as context: what is said around a sentence tells what it is about, where its own words do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from seehear.search.passages import unit_text
from seehear.units import Unit
from seehear.words import joined

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WINDOW_S = 60.0
"""About as much speech as the embedded model reads at once, 256 tokens: 40 s told less, and more would be cut."""

MANY = 30
"""With so many windows they count in full: the minutes of a short recording are all about one thing."""


def window_of(unit: Unit) -> int:
    """The number of the window that a unit begins in, from 0."""
    return int(unit.span.start_s // WINDOW_S)


def windows(units: Sequence[Unit]) -> dict[int, str]:
    """All that is said in each window, by number; none where nothing is."""
    said: dict[int, list[str]] = {}
    for unit in units:
        if unit.kind == "transcript":
            said.setdefault(window_of(unit), []).append(unit_text(unit))
    return {number: joined(texts) for number, texts in said.items()}


def fits(
    units: Sequence[Unit], vectors: NDArray[np.float32], stored: Mapping[int, NDArray[np.float32]],
    asked: NDArray[np.float32],
) -> NDArray[np.float32]:  # fmt: skip
    """How near the window that each sentence begins in comes to what is `asked`, [N], their mean for what is shown.

    That is the cosine where there are `MANY` windows or more, a share of it where there are fewer. What is shown has
    its title for context, and a minute may hold several slides. `units` are those of one recording, `stored` the
    vectors of its windows by number; one that was not embedded has the mean of its sentences' `vectors`, [N, D].
    """
    import numpy as np

    sums: dict[int, NDArray[np.float32]] = {}
    for unit, vector in zip(units, vectors, strict=True):
        if unit.kind == "transcript" and window_of(unit) not in stored:
            sums[window_of(unit)] = sums.get(window_of(unit), np.zeros_like(vector)) + vector
    means = {number: total / max(float(np.linalg.norm(total)), 1e-9) for number, total in sums.items()}
    cosines = {number: float(vector @ asked) for number, vector in {**stored, **means}.items()}
    share = min(1.0, len(cosines) / MANY)
    usual = sum(cosines.values()) / max(len(cosines), 1)
    near = np.asarray([cosines[window_of(u)] if u.kind == "transcript" else usual for u in units], np.float32)
    found: NDArray[np.float32] = (share * near).astype(np.float32)
    return found
