"""The child process of `llama.py`: loads one GGUF model and answers requests, one JSON object per line each way.

It runs apart because an exception inside the runtime can leave a native thread that keeps the process from ending,
and because ending a process is the only way to stop a long prompt at once. It ends when its stdin does, so it never
outlives the parent. It imports nothing of seehear and is started by its path.

In:  {"messages": [{"role", "content"}], "max_tokens", "grammar"}, or {"stop": true} to end the reply under way.
Out: {"ready": {"load_s"}}, then per request {"text"}… and {"done": {…timings}} or {"error", "kind"}.

What all messages but the last come to in the model is kept on disk once the same ones have come twice, so that a fresh
process need not read the instructions anew; what comes only once, a conversation say, is never written.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import queue
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Say = Callable[[dict[str, Any]], None]
MOST_KEPT = 6
FEWEST_CHARACTERS = 200


def main(model: str, threads: int, context_tokens: int, folder: str) -> None:
    """Load `model`, then serve until stdin ends; `folder` keeps the beginnings of prompts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it ends this process
    say = _own_stdout()
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    stop = threading.Event()
    threading.Thread(target=_listen, args=(requests, stop), daemon=True).start()
    begun = time.monotonic()
    key = secrets.token_hex(16)
    try:
        kept = Beginnings(Path(folder), f"{model} {context_tokens}")
        server = _load(model, threads, context_tokens, key, kept)
    except (RuntimeError, ImportError, OSError) as error:
        # The last line on stderr is what the parent shows; a normal exit would wait for the thread that listens.
        sys.stderr.write(f"the model {model} cannot be loaded: {error}\n")
        sys.stderr.flush()
        os._exit(1)
    say({"ready": {"load_s": round(time.monotonic() - begun, 3)}})
    while True:
        request = requests.get()
        stop.clear()
        try:
            _answer(server, key, request, context_tokens, say, stop, kept)
        except (ValueError, RuntimeError, KeyError, OSError) as error:
            say({"error": f"{type(error).__name__}: {error}", "kind": "failed"})


def _own_stdout() -> Say:
    """Keep the real stdout for the protocol and send whatever native code prints to stderr."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def say(line: dict[str, Any]) -> None:
        out.write(json.dumps(line).encode() + b"\n")
        out.flush()

    return say


def _listen(requests: queue.SimpleQueue[dict[str, Any]], stop: threading.Event) -> None:
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if request.get("stop"):
            stop.set()
        else:
            requests.put(request)
    os._exit(0)


class Beginnings:
    """Beginnings of prompts as the runtime holds them, one file each; those of other models and versions are apart."""

    def __init__(self, folder: Path, model: str) -> None:
        self.folder = folder
        self._model = model
        self._current = ""
        self.usable = True
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            self.usable = False

    def name(self, beginning: str) -> str:
        """The name of the file of a beginning, without its suffix."""
        import xllamacpp

        stat = Path(self._model.rpartition(" ")[0]).stat()
        parts = (self._model, stat.st_size, stat.st_mtime_ns, xllamacpp.__version__, beginning)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]

    def restore(self, server: Any, key: str, beginning: str) -> None:
        """Let the runtime know a beginning, where it is kept and not what was used last."""
        name = self.name(beginning)
        if name != self._current and (self.folder / f"{name}.state").is_file():
            try:
                _post(server, key, "/slots/0?action=restore", {"filename": f"{name}.state"})
            except (ValueError, OSError):  # cut off or of another build: read anew
                (self.folder / f"{name}.state").unlink(missing_ok=True)
        self._current = name

    def keep(self, server: Any, key: str, beginning: str) -> None:
        """Write a beginning down if it has come before."""
        name = self.name(beginning)
        state, seen = self.folder / f"{name}.state", self.folder / f"{name}.seen"
        try:
            if state.is_file():
                return
            if not seen.is_file():
                seen.touch()
            else:
                # What the runtime holds goes on beyond the beginning: reading it again takes that off.
                _post(server, key, "/completion", {"prompt": beginning, "n_predict": 0, "cache_prompt": True})
                part = f"{name}.{os.getpid()}.part"
                _post(server, key, "/slots/0?action=save", {"filename": part})
                (self.folder / part).replace(state)
                seen.unlink(missing_ok=True)
            for pattern in ("*.state", "*.seen", "*.part"):
                for old in sorted(self.folder.glob(pattern), key=_age)[:-MOST_KEPT]:
                    old.unlink(missing_ok=True)
        except (ValueError, OSError):  # a full or foreign folder: nothing is kept
            self.usable = False


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another process was faster to remove it
        return 0.0


def _load(model: str, threads: int, context_tokens: int, key: str, kept: Beginnings) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx = context_tokens
    params.n_parallel = 1
    params.n_batch = 512
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = threads
        cpu.poll = 0
    params.n_gpu_layers = 0
    params.fit_params = False
    params.warmup = False
    params.cache_ram_mib = 0
    params.n_ctx_checkpoints = 0
    params.offline = True
    params.ui = False
    params.endpoint_slots = False
    if kept.usable:
        params.slot_save_path = f"{kept.folder}{os.sep}"
    params.api_keys = [key]  # the runtime opens a loopback port; nobody else on this machine may use it
    params.verbosity = -1
    return xllamacpp.Server(params)


def _answer(
    server: Any, key: str, request: dict[str, Any], context_tokens: int, say: Say, stop: threading.Event,
    kept: Beginnings,
) -> None:  # fmt: skip
    prompt = _post(server, key, "/apply-template", {"messages": request["messages"]})["prompt"]
    tokens = len(_post(server, key, "/tokenize", {"content": prompt, "parse_special": True})["tokens"])
    if tokens + request["max_tokens"] > context_tokens:
        say({"error": f"{tokens} tokens and room for {request['max_tokens']} more", "kind": "context"})
        return
    beginning = prompt[: max(0, prompt.rfind(request["messages"][-1]["content"]))]
    lasting = kept.usable and len(beginning) >= FEWEST_CHARACTERS
    if lasting:
        kept.restore(server, key, beginning)
    body = {
        "messages": request["messages"], "max_tokens": request["max_tokens"], "stream": True, "temperature": 0,
        "top_k": 1, "seed": 1, "cache_prompt": True,
    }  # fmt: skip
    if request.get("grammar"):
        body["grammar"] = request["grammar"]
    end: dict[str, Any] = {}

    def hear(chunk: dict[str, Any] | list[dict[str, Any]]) -> bool:
        for piece in chunk if isinstance(chunk, list) else [chunk]:
            if "error" in piece:
                end["error"] = str(piece["error"].get("message", piece["error"]))
                return True
            end.update({name: piece[name] for name in ("timings",) if name in piece})
            for choice in piece.get("choices", ()):
                end["finish"] = choice.get("finish_reason") or end.get("finish")
                if text := choice.get("delta", {}).get("content"):
                    say({"text": text})
        return stop.is_set()

    server.handle_chat_completions(body, hear)
    if "error" in end:
        say({"error": end["error"], "kind": "request"})
    else:
        if lasting and not stop.is_set():
            # Before it is done, since who asked may end this process as soon as it is.
            kept.keep(server, key, beginning)
        say({"done": {"finish": end.get("finish"), **end.get("timings", {})}})


def _post(server: Any, key: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    # Not through a library that honours proxies: this never leaves the process.
    link = http.client.HTTPConnection(urlsplit(server.listening_address).netloc, timeout=60)
    try:
        link.request(
            "POST", path, json.dumps(body),
            {"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
        )  # fmt: skip
        reply = link.getresponse()
        answer = reply.read()
        if reply.status != 200:
            raise ValueError(answer.decode("utf-8", "replace"))
    finally:
        link.close()
    return dict(json.loads(answer))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
