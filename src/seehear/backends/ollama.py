"""Seeing, answering and embedding with the models of an Ollama server, over its own HTTP API.

The compatible API of Ollama cannot set the context and cuts what does not fit without a word. Here every request asks
for the context it needs, a request that cannot fit fails with its numbers, and what the server counts is checked.
"""

from __future__ import annotations

import base64
import math
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seehear.backends import describing
from seehear.backends.fitting import fitted, halved
from seehear.backends.ollama_http import AGAIN, Client
from seehear.backends.ollama_models import (
    NEEDS,
    Shown,
    first_able,
    match,
    models,
    names_of,
    show,
    shown_by,
    surveyed,
    version,
)
from seehear.backends.protocols import Backend, Capability, Card, Message, OnDescribed
from seehear.backends.servers.meter import Meter, Unmetered, Use
from seehear.backends.servers.names import is_loopback
from seehear.backends.servers.prices import estimate_tokens
from seehear.errors import (
    BackendError,
    BackendUnavailableError,
    ConfigError,
    SeehearError,
)
from seehear.values import Description, Gap, Sight

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "BATCH", "COMFORTABLE_TOKENS", "CONTEXT_STEP", "OllamaAnswerer", "OllamaDescriber", "OllamaEmbedder", "Shown",
    "first_able", "match", "models", "open_named", "show", "surveyed", "version",
]  # fmt: skip

CONTEXT_STEP = 2048
"""The context asked for grows in these steps: each change makes the server load the model anew."""
COMFORTABLE_TOKENS = 16_384
"""What a card promises at most: a context takes memory, and a model's own limit of 128k rarely fits a laptop."""
BATCH = 32
"""Texts per embedding request."""

_SUGGESTED = {"describe": "qwen2.5vl", "answer": "llama3.2", "embed": "nomic-embed-text"}


def open_named(
    base_url: str, model: str, capability: Capability, *, images_per_request: int = 1, meter: Meter | None = None
) -> Backend:
    """Make the backend for one capability of one model, asking the server first whether it has and can it.

    The `meter` is told of calls to models that run elsewhere, which their provider may charge for; the server's own
    are free. Raises ConfigError when it has not or cannot, naming what can, BackendUnavailableError when it does not
    answer.
    """
    if capability == "hear":
        raise ConfigError(
            "Ollama does not turn speech into text", hint="leave --hear out: the embedded Whisper hears on this machine"
        )
    if capability not in NEEDS:
        raise ConfigError(f"Ollama cannot {capability}", hint="it can describe, answer and embed")
    with Client(base_url, read_s=10.0) as client:
        offered = names_of(client)
        name = match(model, offered)
        if name is None:
            have = ", ".join(offered[:12]) or "none yet"
            raise ConfigError(f"Ollama has no model {model!r}; it has: {have}", hint=f"ollama pull {model}")
        shown = shown_by(client, name)
        if not shown.can(capability):
            raise _cannot(client, shown, capability, offered)
    if capability == "describe":
        return OllamaDescriber(base_url, shown, images_per_request=images_per_request, meter=meter)
    kind = OllamaAnswerer if capability == "answer" else OllamaEmbedder
    return kind(base_url, shown, meter=meter)


def _cannot(client: Client, shown: Shown, capability: Capability, offered: Sequence[str]) -> ConfigError:
    can = [name for name in offered[:20] if shown_by(client, name).can(capability)]
    what = {"describe": "see", "answer": "write answers", "embed": "embed"}[capability]
    others = f"; these here can: {', '.join(can)}" if can else ""
    return ConfigError(
        f"the model {shown.name} on this Ollama cannot {what}{others}",
        hint=f"use ollama:{can[0]}" if can else f"ollama pull {_SUGGESTED[capability]}",
    )


class _Ollama:
    """One model on one server: what the three backends share."""

    def __init__(
        self, base_url: str, shown: Shown, capability: Capability, *, meter: Meter | None, **facts: Any
    ) -> None:
        self._base_url, self._shown = base_url, shown
        self._meter: Meter = meter if meter is not None and shown.remote else Unmetered()
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._context = 0
        wished = os.environ.get("OLLAMA_CONTEXT_LENGTH", "")
        most = max(COMFORTABLE_TOKENS, int(wished) if wished.isdecimal() else 0)
        self.card = Card(
            name=f"ollama:{shown.name}", capabilities=(capability,),
            runs="hosted" if shown.remote or not is_loopback(base_url) else "server",
            context_tokens=min(shown.context_tokens or CONTEXT_STEP * 2, most), licence="see ollama show", **facts,
        )  # fmt: skip

    def close(self) -> None:
        """Let the connection go, in the middle of a reply too; safe to call twice and from any thread."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _open(self) -> Client:
        with self._lock:
            if self._client is None:
                self._client = Client(self._base_url)
            return self._client

    def _context_for(self, tokens: int) -> int:
        """The context to ask for: never less than before, since each change loads the model anew."""
        most = self._shown.context_tokens or COMFORTABLE_TOKENS
        if tokens > most:
            raise BackendError(
                f"the request needs about {tokens} tokens, {self.card.name} has a context of {most}",
                hint="choose a model with a larger context, or ask about less at once",
            )
        self._context = max(self._context, min(most, math.ceil(tokens / CONTEXT_STEP) * CONTEXT_STEP))
        return self._context

    def _chat(
        self, messages: Sequence[Mapping[str, Any]], *, text_tokens: int, picture_tokens: int = 0, max_tokens: int,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str]:  # fmt: skip
        """Yield the reply; raises BackendError when the server read only a part of the request."""
        context = self._context_for(text_tokens + picture_tokens + max_tokens)
        body: dict[str, Any] = {
            "model": self._shown.name, "messages": list(messages), "stream": True, "truncate": False, "shift": False,
            "options": {"num_ctx": context, "num_predict": max_tokens, "temperature": 0, "seed": 0},
        }  # fmt: skip
        if schema is not None:
            body["format"] = schema
        if "thinking" in self._shown.abilities:
            body["think"] = False
        estimate = Use(self.card.name, text_tokens + picture_tokens, max_tokens, images=int(picture_tokens > 0))
        self._meter.check(estimate)
        client = self._open()
        for line in client.lines("/api/chat", body):
            piece = line.get("message", {}).get("content", "")
            if piece:
                yield str(piece)
            if line.get("done"):
                self._meter.add(_used(line, estimate))
                self._check(line, context, text_tokens, max_tokens)
                return
        raise BackendUnavailableError(f"{self.card.name} stopped in the middle of its reply", hint=AGAIN)

    def _check(self, done: Mapping[str, Any], context: int, text_tokens: int, max_tokens: int) -> None:
        read, written = done.get("prompt_eval_count"), done.get("eval_count", 0)
        if not isinstance(read, int):  # a prompt that was still known from before is not counted by old versions
            return
        # Estimates lie above the truth, but never three times: what is missing then was cut off by the server.
        lost = text_tokens > 1000 and read < text_tokens / 3
        ran_out = done.get("done_reason") == "length" and written < max_tokens
        if lost or read >= context or ran_out:
            raise BackendError(
                f"{self.card.name} cut the request: it read {read} of about {text_tokens} tokens of text, with a "
                f"context of {context} asked for",
                hint="the server may cap the context; raise OLLAMA_CONTEXT_LENGTH there, or choose a smaller model",
            )


class OllamaDescriber(_Ollama):
    """Tells what pictures show with a seeing model; one picture per request unless more are allowed."""

    def __init__(self, base_url: str, shown: Shown, *, images_per_request: int = 1, meter: Meter | None = None) -> None:
        super().__init__(base_url, shown, "describe", meter=meter, images_per_request=max(1, images_per_request))

    def describe(
        self, sights: Sequence[Sight], *, question: str = "", on_described: OnDescribed | None = None
    ) -> list[Description | Gap]:
        """Describe pictures in order of time; a picture that failed is a Gap of stage `describe`.

        Raises BackendUnavailableError, BackendRefusedError when the server as a whole cannot go on.
        """
        return describing.group_by_group(
            sights, self.card.images_per_request, lambda group: self._describe(group, question), on_described
        )

    def _describe(self, sights: Sequence[Sight], question: str) -> list[Description | Gap]:
        request, longest_px, text_tokens, picture_tokens = self._fit(sights, question)
        messages: list[dict[str, Any]] = [{"role": "system", "content": request.system}]
        for part in request.parts:
            if isinstance(part, Sight):
                picture = base64.b64encode(describing.jpeg(part.rgb, longest_px=longest_px)).decode("ascii")
                messages[-1]["images"] = [picture]
            elif part.startswith("Picture "):
                messages.append({"role": "user", "content": part})
            else:
                messages[-1]["content"] += f"\n{part}"
        reply = self._chat(
            messages, text_tokens=text_tokens, picture_tokens=picture_tokens, max_tokens=request.max_tokens,
            schema=request.schema,
        )  # fmt: skip
        return describing.parse("".join(reply), sights)

    def _fit(self, sights: Sequence[Sight], question: str) -> tuple[describing.Request, int, int, int]:
        """The request as it fits: smaller pictures first, then less of the text that was read, which they show too."""
        most = self._shown.context_tokens or COMFORTABLE_TOKENS
        for longest_px, characters in ((describing.LONGEST_PX, 3000), (1024, 3000), (1024, 800), (768, 200), (512, 0)):
            shorter = [replace(s, read=s.read[:characters], changed=s.changed[:characters]) for s in sights]
            request = describing.request(shorter, question=question)
            sizes = (describing.fitted_px(s.rgb.shape[1], s.rgb.shape[0], longest_px=longest_px) for s in sights)
            pictures = sum(self._shown.picture_tokens(*size_px) for size_px in sizes)
            text = estimate_tokens(request.system) + estimate_tokens(request.text) + 8 * len(request.parts)
            if text + pictures + request.max_tokens <= most:
                break
        return request, longest_px, text, pictures


class OllamaAnswerer(_Ollama):
    """Writes answers with a language model, the same ones for the same messages where the server allows."""

    def __init__(self, base_url: str, shown: Shown, *, meter: Meter | None = None) -> None:
        super().__init__(base_url, shown, "answer", meter=meter, streams=True)

    def start(self) -> None:
        """Have the server load the model, without waiting for it; what fails here is told at the first question."""
        if self._shown.remote:
            return
        self._context_for(min(2 * CONTEXT_STEP, self.card.context_tokens))
        body = {"model": self._shown.name, "messages": [], "stream": False, "options": {"num_ctx": self._context}}
        threading.Thread(target=self._load, args=(body,), daemon=True).start()

    def _load(self, body: Mapping[str, Any]) -> None:
        with suppress(SeehearError), Client(self._base_url) as client:
            client.post("/api/chat", body)

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        """Yield pieces of the reply; closing the iterator early makes the server stop.

        Raises BackendError when the request does not fit the model or was cut, BackendUnavailableError when the
        connection breaks, BackendRefusedError, CancelledError when `close` is called meanwhile.
        """
        turns = [{"role": turn.role, "content": turn.text} for turn in messages]
        tokens = sum(self.count_tokens(turn.text) + 8 for turn in messages)
        yield from self._chat(turns, text_tokens=tokens, max_tokens=max_tokens)

    def count_tokens(self, text: str) -> int:
        """An upper estimate of the tokens of a text, since Ollama does not tell."""
        return estimate_tokens(text)


class OllamaEmbedder(_Ollama):
    """Maps texts to unit vectors; a text longer than the model's context is the mean of its parts, never cut."""

    def __init__(self, base_url: str, shown: Shown, *, meter: Meter | None = None) -> None:
        super().__init__(base_url, shown, "embed", meter=meter, dimensions=shown.dimensions)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 [N, D] with rows of length 1. Raises BackendError, BackendUnavailableError."""
        import numpy as np

        most = max(64, int((self._shown.context_tokens or CONTEXT_STEP) * 0.9))
        parts = [(row, part) for row, text in enumerate(texts) for part in _parts(text, most)]
        rows = np.zeros((len(texts), self._shown.dimensions), np.float32)
        for start in range(0, len(parts), BATCH):
            batch = parts[start : start + BATCH]
            vectors = fitted(self._vectors, [part for _, part in batch], is_too_long=_is_too_long)
            if len(vectors) and rows.shape[1] != vectors.shape[1]:
                if start:
                    raise BackendError(
                        f"{self.card.name} gave vectors of {rows.shape[1]} and {vectors.shape[1]} numbers"
                    )
                rows = np.zeros((len(texts), vectors.shape[1]), np.float32)
            for (row, part), vector in zip(batch, vectors, strict=True):
                rows[row] += vector * len(part)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True) if len(rows) else rows

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        body = {
            "model": self._shown.name, "input": list(texts), "truncate": False,
            "options": {"num_ctx": self._shown.context_tokens or CONTEXT_STEP},
        }  # fmt: skip
        estimate = Use(self.card.name, sum(estimate_tokens(text) for text in texts))
        self._meter.check(estimate)
        try:
            told = self._open().post("/api/embed", body)
            self._meter.add(_used(told, estimate))
            vectors = np.asarray(told.get("embeddings"), np.float32)
        except (ValueError, TypeError) as error:
            raise BackendError(f"{self.card.name} gave no vectors: {error}") from error
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise BackendError(f"{self.card.name} gave vectors of shape {vectors.shape} for {len(texts)} texts")
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.all(np.isfinite(lengths)) or not np.all(lengths > 0):
            raise BackendError(f"{self.card.name} gave a vector without a direction")
        unit: NDArray[np.float32] = vectors / lengths
        return unit


def _parts(text: str, most_tokens: int) -> list[str]:
    """The text, or the parts of it that fit, cut between words where there are some."""
    if estimate_tokens(text) <= most_tokens or len(text) < 2:
        return [text if text.strip() else "-"]
    return [part for half in halved(text) for part in _parts(half, most_tokens)]


def _is_too_long(error: SeehearError) -> bool:
    # Ollama has no code for this: "the input length exceeds the context length".
    return type(error) is BackendError and "context length" in error.message


def _used(done: Mapping[str, Any], estimate: Use) -> Use:
    """What the server counted, where it says so."""
    read, written = done.get("prompt_eval_count"), done.get("eval_count")
    return replace(
        estimate, input_tokens=read if isinstance(read, int) else estimate.input_tokens,
        output_tokens=written if isinstance(written, int) else estimate.output_tokens,
    )  # fmt: skip
