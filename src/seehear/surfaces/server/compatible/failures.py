"""Errors in the shape that OpenAI's clients read."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse

from seehear.errors import SeehearError
from seehear.surfaces.server.problems import NOT_JSON, ProblemError, is_json

KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


def body_of(status: int, message: str, *, hint: str = "", param: str | None = None) -> dict[str, Any]:
    """The JSON of an error; the hint is part of the message, which is all that clients show."""
    kind = KINDS.get(status, "invalid_request_error" if status < 500 else "server_error")
    told = f"{message} ({hint})" if hint else message
    printable = told.encode("utf-8", "replace").decode("utf-8")
    return {"error": {"message": printable, "type": kind, "param": param, "code": None}}


class Route(APIRoute):
    """A route whose errors have OpenAI's shape."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await inner(request)
            except RequestValidationError as error:
                first = error.errors()[0]
                field = ".".join(str(part) for part in first["loc"][1:]) or None
                hint = "" if is_json(request) else NOT_JSON
                body = body_of(400, f"{field or 'the request'}: {first['msg']}", hint=hint, param=field)
                return JSONResponse(body, 400)
            except SeehearError as error:
                return JSONResponse(body_of(error.http_status, error.message, hint=error.hint), error.http_status)
            except ProblemError as error:
                found = body_of(error.status, error.detail, hint=error.hint)
                return JSONResponse(found, error.status, dict(error.headers or {}))

        return handle
