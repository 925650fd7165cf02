"""What the words of a question tell of each unit of a pool: how much of them it holds, and how rare they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seehear.search.features import bm25, lengths_of, occurrences, scenes, smooth, weights_of
from seehear.search.pool import Pool
from seehear.search.terms import Terms, stem
from seehear.store import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEAR = (1.0, 1.0)
FAR = (1.0, 1.0, 1.0, 1.0)
WIDE = (1.0,) * 9
SCENE_S = 12.0


@dataclass(frozen=True, slots=True)
class Lexical:
    """Evidence of words for each unit, float32 [N] where nothing else is said.

    BM25 of the unit itself (`own`), with its neighbours (`near`, `far`, `wide`), in [0, 1); by weight, how much of the
    question stands in the unit (`held`), in it and its neighbours (`coverage`), around it (`scene`), in its heading,
    and nowhere (`absent`, one number); how many strings stand there as typed (`exact`); content words (`lengths`);
    `idf` by stem.
    """

    own: NDArray[np.float32]
    near: NDArray[np.float32]
    far: NDArray[np.float32]
    wide: NDArray[np.float32]
    held: NDArray[np.float32]
    coverage: NDArray[np.float32]
    scene: NDArray[np.float32]
    heading: NDArray[np.float32]
    exact: NDArray[np.float32]
    lengths: NDArray[np.float32]
    absent: float
    idf: dict[str, float]


def lexical(store: Store, pool: Pool, terms: Terms, *, whole: bool) -> Lexical:
    """Compare the words of a question with all units; rarity is that in the pool where it is a `whole` recording."""
    import numpy as np

    counts, lengths = occurrences(pool, terms.stems), lengths_of(pool)
    idf = _rarity(store, pool, terms, counts, whole=whole)
    weight = np.asarray(idf, np.float32)
    total = max(float(weight.sum()), 1e-9)

    def share(present: NDArray[np.bool_]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = ((present * weight).sum(axis=1) / total).astype(np.float32)
        return found

    def over(kernel: Sequence[float]) -> NDArray[np.float32]:
        return bm25(smooth(counts, pool, kernel), smooth(lengths[:, None], pool, kernel)[:, 0], idf)

    # A slip may help to find, but not to claim that something is covered.
    there = counts >= 1.0
    in_heading = np.asarray([[s in title for s in terms.stems] for title in pool.titles], bool)
    return Lexical(
        own=bm25(counts, lengths, idf), near=over(NEAR), far=over(FAR), wide=over(WIDE), held=share(there),
        coverage=share(smooth(there.astype(np.float32), pool, NEAR) > 0),
        scene=share(scenes(pool, counts > 0, reach_s=SCENE_S)),
        heading=share(in_heading.reshape(len(pool.units), len(terms.stems))), exact=_typed(pool, terms.exact),
        lengths=lengths, absent=float(weight[~there.any(axis=0)].sum()) / total,
        idf=dict(zip(terms.stems, idf, strict=True)),
    )  # fmt: skip


def _rarity(store: Store, pool: Pool, terms: Terms, counts: NDArray[np.float32], *, whole: bool) -> list[float]:
    if whole:
        return weights_of(len(pool.units), [float((counts[:, j] > 0).sum()) for j in range(counts.shape[1])])
    total, found = store.counts([f'{{title said shown}} : "{word}"' for word in terms.words])
    known = dict(zip([_stem_of(word, terms.stems) for word in terms.words], found, strict=True))
    return weights_of(total, [float(known.get(s, 0)) for s in terms.stems])


def _stem_of(word: str, stems: Sequence[str]) -> str:
    found = stem(word)
    return found if found in stems else word


def _typed(pool: Pool, wanted: Sequence[str]) -> NDArray[np.float32]:
    import numpy as np

    exact = np.zeros(len(pool.units), np.float32)
    for text in wanted:
        # Reading code from pictures loses or adds spaces.
        plain = "".join(text.lower().split())
        exact += np.asarray([plain in "".join(u.text.lower().split()) for u in pool.units], np.float32)
    return exact
