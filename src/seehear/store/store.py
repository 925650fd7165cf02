"""The library: one SQLite file that holds media, timelines, passages, words, vectors and the stage cache.

Every write is one transaction, so that a process killed at any moment loses nothing that was reported done.
Pictures lie beside the file in `frames/<media id>/`.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seehear.errors import ConfigError, NotFoundError
from seehear.spans import Span
from seehear.store.corrections import Correction, apply, read_corrections, write_corrections
from seehear.store.database import BUSY_TIMEOUT_S, FILE_NAME, Database, bump
from seehear.store.schema import TOKENS, WINDOWS
from seehear.store.tokens import PER_GROUP, ungrouped
from seehear.store.vectors import Vectors, load_vectors, unpacked
from seehear.store.writing import facts_of, write_cut, write_media, write_vectors
from seehear.timeline import Timeline
from seehear.units import Cut, Unit, clean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class MediaRow:
    """One indexed media as the library lists it; `number` is its row, `embedder` names the space of its vectors.

    `seen` and `heard` count the events of each kind, `frame` names a kept picture that can stand for it; `url` is where
    it was fetched from, `kept` tells that its file belongs to the library and goes with it.
    """

    number: int
    id: str
    title: str
    kind: str
    duration_s: float
    size_bytes: int
    path: Path
    embedder: str
    events: int
    gaps: int
    width_px: int = 0
    height_px: int = 0
    seen: int = 0
    heard: int = 0
    language: str = ""
    frame: str = ""
    url: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the library takes on disk, in bytes, and how much it holds."""

    database_bytes: int
    frames_bytes: int
    cache_bytes: int
    media: int
    passages: int


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage's row, its media's row, its span and the ordinals of its units (as stored, a JSON list)."""

    row: int
    media_number: int
    span: Span
    units_json: str

    @property
    def units(self) -> tuple[int, ...]:
        """The ordinals of the units that the passage holds."""
        return tuple(json.loads(self.units_json))


class Store(Database):
    """The library in the folder `home`: what is in its file, by media; arguments and errors as of `Database`."""

    def __init__(self, home: Path, *, read_only: bool | None = None, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        # What search reads again and again, with the generation of the library that it belongs to.
        self._held = _Held()
        self._listed: tuple[str, list[MediaRow]] | None = None
        super().__init__(home, read_only=read_only, busy_timeout_s=busy_timeout_s)

    def close(self) -> None:
        """Let the file go; safe to call twice."""
        with self._lock:
            self._held.vectors = self._listed = None
            super().close()

    # ---- media and timelines -------------------------------------------------------------------------------------

    def put_timeline(
        self,
        timeline: Timeline,
        cut: Cut,
        *,
        embedder: str = "",
        unit_vectors: NDArray[np.float32] | None = None,
        unit_tokens: Sequence[bytes] | None = None,
        window_vectors: Mapping[int, NDArray[np.float32]] | None = None,
        language: str = "",
        corrections: Sequence[Correction] | None = None,
        corrected: Sequence[Correction] | None = None,
        held: bool = False,
    ) -> bool:
        """Store one media's timeline with what is needed to find it, replacing what was there, in one transaction.

        The vectors are float32 [units, D] in the space named `embedder`; a passage's vector is the mean of its units',
        `unit_tokens` are those of each unit's tokens, packed, where the embedder has any, `window_vectors`, float32
        [D], those of windows by number. `timeline` is as the models made it; `corrections` are those that `cut` was
        made with (None: whatever there are), `corrected` replaces them; `held` tells that it is the timeline which the
        library holds already. Returns False, and stores nothing, when others were made, or put, meanwhile. Raises
        ConfigError when the library holds vectors of another space, StorageError and LibraryBusyError as all writing.
        """
        media = timeline.media
        if unit_vectors is not None and (not embedder or unit_vectors.ndim != 2 or len(unit_vectors) != len(cut.units)):
            raise ConfigError("vectors need their space's name and one row per unit")
        blob = zlib.compress(timeline.to_json().encode("utf-8", "surrogatepass"), 6)
        with self.write() as db:
            if corrections is not None and list(corrections) != read_corrections(db, media.id):
                return False
            if held and not (self.has(media.id) and self.uncorrected(media.id) == timeline):
                return False
            if unit_vectors is not None:
                self._check_space(media.id, embedder)
            if corrected is not None:
                write_corrections(db, media.id, corrected)
            space = "" if unit_vectors is None else embedder
            number = write_media(db, self._clear(media.id), timeline, blob, embedder=space, language=language)
            write_cut(db, number, cut)
            if unit_vectors is not None and len(unit_vectors):
                write_vectors(db, number, cut, unit_vectors, unit_tokens or (), window_vectors or {})
            bump(db)
        return True

    def _check_space(self, media_id: str, embedder: str) -> None:
        row = self.one("SELECT embedder FROM media WHERE embedder NOT IN ('', ?) AND id != ?", (embedder, media_id))
        if row is not None:
            raise ConfigError(
                f"this library was embedded with {row[0]}; vectors of {embedder} cannot be compared with those",
                hint=f"use {row[0]}, or index again into another folder with --home DIR",
            )

    def _clear(self, media_id: str) -> int | None:
        row = self._db.execute("SELECT number FROM media WHERE id=?", (media_id,)).fetchone()
        if row is None:
            return None
        # The words table is virtual, foreign keys do not reach it.
        self._db.execute("DELETE FROM words WHERE rowid IN (SELECT id FROM passages WHERE media=?)", row)
        self._db.execute("DELETE FROM media WHERE number=?", row)
        return int(row[0])

    def timeline(self, media_id: str) -> Timeline:
        """The timeline of one media, as corrected by hand. Raises NotFoundError when it is not indexed."""
        return apply(self.uncorrected(media_id), self.corrections(media_id)).timeline

    def corrections(self, media_id: str) -> list[Correction]:
        """What was corrected by hand on one media, whether it fits the timeline of today or not."""
        with self._mapped(), self._lock:
            return read_corrections(self._db, media_id)

    def uncorrected(self, media_id: str) -> Timeline:
        """The timeline as the models made it. Raises NotFoundError when it is not indexed."""
        row = self.one(
            "SELECT json_zlib, path, title FROM timelines JOIN media ON number=timelines.media WHERE media.id=?",
            (media_id,),
        )
        if row is None:
            raise NotFoundError(f"no media {media_id[:12]} in this library", hint="seehear library lists what is")
        found = Timeline.from_json(zlib.decompress(row[0]).decode("utf-8", "surrogatepass"))
        # A recording that was moved since keeps its timeline as it was written.
        return replace(found, media=replace(found.media, path=Path(os.fsdecode(row[1])), title=row[2]))

    def media(self) -> list[MediaRow]:
        """Everything that is indexed, in the order it was first put in."""
        with self._lock:
            generation = self.generation()
            if self._listed is None or self._listed[0] != generation:
                self._fill_in()
                rows = self.all(
                    "SELECT m.*, coalesce(s.url, ''), coalesce(s.kept, 0) FROM media m LEFT JOIN sources s "
                    "ON s.media = m.id ORDER BY number"
                )
                listed = [MediaRow(*(*r[:6], Path(os.fsdecode(r[6])), *r[7:-1], bool(r[-1]))) for r in rows]
                self._listed = (generation, listed)
            return list(self._listed[1])

    def _fill_in(self) -> None:
        """Add what older versions did not write beside a timeline."""
        for number, media_id in self.all("SELECT number, id FROM media WHERE seen < 0"):
            if self.read_only:
                return
            timeline = self.uncorrected(media_id)
            row = (timeline.media.width_px, timeline.media.height_px, *facts_of(timeline), number)
            with self.write() as db:
                db.execute("UPDATE media SET width_px=?, height_px=?, seen=?, heard=?, frame=? WHERE number=?", row)

        # Older versions wrote names that only held in the folder that they were given in.
        for number, media_id, raw in self.all("SELECT number, id, path FROM media WHERE substr(path, 1, 1) != x'2f'"):
            if self.read_only or Path(os.fsdecode(raw)).is_absolute():
                continue
            seen = [bytes(row[0]) for row in self.all("SELECT path FROM files WHERE media=?", (media_id,))]
            if seen:
                with self.write() as db:
                    meant = next((path for path in seen if path.endswith(bytes(raw))), seen[0])
                    db.execute("UPDATE media SET path=? WHERE number=?", (meant, number))

    def path_of(self, media_id: str) -> Path | None:
        """Where the file of a recording was noted to lie, None when it is not indexed."""
        row = self.one("SELECT path FROM media WHERE id=?", (media_id,))
        return None if row is None else Path(os.fsdecode(row[0]))

    def move(self, media_id: str, path: Path, *, title: str) -> None:
        """Note where the file of a recording lies by now, and what it is called there."""
        with self.write() as db:
            db.execute("UPDATE media SET path=?, title=? WHERE id=?", (os.fsencode(path), clean(title), media_id))
            bump(db)

    def has(self, media_id: str) -> bool:
        """Tell whether a media is indexed."""
        return self.one("SELECT 1 FROM media WHERE id=?", (media_id,)) is not None

    def remove(self, media_id: str) -> None:
        """Forget one media: timeline, passages, vectors, cached stages, known files, pictures.

        Raises NotFoundError when it is not indexed.
        """
        with self.write() as db:
            if self._clear(media_id) is None:
                raise NotFoundError(f"no media {media_id[:12]} in this library", hint="seehear library lists what is")
            db.execute("DELETE FROM files WHERE media=?", (media_id,))
            for table in ("stage_cache", "corrections", "sources"):
                db.execute(f"DELETE FROM {table} WHERE media=?", (media_id,))
            bump(db)
        shutil.rmtree(self.frames_folder(media_id), ignore_errors=True)

    def frames_folder(self, media_id: str) -> Path:
        """Where the kept pictures of one media lie."""
        return self.home / "frames" / media_id

    def sizes(self) -> Sizes:
        """What the library takes on disk and how much it holds."""
        files = [self.path, self.path.with_name(FILE_NAME + "-wal")]
        database = sum(p.stat().st_size for p in files if p.exists())
        frames = sum(p.stat().st_size for p in (self.home / "frames").rglob("*") if p.is_file())
        row = self.one(
            "SELECT (SELECT coalesce(sum(length(value)), 0) FROM stage_cache), (SELECT count(*) FROM media), "
            "(SELECT count(*) FROM passages)"
        )
        assert row is not None
        return Sizes(database, frames, *row)

    # ---- files and the stage cache -------------------------------------------------------------------------------

    def remember_file(self, path: Path, *, size_bytes: int, mtime_ns: int, inode: int, media_id: str) -> None:
        """Note which media a file was, so that the next run need not hash it."""
        row = (os.fsencode(path.absolute()), size_bytes, mtime_ns, _signed(inode), media_id)
        with self.write() as db:
            db.execute("INSERT OR REPLACE INTO files VALUES(?,?,?,?,?)", row)

    def lookup_file(self, path: Path, *, size_bytes: int, mtime_ns: int, inode: int) -> str | None:
        """The media id of a file that has not changed since it was remembered, else None."""
        row = self.one(
            "SELECT media FROM files WHERE path=? AND size_bytes=? AND mtime_ns=? AND inode=?",
            (os.fsencode(path.absolute()), size_bytes, mtime_ns, _signed(inode)),
        )
        return None if row is None else str(row[0])

    def cache_get(self, key: str) -> bytes | None:
        """What `cache_put` stored under the key, else None."""
        row = self.one("SELECT value FROM stage_cache WHERE key=?", (key,))
        return None if row is None else bytes(row[0])

    def cache_put(self, key: str, value: bytes, *, media_id: str = "") -> None:
        """Keep a stage's result; with `media_id` it goes when that media is removed."""
        with self.write() as db:
            db.execute("INSERT OR REPLACE INTO stage_cache VALUES(?,?,?)", (key, media_id, value))

    # ---- what search reads ---------------------------------------------------------------------------------------

    def embedder(self) -> str:
        """The name of the space the library's vectors live in, empty when it has none."""
        row = self.one("SELECT embedder FROM media WHERE embedder != '' LIMIT 1")
        return "" if row is None else str(row[0])

    def match(self, query: str, *, limit: int, weights: tuple[float, float, float]) -> list[tuple[int, float]]:
        """Passage rows for an FTS5 query with their BM25 (higher is better); `weights` are title, said, shown."""
        rows = self.all(
            "SELECT rowid, -bm25(words, 0.0, ?, ?, ?) AS score FROM words WHERE words MATCH ? "
            "ORDER BY score DESC LIMIT ?",
            (*weights, query, limit),
        )
        return [(int(row), float(score)) for row, score in rows]

    def passages(self, *, rows: Sequence[int] = (), media_numbers: Sequence[int] = ()) -> list[StoredPassage]:
        """Passages by row, or all of some media, in order of row."""
        column, keys = ("id", sorted(rows)) if rows else ("media", media_numbers)
        found: list[StoredPassage] = []
        for some in _parts(keys):
            marks = ",".join("?" * len(some))
            query = f"SELECT id, media, start_s, end_s, units FROM passages WHERE {column} IN ({marks}) ORDER BY id"
            found += [StoredPassage(r[0], r[1], Span(r[2], r[3]), r[4]) for r in self.all(query, tuple(some))]
        return found if rows else sorted(found, key=lambda passage: passage.row)

    def units(self, media_number: int, ordinals: Sequence[int] | None = None) -> dict[int, Unit]:
        """Units of one media by ordinal, in their order; all of them when no ordinals are given."""
        low, high = (min(ordinals), max(ordinals)) if ordinals else (0, 2**31)
        wanted = None if ordinals is None else set(ordinals)
        rows = self.all(
            "SELECT ordinal, kind, start_s, end_s, text, title, frame FROM units "
            "WHERE media=? AND ordinal BETWEEN ? AND ? ORDER BY ordinal",
            (media_number, low, high),
        )
        return {r[0]: Unit(r[1], Span(r[2], r[3]), *r[4:]) for r in rows if wanted is None or r[0] in wanted}

    def unit_vectors(self, media_number: int, first: int = 0, count: int | None = None) -> NDArray[np.float32] | None:
        """Unit vectors float32 [count, D] of one media from ordinal `first` on, None where it has none."""
        row = self.one("SELECT dimensions FROM vectors WHERE media=?", (media_number,))
        if row is None:
            return None
        width = int(row[0])
        with self.blob("vectors", "units", media_number) as blob:
            blob.seek(first * width * 2)
            return unpacked(blob.read(-1 if count is None else count * width * 2), width)

    def unit_vectors_at(self, media_number: int, ordinals: Sequence[int]) -> NDArray[np.float32] | None:
        """Unit vectors float32 [len(ordinals), D] of one media for rising ordinals, None where it has none."""
        row = self.one("SELECT dimensions FROM vectors WHERE media=?", (media_number,))
        if row is None:
            return None
        bytes_each = int(row[0]) * 2
        parts: list[bytes] = []
        with self.blob("vectors", "units", media_number) as blob:
            for first, count in _runs(ordinals):
                blob.seek(first * bytes_each)
                parts.append(blob.read(count * bytes_each))
        return unpacked(b"".join(parts), int(row[0]))

    def unit_tokens(self, media_number: int, ordinals: Sequence[int] | None = None) -> dict[int, bytes]:
        """Packed token vectors of one media by ordinal, with some that lie beside; none where none were kept."""
        if self.version < TOKENS:
            return {}
        if ordinals is None:
            return ungrouped(self.all("SELECT part, vectors FROM tokens WHERE media=?", (media_number,)))
        parts = sorted({ordinal // PER_GROUP for ordinal in ordinals})
        found: dict[int, bytes] = {}
        for some in _parts(parts):
            marks = ",".join("?" * len(some))
            query = f"SELECT part, vectors FROM tokens WHERE media=? AND part IN ({marks})"
            found |= ungrouped(self.all(query, (media_number, *some)))
        return found

    def window_vectors(self, media_number: int) -> dict[int, NDArray[np.float32]]:
        """Vectors of one media's windows by number, float32 [D]; none where none were kept."""
        if self.version < WINDOWS:
            return {}
        rows = self.all("SELECT number, vector FROM windows WHERE media=?", (media_number,))
        return {number: unpacked(blob, len(blob) // 2)[0] for number, blob in rows}

    def counts(self, expressions: Sequence[str]) -> tuple[int, list[int]]:
        """How many passages there are, and how many match each FTS5 expression."""
        total = self.one("SELECT count(*) FROM passages")
        found = [self.one("SELECT count(*) FROM words WHERE words MATCH ?", (e,)) for e in expressions]
        return int((total or (0,))[0]), [int((row or (0,))[0]) for row in found]

    def vectors(self) -> Vectors:
        """All vectors, kept in memory until the library changes."""
        held = self._held
        with held.lock:
            if held.vectors is None or held.vectors[0] != self.generation():
                with self.read() as seen:
                    held.vectors = (seen.generation(), load_vectors(seen))
            return held.vectors[1]


@dataclass(slots=True)
class _Held:
    """Vectors in memory with the generation they belong to, shared by a library and all that are read from it."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    vectors: tuple[str, Vectors] | None = None


def _signed(inode: int) -> int:
    # SQLite integers are signed, file systems number unsigned.
    return inode - (1 << 64) if inode >= 1 << 63 else inode


def _runs(ordinals: Sequence[int]) -> list[tuple[int, int]]:
    """Stretches without a gap of rising ordinals: the first of each, and how many."""
    runs: list[tuple[int, int]] = []
    for ordinal in ordinals:
        if runs and ordinal == sum(runs[-1]):
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((ordinal, 1))
    return runs


def _parts(keys: Sequence[int], size: int = 500) -> Iterator[Sequence[int]]:
    for at in range(0, len(keys), size):
        yield keys[at : at + size]
