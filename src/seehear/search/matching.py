"""Word by word: how well each word of a question is met in the best units, by vectors of single tokens.

The match of a word is its best cosine over all tokens of the texts, the late interaction of Khattab and Zaharia,
"ColBERT" (2020). There the matches are summed to rank; here the weak ones tell that a part of the question is nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNITS = 8
"""The best units that are looked at: 15 told hardly more and cost twice as much."""
SHARPNESS = 8.0
MANY_WORDS = 10


@runtime_checkable
class TokenEmbedder(Protocol):
    """An embedder that can also give one vector to each token of a text, in its context."""

    def token_vectors(self, texts: Sequence[str]) -> list[tuple[tuple[str, ...], NDArray[np.float32]]]:
        """Return for each text the words that its tokens belong to, lower case, and float32 [T, D], rows of length 1.

        A word that was cut into several tokens stands once for each of them, in a row.
        """
        ...


@dataclass(frozen=True, slots=True)
class Match:
    """How well a question's words are met, in [0, 1]: `weak`, near the weakest of them; `length`, how many they are."""

    weak: float
    length: float


def match_words(embedder: TokenEmbedder, question: str, words: Sequence[str], texts: Sequence[str]) -> Match | None:
    """Match the `words` of a question against all tokens of some texts; None where either holds none.

    Where the tokenizer knows none of the words as a word of its own, every word of the question is matched.
    """
    import numpy as np

    (asked, rows), *found = embedder.token_vectors([question, *texts])
    there = [vectors for _, vectors in found if len(vectors)]
    if not asked or not there:
        return None
    best = (rows @ np.concatenate(there).T).max(axis=1)
    places: dict[str, list[int]] = {}
    for place, word in enumerate(asked):
        places.setdefault(word, []).append(place)
    wanted = [places[word] for word in dict.fromkeys(words) if word in places] or list(places.values())
    matches = [float(np.clip(best[at].mean(), 0.0, 1.0)) for at in wanted]
    return Match(_soft_minimum(matches), min(len(matches), MANY_WORDS) / MANY_WORDS)


def _soft_minimum(values: Sequence[float]) -> float:
    # The minimum itself hangs on one word, which may be a filler; the mean hides the one that matters.
    return -math.log(sum(math.exp(-SHARPNESS * value) for value in values) / len(values)) / SHARPNESS
