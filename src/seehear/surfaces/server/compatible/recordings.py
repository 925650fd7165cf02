"""The recordings that a chat request is about: those it names, and those it brings along, which are indexed first."""

from __future__ import annotations

import asyncio
import uuid

from seehear.errors import InputError, NotFoundError
from seehear.store.jobs import FINISHED, Job, Jobs
from seehear.store.sources import Sources
from seehear.surfaces.server.compatible.chat import Asked, Inline
from seehear.surfaces.server.service import Service

LOOK_EVERY_S = 0.1


async def recordings(desk: Service, asked: Asked) -> list[str] | None:
    """Ids of the recordings that are meant, None for the whole library.

    Raises NotFoundError for a name that nobody has, InputError when something cannot be indexed.
    """
    ids = [_known(desk, name) for name in asked.known]
    jobs: list[Job] = []
    for url in asked.urls:
        # A conversation sends its addresses again with every question.
        here = await desk.quick(Sources(desk.library.store).with_url, url)
        if here is None:
            jobs.append(await desk.queue.add(title=url, source="url", location=url))
        else:
            ids.append(here)
    for inline in asked.inline:
        desk.queue.check_room()
        media_id, job = await desk.quick(_keep, desk, inline)
        if job is None:
            ids.append(media_id)
        else:
            desk.queue.take_up(job)
            jobs.append(job)
    ids += [await _indexed(desk, job) for job in jobs]
    return list(dict.fromkeys(ids)) or None


def _known(desk: Service, name: str) -> str:
    """A recording by id, the beginning of one, or title; never by a path."""
    try:
        return desk.row(name).id
    except NotFoundError as error:
        raise NotFoundError(f"there is no recording {name!r} in the library", hint=error.hint) from error


def _keep(desk: Service, inline: Inline) -> tuple[str, Job | None]:
    """Put media into the library's folder; the job that is to index it, None where that is done."""
    path = desk.library.kept.ready() / f".{uuid.uuid4().hex}.part"
    try:
        path.write_bytes(inline.content)
        media_id = desk.library.keep(path, title=inline.title, suffix=inline.suffix)
    finally:
        path.unlink(missing_ok=True)
    if desk.library.store.has(media_id):
        return media_id, None
    table = Jobs(desk.library.store)
    return media_id, table.add(title=inline.title, source="upload", location=media_id, media=media_id)


async def _indexed(desk: Service, job: Job) -> str:
    while (now := desk.queue.get(job.id)).state not in FINISHED:
        await asyncio.sleep(LOOK_EVERY_S)
    if now.state != "done" or now.media is None:
        why = now.message or ("it was cancelled" if now.state == "cancelled" else "it holds several recordings")
        raise InputError(f"what came with the request could not be indexed: {why}", hint=now.hint or "")
    return now.media
