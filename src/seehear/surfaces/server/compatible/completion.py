"""An answer as a chat completion, whole or in chunks; `seehear` holds it with its moments and citations."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from seehear.surfaces.server.routes.search import answer_shape
from seehear.values import Answer

MODEL = "seehear"
END = b"data: [DONE]\n\n"


class Completion:
    """One completion under one id."""

    def __init__(self) -> None:
        self._id = f"chatcmpl-{secrets.token_hex(12)}"
        self._created = int(time.time())

    def whole(self, answer: Answer) -> dict[str, Any]:
        """The completion in one piece."""
        message = {"role": "assistant", "content": answer.text, "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return {**self._head("chat.completion"), "choices": [choice], "usage": usage(answer),
                "seehear": answer_shape(answer)}  # fmt: skip

    def first(self) -> bytes:
        """The chunk that opens a stream."""
        return self._chunk({"role": "assistant", "content": ""})

    def piece(self, text: str) -> bytes:
        """A chunk with some text."""
        return self._chunk({"content": text})

    def last(self, answer: Answer, *, with_usage: bool) -> bytes:
        """The chunk that ends a stream and carries the answer, and the one with what it took where that is wanted."""
        ended = self._chunk({}, finish_reason="stop", seehear=answer_shape(answer))
        if with_usage:
            ended += _line({**self._head("chat.completion.chunk"), "choices": [], "usage": usage(answer)})
        return ended

    def _chunk(self, delta: dict[str, Any], *, finish_reason: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
        return _line({**self._head("chat.completion.chunk"), "choices": [choice], **more})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": MODEL}


def usage(answer: Answer) -> dict[str, int]:
    """Tokens that a language model took for an answer; none where it was extracted."""
    read, written = answer.tokens.read, answer.tokens.written
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def failed(body: dict[str, Any]) -> bytes:
    """An error within a stream."""
    return _line(body)


def _line(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()
