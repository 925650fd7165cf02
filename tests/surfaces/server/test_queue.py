"""The queue of jobs by itself: what is cancelled stays so, and what was long ago is not held for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from seehear.library import Library
from seehear.store.jobs import FINISHED, Jobs
from seehear.surfaces.server.events import Hub
from seehear.surfaces.server.limits import Limits
from seehear.surfaces.server.logs import Log
from seehear.surfaces.server.metrics import Metrics
from seehear.surfaces.server.workers import Queue

WITHIN_S = 60.0


def with_queue(home: Path, limits: Limits, work: Callable[[Queue], Awaitable[None]]) -> None:
    async def lasting(library: Library) -> None:
        queue = Queue(library, limits, hub=Hub(), metrics=Metrics(), log=Log())
        await queue.start()
        try:
            await asyncio.wait_for(work(queue), WITHIN_S)
        finally:
            await queue.stop()

    with Library(home) as library:
        asyncio.run(lasting(library))


async def settled(queue: Queue) -> None:
    while any(job.state not in FINISHED for job in queue.all()):
        await asyncio.sleep(0.05)


def test_a_job_that_is_cancelled_before_its_worker_began_is_not_begun(tmp_path: Path) -> None:
    async def work(queue: Queue) -> None:
        job = await queue.add(title="talk", source="path", location=str(tmp_path / "nowhere.mp4"))
        await queue.cancel(job.id)
        await settled(queue)
        assert queue.get(job.id).state == "cancelled"

    with_queue(tmp_path / "home", Limits(), work)


def test_finished_jobs_beyond_the_limit_are_forgotten_by_the_server_too(tmp_path: Path) -> None:
    async def work(queue: Queue) -> None:
        jobs = [
            await queue.add(title=f"talk {number}", source="path", location=str(tmp_path / "nowhere.mp4"))
            for number in range(3)
        ]
        await settled(queue)
        # The oldest are forgotten when a job has ended, not before that is known.
        while len(queue.all()) > 1:
            await asyncio.sleep(0.05)
        assert [job.id for job in queue.all()] == [jobs[-1].id]

    with_queue(tmp_path / "home", Limits(running=3, finished=1), work)
    with Library(tmp_path / "home") as library:
        assert len(Jobs(library.store).all()) == 1
