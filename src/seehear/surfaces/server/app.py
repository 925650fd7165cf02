"""The application: routes, errors and guard put together."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

import seehear
from seehear.library import Library
from seehear.surfaces.server import problems
from seehear.surfaces.server.assistants import Assistants
from seehear.surfaces.server.compatible import router as compatible
from seehear.surfaces.server.logs import Forward, Log
from seehear.surfaces.server.routes import captions, jobs, library, media, pages, search, status, timeline
from seehear.surfaces.server.security import Guard
from seehear.surfaces.server.service import Options, Service

ROUTERS: tuple[APIRouter, ...] = (
    library.router, timeline.router, media.router, search.router, jobs.router, captions.router, status.router,
    compatible, pages.router,
)  # fmt: skip
PROBLEMS = (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 502, 503, 507)
"""What any request may be answered with when it fails."""


def make_app(library: Library, options: Options | None = None, *, log: Log | None = None,
             more: Iterable[APIRouter] = ()) -> Served:  # fmt: skip
    """The whole server as one ASGI application over an open library, which it closes when it ends."""
    chosen = options or Options()
    log = log or Log()
    service = Service(library, chosen, log=log)
    app = bare_app(more)
    app.state.service = service
    assistants = Assistants(library, files=chosen.loopback)
    app.router.routes.insert(0, Route("/mcp", assistants))
    app.router.lifespan_context = _lifespan(service, assistants)
    for name in ("uvicorn", "uvicorn.error", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [Forward(log)], False
    guarded: ASGIApp = Guard(
        app, loopback=chosen.loopback, token=chosen.token, limits=chosen.limits, log=log, metrics=service.metrics
    )
    return Served(guarded, service)


class Served:
    """The application with the service behind it, for whoever runs it."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self.service = service

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        await self._app(scope, receive, send)


def bare_app(more: Iterable[APIRouter] = ()) -> FastAPI:
    """The routes and their errors, without a library behind them: enough for the OpenAPI document."""
    app = FastAPI(title="seehear", version=seehear.__version__, openapi_url=None, docs_url=None, redoc_url=None,
                  redirect_slashes=False)  # fmt: skip
    problems.handle(app)
    for router in (*ROUTERS, *more):
        app.include_router(router)
    pages.mount(app)

    @app.get("/api/v1/openapi.json", include_in_schema=False)
    async def document() -> Response:
        return JSONResponse(openapi(app))

    return app


def openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document; every operation says that it may be answered with a problem."""
    if app.openapi_schema is None:
        made = get_openapi(
            title="seehear", version=seehear.__version__, routes=app.routes,
            description="Ask your recordings: answers with timestamps that are true. Times are in seconds; a recording "
            "is known by the SHA-256 of its bytes, the first six characters of that or more, or its title. Errors are "
            "problem details (RFC 9457).",
        )  # fmt: skip
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        shape = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(shape.pop("$defs", {}))
        schemas["Problem"] = shape
        for path in made["paths"].values():
            for operation in path.values():
                for code in PROBLEMS:
                    operation["responses"][str(code)] = _problem(code)
                if "416" in operation["responses"]:
                    operation["responses"]["416"] = _problem(416)
        app.openapi_schema = made
    return app.openapi_schema


def _problem(code: int) -> dict[str, Any]:
    title = problems.body_of(code, "")["title"]
    return {
        "description": title,
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _lifespan(service: Service, assistants: Assistants) -> Any:
    @asynccontextmanager
    async def span(app: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            async with assistants.run():
                yield
        finally:
            await service.stop()

    return span
