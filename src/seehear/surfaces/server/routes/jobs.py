"""Uploads, jobs, and the stream of what happens."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Header, Request
from starlette.responses import JSONResponse, Response

from seehear.surfaces.server.events import CONTENT_TYPE, stream
from seehear.surfaces.server.problems import ProblemError
from seehear.surfaces.server.service import Desk
from seehear.surfaces.server.shapes import JobId, JobShape, JobsShape, UploadDone, UploadGiven, UploadShape, UrlGiven

router = APIRouter(prefix="/api/v1", tags=["jobs"])
Offset = Annotated[int, Header(ge=0, le=2**53)]
_OFFSET = {"Upload-Offset": {"description": "How many bytes are here.", "schema": {"type": "integer"}}}


@router.post("/uploads", status_code=201, response_model=UploadShape, summary="Begin an upload")
async def begin(desk: Desk, given: UploadGiven) -> Response:
    """Announce a file; its name becomes the title and is never a path."""
    desk.queue.check_room()
    upload = await desk.quick(desk.uploads.begin, given.name, given.size_bytes)
    url = f"/api/v1/uploads/{upload.id}"
    return JSONResponse({"id": upload.id, "offset": 0, "url": url}, 201, {"Location": url})


@router.head(
    "/uploads/{upload}", status_code=204, summary="How much of an upload is here",
    responses={204: {"headers": _OFFSET}},
)  # fmt: skip
async def offset(desk: Desk, upload: JobId) -> Response:
    """Tell from where to go on, in `Upload-Offset`."""
    here = await desk.quick(desk.uploads.offset, upload)
    return Response(status_code=204, headers={"Upload-Offset": str(here)})


@router.patch(
    "/uploads/{upload}", response_model=UploadDone, summary="Send bytes of an upload",
    responses={204: {"description": "More is to come", "headers": _OFFSET}},
    openapi_extra={
        "requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    },
)  # fmt: skip
async def send(desk: Desk, request: Request, upload: JobId, upload_offset: Offset) -> Response:
    """Send the bytes from `Upload-Offset` on, all or some; the answer to the last ones holds the job."""
    before = await desk.quick(desk.uploads.offset, upload)
    here, whole = await desk.uploads.take(upload, upload_offset, request.stream())
    desk.metrics.uploaded.inc(max(0, here - before))
    if not whole:
        return Response(status_code=204, headers={"Upload-Offset": str(here)})
    job = await desk.quick(desk.uploads.finish, upload)
    desk.queue.take_up(job)
    return JSONResponse({"job": job.as_json()}, headers={"Upload-Offset": str(here)})


@router.delete("/uploads/{upload}", status_code=204, summary="Give an upload up")
async def give_up(desk: Desk, upload: JobId) -> Response:
    """Forget an upload with what came of it."""
    await desk.quick(desk.uploads.cancel, upload)
    return Response(status_code=204)


@router.post("/jobs", status_code=202, response_model=JobShape, summary="Fetch a recording and index it")
async def fetch(desk: Desk, given: UrlGiven) -> Response:
    """Fetch what an address leads to: a media file, or with the `web` extra a page that plays one."""
    try:
        host = urlsplit(given.url).hostname
    except ValueError:
        host = None
    if not host:
        raise ProblemError(400, "this is not an address", hint="write https://…")
    job = await desk.queue.add(title=given.url, source="url", location=given.url)
    return JSONResponse(job.as_json(), 202, {"Location": f"/api/v1/jobs/{job.id}"})


@router.get("/jobs", response_model=JobsShape, summary="Every job")
async def jobs(desk: Desk) -> Response:
    """List jobs in the order they were asked for, finished ones too until they are forgotten."""
    return JSONResponse({"jobs": [job.as_json() for job in desk.queue.all()]})


@router.get("/jobs/{job}", response_model=JobShape, summary="One job")
async def job(desk: Desk, job: JobId) -> Response:
    """Tell how one job stands."""
    return JSONResponse(desk.queue.get(job).as_json())


@router.delete("/jobs/{job}", status_code=204, summary="Cancel a job, or forget a finished one")
async def cancel(desk: Desk, job: JobId) -> Response:
    """Stop a job that waits or runs, what it finished is kept; a finished one leaves the list."""
    await desk.queue.cancel(job)
    return Response(status_code=204)


@router.post("/jobs/{job}/retry", response_model=JobShape, summary="Try a job again")
async def retry(desk: Desk, job: JobId) -> Response:
    """Queue a job that failed or was cancelled; it goes on from what is cached."""
    return JSONResponse((await desk.queue.retry(job)).as_json())


@router.get(
    "/events", summary="What happens, as it happens", response_class=Response,
    responses={200: {"content": {CONTENT_TYPE: {"schema": {"type": "string"}}}}},
)  # fmt: skip
async def events(desk: Desk) -> Response:
    """Stream `job` with each change of a job and `library` when recordings are added, changed or removed."""
    if len(desk.hub) >= desk.limits.watchers:
        raise ProblemError(429, "too many watch already", hint="close a page", headers={"Retry-After": "30"})
    return stream(desk.hub.watch())
