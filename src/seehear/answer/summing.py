"""Sentences that sum a recording up: central ones, and what it says itself when it looks back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from seehear.search.features import weights_of
from seehear.search.terms import content_stems
from seehear.units import Cut
from seehear.words import count as length_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seehear.spans import Span

FEWEST_WORDS = 7
MOST_WORDS = 45
RECAP_S = 60.0
_RECAP = re.compile(r"\b(?:summary|recap|conclusions?|wrap[\s-]?up|takeaways?|in short|looking back)\b", re.IGNORECASE)
_LOOKS_BACK = re.compile(
    r"\b(?:(?:to|let(?:'s| us|’s)|let me) (?:summari[sz]e|sum up|recap|look back|wrap up)|in (?:summary|conclusion)"
    r"|to conclude|what (?:we|you) have (?:learned|learnt|seen))\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\b(?:hello|hi|welcome|good (?:morning|afternoon|evening)|thank(?:s| you)|see you|goodbye|by the way|incidentally"
    r"|in case you|you (?:may|might) wonder|wonder|subscribe|exam|homework|any questions|please|at home|today we|next"
    r" (?:week|time|lesson|lecture|video)|surpris\w+|fun fact)\b",
    re.IGNORECASE,
)
_HANGS = re.compile(
    r"\s*(?:it|its|they|their|this|these|those|that|he|she|such|here|there|in that case|otherwise|so|but|because|then"
    r"|after that|like this|and then)\b",
    re.IGNORECASE,
)


class Part(Protocol):
    """A titled stretch with the ordinals of its units."""

    @property
    def span(self) -> Span:
        """When it is."""
        ...

    @property
    def title(self) -> str:
        """Its heading."""
        ...

    @property
    def units(self) -> tuple[int, ...]:
        """Ordinals of what is said and shown in it."""
        ...


def central(
    made: Cut, vectors: NDArray[np.float32] | None, among: Sequence[int], *, count: int, variety: float = 0.6
) -> list[int]:
    """Units that sum up `among`, in order of time: near the centre, unlike each other (maximal marginal relevance,
    Carbonell and Goldstein 1998), rather no asides and nothing that hangs on the sentence before."""
    import numpy as np

    fit = _fit(made, among)
    if not fit:
        return []
    rows = vectors[fit] if vectors is not None else bags(made, fit)
    gain = rows @ _unit(rows.mean(axis=0)) - _faults(made, fit)
    chosen: list[int] = []
    while len(chosen) < min(count, len(fit)):
        near = (rows @ rows[chosen].T).max(axis=1) if chosen else np.zeros(len(fit))
        score = gain - (1 - variety) * near
        score[chosen] = -np.inf
        chosen.append(int(np.argmax(score)))
    return sorted(fit[i] for i in chosen)


def nearest_whole(made: Cut, vectors: NDArray[np.float32] | None, among: Sequence[int], *, count: int) -> list[int]:
    """Of `among`, one from each of `count` stretches: the nearest to the centre of the whole recording."""
    import numpy as np

    fit = _fit(made, among)
    if not fit:
        return []
    everything = [i for i, unit in enumerate(made.units) if unit.kind == "transcript"] or list(range(len(made.units)))
    rows = vectors if vectors is not None else bags(made, range(len(made.units)))
    gain = rows[fit] @ _unit(rows[everything].mean(axis=0)) - _faults(made, fit)
    parts = [part for part in np.array_split(np.arange(len(fit)), min(count, len(fit))) if len(part)]
    return [fit[int(part[np.argmax(gain[part])])] for part in parts]


def recap(made: Cut, parts: Sequence[Part]) -> list[int]:
    """What is said where the recording looks back: under a heading like "Summary", or after words that announce it."""
    spoken = [i for i, unit in enumerate(made.units) if unit.kind == "transcript"]
    headed = [part for part in parts if _RECAP.search(part.title)]
    if headed:
        span = headed[-1].span
        return [i for i in spoken if span.contains(made.units[i].span.start_s) and _sound(made.units[i].text)]
    if not parts:
        return []
    end_s = parts[-1].span.end_s
    late = [
        i for i in spoken
        if parts[-1].span.end_s >= made.units[i].span.start_s >= 0.75 * end_s and _LOOKS_BACK.search(made.units[i].text)
    ]  # fmt: skip
    if not late:
        return []
    start_s = made.units[late[-1]].span.start_s
    return [
        i for i in spoken if start_s <= made.units[i].span.start_s < start_s + RECAP_S and _sound(made.units[i].text)
    ]


def bags(made: Cut, rows: Sequence[int]) -> NDArray[np.float32]:
    """Weighted words of some units in place of vectors: float32 [rows, vocabulary], rows of length 1 or 0."""
    import numpy as np

    counted = [Counter(content_stems(made.units[i].text)) for i in rows]
    vocabulary = {word: column for column, word in enumerate(dict.fromkeys(w for bag in counted for w in bag))}
    frequency = Counter(word for bag in counted for word in bag)
    idf = dict(zip(vocabulary, weights_of(len(counted), [float(frequency[w]) for w in vocabulary]), strict=True))
    out = np.zeros((len(counted), max(1, len(vocabulary))), np.float32)
    for row, bag in enumerate(counted):
        for word, count in bag.items():
            out[row, vocabulary[word]] = min(count, 3) * idf[word]
    norms: NDArray[np.float32] = np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    scaled: NDArray[np.float32] = out / norms
    return scaled


def _fit(made: Cut, among: Sequence[int]) -> list[int]:
    spoken = [i for i in among if made.units[i].kind == "transcript"]
    long = [i for i in spoken if FEWEST_WORDS <= length_of(made.units[i].text) <= MOST_WORDS]
    return long or spoken or list(among)


def _sound(text: str) -> bool:
    return FEWEST_WORDS <= length_of(text) <= MOST_WORDS and not _ASIDE.search(text) and not _LOOKS_BACK.search(text)


def _faults(made: Cut, rows: Sequence[int]) -> NDArray[np.float32]:
    import numpy as np

    texts = [made.units[i].text for i in rows]
    return np.asarray(
        [0.5 * bool(_ASIDE.search(t)) + 0.15 * bool(_HANGS.match(t)) + 0.3 * t.endswith("?") for t in texts], np.float32
    )


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    scaled: NDArray[np.float32] = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return scaled
