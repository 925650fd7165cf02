"""One chat request as a question: the last thing the user said, the turns before it, the recordings it is about."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from seehear.errors import InputError
from seehear.values import Turn

OURS = "seehear://"
_DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w.+=-]+)*;base64,", re.IGNORECASE)


class Message(BaseModel):
    """One message; system and developer messages are taken and have no effect, since times come from code alone."""

    model_config = ConfigDict(extra="ignore")
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[dict[str, Any]] | None = None


class StreamOptions(BaseModel):
    """What a stream holds besides text."""

    model_config = ConfigDict(extra="ignore")
    include_usage: bool = False


class ChatRequest(BaseModel):
    """What is used of a chat request; `media` names recordings of the library, all of them when it is left out."""

    model_config = ConfigDict(extra="ignore")
    model: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    messages: Annotated[list[Message], Field(min_length=1, max_length=500)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    media: Annotated[list[Annotated[str, StringConstraints(max_length=500)]], Field(max_length=1000)] | None = None


@dataclass(frozen=True, slots=True)
class Inline:
    """Media that came with the request: its bytes, and the ending that its type has, or nothing."""

    content: bytes
    title: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a chat request comes to: `known` are names of recordings in the library, `urls` addresses to fetch."""

    question: str
    history: tuple[Turn, ...]
    known: tuple[str, ...]
    urls: tuple[str, ...]
    inline: tuple[Inline, ...]


def read(request: ChatRequest) -> Asked:
    """Take a chat request apart. Raises InputError when there is no question or a part cannot be used."""
    last = max((n for n, message in enumerate(request.messages) if message.role == "user"), default=-1)
    question = "" if last < 0 else _text(request.messages[last])
    if not question:
        raise InputError("the last user message holds no question", hint="write it as text")
    known: list[str] = list(request.media or ())
    urls: list[str] = []
    inline: list[Inline] = []
    for message in request.messages[: last + 1]:
        if message.role == "user" and isinstance(message.content, list):
            for part in message.content:
                _take(part, known, urls, inline)
    turns = _turns(request.messages[:last])
    return Asked(question, turns, tuple(dict.fromkeys(known)), tuple(dict.fromkeys(urls)), tuple(inline))


def _text(message: Message) -> str:
    if isinstance(message.content, str):
        return message.content.strip()
    parts = [part.get("text") for part in message.content or () if part.get("type") == "text"]
    return "\n".join(part for part in parts if isinstance(part, str)).strip()


def _turns(messages: Sequence[Message]) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    question = ""
    for message in messages:
        if message.role == "user":
            question = _text(message)
        elif message.role == "assistant" and question:
            turns.append(Turn(question, _text(message)))
            question = ""
    return tuple(turns)


def _take(part: dict[str, Any], known: list[str], urls: list[str], inline: list[Inline]) -> None:
    kind = part.get("type")
    if kind == "text":
        return
    inner = part.get(kind) if isinstance(kind, str) else None
    if kind in ("video_url", "image_url", "audio_url"):
        url = inner.get("url") if isinstance(inner, dict) else inner
        if not isinstance(url, str) or not url:
            raise InputError(f"a {kind} part needs a url", hint=f"{OURS}ID, https://… or data:…;base64,…")
        if url.startswith(OURS):
            known.append(url.removeprefix(OURS))
        elif url[:5].lower() == "data:":
            inline.append(_of_data(url, title=kind.removesuffix("_url")))
        elif url[:8].lower().startswith(("http://", "https://")):
            urls.append(url)
        else:
            raise InputError("only https, data and seehear addresses are taken", hint=f"{OURS}ID names a recording")
    elif kind == "input_audio" and isinstance(inner, dict):
        suffix = {"wav": ".wav", "mp3": ".mp3"}.get(str(inner.get("format")), "")
        inline.append(Inline(_decoded(str(inner.get("data", ""))), "audio", suffix))
    elif kind == "file" and isinstance(inner, dict):
        if isinstance(inner.get("file_id"), str):
            known.append(inner["file_id"].removeprefix(OURS))
        else:
            title = str(inner.get("filename") or "file")
            given = str(inner.get("file_data", ""))
            data = given if given[:5].lower() == "data:" else f"data:application/octet-stream;base64,{given}"
            inline.append(_of_data(data, title=title))
    else:
        raise InputError(
            f"a part of type {str(kind)[:40]!r} cannot be used",
            hint="use text, video_url, image_url, input_audio or file",
        )


def _of_data(url: str, *, title: str) -> Inline:
    match = _DATA.match(url)
    if match is None:
        raise InputError("this data address is not base64", hint="data:video/mp4;base64,…")
    suffix = mimetypes.guess_extension((match.group(1) or "").lower()) or ""
    return Inline(_decoded(url[match.end() :]), title, suffix)


def _decoded(text: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("the media in this request is not base64", hint="encode the bytes of the file") from error
    if not content:
        raise InputError("the media in this request is empty", hint="send the bytes of the file")
    return content
