"""The command line in processes that begin with its modules imported: a run costs what it does, not its start."""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

# No runtime of models is among them: those start threads, and a fork would lose these. That of reading comes later.
IMPORTED = (
    "numpy", "av", "PIL.Image", "openai", "openai.resources.embeddings", "httpx", "httpx2", "rapidocr.main",
    "rich.progress", "uvicorn.protocols.http.h11_impl", "seehear.library", "seehear.answer", "seehear.surfaces.cli",
    "seehear.surfaces.server.app", "seehear.surfaces.server.run",
)  # fmt: skip


class Begun(Protocol):
    """A process as `subprocess.Popen` has one."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def kill(self) -> None: ...


class Fork:
    """A command in a fork of a process that does nothing but import; `out` and `err` are the files it writes to."""

    def __init__(self, arguments: Sequence[str], *, env: Mapping[str, str], out: Path, err: Path) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(IMPORTED))
        self._arguments = list(arguments)
        self._process = context.Process(target=_command, args=(self._arguments, dict(env), Path.cwd(), out, err))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired(self._arguments, timeout or 0)
        return code

    def send_signal(self, sig: int) -> None:
        """Send a signal unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._process.kill()


def begin(arguments: Sequence[str], *, env: Mapping[str, str], out: Path, err: Path, started: bool = False) -> Begun:
    """Begin a command: in a fork where that can be, else, or if it is to be `started`, in an interpreter of its own."""
    if sys.platform == "linux" and not started:
        return Fork(arguments, env=env, out=out, err=err)
    with out.open("wb") as to_out, err.open("wb") as to_err:
        return subprocess.Popen([sys.executable, "-m", "seehear", *arguments], stdout=to_out, stderr=to_err, env=env)


def run(
    arguments: Sequence[str], *, env: Mapping[str, str], timeout_s: float, started: bool = False
) -> tuple[int, bytes, bytes]:
    """Run a command to its end; its exit code and what it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        process = begin(arguments, env=env, out=out, err=err, started=started)
        try:
            code = process.wait(timeout_s)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return code, out.read_bytes(), err.read_bytes()


def _command(arguments: list[str], env: dict[str, str], folder: Path, out: Path, err: Path) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.argv[1:] = arguments
    runpy.run_module("seehear", run_name="__main__", alter_sys=True)
