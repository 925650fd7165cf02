"""When a change of many tiles began, told from when each left what it showed and since when it rests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seehear.media.tiles import Floats

Times = NDArray[np.float64]

GRADUAL_S = 3.0
LEFT_OVER_S = 3.5


def quantile(values: Times | Floats, share: float) -> float:
    """The value below which `share` (0 to 1) of `values` [N > 0] lie, in between where need be."""
    # As numpy's percentile, which takes longer to check its arguments than to sort these.
    ordered = np.sort(values)
    at = share * (len(ordered) - 1)
    low = int(at)
    if at == low:
        return float(ordered[low])
    return float(ordered[low] + (at - low) * (ordered[low + 1] - ordered[low]))


def onset(left: Times, since: Times, *, look_s: float) -> tuple[float, float]:
    """When the change began, and until when what was there before stood untouched; both in seconds.

    `left` [N] is when each tile left its former look, `since` [N] since when it stands, `look_s` how far apart pictures
    were looked at. A cut or fade gives its middle, typing and writing their beginning.
    """
    left_s, settled_s = quantile(left, 0.5), quantile(since, 0.5)
    untouched_s = quantile(left, 0.1)
    at_once = float((np.abs(since - settled_s) < 0.5).mean()) > 0.6
    if at_once and settled_s - left_s > GRADUAL_S:
        # Something moved here for long, a film perhaps; what stands now came all at once.
        return settled_s, untouched_s
    if at_once or quantile(since, 0.95) - quantile(left, 0.05) <= GRADUAL_S:
        return (left_s if settled_s - left_s < look_s else (left_s + settled_s) / 2), untouched_s
    # A tile that never rested was covered, by a writer's arm perhaps: what matters is when it was free again.
    began = np.sort(np.where(since - left > GRADUAL_S, since, left))
    # Nothing is written with such pauses: a few tiles had been left over from before.
    pauses = np.flatnonzero(np.diff(began[: (len(began) + 1) // 2]) > LEFT_OVER_S)
    began_s = quantile(began[int(pauses[-1]) + 1 :] if len(pauses) else began, 0.05)
    return began_s, began_s
