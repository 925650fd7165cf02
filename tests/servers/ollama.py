"""A server that speaks Ollama's HTTP API as its documentation tells, and fails on request.

Requests are checked against the documented shapes; what does not fit them is answered as Ollama answers it (400) and
kept in `complaints`. Models are made of data: what `/api/show` tells, and a function from messages to a reply.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[list[dict[str, Any]]], str]
_OPTIONS = {
    "num_keep", "seed", "num_predict", "top_k", "top_p", "min_p", "typical_p", "repeat_last_n", "temperature",
    "repeat_penalty", "presence_penalty", "frequency_penalty", "penalize_newline", "stop", "numa", "num_ctx",
    "num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread",
}  # fmt: skip
_CHAT = {
    "model": str, "messages": list, "tools": list, "format": (str, dict), "options": dict, "stream": bool,
    "keep_alive": (str, int), "think": (bool, str), "truncate": bool, "shift": bool,
}  # fmt: skip
_EMBED = {
    "model": str, "input": (str, list), "truncate": bool, "options": dict, "keep_alive": (str, int), "dimensions": int,
}  # fmt: skip


@dataclass
class Model:
    """One model of the server: its file's facts, and what it says."""

    name: str
    capabilities: Sequence[str] | None = ("completion",)
    context: int = 8192
    architecture: str = "llama"
    facts: dict[str, Any] = field(default_factory=dict)
    projector: dict[str, Any] = field(default_factory=dict)
    picture_tokens: int = 1000
    dimensions: int = 8
    remote_host: str = ""
    reply: Reply = lambda messages: "It is so."


def qwen(name: str = "qwen2.5vl:7b", **options: Any) -> Model:
    """A seeing model whose file tells patches, as Qwen2.5-VL's does."""
    facts = {"qwen25vl.vision.patch_size": 14, "qwen25vl.vision.spatial_merge_size": 2}
    settings: dict[str, Any] = {"context": 128_000, "architecture": "qwen25vl", "facts": facts, **options}
    return Model(name, ("completion", "vision"), **settings)


def cloud(name: str = "gpt-oss:120b-cloud", **options: Any) -> Model:
    """A model that the server only passes on to Ollama's own computers."""
    return Model(name, ("completion",), context=131_072, remote_host="https://ollama.com:443", **options)


def moondream(name: str = "moondream:latest", **options: Any) -> Model:
    """A small seeing model with a context of 2048 and a fixed number of patches, told by its projector."""
    projector = {"clip.has_vision_encoder": True, "clip.vision.image_size": 378, "clip.vision.patch_size": 14}
    settings: dict[str, Any] = {
        "context": 2048, "architecture": "phi2", "projector": projector, "picture_tokens": 729, **options,
    }  # fmt: skip
    return Model(name, ("completion", "vision"), **settings)


def nomic(name: str = "nomic-embed-text:latest", **options: Any) -> Model:
    """An embedding model."""
    settings: dict[str, Any] = {"context": 2048, "architecture": "nomic-bert", **options}
    return Model(name, ("embedding",), **settings)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what these tests are about."""


class OllamaServer:
    """The server, with its models and its switches; use it as a context manager.

    `cap` is a context that the server does not go above whatever is asked (it cuts the prompt silently then);
    `fail` maps a path to (status, error text); `break_after` drops the connection after so many pieces; `error_after`
    sends an error line instead; `pause_s` is waited before each piece, `think_s` before the first byte.
    """

    def __init__(self, *models: Model) -> None:
        self.models = {model.name: model for model in models}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.complaints: list[str] = []
        self.cap = 0
        self.fail: dict[str, tuple[int, str]] = {}
        self.break_after: int | None = None
        self.error_after: int | None = None
        self.pause_s = self.think_s = 0.0
        self.written = 0
        self.dropped = threading.Event()
        self.say_counts = True
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = _Quiet(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> OllamaServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Be gone; nobody listens any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def sent(self, path: str) -> list[dict[str, Any]]:
        """The bodies of all requests to one path."""
        return [body for at, body in self.requests if at == path]


def true_tokens(text: str) -> int:
    """What this server's tokenizer counts: four characters to a token."""
    return math.ceil(len(text) / 4)


class _Handler(BaseHTTPRequestHandler):
    owner: OllamaServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        if self._failed({}):
            return
        if self.path == "/api/version":
            self._send(200, {"version": "0.12.6"})
        elif self.path == "/api/tags":
            self._send(200, {"models": [self._tag(model) for model in self.owner.models.values()]})
        else:
            self._send(404, None)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.loads(raw)
        self.owner.requests.append((self.path, body))
        if self._failed(body):
            return
        model = self._model(str(body.get("model", "")))
        if model is None:
            self._send(404, {"error": f"model '{body.get('model')}' not found"})
        elif self.path == "/api/show":
            self._send(200, self._show(model))
        elif self.path == "/api/chat":
            self._checked(body, _CHAT, self._chat, model)
        elif self.path == "/api/embed":
            self._checked(body, _EMBED, self._embed, model)
        else:
            self._send(404, None)

    def _failed(self, body: dict[str, Any]) -> bool:
        if self.path not in self.owner.fail:
            return False
        status, said = self.owner.fail[self.path]
        self._send(status, {"error": said} if said else None)
        return True

    def _model(self, name: str) -> Model | None:
        return self.owner.models.get(name) or self.owner.models.get(f"{name}:latest")

    def _checked(self, body: dict[str, Any], shape: dict[str, Any], then: Callable[..., None], model: Model) -> None:
        wrong = [name for name in body if name not in shape or not isinstance(body[name], shape[name])]
        wrong += [f"options.{name}" for name in body.get("options", {}) if name not in _OPTIONS]
        for turn in body.get("messages", ()):
            wrong += [f"message.{name}" for name in turn if name not in ("role", "content", "images", "tool_calls")]
            wrong += [] if turn.get("role") in ("system", "user", "assistant", "tool") else ["message.role"]
            wrong += [] if isinstance(turn.get("content"), str) else ["message.content"]
            wrong += [f"image: {fault}" for image in turn.get("images", ()) if (fault := _not_a_picture(image))]
        if wrong:
            self.owner.complaints += wrong
            self._send(400, {"error": f"invalid request: {wrong}"})
        else:
            then(model, body)

    def _chat(self, model: Model, body: dict[str, Any]) -> None:
        abilities = model.capabilities or ()
        messages = body["messages"]
        if "completion" not in abilities and model.capabilities is not None:
            return self._send(400, {"error": f'"{model.name}" does not support chat'})
        if not messages:
            return self._send(200, {**self._head(model), "message": _said(""), "done": True, "done_reason": "load"})
        images = sum(len(turn.get("images", ())) for turn in messages)
        if images and model.capabilities is not None and "vision" not in abilities:
            return self._send(400, {"error": "this model is missing data required for image input"})
        if body.get("think") and "thinking" not in abilities:
            return self._send(400, {"error": f'"{model.name}" does not support thinking'})
        options = body.get("options", {})
        context = min(options.get("num_ctx", 4096), model.context, self.owner.cap or 10**9)
        read = sum(true_tokens(turn["content"]) + 4 for turn in messages) + images * model.picture_tokens
        pieces = _pieces(model.reply(messages))[: options.get("num_predict", 10**6)]
        room = max(1, context - min(read, context))
        reason = "length" if len(pieces) > room else "stop"
        pieces = pieces[:room]
        done = {
            **self._head(model),
            "message": _said(""),
            "done": True,
            "done_reason": reason,
            "eval_count": len(pieces),
        }
        if self.owner.say_counts:
            done["prompt_eval_count"] = min(read, context)
        time.sleep(self.owner.think_s)
        if not body.get("stream", True):
            return self._send(200, {**done, "message": _said("".join(pieces))})
        return self._stream({**self._head(model), "done": False}, pieces, done)

    def _stream(self, head: dict[str, Any], pieces: Sequence[str], done: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for number, piece in enumerate(pieces):
                if number == self.owner.break_after:
                    self.close_connection = True
                    self.connection.close()
                    return
                if number == self.owner.error_after:
                    self._chunk({"error": "an error was encountered while running the model: out of luck"})
                    break
                time.sleep(self.owner.pause_s)
                self._chunk({**head, "message": _said(piece)})
                self.owner.written += 1
            else:
                self._chunk(done)
            self.wfile.write(b"0\r\n\r\n")
        except OSError:  # whoever asked hung up, as users do
            self.owner.dropped.set()
            self.close_connection = True

    def _chunk(self, line: dict[str, Any]) -> None:
        raw = json.dumps(line).encode() + b"\n"
        self.wfile.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")
        self.wfile.flush()

    def _embed(self, model: Model, body: dict[str, Any]) -> None:
        if model.capabilities is not None and "embedding" not in model.capabilities:
            return self._send(400, {"error": "this model does not support embeddings"})
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        if body.get("truncate") is False and any(true_tokens(text) > model.context for text in texts):
            return self._send(400, {"error": "the input length exceeds the context length"})
        vectors = [_vector(text, model.dimensions) for text in texts if text]
        return self._send(200, {"model": model.name, "embeddings": vectors, "total_duration": 1, "load_duration": 1})

    def _show(self, model: Model) -> dict[str, Any]:
        told: dict[str, Any] = {
            "modelfile": "# Modelfile", "parameters": "", "template": "{{ .Prompt }}",
            "details": {"format": "gguf", "family": model.architecture, "families": [model.architecture]},
            "model_info": {
                "general.architecture": model.architecture, f"{model.architecture}.context_length": model.context,
                f"{model.architecture}.embedding_length": model.dimensions, "tokenizer.ggml.merges": None,
                **model.facts,
            },
        }  # fmt: skip
        if model.projector:
            told["projector_info"] = model.projector
            told["details"]["families"].append("clip")
        if model.capabilities is not None:
            told["capabilities"] = list(model.capabilities)
        if model.remote_host:
            told |= {"remote_host": model.remote_host, "remote_model": model.name}
        return told

    def _tag(self, model: Model) -> dict[str, Any]:
        details = {"format": "gguf", "family": model.architecture, "parameter_size": "7B", "quantization_level": "Q4_0"}
        elsewhere = {"remote_host": model.remote_host, "remote_model": model.name} if model.remote_host else {}
        return {
            "name": model.name, "model": model.name, "modified_at": "2026-11-04T14:56:49.277302595-07:00",
            "size": 7365960935, "digest": "9f438cb9cd58", "details": details, **elsewhere,
        }  # fmt: skip

    def _head(self, model: Model) -> dict[str, Any]:
        return {"model": model.name, "created_at": "2026-11-23T08:52:19.385406455-07:00"}

    def _send(self, status: int, body: dict[str, Any] | None) -> None:
        raw = json.dumps(body).encode() if body is not None else b"404 page not found"
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if body is not None else "text/plain")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def _said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def _pieces(text: str) -> list[str]:
    return [text[at : at + 4] for at in range(0, len(text), 4)]


def _vector(text: str, dimensions: int) -> list[float]:
    vector = [0.0] * dimensions
    for word in text.lower().split():
        vector[sum(word.encode()) % dimensions] += 1.0
    return vector if any(vector) else [1.0, *[0.0] * (dimensions - 1)]


def _not_a_picture(image: Any) -> str:
    try:
        raw = base64.b64decode(image, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        return str(error)
    return "" if raw.startswith((b"\xff\xd8", b"\x89PNG")) else "neither JPEG nor PNG"


def serve(*models: Model) -> Iterator[OllamaServer]:
    """The body of a fixture: a running server, whose clients must have kept to the documented shapes at the end."""
    with OllamaServer(*models) as server:
        yield server
    assert server.complaints == []
