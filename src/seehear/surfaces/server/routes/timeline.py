"""Timelines in every format, and corrections by hand."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from starlette.responses import JSONResponse, Response

from seehear.errors import InputError
from seehear.notes import to_markdown
from seehear.spans import Span, clock
from seehear.store.corrections import apply
from seehear.surfaces.server.service import Desk, Recording, Service
from seehear.surfaces.server.shapes import CorrectionGiven, EventShape, TimelineShape
from seehear.timeline import Timeline

router = APIRouter(prefix="/api/v1/media/{media}", tags=["timeline"])
Format = Literal["json", "text", "srt", "vtt", "md", "chapters"]
TYPES: dict[str, tuple[str, str]] = {
    "json": ("application/json", "json"), "text": ("text/plain", "txt"), "srt": ("application/x-subrip", "srt"),
    "vtt": ("text/vtt", "vtt"), "md": ("text/markdown", "md"), "chapters": ("text/plain", "chapters.txt"),
}  # fmt: skip
LATEST_S = 1e7
Time = Annotated[float, Query(ge=0, le=LATEST_S, allow_inf_nan=False)]
Number = Annotated[int, InPath(ge=0, le=10_000_000)]


@router.get(
    "/timeline", response_model=TimelineShape, summary="What was seen and heard, by time",
    responses={200: {"content": {media_type: {} for media_type, _ in TYPES.values()}}},
)  # fmt: skip
async def timeline(
    desk: Desk, media: Recording, format: Format = "json", start_s: Time = 0.0, end_s: Time = LATEST_S,
    download: bool = False,
) -> Response:  # fmt: skip
    """Give the timeline of a recording, or of the stretch from `start_s` to `end_s`; `download` names it as a file."""
    if end_s < start_s:
        raise InputError(
            f"a stretch cannot end ({end_s}) before it starts ({start_s})", hint="give start_s before end_s"
        )
    return await desk.quick(_written, desk, media, format, Span(start_s, end_s), download)


@router.patch("/events/{event}", response_model=EventShape, summary="Correct what was heard or read")
async def correct(desk: Desk, media: Recording, event: Number, given: CorrectionGiven) -> Response:
    """Put a text in place of that of one event; search sees it at once, and it is kept when indexed anew.

    With `was`, only where that text still stands: another page may have corrected it, or it was indexed anew.
    """
    await desk.quick(desk.row, media)
    await desk.quick(desk.library.correct, media, event, given.text, was=given.was)
    return JSONResponse(await desk.quick(_event, desk, media, event))


@router.delete("/events/{event}", response_model=EventShape, summary="Take a correction back")
async def uncorrect(desk: Desk, media: Recording, event: Number) -> Response:
    """Let one event read again as it was heard or read."""
    await desk.quick(desk.row, media)
    await desk.quick(desk.library.uncorrect, media, event)
    return JSONResponse(await desk.quick(_event, desk, media, event))


def _numbered(desk: Service, media_id: str) -> tuple[Timeline, list[dict[str, Any]], dict[str, Any]]:
    store = desk.library.store
    corrected = apply(store.uncorrected(media_id), store.corrections(media_id))
    shape = corrected.timeline.to_dict()
    events = [
        {"id": number, "corrected": number in corrected.used, **event} for number, event in enumerate(shape["events"])
    ]
    return corrected.timeline, events, shape


def _event(desk: Service, media_id: str, number: int) -> dict[str, Any]:
    return _numbered(desk, media_id)[1][number]


def _written(desk: Service, media_id: str, style: str, span: Span, download: bool) -> Response:
    desk.row(media_id)
    whole, events, shape = _numbered(desk, media_id)
    title = whole.media.title
    inside = {number for number, event in enumerate(whole.events) if _meets(event.span, span)}
    part = Timeline(
        whole.media, tuple(whole.events[number] for number in sorted(inside)),
        tuple(gap for gap in whole.gaps if _meets(gap.span, span)),
    )  # fmt: skip
    media_type, ending = TYPES[style]
    headers = {}
    if download:
        name = quote(f"{' '.join(title.split())[:120] or 'timeline'}.{ending}".replace("/", "-"))
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{name}"
    if style == "json":
        # Where a file lies on this machine is nobody's business.
        shape["media"] = {name: value for name, value in shape["media"].items() if name != "path"}
        shape["events"] = [event for event in events if event["id"] in inside]
        shape["gaps"] = part.to_dict()["gaps"]
        return JSONResponse(shape, headers=headers)
    chapters = [c for c in desk.chapters(media_id) if _meets(c.span, span)] if style in ("md", "chapters") else []
    if style == "chapters":
        text = "".join(f"{clock(c.span.start_s)} {' '.join(c.title.split())}\n" for c in chapters)
    elif style == "md":
        text = to_markdown(part, chapters, picture=None)
    else:
        text = {"text": part.to_text, "srt": part.to_srt, "vtt": part.to_vtt}[style]()
    return Response(text.encode("utf-8", "replace"), media_type=f"{media_type}; charset=utf-8", headers=headers)


def _meets(one: Span, other: Span) -> bool:
    return one.overlap_s(other) > 0 or other.contains(one.start_s)
