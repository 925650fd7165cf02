"""The units a question is weighed against, as arrays: texts, stems, vectors, neighbours in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seehear.search.terms import indexed_stems
from seehear.store import Store
from seehear.units import Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Pool:
    """Units of some media in order of media and time.

    `keys` are (media number, ordinal); `runs` are stretches of neighbouring units of one kind, as index lists;
    `vectors` float32 [N, D], zero rows where a media has none, None where nobody has any. `windows`
    are those of minutes, by number, where the pool is of one recording and they were embedded.
    """

    keys: tuple[tuple[int, int], ...]
    units: tuple[Unit, ...]
    stems: tuple[tuple[str, ...], ...]
    titles: tuple[frozenset[str], ...]
    runs: tuple[tuple[int, ...], ...]
    vectors: NDArray[np.float32] | None
    windows: Mapping[int, NDArray[np.float32]] = field(default_factory=dict)


def load_pool(store: Store, wanted: Mapping[int, Sequence[int] | None]) -> Pool:
    """Read the units of some media: the given ordinals, or all of them where there are none given."""
    import numpy as np

    keys: list[tuple[int, int]] = []
    units: list[Unit] = []
    parts: list[NDArray[np.float32]] = []
    width = 0
    for number, ordinals in wanted.items():
        found = store.units(number, ordinals)
        if not found:
            continue
        order = sorted(found)
        keys += [(number, ordinal) for ordinal in order]
        units += [found[ordinal] for ordinal in order]
        rows = store.unit_vectors(number, order[0], order[-1] - order[0] + 1)
        if rows is not None:
            width = rows.shape[1]
        parts.append(np.zeros((len(order), 0), np.float32) if rows is None else rows[[o - order[0] for o in order]])
    vectors = None
    windows: dict[int, NDArray[np.float32]] = {}
    if width:
        vectors = np.vstack([part if part.shape[1] else np.zeros((len(part), width), np.float32) for part in parts])
        if len(wanted) == 1:
            windows = store.window_vectors(*wanted)
    stems = tuple(tuple(indexed_stems(unit.text)) for unit in units)
    heads = {unit.title for unit in units}
    titled = {title: frozenset(indexed_stems(title)) for title in heads}
    return Pool(
        tuple(keys), tuple(units), stems, tuple(titled[u.title] for u in units), tuple(_runs(keys, units)), vectors,
        windows,
    )  # fmt: skip


def _runs(keys: Sequence[tuple[int, int]], units: Sequence[Unit]) -> list[tuple[int, ...]]:
    open_run: dict[tuple[int, str], list[int]] = {}
    done: list[tuple[int, ...]] = []
    for i, (number, ordinal) in enumerate(keys):
        run = open_run.setdefault((number, units[i].kind), [])
        # Units in between may be missing from a pool made of passages: those are no neighbours.
        if run and ordinal - keys[run[-1]][1] > 6:
            done.append(tuple(run))
            run.clear()
        run.append(i)
    return done + [tuple(run) for run in open_run.values() if run]
