"""The routes that OpenAI's clients ask for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from seehear.errors import BugError, CancelledError, InputError, NotFoundError, SeehearError
from seehear.surfaces.server.compatible import chat, completion, failures, transcription
from seehear.surfaces.server.compatible.completion import MODEL, Completion
from seehear.surfaces.server.compatible.recordings import recordings
from seehear.surfaces.server.events import CONTENT_TYPE, drain
from seehear.surfaces.server.problems import ProblemError
from seehear.surfaces.server.service import Desk, Service
from seehear.values import Answer

# OpenAI's own description is the one that holds for these.
router = APIRouter(prefix="/v1", include_in_schema=False, route_class=failures.Route)
MADE_AT = 1_760_000_000


@router.get("/models")
async def models() -> Response:
    """List the one model."""
    return JSONResponse({"object": "list", "data": [_model()]})


@router.get("/models/{name}")
async def model(name: str) -> Response:
    """Tell about the one model."""
    if name != MODEL:
        raise NotFoundError(f"there is no model {name[:80]!r}", hint=f"the model is called {MODEL}")
    return JSONResponse(_model())


@router.post("/chat/completions")
async def complete(desk: Desk, given: chat.ChatRequest) -> Response:
    """Answer the last user message from the library, or from the recordings that the request names or brings along."""
    if given.model != MODEL:
        raise NotFoundError(f"there is no model {given.model[:80]!r}", hint=f"the model is called {MODEL}")
    asked = chat.read(given)
    if len(asked.question) > desk.limits.question_chars:
        raise InputError(f"a question may have {desk.limits.question_chars} letters at most", hint="make it shorter")
    if desk.questions >= desk.limits.asking:
        raise ProblemError(429, f"{desk.questions} questions are being answered", headers={"Retry-After": "5"})
    if not given.stream:
        with desk.counted():
            media = await recordings(desk, asked)
            answer = await desk.ask_later(lambda: _ask(desk, asked, media))
        return JSONResponse(Completion().whole(answer))
    with_usage = given.stream_options is not None and given.stream_options.include_usage
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_stream(desk, asked, with_usage=with_usage), media_type=CONTENT_TYPE, headers=headers)


@router.post("/audio/transcriptions")
async def transcribe(desk: Desk, request: Request) -> Response:
    """Turn the speech of an uploaded file into text; the file is not kept."""
    return await transcription.transcribe(desk, request)


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": MADE_AT, "owned_by": "seehear"}


def _ask(desk: Service, asked: chat.Asked, media: list[str] | None, **listeners: Any) -> Answer:
    history = asked.history[-desk.limits.history_turns :]
    return desk.library.ask(asked.question, media=media, history=history, **listeners)


async def _stream(desk: Service, asked: chat.Asked, *, with_usage: bool) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[bytes | None] = asyncio.Queue()
    gone = threading.Event()
    made = Completion()

    def send(line: bytes | None) -> None:
        if gone.is_set():
            raise CancelledError("nobody listens any more")
        loop.call_soon_threadsafe(lines.put_nowait, line)

    async def work() -> None:
        try:
            media = await recordings(desk, asked)
            answer = await desk.ask_later(
                lambda: _ask(desk, asked, media, on_text=lambda piece: send(made.piece(piece)))
            )
            send(made.last(answer, with_usage=with_usage) + completion.END)
        except CancelledError:
            return
        except SeehearError as error:
            send(completion.failed(failures.body_of(error.http_status, error.message, hint=error.hint)))
        except Exception as error:  # noqa: BLE001 - the stream has begun: an error is all that can be sent
            desk.log.bug(error)
            send(completion.failed(failures.body_of(500, BugError("this is a bug in seehear").message)))
        finally:
            # After what was sent before, which is still on its way through the loop.
            loop.call_soon(lines.put_nowait, None)

    with desk.counted():
        task = asyncio.create_task(work())
        try:
            yield made.first()
            async for line in drain(lines):
                yield line
        finally:
            gone.set()
            task.cancel()
