"""The rows of one recording as they are written, all within the transaction that is open."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from seehear.store.tokens import grouped
from seehear.store.vectors import packed
from seehear.timeline import Timeline
from seehear.units import Cut, clean
from seehear.words import as_indexed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def facts_of(timeline: Timeline) -> tuple[int, int, str]:
    """How much was seen and heard, and a picture to stand for all: the first slide that is more than a title."""
    seen = [event for event in timeline.events if event.kind == "visual"]
    framed = [event for event in seen if event.frame]
    best = max(framed[:8], key=lambda e: (min(len(e.screen or e.text), 200), -e.span.start_s), default=None)
    return len(seen), len(timeline.events) - len(seen), best.frame if best else ""


def write_media(
    db: sqlite3.Connection, number: int | None, timeline: Timeline, blob: bytes, *, embedder: str, language: str
) -> int:
    """Write what is listed of a recording, and its timeline as `blob`; returns its number, a new one for None."""
    media = timeline.media
    seen, heard, frame = facts_of(timeline)
    given = db.execute(
        "INSERT INTO media VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (number, media.id, clean(media.title), media.kind, media.duration_s, media.size_bytes, os.fsencode(media.path),
         embedder, len(timeline.events), len(timeline.gaps), media.width_px, media.height_px, seen, heard, language,
         frame),
    ).lastrowid  # fmt: skip
    assert given is not None
    db.execute("INSERT INTO timelines VALUES(?,?)", (given, blob))
    return given


def write_cut(db: sqlite3.Connection, number: int, cut: Cut) -> None:
    """Write the units and passages of a recording, and the words that its passages are found by."""
    db.executemany(
        "INSERT INTO units VALUES(?,?,?,?,?,?,?,?)",
        ((number, i, u.kind, u.span.start_s, u.span.end_s, clean(u.text), clean(u.title), u.frame)
         for i, u in enumerate(cut.units)),
    )  # fmt: skip
    for passage, members in zip(cut.passages, cut.members, strict=True):
        row = db.execute(
            "INSERT INTO passages(media, ordinal, start_s, end_s, units) VALUES(?,?,?,?,?)",
            (number, passage.ordinal, passage.span.start_s, passage.span.end_s, json.dumps(members)),
        ).lastrowid
        db.execute(
            "INSERT INTO words(rowid, media, title, said, shown) VALUES(?,?,?,?,?)",
            (row, f"m{number}", *(as_indexed(clean(t)) for t in (passage.title, passage.said, passage.shown))),
        )


def write_vectors(
    db: sqlite3.Connection, number: int, cut: Cut, units: NDArray[np.float32], tokens: Sequence[bytes],
    windows: Mapping[int, NDArray[np.float32]],
) -> None:  # fmt: skip
    """Write the vectors of a recording's units, float32 [units, D], of its passages and windows, and of tokens."""
    means = _means(units, cut.members)
    db.execute("INSERT INTO vectors VALUES(?,?,?,?)", (number, units.shape[1], packed(means), packed(units)))
    db.executemany("INSERT INTO tokens VALUES(?,?,?)", ((number, *part) for part in grouped(tokens)))
    db.executemany("INSERT INTO windows VALUES(?,?,?)", ((number, at, packed(row)) for at, row in windows.items()))


def _means(units: NDArray[np.float32], members: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    import numpy as np

    means = np.zeros((len(members), units.shape[1]), np.float32)
    for row, group in enumerate(members):
        mean = units[list(group)].mean(axis=0)
        means[row] = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return means
