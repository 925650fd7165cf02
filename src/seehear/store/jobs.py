"""Work that was asked for and uploads that are under way, kept so that a restart forgets neither."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from typing import Any, Literal

from seehear.errors import NotFoundError
from seehear.store.store import Store
from seehear.units import clean

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
JobSource = Literal["upload", "url", "path"]
FINISHED: tuple[JobState, ...] = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class StageDone:
    """How far one stage has come, in the units of `seehear.ingest.progress`; `fetch` counts bytes."""

    name: str
    done: float
    total: float


@dataclass(frozen=True, slots=True)
class Job:
    """One recording to be indexed: `location` is its path or address, times are seconds since 1970.

    `message` and `hint` tell why it failed, `left_s` how long it may still take.
    """

    id: str
    title: str
    source: JobSource
    location: str
    state: JobState = "queued"
    media: str | None = None
    stages: tuple[StageDone, ...] = ()
    message: str | None = None
    hint: str | None = None
    created_at: float = 0.0
    started_at: float | None = None
    finished_at: float | None = None
    left_s: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a job; the place of its file is not part of it."""
        return {
            "id": self.id, "title": self.title, "source": self.source, "state": self.state,
            "stages": [{"name": s.name, "done": round(s.done, 2), "total": round(s.total, 2)} for s in self.stages],
            "left_s": None if self.left_s is None else round(self.left_s, 1), "media": self.media,
            "error": None if self.message is None else {"message": self.message, "hint": self.hint or ""},
            "created_at": self.created_at, "started_at": self.started_at, "finished_at": self.finished_at,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in: `name` is what the sender calls it and never a path."""

    id: str
    name: str
    size_bytes: int
    created_at: float


def new_id() -> str:
    """A name that nobody can guess: 32 hexadecimal digits."""
    return secrets.token_hex(16)


_COLUMNS = (
    "id, title, source, location, state, media, stages, message, hint, created_at, started_at, finished_at"
)  # fmt: skip


class Jobs:
    """The jobs and uploads of a library; each call is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # ---- jobs ----------------------------------------------------------------------------------------------------

    def add(self, *, title: str, source: JobSource, location: str, media: str | None = None,
            upload: str | None = None) -> Job:  # fmt: skip
        """Queue one job; with `upload`, that upload ends in the same transaction."""
        job = Job(new_id(), clean(title)[:300], source, location, media=media, created_at=time.time())
        with self._store.write() as db:
            db.execute(f"INSERT INTO jobs({_COLUMNS}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)", _row(job))
            if upload is not None:
                db.execute("DELETE FROM uploads WHERE id=?", (upload,))
        return job

    def save(self, job: Job) -> None:
        """Write down how a job stands now; one that was forgotten stays forgotten."""
        columns = ", ".join(f"{name.strip()}=?" for name in _COLUMNS.split(","))
        with self._store.write() as db:
            db.execute(f"UPDATE jobs SET {columns} WHERE id=?", (*_row(job), job.id))

    def forget(self, job_id: str) -> None:
        """Drop one job from the list."""
        with self._store.write() as db:
            db.execute("DELETE FROM jobs WHERE id=?", (job_id,))

    def all(self) -> list[Job]:
        """Every job, in the order they were asked for."""
        return [_job(row) for row in self._store.all(f"SELECT {_COLUMNS} FROM jobs ORDER BY number")]

    def requeue_running(self) -> None:
        """What was running when a server ended is to be done again from where its cache stands."""
        with self._store.write() as db:
            db.execute("UPDATE jobs SET state='queued', started_at=NULL WHERE state='running'")

    def trim(self, *, most: int) -> list[str]:
        """Forget the oldest finished jobs beyond `most`; returns which those were."""
        with self._store.write() as db:
            old = db.execute(
                "SELECT id FROM jobs WHERE state NOT IN ('queued', 'running') ORDER BY number DESC LIMIT -1 OFFSET ?",
                (most,),
            ).fetchall()
            db.executemany("DELETE FROM jobs WHERE id=?", old)
        return [str(row[0]) for row in old]

    # ---- uploads -------------------------------------------------------------------------------------------------

    def begin_upload(self, name: str, size_bytes: int) -> Upload:
        """Note an upload that is about to come."""
        upload = Upload(new_id(), clean(name)[:300], size_bytes, time.time())
        with self._store.write() as db:
            db.execute("INSERT INTO uploads VALUES(?,?,?,?)", (upload.id, upload.name, size_bytes, upload.created_at))
        return upload

    def upload(self, upload_id: str) -> Upload:
        """One upload that is under way. Raises NotFoundError."""
        row = self._store.one("SELECT * FROM uploads WHERE id=?", (upload_id,))
        if row is None:
            raise NotFoundError("there is no such upload", hint="begin it again: POST /api/v1/uploads")
        return Upload(*row)

    def uploads(self) -> list[Upload]:
        """Every upload that is under way."""
        return [Upload(*row) for row in self._store.all("SELECT * FROM uploads ORDER BY created_at")]

    def end_upload(self, upload_id: str) -> None:
        """Forget one upload."""
        with self._store.write() as db:
            db.execute("DELETE FROM uploads WHERE id=?", (upload_id,))


def _row(job: Job) -> tuple[Any, ...]:
    stages = json.dumps([[s.name, s.done, s.total] for s in job.stages])
    return (job.id, job.title, job.source, job.location, job.state, job.media, stages, job.message, job.hint,
            job.created_at, job.started_at, job.finished_at)  # fmt: skip


def _job(row: tuple[Any, ...]) -> Job:
    stages = tuple(StageDone(*stage) for stage in json.loads(row[6]))
    return Job(*(*row[:6], stages, *row[7:]))
