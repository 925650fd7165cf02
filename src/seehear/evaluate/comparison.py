"""Two runs side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seehear.errors import InputError
from seehear.evaluate.metrics import compare_rows
from seehear.evaluate.paired import Compared
from seehear.evaluate.run import Run


@dataclass(frozen=True, slots=True)
class Comparison:
    """This run, the other one with its rows in the same order, and each number over the questions of both."""

    this: Run
    other: Run
    numbers: dict[str, Compared]

    @property
    def shared(self) -> int:
        """Questions that both runs have."""
        return len(self.other.rows)

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a comparison."""
        return {
            "settings": self.other.settings, "backends": self.other.backends, "shared": self.shared,
            "summary": {name: round(value, 6) for name, value in self.other.summary.items()},
            "numbers": {name: compared.as_json() for name, compared in self.numbers.items()},
        }  # fmt: skip


def compare_runs(this: Run, other: Run) -> Comparison:
    """Pair the questions of two runs by their text and recording. Raises InputError when they share none."""
    theirs = {row.key: row for row in other.rows}
    shared = {row.key: row for row in this.rows if row.key in theirs}
    if not shared:
        raise InputError("the two runs share no question", hint="compare runs of the same questions")
    pairs = [(row, theirs[key]) for key, row in shared.items()]
    numbers = compare_rows([a for a, _ in pairs], [b for _, b in pairs])
    paired = Run(tuple(b for _, b in pairs), other.scope, other.settings, other.backends, other.seconds)
    return Comparison(this, paired, numbers)
