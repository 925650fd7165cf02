"""Uploads: streamed to disk piece by piece, resumable after a broken connection and after a restart.

How much of a file is here is how long its part on disk is; nothing else is written down, so nothing can disagree.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import anyio

from seehear.errors import StorageError
from seehear.library import Library
from seehear.media.source import MEDIA_SUFFIXES
from seehear.store.jobs import Job, Jobs, Upload
from seehear.surfaces.server.limits import Limits
from seehear.surfaces.server.problems import ProblemError

FREE_BYTES = 500_000_000
"""Left free on the disk, so that a library that is being written to never meets its end."""
LEFT_OVER_S = 24 * 3600.0
_KNOWN = frozenset(suffix for kind in MEDIA_SUFFIXES.values() for suffix in kind)


class Uploads:
    """The uploads of one library."""

    def __init__(self, library: Library, limits: Limits) -> None:
        self._library = library
        self._limits = limits
        self._busy: set[str] = set()

    @property
    def _jobs(self) -> Jobs:
        return Jobs(self._library.store)

    def _part(self, upload_id: str) -> Path:
        return self._library.settings.home / "uploads" / f"{upload_id}.part"

    def clear_up(self) -> None:
        """Forget uploads nobody went on with, and parts that belong to none."""
        oldest = time.time() - self._limits.upload_idle_s
        for upload in self._jobs.uploads():
            part = self._part(upload.id)
            touched = part.stat().st_mtime if part.exists() else upload.created_at
            if touched < oldest:
                self._jobs.end_upload(upload.id)
        known = {upload.id for upload in self._jobs.uploads()}
        for path in self._part("x").parent.glob("*.*"):
            if path.name.split(".")[0] not in known:
                path.unlink(missing_ok=True)
        self._clear_kept()

    def _clear_kept(self) -> None:
        """Delete files that a power cut left between coming in and being anybody's; young ones may be on their way."""
        wanted = {row.id for row in self._library.media()} | {job.media for job in self._jobs.all()}
        folder = self._library.kept.folder
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name.split(".")[0] not in wanted and path.stat().st_mtime < time.time() - LEFT_OVER_S:
                path.unlink(missing_ok=True)

    def begin(self, name: str, size_bytes: int) -> Upload:
        """Make room for one file. Raises ProblemError when it is too large or too many are under way."""
        if size_bytes > self._limits.upload_bytes:
            raise ProblemError(
                413, f"a recording may have {self._limits.upload_bytes} bytes at most, this has {size_bytes}",
                hint="index it where it lies: seehear index PATH",
            )  # fmt: skip
        if len(self._jobs.uploads()) >= self._limits.uploads:
            raise ProblemError(
                429, f"{self._limits.uploads} uploads are under way", hint="finish or delete one",
                headers={"Retry-After": "30"},
            )  # fmt: skip
        folder = self._part("x").parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(folder).free < size_bytes + FREE_BYTES:
                raise StorageError("the disk has no room for this recording", hint="free some space")
            upload = self._jobs.begin_upload(name, size_bytes)
            self._part(upload.id).touch()
        except OSError as error:
            raise StorageError(f"an upload cannot be begun: {error.strerror}", hint="check the disk") from error
        return upload

    def offset(self, upload_id: str) -> int:
        """How many bytes are here. Raises NotFoundError."""
        upload = self._jobs.upload(upload_id)
        part = self._part(upload.id)
        return min(part.stat().st_size, upload.size_bytes) if part.exists() else 0

    async def take(self, upload_id: str, offset: int, pieces: AsyncIterator[bytes]) -> tuple[int, bool]:
        """Write what comes from `offset` on; returns how much is here now and whether that is all.

        What arrived before the connection broke is kept. Raises NotFoundError, and ProblemError 409 for another offset
        than that on disk or when somebody sends already, 413 for more bytes than were announced.
        """
        upload = await anyio.to_thread.run_sync(self._jobs.upload, upload_id)
        if upload_id in self._busy:
            raise ProblemError(409, "this upload is being sent already", hint="wait, then ask for its offset: HEAD")
        self._busy.add(upload_id)
        try:
            here = await anyio.to_thread.run_sync(self.offset, upload_id)
            if here != offset:
                raise ProblemError(
                    409, f"{here} bytes are here, so the next piece begins there and not at {offset}",
                    hint="ask for the offset: HEAD", headers={"Upload-Offset": str(here)},
                )  # fmt: skip
            try:
                here = await self._write(upload, offset, pieces)
            except OSError as error:
                raise StorageError(f"the upload cannot be written: {error.strerror}", hint="check the disk") from error
        finally:
            self._busy.discard(upload_id)
        return here, here == upload.size_bytes

    async def _write(self, upload: Upload, offset: int, pieces: AsyncIterator[bytes]) -> int:
        at = offset
        async with await anyio.open_file(self._part(upload.id), "r+b") as file:
            await file.seek(offset)
            async for piece in pieces:
                if at + len(piece) > upload.size_bytes:
                    raise ProblemError(
                        413, f"more came than the {upload.size_bytes} bytes that were announced",
                        hint="begin again with the true size",
                    )  # fmt: skip
                await file.write(piece)
                at += len(piece)
            await file.flush()
            if at == upload.size_bytes:
                await anyio.to_thread.run_sync(_settle, self._part(upload.id))
        return at

    def put_captions(self, upload_id: str, raw: bytes, ending: str) -> None:
        """Keep captions until the recording that they belong to is here. Raises NotFoundError, StorageError."""
        upload = self._jobs.upload(upload_id)
        try:
            self._part(upload.id).with_name(f"{upload.id}{ending}").write_bytes(raw)
        except OSError as error:
            raise StorageError(f"the captions cannot be written: {error.strerror}", hint="check the disk") from error

    def finish(self, upload_id: str) -> Job:
        """Move a file that is here as a whole into the library, its captions too, and queue its job.

        Raises NotFoundError, StorageError.
        """
        upload = self._jobs.upload(upload_id)
        name = upload.name.replace("\\", "/").rsplit("/", 1)[-1]
        stem, dot, ending = name.rpartition(".")
        suffix = f".{ending.lower()}" if dot and f".{ending.lower()}" in _KNOWN else ""
        title = (stem if suffix else name).strip() or "untitled"
        media_id = self._library.keep(self._part(upload_id), title=title, suffix=suffix)
        for path in self._part("x").parent.glob(f"{upload_id}.*"):
            self._library.kept.put_captions(path.read_bytes(), media_id, path.name.removeprefix(upload_id))
            path.unlink()
        return self._jobs.add(title=title, source="upload", location=media_id, media=media_id, upload=upload_id)

    def cancel(self, upload_id: str) -> None:
        """Forget one upload with what came of it. Raises NotFoundError."""
        self._jobs.upload(upload_id)
        self._jobs.end_upload(upload_id)
        for path in self._part("x").parent.glob(f"{upload_id}.*"):
            path.unlink(missing_ok=True)


def _settle(path: Path) -> None:
    """Wait until a file is on the disk and not only on its way there."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
