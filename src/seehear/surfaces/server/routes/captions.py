"""Captions that are sent for a recording: along with it, or for one that is here already."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from seehear.captions import parse_captions
from seehear.errors import InputError
from seehear.media.source import MAX_CAPTION_BYTES, caption_ending
from seehear.store.jobs import FINISHED, Job, Jobs
from seehear.surfaces.server.service import Desk, Recording, Service
from seehear.surfaces.server.shapes import JobId, JobShape

router = APIRouter(prefix="/api/v1", tags=["captions"])
CaptionsName = Annotated[
    str,
    Query(
        min_length=1, max_length=1_000,
        description="What the file is called: its ending tells the format, `lecture.en.vtt` the language too.",
    ),
]  # fmt: skip
_BODY = {"requestBody": {"content": {"text/plain": {"schema": {"type": "string", "format": "binary"}}}}}


@router.put(
    "/uploads/{upload}/captions", status_code=204, summary="Send captions along with an upload", openapi_extra=_BODY
)
async def along(desk: Desk, request: Request, upload: JobId, name: CaptionsName) -> Response:
    """Send an SRT or WebVTT file before the last bytes of the recording it belongs to; nothing is heard by a model."""
    ending, raw = await desk.quick(_checked, desk, name, await request.body())
    await desk.quick(desk.uploads.put_captions, upload, raw, ending)
    return Response(status_code=204)


@router.put(
    "/media/{media}/captions", status_code=202, response_model=JobShape, summary="Send captions for a recording",
    openapi_extra=_BODY,
)  # fmt: skip
async def afterwards(desk: Desk, request: Request, media: Recording, name: CaptionsName) -> Response:
    """Use an SRT or WebVTT file as what is said in a recording that is here; the job indexes it anew."""
    ending, raw = await desk.quick(_checked, desk, name, await request.body())
    desk.queue.check_room()
    job = await desk.quick(_put, desk, media, raw, ending)
    desk.queue.take_up(job)
    return JSONResponse(job.as_json(), 202, {"Location": f"/api/v1/jobs/{job.id}"})


def _checked(desk: Service, name: str, raw: bytes) -> tuple[str, bytes]:
    """Their ending beside a recording, and the captions. Raises InputError when they are none or not wanted."""
    ending = caption_ending(name.replace("\\", "/"))
    if not ending:
        raise InputError("captions are .srt or .vtt files", hint="upload recordings instead: POST /api/v1/uploads")
    if len(raw) > MAX_CAPTION_BYTES:
        raise InputError("this is too large for captions: 50 MB is the limit", hint="is it the right file?")
    if not parse_captions(raw, via="captions").segments:
        raise InputError("these captions hold no cue", hint="check that the file is whole")
    if desk.library.settings.captions != "first":
        raise InputError("this server leaves captions aside", hint="start it without --captions never")
    return ending, raw


def _put(desk: Service, media_id: str, raw: bytes, ending: str) -> Job:
    in_work = next((job.title for job in desk.queue.all() if job.media == media_id and job.state not in FINISHED), None)
    row = desk.row(media_id) if in_work is None else None
    if row is not None and row.kind not in ("video", "audio"):
        raise InputError(f"{row.title!r} has no sound that captions could stand for", hint="name a video or a sound")
    title = row.title if row is not None else in_work or ""
    desk.library.kept.put_captions(raw, media_id, ending)
    return Jobs(desk.library.store).add(title=title, source="upload", location=media_id, media=media_id)
