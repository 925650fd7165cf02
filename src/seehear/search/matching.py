"""Word by word: how well each word of a question is met in the best units, by vectors of single tokens.

The match of a word is its best cosine over all tokens of the texts, the late interaction of Khattab and Zaharia,
"ColBERT" (2020). There the matches are summed to rank; here the weak ones tell that a part of the question is nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from seehear.backends.protocols import Embedder
from seehear.search.terms import stem
from seehear.store.tokens import best as best_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Tokens = tuple[tuple[str, ...], NDArray[np.float32]]

UNITS = 8
"""The best units that are looked at: 15 told hardly more and cost twice as much."""
SHARPNESS = 8.0
MANY_WORDS = 10
FRAME_WEIGHT = 0.15
"""What a word of the question that carries no topic counts, against 1 for its rarest."""
MARK_WEIGHT = 0.02


@runtime_checkable
class TokenEmbedder(Protocol):
    """An embedder that can also give one vector to each token of a text, in its context."""

    def token_vectors(self, texts: Sequence[str]) -> list[tuple[tuple[str, ...], NDArray[np.float32]]]:
        """Return for each text the words that its tokens belong to, lower case, and float32 [T, D], rows of length 1.

        A word that was cut into several tokens stands once for each of them, in a row.
        """
        ...


@runtime_checkable
class TokenIndexer(Protocol):
    """An embedder that gives the vectors of texts and those of their tokens at once."""

    def embed_with_tokens(
        self, texts: Sequence[str]
    ) -> tuple[NDArray[np.float32], list[tuple[tuple[str, ...], NDArray[np.float32]]]]:
        """Return what `embed` and what `token_vectors` return."""
        ...


@runtime_checkable
class QuestionEmbedder(Protocol):
    """An embedder that was trained to tell questions from the texts that answer them."""

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 [N, D], rows of length 1, to compare with what `embed` returns for texts."""
        ...


@dataclass(frozen=True, slots=True)
class Match:
    """How well a question's words are met, in [0, 1]: `weak`, near the weakest of them; `length`, how many they are."""

    weak: float
    length: float


@dataclass(frozen=True, slots=True)
class Meeting:
    """A question's tokens against some texts: the word each belongs to, and its best cosine in each text, [Q, N]."""

    words: tuple[str, ...]
    best: NDArray[np.float32]

    def match(self, words: Sequence[str], texts: Sequence[int]) -> Match:
        """How well the `words` of the question are met in the texts at these places, at least one.

        Where the tokenizer knows none of the words as a word of its own, every word of the question is matched.
        """
        best = self.best[:, list(texts)].max(axis=1)
        places: dict[str, list[int]] = {}
        for place, word in enumerate(self.words):
            places.setdefault(word, []).append(place)
        wanted = [places[word] for word in dict.fromkeys(words) if word in places] or list(places.values())
        matches = [min(1.0, max(0.0, float(best[at].mean()))) for at in wanted]
        return Match(_soft_minimum(matches), min(len(matches), MANY_WORDS) / MANY_WORDS)

    def fit(self, idf: Mapping[str, float]) -> NDArray[np.float32]:
        """How well each text meets the whole question, [N]: its tokens' matches by weight; `idf` is by stem."""
        import numpy as np

        rare = max(idf.values(), default=1.0)
        weight = np.asarray([_weight(word, idf, rare) for word in self.words], np.float32)
        weight /= np.float32(max(float(weight.sum()), 1e-9))
        fits: NDArray[np.float32] = weight @ self.best
        return fits


class Asked:
    """A question and its topic on their way through the embedder, once for their vectors and for the tokens."""

    def __init__(self, embedder: Embedder, texts: Sequence[str]) -> None:
        self._embedder = embedder
        self._texts = texts
        self.tokens: Tokens | None = None
        """The words and vectors of the first text's tokens, where they came with its vector."""

    def vectors(self) -> NDArray[np.float32]:
        """One vector for each text: float32 [N, D]. Raises BackendError."""
        if isinstance(self._embedder, QuestionEmbedder):
            return self._embedder.embed_questions(self._texts)
        if not isinstance(self._embedder, TokenIndexer):
            return self._embedder.embed(self._texts)
        rows, (self.tokens, *_) = self._embedder.embed_with_tokens(self._texts)
        return rows


def meet(
    embedder: TokenEmbedder, question: str, texts: Sequence[str], stored: Sequence[bytes | None] = (),
    asked_tokens: Tokens | None = None,
) -> Meeting | None:  # fmt: skip
    """Compare all tokens of a question with all of some texts; None where either has none.

    `stored` are the packed tokens of each text, `asked_tokens` those of the question: only the others are computed.
    """
    import numpy as np

    known = [packed for packed in stored if packed is not None]
    missing = [i for i in range(len(texts)) if i >= len(stored) or stored[i] is None]
    fresh = [texts[i] for i in missing]
    found: list[Tokens]
    if asked_tokens is None:
        asked_tokens, *found = embedder.token_vectors([question, *fresh])
    else:
        found = embedder.token_vectors(fresh) if fresh else []
    asked, rows = asked_tokens
    if not asked or not (any(known) or any(len(vectors) for _, vectors in found)):
        return None
    met = np.zeros((len(asked), len(texts)), np.float32)
    if known:
        met[:, [i for i, packed in enumerate(stored) if packed is not None]] = best_of(rows, known)
    for place, (_, vectors) in zip(missing, found, strict=True):
        if len(vectors):
            met[:, place] = (rows @ vectors.T).max(axis=1)
    return Meeting(asked, met)


def _weight(word: str, idf: Mapping[str, float], rare: float) -> float:
    if not any(c.isalnum() for c in word):
        return MARK_WEIGHT
    return max(FRAME_WEIGHT, idf.get(stem(word), 0.0) / max(rare, 1e-9))


def _soft_minimum(values: Sequence[float]) -> float:
    # The minimum itself hangs on one word, which may be a filler; the mean hides the one that matters.
    return -math.log(sum(math.exp(-SHARPNESS * value) for value in values) / len(values)) / SHARPNESS
