"""Whether the material fits a question well enough to answer it; thresholds live in data with what measured them."""

from __future__ import annotations

import json
import math
from functools import cache
from importlib import resources
from typing import Any

from seehear.search import Signal

FEATURES = ("cosine", "coverage", "own", "absent")


def fits(signal: Signal, *, vectors: bool) -> bool:
    """Tell whether the best evidence is good enough to answer from; what is found exactly as typed always is."""
    return signal.exact or probability(signal, vectors=vectors) >= float(_table()["threshold"])


def probability(signal: Signal, *, vectors: bool) -> float:
    """How likely the material holds an answer, in [0, 1], by a logistic model of the signal."""
    row = _table()["vectors" if vectors else "words"]
    total = row["bias"] + sum(row[name] * getattr(signal, name) for name in FEATURES)
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, total))))


@cache
def _table() -> dict[str, Any]:
    text = resources.files("seehear").joinpath("data/refusal.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table
