"""The bytes of recordings, their pictures and thumbnails."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Header, Request
from fastapi import Path as InPath
from starlette.responses import Response, StreamingResponse

from seehear.errors import NotFoundError
from seehear.surfaces.server.problems import ProblemError
from seehear.surfaces.server.routes.library import file_of
from seehear.surfaces.server.service import Desk, Recording, Service

router = APIRouter(prefix="/api/v1/media/{media}", tags=["media"])
CHUNK_BYTES = 256 * 1024
THUMBNAIL_PX = 320
TYPES = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".mkv": "video/x-matroska",
    ".webm": "video/webm", ".avi": "video/x-msvideo", ".ts": "video/mp2t", ".mpg": "video/mpeg", ".mpeg": "video/mpeg",
    ".ogv": "video/ogg", ".flv": "video/x-flv", ".wmv": "video/x-ms-wmv", ".3gp": "video/3gpp",
    ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".m4b": "audio/mp4", ".wav": "audio/wav", ".flac": "audio/flac",
    ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg", ".aac": "audio/aac",
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif",
    ".bmp": "image/bmp", ".tif": "image/tiff", ".tiff": "image/tiff",
    ".srt": "text/plain; charset=utf-8", ".vtt": "text/vtt; charset=utf-8",
}  # fmt: skip
BY_KIND = {"video": "video/mp4", "audio": "audio/mpeg", "image": "image/png", "captions": "text/plain; charset=utf-8"}
FrameName = Annotated[str, InPath(pattern=r"^[0-9]{1,12}\.(jpg|png)$")]
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_PICTURES: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}, "image/png": {}}}}
_ANY = {"*/*": {"schema": {"type": "string", "format": "binary"}}}


@router.head("/file", summary="How long the recording itself is", response_class=Response)
@router.get(
    "/file", summary="The recording itself", response_class=Response,
    responses={
        200: {"content": _ANY}, 206: {"content": _ANY, "description": "The part that was asked for"},
        304: {"description": "Not modified"}, 416: {"description": "No such part"},
    },
)  # fmt: skip
async def file(
    request: Request, desk: Desk, media: Recording, range: Annotated[str | None, Header()] = None,
    if_range: Annotated[str | None, Header()] = None, if_none_match: Annotated[str | None, Header()] = None,
) -> Response:  # fmt: skip
    """Give the file, or one range of it; its ETag is the hash of its content."""
    path, media_type = await desk.quick(_checked, desk, media)
    size = (await anyio.Path(path).stat()).st_size
    etag = f'"{media}"'
    headers = {
        "accept-ranges": "bytes", "etag": etag, "content-disposition": "inline", "cache-control": "private, no-cache",
        "content-security-policy": "default-src 'none'; sandbox",
    }  # fmt: skip
    if if_none_match is not None and etag in [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]:
        return Response(status_code=304, headers=headers)
    first, last, status = 0, size - 1, 200
    # One range is served; whoever asks for several gets the whole, as RFC 9110 allows.
    match = _RANGE.fullmatch(range.strip().replace(" ", "")) if range is not None else None
    if match is not None and any(match.groups()) and if_range in (None, etag):
        first, last = _range(match[1], match[2], size)
        status = 206
        headers["content-range"] = f"bytes {first}-{last}/{size}"
    headers["content-length"] = str(last - first + 1)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=media_type)
    return StreamingResponse(_pieces(path, first, last), status, headers, media_type)


@router.get("/frames/{name}", summary="A kept picture", response_class=Response, responses=_PICTURES)
async def frame(desk: Desk, media: Recording, name: FrameName) -> Response:
    """Give the picture that an event names as its `frame`."""
    raw = await desk.quick(_frame, desk, media, name)
    return _picture(raw, name)


@router.get("/thumbnail", summary="A small picture", response_class=Response, responses=_PICTURES)
async def thumbnail(desk: Desk, media: Recording) -> Response:
    """Give a picture that stands for the recording, 320 pixels wide."""
    return _picture(await desk.quick(_thumbnail, desk, media), "thumbnail.jpg")


def _checked(desk: Service, media_id: str) -> tuple[Path, str]:
    row = desk.row(media_id)
    path = file_of(desk, row)
    if path is None:
        raise NotFoundError("the file of this recording is gone or was moved", hint="index it again where it lies now")
    if desk.library.identify(path) != media_id:
        raise NotFoundError("the file of this recording was changed", hint="index it again")
    return path, TYPES.get(path.suffix.lower(), BY_KIND.get(row.kind, "application/octet-stream"))


def _range(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        wanted = int(last)
        begin, end = max(0, size - wanted), size - 1
        empty = wanted == 0
    else:
        begin, end = int(first), min(int(last), size - 1) if last else size - 1
        empty = begin > end
    if empty or begin >= size:
        raise ProblemError(
            416, f"the recording has {size} bytes", hint="ask for a range within them",
            headers={"Content-Range": f"bytes */{size}"},
        )  # fmt: skip
    return begin, end


async def _pieces(path: Path, first: int, last: int) -> AsyncIterator[bytes]:
    left = last - first + 1
    async with await anyio.open_file(path, "rb") as opened:
        await opened.seek(first)
        while left > 0:
            piece = await opened.read(min(CHUNK_BYTES, left))
            if not piece:
                return
            left -= len(piece)
            yield piece


def _frame(desk: Service, media_id: str, name: str) -> bytes:
    desk.row(media_id)
    try:
        return (desk.library.store.frames_folder(media_id) / name).read_bytes()
    except OSError as error:
        raise NotFoundError("there is no such picture", hint="events name theirs as `frame`") from error


def _thumbnail(desk: Service, media_id: str) -> bytes:
    row = desk.row(media_id)
    if not row.frame:
        raise NotFoundError("this recording has no picture", hint="GET /api/v1/media/{id}/timeline says what it has")
    folder = desk.library.store.frames_folder(media_id)
    kept = folder / f"thumbnail-{row.frame}"
    if kept.is_file():
        return kept.read_bytes()
    from seehear.media.picture import jpeg, load_picture

    if not (folder / row.frame).is_file():
        raise NotFoundError("the pictures of this recording are gone", hint="index it again")
    raw = jpeg(load_picture(folder / row.frame), width_px=THUMBNAIL_PX)
    draft = kept.with_name(f"{kept.name}.{os.getpid()}")
    try:
        draft.write_bytes(raw)
        draft.replace(kept)
    except OSError:
        draft.unlink(missing_ok=True)  # made again next time
    return raw


def _picture(raw: bytes, name: str) -> Response:
    media_type = "image/png" if name.endswith(".png") else "image/jpeg"
    return Response(raw, media_type=media_type, headers={"cache-control": "private, max-age=3600"})
