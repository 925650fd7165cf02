"""SQLite's errors in the user's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from seehear.errors import LibraryBusyError, SeehearError, StorageError


def explain(error: sqlite3.Error, path: Path) -> SeehearError:
    """What an error of SQLite means for the user of the library at `path`."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    table: dict[int, Callable[[], SeehearError]] = {
        sqlite3.SQLITE_BUSY: lambda: LibraryBusyError(
            f"another process is writing to {path}", hint="wait for it to end, then try again"),
        sqlite3.SQLITE_LOCKED: lambda: LibraryBusyError(
            f"another process holds {path}", hint="wait for it to end, then try again"),
        sqlite3.SQLITE_FULL: lambda: StorageError(
            f"the disk is full: {path} cannot grow", hint="free some space; what was stored before is unharmed"),
        sqlite3.SQLITE_READONLY: lambda: StorageError(
            f"{path} is read-only", hint="make it writable, or choose another with --home DIR"),
        sqlite3.SQLITE_CANTOPEN: lambda: StorageError(
            f"{path} cannot be opened", hint="check that the folder exists and is yours, or use --home DIR"),
        sqlite3.SQLITE_NOTADB: lambda: foreign(path),
        sqlite3.SQLITE_CORRUPT: lambda: StorageError(
            f"{path} is damaged", hint="move it away and index again; the videos themselves are untouched"),
    }  # fmt: skip
    make = table.get(code)
    if make is not None:
        return make()
    if isinstance(error, sqlite3.ProgrammingError):
        return StorageError(f"the library {path} was used after it was closed", hint="open it again")
    return StorageError(f"the library {path} cannot be used: {error}", hint="run seehear doctor")


def foreign(path: Path) -> StorageError:
    """The error for a file that some other program wrote."""
    return StorageError(f"{path} is not a seehear library", hint="move it away, or choose another with --home DIR")
