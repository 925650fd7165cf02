"""Where a recording came from: the title it was given, the address it was fetched from, whether its file is ours."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from seehear.errors import StorageError
from seehear.store.database import bump
from seehear.store.store import Store
from seehear.units import clean


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a recording beside its bytes; `kept` files lie in the library and go with their recording."""

    title: str = ""
    url: str = ""
    kept: bool = False


class Sources:
    """The sources of a library, by media id; they may be noted before the recording is indexed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, media_id: str) -> Source:
        """The source of one media, an empty one where nothing was noted."""
        row = self._store.one("SELECT title, url, kept FROM sources WHERE media=?", (media_id,))
        return Source() if row is None else Source(row[0], row[1], bool(row[2]))

    def note(self, media_id: str, source: Source) -> None:
        """Note the source of one media, in place of what was noted before."""
        with self._store.write() as db:
            row = (media_id, clean(source.title), clean(source.url), source.kept)
            db.execute("INSERT OR REPLACE INTO sources VALUES(?,?,?,?)", row)
            bump(db)

    def with_url(self, url: str) -> str | None:
        """The media that was fetched from an address, None where none was or it is not indexed."""
        row = self._store.one(
            "SELECT sources.media FROM sources JOIN media ON media.id = sources.media WHERE url=? LIMIT 1", (url,)
        )
        return None if row is None else str(row[0])


class Kept:
    """The library's own copies of recordings, named by their content, with captions that came along beside them."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "media"

    def ready(self) -> Path:
        """The folder, made where it is missing. Raises StorageError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"the library folder {self.folder} cannot be made: {error.strerror}", hint="make it writable"
            ) from error
        return self.folder

    def place(self, path: Path, media_id: str, suffix: str) -> Path:
        """Move a file to its place; where the same content lies already, that stays. Raises StorageError."""
        target = self.find(media_id) or self.ready() / f"{media_id}{suffix}"
        try:
            path.replace(target)
            if hasattr(os, "O_DIRECTORY"):
                # The name must be on the disk before anybody is told that the recording is here.
                folder = os.open(self.folder, os.O_DIRECTORY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
        except OSError as error:
            raise StorageError(f"{target} cannot be written: {error.strerror}", hint="make it writable") from error
        return target

    def find(self, media_id: str) -> Path | None:
        """Where the copy of one recording lies, None when there is none."""
        found = [path for path in self.folder.glob(f"{media_id}*") if path.stem == media_id]
        # Captions lie beside the recording that they came with, or are the recording themselves.
        return min(found, key=lambda path: (path.suffix in (".srt", ".vtt"), path.name), default=None)

    def put_captions(self, raw: bytes, media_id: str, ending: str) -> Path:
        """Lay captions beside the place of one recording, in place of others of that ending. Raises StorageError."""
        target = self.ready() / f"{media_id}{ending}"
        draft = target.with_name(f".{target.name}.part")
        try:
            draft.write_bytes(raw)
            draft.replace(target)
        except OSError as error:
            raise StorageError(f"{target} cannot be written: {error.strerror}", hint="make it writable") from error
        return target

    def captions(self, media_id: str) -> Path:
        """The name beside which captions lie that came along with one recording, wherever its own file is."""
        return self.folder / media_id

    def delete(self, media_id: str) -> None:
        """Delete the copy of one recording and the captions beside it."""
        for path in self.folder.glob(f"{media_id}*"):
            path.unlink(missing_ok=True)
