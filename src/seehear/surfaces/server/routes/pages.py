"""The page: one document and its static files."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from seehear.errors import SetupError

router = APIRouter(include_in_schema=False)


def folder() -> Path:
    """Where the page's files lie."""
    return Path(str(resources.files("seehear.surfaces"))) / "web"


class _Static(StaticFiles):
    """Static files that a browser asks for again each time, which costs a few bytes and is never out of date."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "no-cache"
        return response


def mount(app: FastAPI) -> None:
    """Serve the page's files under /static."""
    app.mount("/static", _Static(directory=folder(), check_dir=False), name="static")


def _document() -> Response:
    path = folder() / "index.html"
    if not path.is_file():
        raise SetupError("this installation has no page", hint="pip install --force-reinstall seehear")
    return FileResponse(path, media_type="text/html; charset=utf-8", headers={"cache-control": "no-cache"})


@router.get("/")
async def home() -> Response:
    """The page."""
    return _document()


@router.get("/ask")
async def asking() -> Response:
    """The page, open at asking the whole library."""
    return _document()


@router.get("/m/{media}")
async def recording(media: str) -> Response:
    """The page, open at one recording."""
    return _document()
