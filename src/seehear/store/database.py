"""The SQLite file of a library as such: opened, brought up to date, read and written in transactions.

What its tables hold is the matter of the files beside this one.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from seehear.errors import LibraryVersionError, StorageError
from seehear.store.failures import explain, foreign
from seehear.store.schema import APPLICATION_ID, MIGRATIONS, READABLE, statements
from seehear.words import as_indexed

FILE_NAME = "library.db"
BUSY_TIMEOUT_S = 20.0


class Database:
    """The file of the library in the folder `home`, `version` of its tables; for several threads and processes at once.

    `read_only` None means: write if the folder allows it. Raises StorageError when the file cannot be read or is not
    a library, LibraryBusyError when another process holds it too long, LibraryVersionError when it is too new.
    """

    def __init__(self, home: Path, *, read_only: bool | None = None, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.home = home
        self.path = home / FILE_NAME
        self._lock = threading.RLock()
        self._busy_timeout_s = busy_timeout_s
        self.read_only = bool(read_only)
        self.version = len(MIGRATIONS)
        with self._mapped():
            if not read_only:
                try:
                    home.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    raise StorageError(f"the library folder {home} cannot be made: {error.strerror}",
                                       hint="choose another with --home DIR or SEEHEAR_HOME") from error  # fmt: skip
            if read_only is None and self.path.exists() and not _writable(home, self.path):
                self.read_only = True
            if self.read_only and not self.path.exists():
                raise StorageError(f"there is no library in {home}", hint="index something first: seehear index PATH")
            self._snapshot = False
            self._db = self._connect()
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _connect(self, mode: str = "rwc") -> sqlite3.Connection:
        target = self.path.absolute().as_uri() + f"?mode={mode}"
        if self.read_only:
            wal = self.path.with_name(FILE_NAME + "-wal")
            # A WAL file that nobody may write beside can only be read as it stands; safe when no log is pending.
            frozen = not os.access(self.home, os.W_OK) and not (wal.exists() and wal.stat().st_size)
            target = self.path.absolute().as_uri() + ("?mode=ro&immutable=1" if frozen else "?mode=ro")
        return sqlite3.connect(
            target, timeout=self._busy_timeout_s, isolation_level=None, check_same_thread=False, uri=True
        )

    def _prepare(self) -> None:
        db = self._db
        # Read in one statement: another process may be making the library just now.
        version, mark, tables = db.execute(
            "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master) "
            "FROM pragma_user_version, pragma_application_id"
        ).fetchone()
        # Libraries of every version carry our mark; a file without a version becomes one only while it is empty.
        if (tables and not version) or mark != (APPLICATION_ID if version else 0):
            raise foreign(self.path)
        if version > len(MIGRATIONS):
            raise LibraryVersionError(
                f"{self.path} was written by a newer seehear (version {version}, this one reads {len(MIGRATIONS)})",
                hint="pip install --upgrade seehear, or choose another folder with --home DIR",
            )
        db.execute("PRAGMA foreign_keys=ON")
        if self.read_only:
            self.version = version
            if version < READABLE:
                raise StorageError(f"{self.path} is older and cannot be updated: it is read-only",
                                   hint="make the folder writable once and run seehear library")  # fmt: skip
            return
        if version < len(MIGRATIONS):
            self._keep_a_log()
            self._migrate()
        db.execute("PRAGMA synchronous=FULL")

    def _keep_a_log(self) -> None:
        """Switch to WAL mode; SQLite does not wait by itself for another process that does it at the same time."""
        until_s = time.monotonic() + self._busy_timeout_s
        while True:
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until_s:
                    raise
                time.sleep(0.02)
            else:
                return

    def _migrate(self) -> None:
        self._db.create_function("as_indexed", 1, as_indexed, deterministic=True)
        with self.write() as db:
            # Read again inside the lock: another process may have been first.
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            for step in MIGRATIONS[version:]:
                for statement in statements(step):
                    db.execute(statement)
            db.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
            db.execute(f"PRAGMA application_id={APPLICATION_ID}")

    def close(self) -> None:
        """Let the file go; safe to call twice."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def generation(self) -> str:
        """A mark that changes with whatever is stored, by any process."""
        return str((self.one("SELECT value FROM facts WHERE name='generation'") or ("0",))[0])

    def one(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, for the tables that have a file of their own beside this one."""
        with self._mapped(), self._lock:
            row: tuple[Any, ...] | None = self._db.execute(sql, values).fetchone()
            return row

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        with self._mapped(), self._lock:
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def blob(self, table: str, column: str, row: int) -> Iterator[sqlite3.Blob]:
        """One value of bytes, to be read in parts."""
        with self._mapped(), self._lock, self._db.blobopen(table, column, row, readonly=True) as blob:
            yield blob

    @contextmanager
    def read(self) -> Iterator[Self]:
        """The library as it stands now, for many queries that must fit together; what others write meanwhile waits.

        It is read through a connection of its own, by any thread, until the block ends; writers are not kept waiting.
        Raises StorageError.
        """
        if self._snapshot:
            yield self
            return
        # What was closed stays closed.
        self.generation()
        seen = copy(self)
        with self._mapped():
            # Never made anew where the file is gone.
            seen._db = self._connect("rw")
        seen._lock, seen._snapshot, seen.read_only = threading.RLock(), True, True
        try:
            seen.one("BEGIN")
            # From its first query on a transaction sees the library as of then.
            seen.generation()
            yield seen
        finally:
            seen._db.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, or none."""
        if self.read_only:
            raise StorageError(f"the library {self.path} is read-only",
                               hint="make it writable, or choose another with --home DIR")  # fmt: skip
        with self._mapped(), self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise explain(error, self.path) from error


def _writable(home: Path, path: Path) -> bool:
    return os.access(home, os.W_OK) and os.access(path, os.W_OK)


def bump(db: sqlite3.Connection) -> None:
    """Let everybody who watches the library see that something changed, within the transaction that is open."""
    db.execute("UPDATE facts SET value=CAST(value AS INTEGER)+1 WHERE name='generation'")
