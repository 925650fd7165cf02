"""Answers written by a small language model on this machine, through llama.cpp (xllamacpp) in a child process.

docs/weights.md has the measurements behind the settings.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from seehear import weights
from seehear.backends.openmp import environment
from seehear.backends.protocols import Card, Message
from seehear.backends.servers.prices import estimate_tokens
from seehear.errors import (
    BackendError,
    BackendUnavailableError,
    CancelledError,
    ConfigError,
    InputError,
    MissingPackageError,
)

_WORKER = Path(__file__).with_name("llama_worker.py")
STOP_S = 2.0


@dataclass(frozen=True, slots=True)
class Timings:
    """The last reply in tokens read (`cached_tokens` were still known from before) and written, and why it ended."""

    prompt_tokens: int
    cached_tokens: int
    reply_tokens: int
    finish: str


class Llama:
    """Writes answers greedily, so the same messages give the same text on the same machine.

    `model` names a weight set, `threads` ≥ 1 (None: SEEHEAR_LLAMA_THREADS, else half the processors, two of two
    cores, at most 8), `context_tokens` is room for prompt and reply together.
    The model loads in a child process on first use, or ahead of it with `start`, and stays until `close`.
    """

    def __init__(
        self, *, model: str = "qwen2.5-coder-1.5b", threads: int | None = None, context_tokens: int = 4096
    ) -> None:
        chosen = weights.resolve(model)
        self._model = chosen.name
        self._threads = _threads() if threads is None else threads
        if self._threads < 1 or context_tokens < 128:
            raise InputError(f"a language model needs 1 thread and 128 tokens, got {self._threads}, {context_tokens}")
        self._child: _Child | None = None
        self._lock = threading.Lock()
        self._writing = False
        self.timings: Timings | None = None
        self.card = Card(
            name=f"llama:{chosen.name}", capabilities=("answer",), runs="here", streams=True,
            context_tokens=context_tokens, weights=(chosen.name,), packages=("xllamacpp",), licence=chosen.licence,
        )  # fmt: skip

    def start(self) -> None:
        """Begin to load the model and return at once. Raises WeightsError, MissingPackageError, BackendError."""
        with self._lock:
            if self._child is None or self._child.ended():
                home = weights.locate(self._model)
                if importlib.util.find_spec("xllamacpp") is None:
                    raise MissingPackageError(
                        "the local language model needs the package xllamacpp", hint="pip install 'seehear[local]'"
                    )
                model = next(home.glob("*.gguf"))
                self._child = _Child(model, self._threads, self.card.context_tokens, _beginnings())

    def close(self) -> None:
        """End the child process at once, in the middle of a reply too; safe to call twice and from any thread."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.kill()

    def count_tokens(self, text: str) -> int:
        """An estimate that lies 5–40 % above the true count for prose and code; no model is loaded for it."""
        return estimate_tokens(text)

    def stream(self, messages: Sequence[Message], *, max_tokens: int, grammar: str | None = None) -> Iterator[str]:
        """Yield pieces of the reply as they are written; `grammar` (GBNF) restricts what may be written.

        Closing the iterator early stops the reply at the next token; before the first one it ends the child process,
        and the next call starts another. Raises BackendError when
        prompt and reply do not fit the context, the grammar is wrong or the process dies, CancelledError when `close`
        is called meanwhile, BackendUnavailableError while another reply is being written, WeightsError,
        MissingPackageError.
        """
        self.start()
        with self._lock:
            child = self._child
            if child is None or self._writing:
                raise BackendUnavailableError("the local language model is busy with another answer")
            self._writing = True
        finished = wrote = False
        try:
            # Marks of a turn inside the material must stay text and not become marks.
            turns = [{"role": turn.role, "content": turn.text.replace("<|", "< |")} for turn in messages]
            child.ask({"messages": turns, "max_tokens": max_tokens, "grammar": grammar})
            for line in child.lines():
                if "text" in line:
                    wrote = True
                    yield str(line["text"])
                elif "error" in line:
                    finished = True
                    raise self._refusal(line)
                elif "done" in line:
                    finished = True
                    self.timings = _timings(line["done"])
                    return
            finished = True
            if child is not self._child:
                raise CancelledError("the answer was stopped")
            raise BackendError(
                f"the process of the local language model ended: {child.last_words()}",
                hint="it needs about 1.5 GB of memory; a smaller one: seehear models pull answer-small",
            )
        finally:
            # Reading a prompt cannot be stopped but by ending the process; writing can, which keeps the model loaded.
            if not finished and not (wrote and child is self._child and child.stop(STOP_S)):
                self.close()
            with self._lock:
                self._writing = False

    def _refusal(self, line: dict[str, Any]) -> BackendError:
        if line["kind"] == "context":
            return BackendError(
                f"the question and its evidence are too long for {self.card.name}: {line['error']} "
                f"do not fit its context of {self.card.context_tokens}",
                hint="ask about less at once",
            )
        return BackendError(f"{self.card.name} failed: {line['error']}")


class _Child:
    """One running worker, its pipes, and the last lines it wrote to stderr."""

    def __init__(self, model: Path, threads: int, context_tokens: int, folder: Path) -> None:
        # -P keeps the worker's own folder, whose files are named after libraries, off its import path.
        command = [sys.executable, "-P", str(_WORKER), str(model), str(threads), str(context_tokens), str(folder)]
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=environment(), creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )  # fmt: skip
        except OSError as error:
            raise BackendError(f"the local language model's process cannot be started: {error}") from error
        self._heard: deque[str] = deque(maxlen=20)
        self._listener = threading.Thread(target=_drain, args=(self._process.stderr, self._heard), daemon=True)
        self._listener.start()
        weakref.finalize(self, _end, self._process)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def ask(self, request: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:  # it died; `lines` ends at once and `last_words` tells why
            return

    def lines(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None
        while True:
            try:
                line = json.loads(self._process.stdout.readline() or "null")
            except ValueError:  # killed in the middle of a line
                return
            if line is None:
                return
            yield line

    def stop(self, most_s: float) -> bool:
        """End the reply under way at its next token; False when the child does not say so in time."""
        watch = threading.Timer(most_s, self.kill)
        watch.start()
        self.ask({"stop": True})
        ended = any("done" in line or "error" in line for line in self.lines())
        watch.cancel()
        return ended and not self.ended()

    def last_words(self) -> str:
        code = self._process.wait()
        self._listener.join(timeout=5)
        said = [line for line in self._heard if line.strip()]
        return said[-1] if said else f"exit {code}"

    def kill(self) -> None:
        _end(self._process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except (OSError, ValueError):  # unsent bytes of a request to a dead process
                continue


def _beginnings() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("seehear", appauthor=False) / "prompts"


def _drain(pipe: IO[bytes] | None, heard: deque[str]) -> None:
    if pipe is not None:
        with pipe:
            heard.extend(line.decode("utf-8", "replace").rstrip() for line in pipe)


def _timings(done: dict[str, Any]) -> Timings:
    return Timings(
        int(done.get("prompt_n", 0)) + int(done.get("cache_n", 0)), int(done.get("cache_n", 0)),
        int(done.get("predicted_n", 0)), str(done.get("finish")),
    )  # fmt: skip


def _processors() -> int:
    """The processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _cores() -> int:
    """The cores of this machine, each counted once however many threads it runs; 0 where the system does not say."""
    cores = Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology/thread_siblings_list")
    return len({path.read_text() for path in cores}) if sys.platform == "linux" else 0


def _threads() -> int:
    chosen = os.environ.get("SEEHEAR_LLAMA_THREADS")
    if chosen is None:
        # Where two threads share a core half of them do as much, and leave room; two real cores are both worth having.
        return max(1, min(2, _cores(), _processors()), min(8, _processors() // 2))
    if not chosen.isdecimal() or int(chosen) < 1:
        raise ConfigError(f"SEEHEAR_LLAMA_THREADS must be a number from 1, not {chosen!r}")
    return int(chosen)
