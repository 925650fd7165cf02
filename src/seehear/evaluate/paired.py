"""Whether two configurations differ, tested on the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

DRAWS = 10_000
EXACT = 13
SEED = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """One number of two runs over the questions that both have: means, their difference (first less second), the
    interval that holds it with 95 %, and `p`, how often chance alone gives a difference as large."""

    first: float
    second: float
    low: float
    high: float
    p: float
    pairs: int

    @property
    def difference(self) -> float:
        """First less second."""
        return self.first - self.second

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a comparison."""
        names = ("first", "second", "difference", "low", "high", "p")
        return {**{name: round(getattr(self, name), 6) for name in names}, "pairs": self.pairs}


def compare(first: Sequence[float], second: Sequence[float]) -> Compared | None:
    """Compare paired numbers; None without pairs.

    `p` is that of the two-sided sign-flip permutation test on the mean difference (Fisher 1935; compared with other
    tests for retrieval by Smucker, Allan and Carterette 2007): all sign patterns where at most `EXACT` pairs differ,
    else `DRAWS` random ones. The interval is the percentile bootstrap over questions (Efron 1979), `DRAWS` resamples.
    Both are seeded: the same numbers give the same result.
    """
    import numpy as np

    if not first:
        return None
    a, b = np.asarray(first, float), np.asarray(second, float)
    differences = a - b
    random = np.random.default_rng(SEED)
    means = np.concatenate([
        differences[random.integers(0, len(differences), (500, len(differences)))].mean(axis=1)
        for _ in range(DRAWS // 500)
    ])  # fmt: skip
    low, high = (float(edge) for edge in np.percentile(means, [2.5, 97.5]))
    return Compared(float(a.mean()), float(b.mean()), low, high, _p(differences), len(a))


def _p(differences: Any) -> float:
    import numpy as np

    moved = differences[differences != 0]
    if not len(moved):
        return 1.0
    observed = abs(moved.sum()) - 1e-9
    if len(moved) <= EXACT:
        signs = 1 - 2 * ((np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved))) & 1)
        return float((np.abs(signs @ moved) >= observed).mean())
    random = np.random.default_rng(SEED)
    count = sum(
        int((np.abs(random.choice([-1.0, 1.0], (500, len(moved))) @ moved) >= observed).sum())
        for _ in range(DRAWS // 500)
    )
    # The observed pattern is itself one of those that chance may give (Phipson and Smyth 2010).
    return (count + 1) / (DRAWS + 1)
