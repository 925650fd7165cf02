"""Searching and asking."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from starlette.responses import JSONResponse, Response

from seehear.errors import BugError, CancelledError, InputError, NotFoundError, SeehearError
from seehear.spans import Span
from seehear.surfaces.server.events import CONTENT_TYPE, drain, encode, stream
from seehear.surfaces.server.problems import ProblemError, of_error
from seehear.surfaces.server.service import Desk, Service
from seehear.surfaces.server.shapes import AnswerShape, MediaName, MomentsShape, QuestionGiven
from seehear.values import Answer, Citation, Moment, Route, Turn

router = APIRouter(prefix="/api/v1", tags=["search"])
# So many fit into what run.ADDRESS_BYTES lets in.
NAMES_IN_ADDRESS = 100


@router.get("/search", response_model=MomentsShape, summary="Find moments")
async def search(
    desk: Desk,
    q: Annotated[str, Query(min_length=1, max_length=500)],
    media: Annotated[list[MediaName] | None, Query(max_length=NAMES_IN_ADDRESS)] = None,
    route: Literal["said", "shown", "both"] | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 10,
) -> Response:
    """Find moments in the library, or in some recordings (`media` may be given several times); the best come first."""
    return JSONResponse(await desk.quick(_search, desk, q, media, route, limit))


@router.post(
    "/ask", response_model=AnswerShape, summary="Answer a question",
    responses={200: {"content": {CONTENT_TYPE: {"schema": {"type": "string"}}}}},
)  # fmt: skip
async def ask(desk: Desk, given: QuestionGiven, accept: Annotated[str, Header()] = "") -> Response:
    """Answer from the library, or from some recordings, with verified citations.

    With `Accept: text/event-stream` the answer comes as it is written: `moments`, then `text` with a `delta` each, then
    `answer` with the whole; `problem` where it fails.
    """
    media = await desk.quick(_check, desk, given)
    if desk.questions >= desk.limits.asking:
        raise ProblemError(
            429, f"{desk.questions} questions are being answered", hint="try again", headers={"Retry-After": "5"}
        )
    if CONTENT_TYPE in accept:
        return stream(_stream(desk, given, media))
    with desk.counted():
        return JSONResponse(answer_shape(await desk.ask_later(lambda: _ask(desk, given, media))))


def moment_shape(moment: Moment) -> dict[str, Any]:
    """The documented shape of a moment, with the address of its picture."""
    frame = f"/api/v1/media/{moment.media}/frames/{moment.frame}" if moment.frame else None
    return {**moment.as_json(), "frame": frame}


def answer_shape(answer: Answer) -> dict[str, Any]:
    """The documented shape of an answer, its moments with their pictures."""
    return {**answer.as_json(), "moments": [moment_shape(moment) for moment in answer.moments]}


def _search(
    desk: Service, query: str, media: Sequence[str] | None, route: Route | None, limit: int
) -> dict[str, Any]:  # fmt: skip
    ids = _ids(desk, media)
    if not desk.library.media():
        return {"moments": [], "fits": False}
    # People search as they type: no model is asked, or paid, for every letter.
    found = desk.library.search(query, media=ids, route=route, limit=limit, rerank=False)
    return {"moments": [moment_shape(moment) for moment in found], "fits": found.fits}


def _ids(desk: Service, media: Sequence[str] | None) -> list[str] | None:
    """The ids of the recordings that a request names, None where it names none."""
    return [desk.row(name).id for name in media] if media else None


def _check(desk: Service, given: QuestionGiven) -> list[str] | None:
    """The ids of the recordings that are asked; raises what is wrong with the question."""
    if not given.question.strip():
        raise InputError("the question is empty", hint="write one")
    if len(given.question) > desk.limits.question_chars:
        raise InputError(f"a question may have {desk.limits.question_chars} letters at most", hint="make it shorter")
    if given.within is not None and given.within.end_s < given.within.start_s:
        raise InputError("a stretch cannot end before it starts", hint="give start_s before end_s")
    ids = _ids(desk, given.media)
    if not desk.library.media():
        raise NotFoundError("the library is empty", hint="upload or index a recording first")
    return ids


def _turn(given: Any) -> Turn:
    citations = tuple(
        Citation(one.media, Span(one.start_s, max(one.start_s, one.end_s)), one.quote) for one in given.citations
    )
    return Turn(given.question, given.answer, citations, read_as=given.read_as)


def _ask(desk: Service, given: QuestionGiven, media: list[str] | None, **listeners: Any) -> Answer:
    within = None if given.within is None else Span(given.within.start_s, given.within.end_s)
    history = [_turn(turn) for turn in given.history[-desk.limits.history_turns :]]
    return desk.library.ask(given.question, media=media, within=within, history=history, **listeners)


async def _stream(desk: Service, given: QuestionGiven, media: list[str] | None) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[bytes | None] = asyncio.Queue()
    gone = threading.Event()

    def send(event: str, data: Any) -> None:
        if gone.is_set():
            raise CancelledError("nobody listens any more")
        loop.call_soon_threadsafe(lines.put_nowait, encode(event, data))

    def work() -> None:
        try:
            answer = _ask(
                desk, given, media,
                on_moments=lambda moments: send("moments", {"moments": [moment_shape(m) for m in moments]}),
                on_text=lambda piece: send("text", {"delta": piece}),
            )  # fmt: skip
            send("answer", answer_shape(answer))
        except CancelledError:
            return
        except SeehearError as error:
            if not gone.is_set():
                send("problem", of_error(error))
        except Exception as error:  # noqa: BLE001 - the stream has begun: a problem is all that can be sent
            desk.log.bug(error)
            if not gone.is_set():
                send("problem", of_error(BugError("this is a bug in seehear", hint="please report it")))
        finally:
            loop.call_soon_threadsafe(lines.put_nowait, None)

    with desk.counted():
        done = desk.ask_later(work)
        try:
            async for line in drain(lines):
                yield line
        finally:
            gone.set()
            done.cancel()
