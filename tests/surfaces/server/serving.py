"""A server in a process of its own, with the command by which users start it."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests import forked
from tests.conftest import NOBODY, SETTINGS_OF_WHO_RUNS_THE_TESTS

WITHIN_S = 60.0


class Server:
    """A running `seehear serve`: `http` talks to it, `log` is what it wrote to stderr."""

    def __init__(self, home: Path, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.home = home
        self.log = home.parent / f"{home.name}-{time.monotonic_ns()}.log"
        self._out = self.log.with_suffix(".out")
        own = {name: value for name, value in os.environ.items() if name not in SETTINGS_OF_WHO_RUNS_THE_TESTS}
        library = {"SEEHEAR_HOME": str(home), "SEEHEAR_CONFIG": os.devnull, "OLLAMA_HOST": NOBODY}
        self.process = forked.begin(
            ["serve", "--port", "0", "--json", "--answer", "extractive", *arguments],
            env={**own, **library, **(env or {})}, out=self._out, err=self.log,
        )  # fmt: skip
        try:
            self._begin()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def _begin(self) -> None:
        self.told = json.loads(until(self._all_told))
        self.url: str = self.told["url"].rstrip("/")
        self.http = httpx.Client(base_url=self.url, timeout=30.0, trust_env=False)
        if token := self.told["token"]:
            self.http.headers["Authorization"] = f"Bearer {token}"
        until(lambda: self._ready())

    def _all_told(self) -> str | None:
        assert self.process.poll() is None, self.log.read_text()
        told = self._out.read_text() if self._out.exists() else ""
        return told if told.endswith("}\n") else None

    def _ready(self) -> bool:
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def is_deaf(self) -> bool:
        """Whether it takes no more connections."""
        with httpx.Client(base_url=self.url, trust_env=False) as another:
            try:
                another.get("/healthz")
            except httpx.TransportError:
                return True
            return False

    def stop(self) -> int:
        """End it as Ctrl-C does; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.http.close()
        return self.process.wait(20)

    def kill(self) -> None:
        """End it as a power cut does, its workers with it, as they notice."""
        self.process.kill()
        self.http.close()
        self.process.wait(20)

    def workers(self) -> list[psutil.Process]:
        """The processes that work on jobs now."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if "seehear.surfaces.server.worker" in child.cmdline():
                    found.append(child)
            except psutil.Error:
                continue
        return found

    def upload(self, raw: bytes, name: str, *, piece_bytes: int = 1 << 20) -> dict[str, Any]:
        """Send one file in pieces; returns its job."""
        begun = self.http.post("/api/v1/uploads", json={"name": name, "size_bytes": len(raw)})
        assert begun.status_code == 201, begun.text
        url, at = begun.json()["url"], 0
        while True:
            piece = raw[at : at + piece_bytes]
            sent = self.http.patch(url, content=piece, headers={"Upload-Offset": str(at)})
            if sent.status_code == 200:
                return sent.json()["job"]
            assert sent.status_code == 204, sent.text
            at += len(piece)

    def job(self, job_id: str) -> dict[str, Any]:
        """One job as it stands now."""
        return self.http.get(f"/api/v1/jobs/{job_id}").json()

    def finished(self, job_id: str) -> dict[str, Any]:
        """One job, once it is finished."""
        until(lambda: self.job(job_id)["state"] in ("done", "failed", "cancelled"))
        return self.job(job_id)


def until(holds: Callable[[], Any], *, within_s: float = WITHIN_S, every_s: float = 0.05) -> Any:
    """Wait for something to become true and return it."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        if found := holds():
            return found
        time.sleep(every_s)
    raise AssertionError("it never became true")


@contextmanager
def serving(home: Path, *arguments: str, env: dict[str, str] | None = None) -> Iterator[Server]:
    """A server for the length of a block."""
    server = Server(home, *arguments, env=env)
    try:
        yield server
        assert server.stop() == 0, server.log.read_text()[-2000:]
        assert '"event": "bug"' not in server.log.read_text(), server.log.read_text()[-2000:]
    finally:
        if server.process.poll() is None:
            server.kill()


def subtitles(topic: str, lines: int = 3) -> bytes:
    """A recording that is indexed in a second: subtitles about a topic; two thousand lines take some ten seconds."""

    def stamp(at_s: float) -> str:
        return f"{int(at_s) // 3600:02d}:{int(at_s) // 60 % 60:02d}:{int(at_s) % 60:02d},000"

    cues = (f"{i + 1}\n{stamp(i * 4)} --> {stamp(i * 4 + 3)}\nLine {i + 1} is about {topic}.\n" for i in range(lines))
    return "\n".join(cues).encode()


def events_of(text: str) -> list[tuple[str, Any]]:
    """What a stream of events said: name and data."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":") and ": " in line)
        if "data" in fields:
            found.append((fields.get("event", ""), json.loads(fields["data"])))
    return found
