"""Whether the material fits a question well enough to answer it; thresholds live in data with what measured them."""

from __future__ import annotations

import json
import math
from functools import cache
from importlib import resources
from typing import Any

from seehear.search import Signal

FEATURES = {
    "words": ("coverage", "own", "absent"),
    "vectors": ("cosine", "coverage", "own", "absent"),
    "tokens": ("cosine", "own", "weak", "length"),
    "meaning": ("cosine",),
}
"""What is looked at, by what there is to look with: words alone, vectors of texts, vectors of tokens too.

"meaning" is for questions in another language than the recording, whose words are of no use."""


def mode(signal: Signal, *, embedder: str = "", across: bool = False) -> str:
    """Which of `FEATURES` a signal can be judged by; `embedder` names whose vectors were compared, empty where none.

    `across` tells that it compared two languages.
    """
    if not embedder:
        return "words"
    if across and "meaning" in _table().get(embedder, {}):
        return "meaning"
    return "vectors" if signal.match is None else "tokens"


def features(signal: Signal, *, mode: str) -> dict[str, float]:
    """The features of a mode by name, each in [0, 1]."""
    match = signal.match
    own = {} if match is None else {"weak": match.weak, "length": match.length}
    return {name: own[name] if name in own else float(getattr(signal, name)) for name in FEATURES[mode]}


def fits(signal: Signal, *, embedder: str = "", across: bool = False) -> bool:
    """Tell whether the best evidence is good enough to answer from.

    Never where a thing that is called by its name occurs nowhere; else always where something is found as typed.
    """
    if signal.unnamed and not across:
        return False
    return signal.exact or probability(signal, embedder=embedder, across=across) >= threshold()


def probability(signal: Signal, *, embedder: str = "", across: bool = False) -> float:
    """How likely the material holds an answer, in [0, 1], by a logistic model of the signal.

    The more is looked through, the more fits by chance: every tenfold of the first hour counts against it.
    """
    judged = mode(signal, embedder=embedder, across=across)
    row = _row(judged, embedder)
    total = row["bias"] + sum(row[name] * value for name, value in features(signal, mode=judged).items())
    total -= row.get("tenfold", 0.0) * tenfolds(signal.hours)
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, total))))


def tenfolds(hours: float) -> float:
    """How many times over ten one hour is multiplied: 0 up to an hour, 1 for ten, 2 for a hundred."""
    return max(0.0, math.log10(max(hours, 1.0)))


def threshold() -> float:
    """The probability from which on a question is answered."""
    return float(_table()["threshold"])


def _row(judged: str, embedder: str) -> dict[str, float]:
    """The model of one mode; an embedder that none was fitted for is judged as MiniLM is."""
    table = _table()
    row: dict[str, float] = table[judged] if judged == "words" else table.get(embedder, {}).get(judged)
    return row or table["minilm"][judged]


@cache
def _table() -> dict[str, Any]:
    text = resources.files("seehear").joinpath("data/refusal.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table
