"""The library and what is known of each recording."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from seehear.store import MediaRow
from seehear.surfaces.server.service import Desk, Recording, Service
from seehear.surfaces.server.shapes import LibraryShape, MediaShape

router = APIRouter(prefix="/api/v1", tags=["library"])


@router.get("/library", response_model=LibraryShape, summary="Every recording, or those whose title holds a text")
async def library(desk: Desk, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """List the library, the newest last."""
    return JSONResponse(await desk.quick(_listed, desk, q))


@router.get("/media/{media}", response_model=MediaShape, summary="One recording with its chapters")
async def media(desk: Desk, media: Recording) -> Response:
    """Tell what is known of one recording."""
    return JSONResponse(await desk.quick(_one, desk, media))


@router.delete("/media/{media}", status_code=204, summary="Forget one recording")
async def remove(desk: Desk, media: Recording) -> Response:
    """Forget a recording; its file is deleted when it was uploaded or fetched, and left alone when it was not."""
    await desk.quick(desk.row, media)
    await desk.queue.cancel_media(media)
    await desk.quick(desk.library.remove, media)
    return Response(status_code=204)


def file_of(desk: Service, row: MediaRow) -> Path | None:
    """Where the file of a recording lies, None when it is gone or no longer the same size."""
    for path in (row.path, desk.library.kept.find(row.id)):
        try:
            if path is not None and path.is_file() and path.stat().st_size == row.size_bytes:
                return path
        except OSError:
            continue
    return None


def shape_of(desk: Service, row: MediaRow) -> dict[str, Any]:
    """The documented shape of one row."""
    return {
        "id": row.id, "title": row.title, "kind": row.kind, "duration_s": round(row.duration_s, 3),
        "size_bytes": row.size_bytes, "width_px": row.width_px, "height_px": row.height_px, "events": row.events,
        "gaps": row.gaps, "seen": max(0, row.seen), "heard": max(0, row.heard), "language": row.language,
        "source_url": row.url or None, "has_file": file_of(desk, row) is not None,
        "thumbnail": f"/api/v1/media/{row.id}/thumbnail" if row.frame else None,
    }  # fmt: skip


def _listed(desk: Service, text: str) -> dict[str, Any]:
    wanted = text.casefold().split()
    rows = [row for row in desk.library.media() if all(word in row.title.casefold() for word in wanted)]
    sizes = desk.sizes()
    desk.metrics.media.set(sizes.media)
    return {"media": [shape_of(desk, row) for row in rows], "bytes": sizes.database_bytes + sizes.frames_bytes}


def _one(desk: Service, media_id: str) -> dict[str, Any]:
    row = desk.row(media_id)
    chapters = [
        {"start_s": c.span.start_s, "end_s": c.span.end_s, "title": c.title} for c in desk.chapters(media_id)
    ]  # fmt: skip
    warnings = list(desk.library.store.uncorrected(media_id).media.warnings)
    return {**shape_of(desk, row), "chapters": chapters, "warnings": warnings}
