"""A server that speaks OpenAI's protocol as it is described, and fails in every way it is told to.

What it is sent and what it answers is held against the description; `faults` has what does not fit. It tells the mean
colour of pictures and the length of sounds, so that a test knows what must come back.
"""

from __future__ import annotations

import base64
import io
import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers.described import faults, needs_description

KEY = "sk-test-0123456789abcdef"
COLOURS = {"red": (200, 30, 30), "green": (30, 160, 30), "blue": (30, 30, 200), "white": (250, 250, 250)}


@dataclass(frozen=True)
class Failure:
    """One reply that is an error: status, OpenAI's code for it, and headers."""

    status: int
    code: str | None = None
    message: str = "told to fail"
    param: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Switches:
    """How the server behaves; the defaults are a server that can everything."""

    failures: list[Failure] = field(default_factory=list)
    always: Failure | None = None
    models: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "test-model"}])
    lists_models: bool = True
    sees: bool = True
    takes_sound: bool = True
    takes_film: bool = True
    hears: bool = True
    embeds: bool = True
    reranks: bool = True
    longest: int = 1_000_000
    """Characters of a text that it embeds or ranks; llama.cpp refuses so what is longer than its batch."""
    most_images: int = 100
    formats: tuple[str, ...] = ("json_schema", "json_object")
    limits: tuple[str, ...] = ("max_tokens", "max_completion_tokens")
    takes_temperature: bool = True
    takes_stream_options: bool = True
    refuses_colour: str | None = None
    refuses_politely: bool = False
    refuses_in_content: bool = False
    leaves_out: int = 0
    reply: Callable[[dict[str, Any]], str] | None = None
    gives_times: bool = True
    ignores_times: bool = False
    tells_speakers: bool = False
    streams_speech: bool | None = True
    malformed: bool = False
    hang_s: float = 0.0
    drop_after: int | None = None
    silent_end: bool = False
    piece_s: float = 0.0
    delay_s: float = 0.0
    most_at_once: int = 1000


@dataclass(frozen=True)
class Asked:
    """One request as it came in; `body` is JSON, or the fields of a form with the file's bytes."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    status: int


class Refused(Exception):
    """What the protocol answers instead of a result."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Compatible:
    """The running server: `url` is its address with `/v1`, `switches` may be changed at any time."""

    def __init__(self, switches: Switches | None = None) -> None:
        self.switches = switches or Switches()
        self.asked: list[Asked] = []
        self.faults: list[str] = []
        self.most_seen_at_once = 0
        self.pieces_sent = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"server_of": self}))
        self.http.daemon_threads = True
        self._thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def close(self) -> None:
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()
        self._thread.join(5)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def answered(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path and asked.status == 200]

    @contextmanager
    def under_way(self) -> Iterator[int]:
        with self._lock:
            self._at_once += 1
            self.most_seen_at_once = max(self.most_seen_at_once, self._at_once)
            now = self._at_once
        try:
            yield now
        finally:
            with self._lock:
                self._at_once -= 1


class _Handler(BaseHTTPRequestHandler):
    server_of: Compatible
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"] or 0))
        kind = self.headers.get_content_type()
        self._serve(_form(self.headers["Content-Type"], raw) if kind == "multipart/form-data" else json.loads(raw))

    def _serve(self, body: dict[str, Any]) -> None:
        server, switches = self.server_of, self.server_of.switches
        path = self.path.removeprefix("/v1")
        status = 200
        with server.under_way() as now:
            try:
                self._interfere(now)
                answer = _ANSWERS[path](server, body) if path in _ANSWERS else None
                if answer is None:
                    raise Refused(Failure(404, None, f"Invalid URL ({self.command} {self.path})"))
            except Refused as refused:
                status = refused.failure.status
                answer = _error(refused.failure)
                server.faults += faults("ErrorResponse", answer)
            except ConnectionAbortedError:
                status, answer = 0, None
            server.asked.append(Asked(self.command, path, dict(self.headers.items()), body, status))
            if answer is None:
                self.close_connection = True
            elif switches.malformed and status == 200:
                self._send(200, b'{"id": "chatcmpl-1", "choices": [{', {})
            elif status == 200 and body.get("stream") is True and _can_stream(switches, path):
                self._stream(_pieces(answer, body) if path == "/chat/completions" else _spoken_pieces(answer))
            else:
                headers = refused_headers(switches, status, self)
                self._send(status, json.dumps(answer).encode(), headers)

    def _interfere(self, now: int) -> None:
        server, switches = self.server_of, self.server_of.switches
        if server.closing.is_set():  # a connection that was kept open does not outlive the server
            raise ConnectionAbortedError
        if switches.hang_s:
            server.closing.wait(switches.hang_s)
            raise ConnectionAbortedError
        if switches.delay_s:
            server.closing.wait(switches.delay_s)
        if self.headers.get("Authorization", "").startswith("Bearer wrong"):
            key = self.headers["Authorization"].removeprefix("Bearer ")
            raise Refused(Failure(401, "invalid_api_key", f"Incorrect API key provided: {key}."))
        if now > switches.most_at_once:
            raise Refused(Failure(429, "rate_limit_exceeded", "too many at once", headers={"Retry-After": "0"}))
        if self.command == "POST":
            with server._lock:
                failure = switches.failures.pop(0) if switches.failures else switches.always
            if failure is not None:
                self.extra = failure.headers
                raise Refused(failure)

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, pieces: Iterator[dict[str, Any]]) -> None:
        server, switches = self.server_of, self.server_of.switches
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, piece in enumerate(pieces):
            if switches.drop_after is not None and number >= switches.drop_after:
                self.close_connection = True
                if switches.silent_end:
                    self.wfile.write(b"0\r\n\r\n")
                return
            server.faults += faults(_STREAMED[self.path.removeprefix("/v1")], piece)
            self._chunk(f"data: {json.dumps(piece)}\n\n")
            server.pieces_sent += 1
            if switches.piece_s:
                server.closing.wait(switches.piece_s)
        self._chunk("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, text: str) -> None:
        raw = text.encode()
        self.wfile.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")


def _can_stream(switches: Switches, path: str) -> bool:
    return path != "/audio/transcriptions" or bool(switches.streams_speech)


def refused_headers(switches: Switches, status: int, handler: _Handler) -> dict[str, str]:
    return getattr(handler, "extra", {}) if status != 200 else {}


def _error(failure: Failure) -> dict[str, Any]:
    kind = "insufficient_quota" if failure.code == "insufficient_quota" else "invalid_request_error"
    return {"error": {"message": failure.message, "type": kind, "param": failure.param, "code": failure.code}}


def _checked(server: Compatible, name: str, value: Any, *, sent: bool = False) -> Any:
    found = faults(name, value, only_known=sent)
    server.faults += found
    if found and sent:
        raise Refused(Failure(400, "invalid_request", found[0]))
    return value


def _models(server: Compatible, body: dict[str, Any]) -> dict[str, Any] | None:
    if not server.switches.lists_models:
        return None
    entries = [{"object": "model", "created": 1, "owned_by": "tests", **entry} for entry in server.switches.models]
    return _checked(server, "ListModelsResponse", {"object": "list", "data": entries})


def _must_exist(server: Compatible, model: str) -> None:
    if model not in [entry["id"] for entry in server.switches.models]:
        raise Refused(Failure(404, "model_not_found", f"The model `{model}` does not exist"))


def _chat(server: Compatible, body: dict[str, Any]) -> dict[str, Any]:
    switches = server.switches
    films = _films(switches, body)
    _checked(server, "CreateChatCompletionRequest", _without_films(body), sent=True)
    _must_exist(server, body["model"])
    for limit in ("max_tokens", "max_completion_tokens"):
        if limit in body and limit not in switches.limits:
            other = switches.limits[0]
            raise Refused(
                Failure(400, "unsupported_parameter", f"'{limit}' is not supported. Use '{other}' instead.", limit)
            )
    if "temperature" in body and not switches.takes_temperature:
        raise Refused(Failure(400, "unsupported_value", "'temperature' does not support 0.", "temperature"))
    if "stream_options" in body and not switches.takes_stream_options:
        raise Refused(Failure(400, None, "stream_options: extra fields not permitted", "stream_options"))
    format = body.get("response_format", {}).get("type")
    if format is not None and format not in switches.formats:
        raise Refused(Failure(400, None, f"response_format of type {format} is not supported", "response_format"))
    parts = [p for m in body["messages"] if isinstance(m["content"], list) for p in m["content"]]
    pictures = [_colour(p["image_url"]["url"]) for p in parts if p["type"] == "image_url"]
    sounds = [_seconds(base64.b64decode(p["input_audio"]["data"])) for p in parts if p["type"] == "input_audio"]
    if sounds and not switches.takes_sound:
        raise Refused(Failure(500, None, "audio input is not supported - hint: provide the mmproj"))
    if pictures and not switches.sees:
        raise Refused(Failure(500, None, "image input is not supported - hint: provide the mmproj"))
    if len(pictures) > switches.most_images:
        raise Refused(Failure(400, None, f"At most {switches.most_images} image(s) may be provided", "messages"))
    refusal = None
    if switches.refuses_colour in pictures:
        refusal = "I'm sorry, I can't help with that."
    text = "; ".join([_reply(switches, body, pictures, sounds), *films]) if films else _reply(
        switches, body, pictures, sounds
    )  # fmt: skip
    if refusal and switches.refuses_in_content:
        text, refusal = refusal, None
    message = {"role": "assistant", "content": None if refusal else text, "refusal": refusal}
    answer = {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": {"prompt_tokens": 100 + 300 * len(pictures), "completion_tokens": 20, "total_tokens": 0},
    }  # fmt: skip
    return _checked(server, "CreateChatCompletionResponse", answer)


def _films(switches: Switches, body: dict[str, Any]) -> list[str]:
    """What each film shows. The description has no such part: its shape is vLLM's and SGLang's."""
    import av

    told = []
    for part in (p for m in body["messages"] if isinstance(m["content"], list) for p in m["content"]):
        if part.get("type") != "video_url":
            continue
        if not switches.takes_film:
            raise Refused(Failure(400, "invalid_value", "Invalid value: 'video_url'."))
        head, _, data = part["video_url"]["url"].partition(",")
        assert head == "data:video/mp4;base64", head
        with av.open(io.BytesIO(base64.b64decode(data, validate=True))) as container:
            stream = container.streams.video[0]
            assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
            frames = [frame.to_image() for frame in container.decode(stream)]
            seconds = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        shown = [_named(frame) for frame in (frames[0], frames[-1])]
        told.append(f"a film of {len(frames)} frames and {seconds:.1f} s from {shown[0]} to {shown[1]}")
    return told


def _without_films(body: dict[str, Any]) -> dict[str, Any]:
    def kept(content: Any) -> Any:
        return [p for p in content if p.get("type") != "video_url"] if isinstance(content, list) else content

    return {**body, "messages": [{**message, "content": kept(message["content"])} for message in body["messages"]]}


def _reply(switches: Switches, body: dict[str, Any], pictures: list[str], sounds: list[float]) -> str:
    if switches.reply is not None:
        return switches.reply(body)
    if sounds:
        return "; ".join(f"{seconds:.0f} seconds of sound" for seconds in sounds)
    if not pictures:
        said = body["messages"][-1]["content"]
        return f"You said: {said if isinstance(said, str) else said[-1].get('text')}"
    told = pictures[: len(pictures) - switches.leaves_out] if len(pictures) > 1 else pictures
    if "response_format" not in body:
        return "Here you are.\n" + "\n".join(f"{n}. A {colour} picture." for n, colour in enumerate(told, start=1))
    entries = [
        {"number": n, "text": f"A {colour} picture.", "fresh": "" if n == 1 else f"It is {colour} now."}
        for n, colour in enumerate(told, start=1)
    ]
    return json.dumps({"pictures": entries})


def _colour(url: str) -> str:
    from PIL import Image

    head, _, data = url.partition(",")
    assert re.fullmatch(r"data:image/(jpeg|png);base64", head), head
    return _named(Image.open(io.BytesIO(base64.b64decode(data, validate=True))))


def _named(picture: Any) -> str:
    """The colour in words that comes nearest to the mean of a picture."""
    pixel = picture.convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return min(COLOURS, key=lambda name: math.dist(COLOURS[name], pixel))


def _seconds(sound: bytes) -> float:
    import av

    with av.open(io.BytesIO(sound)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def _transcription(server: Compatible, form: dict[str, Any]) -> dict[str, Any] | None:
    if not server.switches.hears:
        return None
    sound = form.pop("file")
    _checked(server, "CreateTranscriptionRequest", {**form, "file": "…"}, sent=True)
    _must_exist(server, form["model"])
    assert len(sound) <= 25 * 1024 * 1024
    format, seconds = form.get("response_format", "json"), _seconds(sound)
    form["seconds"] = seconds
    text = f"There are {seconds:.0f} seconds. All of them sound."
    if form.get("stream") and server.switches.streams_speech is None:
        raise Refused(Failure(400, "unknown_parameter", "Unknown parameter: 'stream'.", "stream"))
    if server.switches.refuses_politely and seconds < 3:
        raise Refused(Failure(400, "invalid_value", "the audio is too short"))
    if format == "diarized_json" and server.switches.tells_speakers:
        if seconds > 30 and "chunking_strategy" not in form:
            raise Refused(Failure(400, "invalid_value", "chunking_strategy is required", "chunking_strategy"))
        return _checked(server, "CreateTranscriptionResponseDiarizedJson", _diarized(sound, form))
    if format == "json" or (server.switches.ignores_times and format == "verbose_json"):
        usage = {"type": "duration", "seconds": seconds}
        return _checked(server, "CreateTranscriptionResponseJson", {"text": text, "usage": usage})
    if format != "verbose_json" or not server.switches.gives_times:
        message = f"response_format '{format}' is not compatible with model '{form['model']}'."
        raise Refused(Failure(400, "unsupported_value", message, "response_format"))
    each = seconds / len(text.split())
    words = [
        {"word": re.sub(r"\W", "", word), "start": n * each, "end": (n + 1) * each}
        for n, word in enumerate(text.split())
    ]
    segment = {
        "id": 0, "seek": 0, "start": 0.0, "end": seconds, "text": f" {text}", "tokens": [1], "temperature": 0.0,
        "avg_logprob": -0.2, "compression_ratio": 1.0, "no_speech_prob": 0.01,
    }  # fmt: skip
    wanted = form.get("timestamp_granularities", ["segment"])
    answer: dict[str, Any] = {"task": "transcribe", "language": "english", "duration": seconds, "text": text}
    answer |= {"words": words} if "word" in wanted else {}
    answer |= {"segments": [segment]} if "segment" in wanted else {}
    return _checked(server, "CreateTranscriptionResponseVerboseJson", answer)


def _diarized(sound: bytes, form: dict[str, Any]) -> dict[str, Any]:
    """Everybody speaks at a pitch of their own here; who was heard before is known by it."""
    known: dict[int, str] = {}
    for name, url in zip(form.get("known_speaker_names", ()), form.get("known_speaker_references", ()), strict=True):
        sample = base64.b64decode(url.removeprefix("data:audio/wav;base64,"), validate=True)
        assert 2.0 <= _seconds(sample) <= 10.0
        known[_stretches(sample)[0][2]] = name
    letters = iter("ABCDEF")
    segments = []
    for number, (start_s, end_s, pitch) in enumerate(_stretches(sound)):
        speaker = known.setdefault(pitch, next(letters)) if pitch not in known else known[pitch]
        segments.append({
            "type": "transcript.text.segment", "id": f"seg_{number}", "start": start_s, "end": end_s,
            "text": f"I hum at {pitch} hertz.", "speaker": speaker,
        })  # fmt: skip
    text = " ".join(segment["text"] for segment in segments)
    return {"task": "transcribe", "duration": form["seconds"], "text": text, "segments": segments}


def _stretches(sound: bytes) -> list[tuple[float, float, int]]:
    """Start, end and pitch in Hz, to the next hundred, of what sounds without a pause at one pitch."""
    import av
    import numpy as np

    with av.open(io.BytesIO(sound)) as container:
        blocks = [(frame.to_ndarray().reshape(-1), frame.sample_rate) for frame in container.decode(audio=0)]
    samples, rate_hz = np.concatenate([block for block, _ in blocks]).astype(float), blocks[0][1]
    step = rate_hz // 10
    found: list[tuple[float, float, int]] = []
    for at in range(0, len(samples) - step // 2, step):
        window = samples[at : at + step]
        if np.abs(window).max() < 0.02 * np.abs(samples).max():
            continue
        spectrum = np.abs(np.fft.rfft(window, n=rate_hz))
        pitch, second = round(int(spectrum.argmax()) / 100) * 100, at / rate_hz
        if found and found[-1][2] == pitch and second - found[-1][1] < 0.05:
            found[-1] = (found[-1][0], second + 0.1, pitch)
        else:
            found.append((second, second + 0.1, pitch))
    return found


def _spoken_pieces(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from answer.get("segments", ())
    for word in re.findall(r"\S+\s*", answer["text"]):
        yield {"type": "transcript.text.delta", "delta": word}
    yield {"type": "transcript.text.done", "text": answer["text"]}


def _embeddings(server: Compatible, body: dict[str, Any]) -> dict[str, Any] | None:
    if not server.switches.embeds:
        return None
    _checked(server, "CreateEmbeddingRequest", body, sent=True)
    _must_exist(server, body["model"])
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    _must_fit(server, texts)
    rows = [
        {"object": "embedding", "index": n, "embedding": [float(len(text)), 3.0, float(text.count("e")), 1.0]}
        for n, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
    answer = {"object": "list", "data": rows[::-1], "model": body["model"], "usage": usage}
    return _checked(server, "CreateEmbeddingResponse", answer)


def _must_fit(server: Compatible, texts: Sequence[str]) -> None:
    for text in texts:
        if len(text) > server.switches.longest:
            said = f"input ({len(text)} tokens) is too large to process. increase the physical batch size"
            raise Refused(Failure(500, None, said))


def _rerank(server: Compatible, body: dict[str, Any]) -> dict[str, Any] | None:
    """What Cohere and Jina began and llama.cpp, vLLM and Infinity share; OpenAI's description has no such thing."""
    if not server.switches.reranks:
        return None
    assert set(body) == {"model", "query", "documents", "top_n"}
    assert isinstance(body["query"], str) and all(isinstance(text, str) for text in body["documents"])
    _must_exist(server, body["model"])
    _must_fit(server, body["documents"])
    wanted = set(body["query"].lower().split())
    rows = [
        {"index": n, "relevance_score": float(len(wanted & set(text.lower().split())))}
        for n, text in enumerate(body["documents"])
    ]
    rows.sort(key=lambda row: -row["relevance_score"])
    kept = rows[: len(rows) - server.switches.leaves_out]
    return {"model": body["model"], "results": kept, "usage": {"prompt_tokens": 9, "total_tokens": 9}}


_ANSWERS = {
    "/models": _models, "/chat/completions": _chat, "/audio/transcriptions": _transcription, "/embeddings": _embeddings,
    "/rerank": _rerank,
}  # fmt: skip


_STREAMED = {
    "/chat/completions": "CreateChatCompletionStreamResponse",
    "/audio/transcriptions": "CreateTranscriptionResponseStreamEvent",
}


def _pieces(answer: dict[str, Any], body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    message = answer["choices"][0]["message"]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}

    def piece(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    yield piece({"role": "assistant", "content": ""})
    for word in re.findall(r"\S+\s*", message["content"] or ""):
        yield piece({"content": word})
    yield piece({}, "stop")
    if body.get("stream_options", {}).get("include_usage"):
        yield {**head, "choices": [], "usage": answer["usage"]}


def _form(content_type: str, raw: bytes) -> dict[str, Any]:
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + raw)
    form: dict[str, Any] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if name == "file":
            assert part.get_filename(), "a file needs a name that tells its kind"
            form[name] = content
        elif name.endswith("[]"):
            form.setdefault(name[:-2], []).append(content.decode())
        else:
            form[name] = float(content) if name == "temperature" else content.decode()
    if "stream" in form:
        form["stream"] = form["stream"] == "true"
    return form


@contextmanager
def serving(switches: Switches | None = None) -> Iterator[Compatible]:
    """A running server that ends with the block, which fails when anything did not fit the description.

    Without the description the test is skipped.
    """
    needs_description()
    server = Compatible(switches)
    try:
        yield server
    finally:
        server.close()
    assert server.faults == []


def wait_until(condition: Any, *, within_s: float = 5.0) -> bool:
    """Wait for something another thread does."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def tones(*spans: tuple[float, ...], length_s: float, start_s: float = 0.0) -> Any:
    """Audio at 16 kHz that sounds during `spans`: seconds from its start, seconds, pitch in Hz; and is silent else."""
    import numpy as np

    from seehear.values import Audio

    samples = np.zeros(round(length_s * 16_000), np.float32)
    clock = np.arange(len(samples)) / 16_000
    for first, last, *pitch in spans:
        on = (clock >= first) & (clock < last)
        samples[on] = (0.2 * np.sin(2 * np.pi * (pitch or [300])[0] * clock[on])).astype(np.float32)
    return Audio(samples, 16_000, start_s)


def pictures(colours: Sequence[str], *, start_s: float = 0.0) -> list[Any]:
    """One picture to describe for each colour, ten seconds apart."""
    import numpy as np

    from seehear.spans import Span
    from seehear.values import Sight

    return [
        Sight(
            start_s + 10 * n, Span(start_s + 10 * n, start_s + 10 * n + 10), np.full((90, 160, 3), COLOURS[c], np.uint8)
        )
        for n, c in enumerate(colours)
    ]
