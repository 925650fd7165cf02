"""The best units weighed again: how well each word of the question is met in them, token by token.

Late interaction after Khattab and Zaharia, "ColBERT" (2020), with three changes that were measured: words weigh by
rarity, a word may be met in the sentence before or after, and what was found before counts on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from seehear.search.matching import Meeting, TokenEmbedder, meet
from seehear.search.passages import unit_text
from seehear.search.pool import Pool
from seehear.search.weighing import Scored, Weights
from seehear.store import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seehear.search.matching import Tokens

BESIDE = 0.9
"""What a word counts that is met in a neighbour only."""


def sharpen(
    store: Store,
    scored: Scored,
    pool: Pool,
    order: Sequence[int],
    embedder: TokenEmbedder,
    query: str,
    weights: Weights,
    *,
    tokens: Tokens | None = None,
) -> tuple[Scored, list[int], Meeting | None]:
    """Weigh the first units of an order again; the others follow in their old order, with scores below.

    `tokens` are the query's own, where they are known. The meeting holds those units first, best first, then their
    neighbours. Raises BackendError.
    """
    import numpy as np

    top = list(order[: weights.looked_at])
    beside = _neighbours(pool, top)
    rows = list(dict.fromkeys([*top, *(i for pair in beside for i in pair)]))
    meeting = meet(embedder, query, [unit_text(pool.units[i]) for i in rows], _stored(store, pool, rows), tokens)
    if meeting is None:
        return scored, list(order), None
    place = {row: at for at, row in enumerate(rows)}
    near = meeting.best[:, : len(top)].copy()
    for at, pair in enumerate(beside):
        for i in pair:
            near[:, at] = np.maximum(near[:, at], BESIDE * meeting.best[:, place[i]])
    added = np.zeros(len(pool.units), np.float32)
    added[top] = weights.token_own * meeting.fit(scored.idf)[: len(top)]
    added[top] += weights.token_near * Meeting(meeting.words, near).fit(scored.idf)
    second = {**scored.second, "tokens": added}
    whole = np.sum(list(second.values()), axis=0).astype(np.float32)
    rest = np.ones(len(pool.units), bool)
    rest[top] = False
    others = scored.scores[rest]
    share = float(max(whole[top].min(), 0.0)) / max(float(others.max(initial=0.0)), 1e-9)
    scores = np.where(rest, scored.scores * min(share, 1.0), whole).astype(np.float32)
    parts = {
        name: np.where(rest, min(share, 1.0) * _part(scored.parts, name, added), _part(second, name, added))
        for name in {**scored.parts, **second}
    }
    first = sorted(top, key=lambda i: -scores[i])
    again = [place[i] for i in first] + list(range(len(top), len(rows)))
    meeting = Meeting(meeting.words, meeting.best[:, again])
    kept = set(top)
    return replace(scored, scores=scores, parts=parts), [*first, *(i for i in order if i not in kept)], meeting


def _stored(store: Store, pool: Pool, rows: Sequence[int]) -> list[bytes | None]:
    """The packed tokens of these rows; None where an older version did not keep them."""
    wanted: dict[int, list[int]] = {}
    for row in rows:
        number, ordinal = pool.keys[row]
        wanted.setdefault(number, []).append(ordinal)
    found = {number: store.unit_tokens(number, ordinals) for number, ordinals in wanted.items()}
    return [found[pool.keys[row][0]].get(pool.keys[row][1]) for row in rows]


def _part(parts: dict[str, NDArray[np.float32]], name: str, like: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    return parts.get(name, np.zeros_like(like))


def _neighbours(pool: Pool, rows: Sequence[int]) -> list[list[int]]:
    wanted = set(rows)
    found: dict[int, list[int]] = {}
    for run in pool.runs:
        for at, row in enumerate(run):
            if row in wanted:
                found[row] = [run[i] for i in (at - 1, at + 1) if 0 <= i < len(run)]
    return [found.get(row, []) for row in rows]
