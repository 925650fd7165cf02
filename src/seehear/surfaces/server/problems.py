"""Errors as RFC 9457 problem details: one shape for everything that goes wrong, nothing of the inside in it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from seehear.errors import SeehearError
from seehear.surfaces.server import problem_page

MEDIA_TYPE = "application/problem+json"
DOCUMENT = "/api/v1/openapi.json"
NOT_JSON = "send the body with the header Content-Type: application/json"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class WrongField(BaseModel):
    """One field of a request that is not as it should be."""

    field: str
    message: str


class Problem(BaseModel):
    """What went wrong: whose fault, and what to do next (RFC 9457)."""

    type: str = Field(examples=["urn:seehear:NotFoundError"])
    title: str
    status: int
    detail: str
    hint: str = ""
    errors: list[WrongField] = []


class ProblemError(Exception):
    """Ends a request with a problem that is the protocol's and not the library's."""

    def __init__(self, status: int, detail: str, *, hint: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.hint, self.headers = status, detail, hint, headers


def body_of(status: int, detail: str, *, hint: str = "", kind: str = "about:blank", title: str = "") -> dict[str, Any]:
    """The JSON of a problem."""
    shown = title or _PHRASES.get(status, "Error")
    return {"type": kind, "title": shown, "status": status, "detail": detail, "hint": hint}


def of_error(error: SeehearError) -> dict[str, Any]:
    """The JSON of an error of the library."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in type(error).__name__.removesuffix("Error")).strip()
    return body_of(
        error.http_status, _printable(error.message), hint=_printable(error.hint),
        kind=f"urn:seehear:{type(error).__name__}", title=words.capitalize(),
    )  # fmt: skip


def respond(
    request: Request, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """The response that carries a problem: a page where a browser follows a link that leads nowhere."""
    if problem_page.wanted(request.url.path, request.headers):
        kind, sent = problem_page.MEDIA_TYPE, problem_page.page_of(body)
        return Response(sent, status, {**(headers or {}), "Vary": "Accept"}, kind)
    return JSONResponse(dict(body), status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def is_json(request: Request) -> bool:
    """Tell whether a request has no body, or says that its body is JSON: another one is not read as such."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    none = request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
    return none or kind == "application/json" or kind.endswith("+json")


def handle(app: FastAPI) -> None:
    """Let every error of an application leave it as a problem."""

    async def library_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, SeehearError)
        headers = {"Retry-After": "5"} if error.retryable else {}
        return respond(request, error.http_status, of_error(error), headers)

    async def protocol_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)
        body = body_of(error.status, error.detail, hint=error.hint)
        return respond(request, error.status, body, error.headers)

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        takes = (error.headers or {}).get("Allow", "")
        details = {
            404: ("there is nothing at this address", f"{DOCUMENT} lists what there is"),
            405: ("this address does not take that method", f"it takes {takes}" if takes else f"see {DOCUMENT}"),
            400: ("the request cannot be read", f"{DOCUMENT} says what is to be sent"),
            413: (str(error.detail), "send less at once; recordings go to /api/v1/uploads in pieces"),
        }  # fmt: skip
        detail, hint = details.get(error.status_code, (str(error.detail), f"see {DOCUMENT}"))
        body = body_of(error.status_code, detail, hint=hint)
        return respond(request, error.status_code, body, error.headers)

    async def wrong_request(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        hint = NOT_JSON if not is_json(request) else f"see {DOCUMENT}"
        body = body_of(422, "the request is not as it should be", hint=hint)
        # What was sent is not sent back.
        body["errors"] = [
            {"field": _printable(".".join(map(str, one["loc"]))), "message": _printable(str(one["msg"]))}
            for one in error.errors()[:20]
        ]
        return respond(request, 422, body)

    async def bug(request: Request, error: Exception) -> Response:
        # Raised again behind this answer; the guard logs where it happened.
        body = body_of(500, "this is a bug in seehear", hint="the server's log says where; please report it")
        return respond(request, 500, body)

    app.add_exception_handler(Exception, bug)
    app.add_exception_handler(SeehearError, library_error)
    app.add_exception_handler(ProblemError, protocol_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, wrong_request)


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
