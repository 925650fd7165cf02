"""Speech to text over HTTP, in each of the formats that OpenAI's clients can ask for."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from seehear import captions
from seehear.errors import InputError
from seehear.surfaces.server.service import Service
from seehear.values import Event, Transcript

FORMATS = ("json", "text", "srt", "vtt", "verbose_json")
FIELDS = 40
_one_at_a_time = asyncio.Lock()


async def transcribe(desk: Service, request: Request) -> Response:
    """Answer a transcription request; the file goes to the disk, never as a whole into memory, and then away.

    Raises InputError for a request without a file, an unknown format, or a file without sound.
    """
    try:
        form = await request.form(max_files=1, max_fields=FIELDS)
    except MultiPartException as error:
        raise InputError(f"the form cannot be read: {error.message}", hint="send multipart/form-data") from error
    try:
        file, style = form.get("file"), str(form.get("response_format") or "json")
        if not isinstance(file, UploadFile):
            raise InputError("the form has no file", hint="send it in the field `file`")
        if style not in FORMATS:
            raise InputError(f"{style[:40]!r} is not a format", hint=f"choose {', '.join(FORMATS)}")
        words = "word" in [str(value) for value in form.getlist("timestamp_granularities[]")]
        path = desk.library.kept.ready() / f".{uuid.uuid4().hex}.part"
        try:
            await desk.quick(_copy, file, path)
            async with _one_at_a_time:
                heard = await desk.ask_later(lambda: _heard(desk, path, file.filename))
        finally:
            path.unlink(missing_ok=True)
    finally:
        await form.close()
    return _respond(heard, style, words=words)


def _heard(desk: Service, path: Path, name: str | None) -> Transcript:
    """What is said in an upload; errors call it as whoever sent it does."""
    try:
        return desk.library.transcribe(path)
    except InputError as error:
        told = error.message.replace(str(path), name or "the file").replace(path.name, name or "the file")
        hint = "" if str(path) in error.hint else error.hint
        raise type(error)(told, hint=hint or "send a file with sound in it") from error


def _copy(file: UploadFile, path: Path) -> None:
    with path.open("xb") as out:
        shutil.copyfileobj(file.file, out)


def _respond(heard: Transcript, style: str, *, words: bool) -> Response:
    text = " ".join(segment.text.strip() for segment in heard.segments)
    duration_s = heard.segments[-1].span.end_s if heard.segments else 0.0
    if style == "json":
        return JSONResponse({"text": text, "usage": {"type": "duration", "seconds": round(duration_s)}})
    if style == "text":
        return PlainTextResponse(text + "\n")
    if style == "verbose_json":
        return JSONResponse(_verbose(heard, text, duration_s, words=words))
    events = [Event(s.span, "transcript", s.text, heard.via, speaker=s.speaker) for s in heard.segments]
    return PlainTextResponse(captions.to_srt(events) if style == "srt" else captions.to_vtt(events))


def _verbose(heard: Transcript, text: str, duration_s: float, *, words: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "task": "transcribe", "language": heard.language, "duration": round(duration_s, 3), "text": text,
        "segments": [
            # What only Whisper's decoder knows has the value that says nothing.
            {"id": n, "seek": 0, "start": round(s.span.start_s, 3), "end": round(s.span.end_s, 3), "text": s.text,
             "tokens": [], "temperature": 0.0, "avg_logprob": 0.0, "compression_ratio": 1.0, "no_speech_prob": 0.0}
            for n, s in enumerate(heard.segments)
        ],
    }  # fmt: skip
    if words:
        made["words"] = [
            {"word": word.text.strip(), "start": round(word.span.start_s, 3), "end": round(word.span.end_s, 3)}
            for segment in heard.segments for word in segment.words
        ]  # fmt: skip
    return made
