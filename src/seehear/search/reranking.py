"""The best moments put in another order by a model that reads question and moment together.

It sees moments, not sentences: they have the length of the passages that such models were trained on, and what is
judged is what is shown. Whether the recording holds an answer is decided before, from what everything else found.
"""

from __future__ import annotations

from collections.abc import Sequence

from seehear.backends.protocols import Reranker
from seehear.values import Moment

RERANKED = 10
"""So many moments are read: within one recording the right one is among the first five for 96 of 100 questions."""
MOST_WORDS = 160


def rerank(reranker: Reranker, question: str, moments: Sequence[Moment], exact: int) -> list[tuple[int, float]]:
    """The places of moments in their new order, each with its score.

    The first `exact` moments hold what was typed and stay before the others. Raises BackendError.
    """
    scores = reranker.rerank(question, [passage_of(moment) for moment in moments]).tolist()
    order = sorted(range(len(moments)), key=lambda i: (i >= exact, -scores[i]))
    return [(i, scores[i]) for i in order]


def passage_of(moment: Moment) -> str:
    """What a reranker reads of a moment: what was said, then what was on screen."""
    words = f"{moment.said}\n{moment.shown}".split() or moment.text.split()
    return " ".join(words[:MOST_WORDS])
