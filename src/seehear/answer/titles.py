"""Titles for stretches of speech: what is announced at their beginning, else the phrase nearest to what is said.

Choosing the phrase whose vector is nearest to that of the text follows Bennani-Smires et al., "EmbedRank" (2018); how
near it comes to the opening sentences counts as much, since that is where a speaker says what is to come.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from seehear.answer.announcements import announced
from seehear.answer.phrases import Lexicon, Phrase, own_stems, phrases
from seehear.backends.protocols import Embedder
from seehear.search.features import weights_of
from seehear.search.terms import STOP, content_stems
from seehear.units import Cut
from seehear.words import pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CANDIDATES = 8
OPENING = 2
FIRST_WORDS = 6
ANNOUNCED_S = 40.0
ALIKE = 0.6
OFTEN = 0.1
ENOUGH = 4
ACTS = 0.1
ALONE = 0.15
LATE = 0.1
ANNOUNCED = 0.4
CUT_OFF = 0.2
MOST_KEPT = 500
_kept: dict[bytes, list[str]] = {}
_lock = threading.Lock()
_GREETS = re.compile(r"\b(?:hello|hi|hey|welcome|good (?:morning|afternoon|evening))\b", re.IGNORECASE)


def titles(
    made: Cut, parts: Sequence[Sequence[int]], vectors: NDArray[np.float32] | None, embedder: Embedder | None
) -> list[str]:
    """One title per part, whose units are given by their ordinals; no two alike where that can be had.

    What was found for the same words is kept while the process lives: every outline, list and summary asks for it.
    """
    space = embedder.card.name if embedder is not None and vectors is not None else ""
    said = [[(made.units[i].span.start_s, made.units[i].text) for i in part] for part in parts]
    key = hashlib.sha256(json.dumps([space, said]).encode()).digest()
    found = _kept.get(key)
    if found is None:
        found = _titles(made, parts, vectors, embedder)
        with _lock:
            _kept[key] = found
            while len(_kept) > MOST_KEPT:
                del _kept[next(iter(_kept))]
    return list(found)


def _titles(
    made: Cut, parts: Sequence[Sequence[int]], vectors: NDArray[np.float32] | None, embedder: Embedder | None
) -> list[str]:
    lexicon = Lexicon.of([made.units[i].text for part in parts for i in part])
    ranked = _ranked(made, parts, lexicon)
    if vectors is not None and embedder is not None:
        ranked = _ranked_by_meaning(parts, ranked, [_opening(made, part) for part in parts], vectors, embedder)
    used: list[set[str]] = []
    found = []
    for part, best in zip(parts, ranked, strict=True):
        choices = [phrase.text for phrase in best] or [_beginning(made.units[part[0]].text)]
        title = next((choice for choice in choices if not _like(own_stems(choice), used)), choices[0])
        used.append(own_stems(title))
        found.append(lexicon.written(title))
    return found


def _announced(made: Cut, part: Sequence[int]) -> list[Phrase]:
    """What the first sentences say they come to."""
    until_s = made.units[part[0]].span.start_s + ANNOUNCED_S
    return [
        Phrase(tuple(subject.lower().split()), 1, ordinal, acts=False, whole=1.0, announced=True)
        for ordinal, i in enumerate(part) if made.units[i].span.start_s <= until_s
        for subject in announced(made.units[i].text)
    ]  # fmt: skip


def _like(own: set[str], used: Sequence[set[str]]) -> bool:
    return any(own <= other or len(own & other) / len(own | other) >= ALIKE for other in used)


def _beginning(text: str) -> str:
    line = " ".join(text.split())
    words = line[: pieces(line)[:FIRST_WORDS][-1].end()].split() if line else []
    while len(words) > 1 and words[-1].lower() in STOP:
        words.pop()
    return " ".join(words)


def _opening(made: Cut, part: Sequence[int]) -> list[int]:
    """The sentences that open a part, a greeting left out."""
    first = next((at for at, i in enumerate(part[:3]) if not _GREETS.search(made.units[i].text)), 0)
    return list(part[first : first + OPENING])


def _ranked(made: Cut, parts: Sequence[Sequence[int]], lexicon: Lexicon) -> list[list[Phrase]]:
    """The best phrases of each part by the words they share with it and with its opening."""
    stems = {i: content_stems(made.units[i].text) for part in parts for i in part}
    spread = Counter(word for words in stems.values() for word in set(words))
    rare = dict(zip(spread, weights_of(len(stems), [float(n) for n in spread.values()]), strict=True))

    def bag(words: Sequence[str]) -> dict[str, float]:
        weights = {word: min(count, 3) * rare.get(word, 0.0) for word, count in Counter(words).items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {word: weight / length for word, weight in weights.items()}

    found = []
    for part in parts:
        whole = bag([word for i in part for word in stems[i]])
        opening = bag([word for i in _opening(made, part) for word in stems[i]])
        table = [*_announced(made, part), *phrases([made.units[i].text for i in part], lexicon)]
        bags = {phrase: bag(content_stems(phrase.text)) for phrase in table}
        near = {phrase: _cosine(bags[phrase], whole) + _cosine(bags[phrase], opening) for phrase in table}
        found.append(sorted(table, key=_worth(near, len(part)))[:CANDIDATES])
    return found


def _ranked_by_meaning(
    parts: Sequence[Sequence[int]], ranked: Sequence[Sequence[Phrase]], openings: Sequence[Sequence[int]],
    vectors: NDArray[np.float32], embedder: Embedder,
) -> list[list[Phrase]]:  # fmt: skip
    """The same phrases, the nearest in meaning first."""
    every = list(dict.fromkeys(phrase.text for some in ranked for phrase in some))
    rows = dict(zip(every, embedder.embed(every), strict=True)) if every else {}
    found = []
    for part, some, opening in zip(parts, ranked, openings, strict=True):
        whole, first = _centre(vectors, part), _centre(vectors, opening)
        near = {phrase: float(rows[phrase.text] @ whole + rows[phrase.text] @ first) for phrase in some}
        found.append(sorted(some, key=_worth(near, len(part))))
    return found


def _worth(near: dict[Phrase, float], sentences: int) -> Callable[[Phrase], tuple[float, str]]:
    """The order of phrases, best first: near, said often and early, an action rather than a word alone, and whole."""

    def order(phrase: Phrase) -> tuple[float, str]:
        worth = near[phrase] + OFTEN * math.log(min(phrase.count, ENOUGH))
        worth += ACTS * phrase.acts + ANNOUNCED * phrase.announced - ALONE * (len(phrase.words) == 1)
        worth -= LATE * phrase.first / sentences + CUT_OFF * (1.0 - phrase.whole)
        return -worth, phrase.text

    return order


def _centre(vectors: NDArray[np.float32], rows: Sequence[int]) -> NDArray[np.float32]:
    import numpy as np

    mean = vectors[list(rows)].mean(axis=0)
    unit: NDArray[np.float32] = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return unit


def _cosine(few: dict[str, float], many: dict[str, float]) -> float:
    return sum(weight * many.get(word, 0.0) for word, weight in few.items())
