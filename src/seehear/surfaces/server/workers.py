"""The queue of jobs and the processes that work on them: one process per job, ended with it.

A worker that crashes, or eats all memory, takes its own job with it and nothing else. What it finished is in the stage
cache of the library, so that trying again goes on from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from seehear.errors import NotFoundError
from seehear.library import Library
from seehear.store.jobs import FINISHED, Job, Jobs, JobSource, StageDone
from seehear.surfaces.server.events import Hub
from seehear.surfaces.server.limits import Limits
from seehear.surfaces.server.logs import Log
from seehear.surfaces.server.metrics import Metrics
from seehear.surfaces.server.problems import ProblemError

STOPS_WITHIN_S = 4.0
LINE_BYTES = 1_000_000
STATES = ("queued", "running", "done", "failed", "cancelled")


@dataclass
class _Running:
    """A job with its process; `wish` is what it was told to become."""

    task: asyncio.Task[None] | None = None
    process: asyncio.subprocess.Process | None = None
    wish: str = ""
    began_s: dict[str, float] = field(default_factory=dict)


class Queue:
    """Every job of a library, some of them running. Lives in one event loop."""

    def __init__(self, library: Library, limits: Limits, *, hub: Hub, metrics: Metrics, log: Log) -> None:
        self._library = library
        self._limits = limits
        self._hub = hub
        self._metrics = metrics
        self._log = log
        self._jobs: dict[str, Job] = {}
        self._running: dict[str, _Running] = {}
        self._stopping = False

    @property
    def _table(self) -> Jobs:
        return Jobs(self._library.store)

    # ---- asking for work -----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up every job where the last server left it."""
        await self._do(self._table.requeue_running)
        self._jobs = {job.id: job for job in await self._do(self._table.all)}
        self._fill()

    async def stop(self) -> None:
        """End every worker; jobs that run are queued again for the next start."""
        self._stopping = True
        tasks = [running.task for running in self._running.values() if running.task is not None]
        for job_id in list(self._running):
            self._wish(job_id, "queued")
        if tasks:
            await asyncio.wait(tasks, timeout=STOPS_WITHIN_S + 2)

    def check_room(self) -> None:
        """Raise ProblemError when no more jobs are taken."""
        waiting = sum(job.state == "queued" for job in self._jobs.values())
        if waiting >= self._limits.queued:
            raise ProblemError(
                429, f"{waiting} recordings are waiting already", hint="wait, or cancel some",
                headers={"Retry-After": "60"},
            )  # fmt: skip

    async def add(self, *, title: str, source: JobSource, location: str) -> Job:
        """Queue one job. Raises ProblemError when too many wait."""
        self.check_room()
        job: Job = await self._do(lambda: self._table.add(title=title, source=source, location=location))
        self.take_up(job)
        return job

    def take_up(self, job: Job) -> None:
        """Work on a job that is in the table already."""
        self._jobs[job.id] = job
        self._tell(job)
        self._fill()

    def all(self) -> list[Job]:
        """Every job, in the order they were asked for."""
        return list(self._jobs.values())

    def get(self, job_id: str) -> Job:
        """One job. Raises NotFoundError."""
        if job_id not in self._jobs:
            raise NotFoundError("there is no such job", hint="GET /api/v1/jobs lists them")
        return self._jobs[job_id]

    async def cancel(self, job_id: str) -> None:
        """Stop a job that waits or runs; forget one that is finished. Raises NotFoundError."""
        job = self.get(job_id)
        if job.state in FINISHED:
            del self._jobs[job_id]
            await self._do(lambda: self._table.forget(job_id))
            await self._do(lambda: self._drop_file(job))
            self._tell(job, forgotten=True)
        elif job.state == "queued" and job_id not in self._running:
            await self._save(replace(job, state="cancelled", finished_at=time.time()))
        else:
            self._wish(job_id, "cancelled")

    async def retry(self, job_id: str) -> Job:
        """Queue a finished job again. Raises NotFoundError, and ProblemError 409 when it is not finished."""
        job = self.get(job_id)
        if job.state not in FINISHED:
            raise ProblemError(409, f"this job is {job.state}", hint="only what failed or was cancelled is tried again")
        self.check_room()
        again = replace(
            job, state="queued", message=None, hint=None, stages=(), started_at=None, finished_at=None, left_s=None
        )
        await self._save(again)
        self._fill()
        return again

    async def cancel_media(self, media_id: str) -> None:
        """Stop and forget every job on one recording, which is about to be removed."""
        for job in self.all():
            if job.media != media_id:
                continue
            running = self._running.get(job.id)
            if job.state not in FINISHED:
                await self.cancel(job.id)
            if running is not None and running.task is not None:
                await asyncio.wait([running.task], timeout=STOPS_WITHIN_S + 2)
            self._jobs.pop(job.id, None)
            await self._do(partial(self._table.forget, job.id))
            self._tell(job, forgotten=True)

    def _drop_file(self, job: Job) -> None:
        """A file that came in for a job and never became a recording goes with the job."""
        others = any(other.media == job.media for other in self._jobs.values())
        if job.media and job.source != "path" and not others and not self._library.store.has(job.media):
            self._library.kept.delete(job.media)

    # ---- working -------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        if self._stopping:
            return
        for job in self._jobs.values():
            if len(self._running) >= self._limits.running:
                return
            if job.state == "queued" and job.id not in self._running:
                running = self._running[job.id] = _Running()
                running.task = asyncio.create_task(self._work(job, running))

    async def _work(self, job: Job, running: _Running) -> None:
        try:
            await self._save(replace(job, state="running", started_at=time.time(), stages=(), left_s=None))
            ended = await self._run(job, running)
            current = self._jobs.get(job.id, job)
            if running.wish == "queued":
                # The server stops: the table says running, and so the next start takes it up.
                return
            if running.wish == "cancelled" and not ended.get("done"):
                outcome = replace(current, state="cancelled", message=None, hint=None)
            elif "done" in ended:
                media = ended["done"]["media"] or current.media
                outcome = replace(current, state="done", media=media, message=None, hint=None)
            else:
                error = ended.get("error") or {}
                outcome = replace(current, state="failed", message=error.get("message"), hint=error.get("hint"))
            await self._save(replace(outcome, finished_at=time.time(), left_s=None))
            for old in await self._do(lambda: self._table.trim(most=self._limits.finished)):
                if (forgotten := self._jobs.pop(old, None)) is not None:
                    self._tell(forgotten, forgotten=True)
        except Exception as error:  # noqa: BLE001 - a slot must come free whatever happens
            self._log.bug(error)
            failed = replace(job, state="failed", message="this is a bug in seehear", hint="see the server's log")
            self._jobs[job.id] = replace(failed, finished_at=time.time())
            self._tell(self._jobs[job.id])
        finally:
            self._running.pop(job.id, None)
            self._fill()

    async def _run(self, job: Job, running: _Running) -> dict[str, Any]:
        """Run one worker to its end; returns its last words, an error in its name where it left none."""
        settings = self._library.settings
        spec = {
            "source": job.source, "location": job.location, "media": job.media, "title": job.title,
            "settings": {
                name: str(value) if name == "home" else value
                for name in type(settings).__dataclass_fields__
                # The server keeps its threads few, for questions' sake; workers take the number that the user set.
                if name != "threads" and (value := getattr(settings, name)) is not None
            },
            "duration_s": self._limits.duration_s,
        }  # fmt: skip
        if running.wish:
            return {}
        running.process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "seehear.surfaces.server.worker", stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, limit=LINE_BYTES,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        last: dict[str, Any] = {}
        try:
            with contextlib.suppress(OSError):
                process.stdin.write(json.dumps(spec).encode() + b"\n")
                await process.stdin.drain()
            if running.wish:
                self._wish(job.id, running.wish)
            async for raw in process.stdout:
                line = _parsed(raw)
                if line is None:
                    continue
                if "stage" in line:
                    self._progress(job.id, running, line)
                elif "about" in line:
                    await self._about(job.id, line["about"])
                elif "more" in line:
                    await self._more(line["more"])
                else:
                    last = line
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if last or running.wish:
            return last
        self._metrics.crashes.inc()
        self._log.event("worker crashed", level="error", job=job.id, code=code)
        what = f"signal {-code}" if code < 0 else f"exit code {code}"
        hint = "it may have run out of memory; try again" if code == -9 else "try again; the cache keeps what was done"
        return {"error": {"message": f"the process that worked on this ended unasked ({what})", "hint": hint}}

    def _progress(self, job_id: str, running: _Running, line: dict[str, Any]) -> None:
        job = self._jobs.get(job_id)
        if job is None:
            return
        name, done, total = str(line["stage"]), float(line["done"]), float(line["total"])
        running.began_s.setdefault(name, time.monotonic())
        stages = {stage.name: stage for stage in job.stages}
        stages[name] = StageDone(name, done, total)
        left = _left_s(stages, running.began_s)
        self._jobs[job_id] = replace(job, stages=tuple(stages.values()), left_s=left)
        self._tell(self._jobs[job_id])

    async def _about(self, job_id: str, about: dict[str, Any]) -> None:
        job = self._jobs.get(job_id)
        if job is not None:
            known = replace(
                job, title=str(about.get("title") or job.title)[:300], media=about.get("media") or job.media
            )
            await self._save(known)

    async def _more(self, entries: list[dict[str, Any]]) -> None:
        """A playlist becomes one job for each of its recordings, as far as there is room."""
        for entry in entries:
            try:
                await self.add(title=str(entry["title"])[:300], source="url", location=str(entry["url"]))
            except ProblemError:
                return

    def _wish(self, job_id: str, wish: str) -> None:
        running = self._running.get(job_id)
        if running is None:
            return
        running.wish = wish
        process = running.process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None and not process.stdin.is_closing():
            # The end of its input tells a worker to stop; what it has finished is kept.
            process.stdin.close()

        def insist() -> None:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()

        asyncio.get_running_loop().call_later(STOPS_WITHIN_S, insist)

    async def _save(self, job: Job) -> None:
        self._jobs[job.id] = job
        await self._do(lambda: self._table.save(job))
        self._tell(job)

    def _tell(self, job: Job, *, forgotten: bool = False) -> None:
        self._hub.tell("job", {**job.as_json(), **({"forgotten": True} if forgotten else {})})
        states: list[str] = [one.state for one in self._jobs.values()]
        for state in STATES:
            self._metrics.jobs.labels(state).set(states.count(state))

    async def _do(self, function: Callable[[], Any]) -> Any:
        return await asyncio.to_thread(function)


def _parsed(raw: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _left_s(stages: dict[str, StageDone], began_s: dict[str, float]) -> float | None:
    """Seconds that the longer of seeing and hearing still takes at its pace so far, None before that can be told."""
    now = time.monotonic()

    def rest_s(name: str) -> float | None:
        stage = stages.get(name)
        if stage is None:
            return None
        if stage.done >= stage.total:
            return 0.0
        spent = now - began_s[name]
        return spent * (stage.total - stage.done) / stage.done if stage.done > 0 and spent > 1.0 else None

    known = [rest_s(name) for name in stages]
    reading = {"read", "describe", "embed"} & set(stages)
    if not known or None in known or set(stages) == {"fetch"} or ("find" in stages and not reading):
        return None
    return max(rest for rest in known if rest is not None)
