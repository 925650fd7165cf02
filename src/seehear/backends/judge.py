"""A language model as judge: it reads a question with numbered excerpts and names those that answer it, best first.

One request for all excerpts, as in Sun et al., "Is ChatGPT Good at Search?" (2023), without their sliding window: what
is judged is short. docs/reranking.md says when it pays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seehear import prompts
from seehear.backends.protocols import Answerer, Card, Message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_TEXTS = 6
"""So many texts are read; the others keep their order behind them. Reading is most of what a judgement costs."""
MOST_WORDS = 60
MOST_TOKENS = 24


class Judge:
    """Reranks by asking an answerer, which stays its owner's: closing the judge does not close it."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer

    @property
    def card(self) -> Card:
        """What the judging model is."""
        model = self._answerer.card
        return Card(
            name=model.name, capabilities=("rerank",), runs=model.runs, context_tokens=model.context_tokens,
            weights=model.weights, packages=model.packages, licence=model.licence,
        )  # fmt: skip

    def close(self) -> None:
        """Nothing of its own to let go."""

    def rerank(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 [N]: those that the model names first, best first, then the others in their order.

        A reply without a number changes nothing. Raises BackendError.
        """
        import numpy as np

        read = texts[:MOST_TEXTS]
        named: list[int] = []
        if len(read) > 1:
            turns = prompts.judgement(question, [" ".join(text.split()[:MOST_WORDS]) for text in read])
            reply = "".join(
                self._answerer.stream([Message(role, text) for role, text in turns], max_tokens=MOST_TOKENS)
            )
            numbers = (int(number) - 1 for number in re.findall(r"\d+", reply))
            named = [n for n in dict.fromkeys(numbers) if 0 <= n < len(read)]
        order = [*named, *(n for n in range(len(texts)) if n not in named)]
        scores = np.empty(len(texts), np.float32)
        scores[order] = np.arange(len(texts), 0, -1, dtype=np.float32)
        return scores
