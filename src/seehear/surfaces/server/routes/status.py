"""How the server is: health, metrics, settings, models."""

from __future__ import annotations

import importlib.util
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

import seehear
from seehear.media.source import MEDIA_SUFFIXES
from seehear.surfaces.server import metrics
from seehear.surfaces.server.problems import ProblemError
from seehear.surfaces.server.routes.timeline import TYPES
from seehear.surfaces.server.service import Desk, Service
from seehear.surfaces.server.shapes import BackendsShape, Health, SettingsShape

router = APIRouter(tags=["status"])


@router.get("/healthz", response_model=Health, summary="The server is there")
async def health() -> Response:
    """Answer as long as the server can answer at all."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", response_model=Health, summary="The server can work")
async def ready(desk: Desk) -> Response:
    """Answer 200 when the library can be read, 503 while it cannot."""
    if not desk.ready:
        raise ProblemError(503, "the server is starting or stopping", headers={"Retry-After": "1"})
    await desk.quick(desk.library.store.generation)
    return JSONResponse({"status": "ready"})


@router.get(
    "/metrics", summary="Counters for Prometheus", response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)  # fmt: skip
async def measured(desk: Desk) -> Response:
    """Give what the server counts."""
    return Response(desk.metrics.text(), media_type=metrics.CONTENT_TYPE)


@router.get("/api/v1/settings", response_model=SettingsShape, summary="What a client should know")
async def settings(desk: Desk) -> Response:
    """Tell the version, the limits, and what can be sent and had."""
    limits = desk.limits
    return JSONResponse(
        {
            "version": seehear.__version__, "token_required": desk.options.token is not None,
            "upload_bytes": limits.upload_bytes, "duration_s": limits.duration_s,
            "question_chars": limits.question_chars, "running": limits.running, "queued": limits.queued,
            "urls": importlib.util.find_spec("yt_dlp") is not None,
            "suffixes": sorted(suffix for kind in MEDIA_SUFFIXES.values() for suffix in kind),
            "formats": sorted(TYPES),
        }
    )  # fmt: skip


@router.get("/api/v1/backends", response_model=BackendsShape, summary="The models in use")
async def backends(desk: Desk) -> Response:
    """Tell which model was chosen for each capability, and what leaves this machine for it."""
    return JSONResponse(await desk.quick(_backends, desk))


def _backends(desk: Service) -> dict[str, Any]:
    models = desk.library.models
    cards = models.cards()
    return {
        "backends": [{"capability": name, "name": card.name, "runs": card.runs} for name, card in cards.items()],
        "leaving": models.leaving("describe", "hear", "embed", "rerank", "answer"),
    }
