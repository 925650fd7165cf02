"""Model files on this machine: a file is what it hashes to, wherever it came from.

Wheels are read for the data in them, never installed or imported.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from seehear.errors import NotFoundError, StorageError, WeightsError
from seehear.weights.fetch import Network, sha256_of
from seehear.weights.pins import OnProgress, WeightFile, WeightSet
from seehear.weights.transfer import Pull, Tally

Status = Literal["missing", "partial", "present", "corrupt"]
_STAMPS = "verified.json"


@dataclass(frozen=True)
class Shelf:
    """A folder of weight sets, the catalogue they are pinned by, and the network that fills it."""

    folder: Path
    catalogue: Mapping[str, WeightSet]
    network: Network = field(default_factory=Network)

    def resolve(self, name: str) -> WeightSet:
        """The set of that name or alias. Raises NotFoundError."""
        for wanted in self.catalogue.values():
            if name == wanted.name or name in wanted.aliases:
                return wanted
        raise NotFoundError(f"there are no weights called {name!r}", hint=f"one of: {', '.join(self.catalogue)}")

    def resolve_all(self, names: Iterable[str]) -> list[WeightSet]:
        """The sets that are meant, each once: names, aliases, or a role for all of its sets. Raises NotFoundError."""
        chosen: dict[str, WeightSet] = {}
        for name in names:
            of_role = [entry for entry in self.catalogue.values() if entry.role == name]
            known = any(name in (entry.name, *entry.aliases) for entry in of_role)
            for entry in of_role if of_role and not known else [self.resolve(name)]:
                chosen[entry.name] = entry
        return list(chosen.values())

    def status(self, name: str) -> Status:
        """How the set stands on disk; files are hashed only when they changed since they were last verified."""
        wanted = self.resolve(name)
        home = self.folder / wanted.name
        found = [file for file in wanted.files if (home / file.name).is_file()]
        if not all(self._is_right(home, file) for file in found):
            return "corrupt"
        if len(found) == len(wanted.files):
            return "present"
        begun = home.is_dir() and any(path.name != _STAMPS for path in home.iterdir())
        return "partial" if begun else "missing"

    def locate(self, name: str) -> Path:
        """The folder that holds the set's files, all of them verified. Raises WeightsError, NotFoundError."""
        wanted = self.resolve(name)
        home = self.folder / wanted.name
        for file in wanted.files:
            if not (home / file.name).is_file():
                raise WeightsError(
                    f"the weights {wanted.name} are not on this machine ({_megabytes(wanted.size_bytes)})",
                    hint=f"seehear models pull {wanted.name}",
                )
            if not self._is_right(home, file):
                raise WeightsError(
                    f"{home / file.name} is damaged: it is not the pinned file", hint=f"seehear models pull {name}"
                )
        return home

    def verify(self, name: str) -> tuple[str, ...]:
        """Hash every file again and name those that are missing or damaged; empty when all is well.

        A damaged one is remembered as such, so that `pull` mends it.
        """
        wanted = self.resolve(name)
        home = self.folder / wanted.name
        bad = tuple(
            file.name
            for file in wanted.files
            if not ((home / file.name).is_file() and sha256_of(home / file.name) == file.sha256)
        )
        if bad and home.is_dir():
            with suppress(OSError):
                self._write_stamps(home, {n: stamp for n, stamp in self._stamps(home).items() if n not in bad})
        return bad

    def remove(self, name: str) -> int:
        """Delete the set and whatever was half fetched; returns the bytes freed. Raises StorageError."""
        wanted = self.resolve(name)
        home = self.folder / wanted.name
        if not home.is_dir():
            return 0
        with self._exclusively(wanted, Tally(wanted, None)):
            freed = sum(path.stat().st_size for path in home.iterdir() if path.is_file())
            shutil.rmtree(home)
        return freed

    def pull(self, name: str, *, on_progress: OnProgress | None = None) -> Path:
        """Fetch what is missing or damaged and return the folder; `on_progress` is called in this thread.

        What arrived before an interruption is kept and used. Raises WeightsError when no source has the right
        bytes, StorageError when they cannot be stored, MissingPackageError without pip, NotFoundError.
        """
        wanted = self.resolve(name)
        home = self.folder / wanted.name
        if self.status(wanted.name) == "present":
            return home
        tally = Tally(wanted, on_progress)
        with self._exclusively(wanted, tally):
            home.mkdir(exist_ok=True)
            missing = []
            for file in wanted.files:
                path = home / file.name
                if path.is_file() and self._is_right(home, file):
                    tally.tell(file.name, -1, file.size_bytes)
                else:
                    path.unlink(missing_ok=True)
                    missing.append(file)
            if missing:
                Pull(home, wanted, self.network, tally).run(missing)
            for file in wanted.files:
                self._stamp(home, file)
                tally.tell(file.name, -1, file.size_bytes)
            keep = {_STAMPS, *(file.name for file in wanted.files)}
            for path in home.iterdir():
                if path.name not in keep:
                    path.unlink()
            tally.report()
        return home

    @contextmanager
    def _exclusively(self, wanted: WeightSet, tally: Tally) -> Iterator[None]:
        from filelock import FileLock, Timeout

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / f".{wanted.name}.lock")
            while True:
                try:
                    lock.acquire(timeout=0.5)
                    break
                except Timeout:
                    tally.source = "another process"
                    tally.report()
            try:
                yield
            finally:
                lock.release()
        except OSError as error:
            raise StorageError(
                f"weights cannot be stored in {self.folder}: {error.strerror or error}",
                hint=f"make room for {_megabytes(wanted.size_bytes)}, or set SEEHEAR_WEIGHTS to another folder",
            ) from error

    def _is_right(self, home: Path, file: WeightFile) -> bool:
        facts = (home / file.name).stat()
        if facts.st_size != file.size_bytes:
            return False
        if self._stamps(home).get(file.name) == [facts.st_size, facts.st_mtime_ns, file.sha256]:
            return True
        if sha256_of(home / file.name) != file.sha256:
            return False
        with suppress(OSError):  # a folder that may only be read is used as it is, and hashed each time
            self._stamp(home, file)
        return True

    def _stamps(self, home: Path) -> dict[str, Any]:
        try:
            stamps = json.loads((home / _STAMPS).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return stamps if isinstance(stamps, dict) else {}

    def _stamp(self, home: Path, file: WeightFile) -> None:
        facts = (home / file.name).stat()
        stamp = [facts.st_size, facts.st_mtime_ns, file.sha256]
        self._write_stamps(home, self._stamps(home) | {file.name: stamp})

    def _write_stamps(self, home: Path, stamps: dict[str, Any]) -> None:
        fresh = home / f"{_STAMPS}.{os.getpid()}"
        fresh.write_text(json.dumps(stamps), "utf-8")
        fresh.replace(home / _STAMPS)


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.0f} MB"
