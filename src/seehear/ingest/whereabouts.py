"""Which recording a file is, and where the file of a recording lies by now."""

from __future__ import annotations

from pathlib import Path

from seehear.errors import InputError
from seehear.store import Store
from seehear.store.sources import Sources


def identity(store: Store, path: Path) -> str:
    """The id of a file: the SHA-256 of its bytes, known without reading it again while it stays as it is.

    Raises NotFoundError when it is missing, InputError when it may not be read or is no file.
    """
    from seehear.media.source import identify

    try:
        stat = path.stat()
    except OSError:
        return identify(path)
    facts = {"size_bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns, "inode": stat.st_ino}
    known = store.lookup_file(path, **facts)
    if known is not None:
        return known
    media_id = identify(path)
    if not store.read_only:
        store.remember_file(path, **facts, media_id=media_id)
    return media_id


def lies_at(store: Store, media_id: str, path: Path) -> bool:
    """Tell whether the file at `path` is that recording: another may lie under its name by now."""
    try:
        return path.is_file() and identity(store, path) == media_id
    except (InputError, OSError):
        return False


def found_at(store: Store, media_id: str, path: Path) -> None:
    """Note where the file of a recording lies, and that it is called so, when it is not where it was noted last."""
    from seehear.media.source import title_of

    noted = store.path_of(media_id)
    if noted is None or store.read_only or lies_at(store, media_id, noted):
        return
    store.move(media_id, path.absolute(), title=Sources(store).get(media_id).title or title_of(path))
