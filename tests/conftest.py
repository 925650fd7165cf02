"""What many tests share: the small weights, a short lecture rendered once, and a library that has indexed it."""

import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from seehear import weights
from seehear.backends.minilm import DIMENSIONS, MiniLM
from tests import forked

SETTINGS_OF_WHO_RUNS_THE_TESTS = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "SEEHEAR_DEBUG", "SEEHEAR_SERVER_KEY")
NOBODY = "127.0.0.1:9"
SMALL_WEIGHTS = ("whisper-base", "whisper-tiny.en", "minilm")
HEARS_QUICKLY = {"SEEHEAR_HEAR": "whisper:tiny.en"}
SCRIPT = """\
# A short lesson

> Room 42, Friday at noon

Welcome to a very short lesson about Python.

## Functions

- A function is a named piece of work

A function is a named piece of work. You define it once, and then you call it as often as you like.

```python
def double(x):
    return 2 * x
```

This one doubles whatever number you give it.

## Loops

- for repeats once per item

A loop repeats the same lines again and again. Bananas are a good source of potassium, by the way.
"""
BRIEF = """\
# Functions

A function is a named piece of work.

## Calling

- A call runs it

You call it by its name.
"""


@pytest.fixture(autouse=True)
def _no_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models on servers are used only by tests that start one."""
    for name in SETTINGS_OF_WHO_RUNS_THE_TESTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OLLAMA_HOST", NOBODY)


@pytest.fixture
def reached_elsewhere(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Hosts off this machine that this process tried to reach or to look up: each attempt fails and is noted here."""
    reached: list[object] = []
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def refuse_elsewhere(host: object) -> None:
        if not str(host).startswith("127."):
            reached.append(host)
            raise OSError(f"a socket to {host}")

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple):
            refuse_elsewhere(address[0])
        connect(self, address)

    def guarded_resolve(host: Any, *rest: Any, **more: Any) -> Any:
        refuse_elsewhere(host)
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_resolve)
    return reached


@pytest.fixture(scope="session")
def small_weights() -> None:
    """The weights that seeing, hearing and searching need; fetched on first use, then shared by every run."""
    for name in SMALL_WEIGHTS:
        weights.pull(name)


class Remembering(MiniLM):
    """The embedder of this machine. A text's vector does not depend on its neighbours, so it is computed once."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(fresh, super().embed(fresh), strict=True))
        return np.array([self._known[text] for text in texts], np.float32).reshape(-1, DIMENSIONS)


@pytest.fixture(scope="session")
def minilm(small_weights: None) -> MiniLM:
    """The embedder, loaded once: the same few recordings are made searchable by hundreds of tests."""
    return Remembering()


def made_once(name: str, make: Callable[[Path], object], factory: pytest.TempPathFactory) -> Path:
    """A folder that the first of the processes running tests fills; the others wait for it. Nobody changes it."""
    root = factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    folder, ended = root / name, root / f"{name}.ended"
    try:
        folder.mkdir()
    except FileExistsError:
        while not ended.exists():
            time.sleep(0.05)
        assert ended.read_text() == "made", f"another process failed to make {folder}"
        return folder
    outcome = "failed"
    try:
        make(folder)
        outcome = "made"
    finally:
        part = root / f"{name}.{outcome}"
        part.write_text(outcome)
        part.replace(ended)
    return folder


def rendered(script: str, path: Path) -> Path:
    """The lecture of a script, spoken and drawn at `path`; its truth lies beside it."""
    from seehear.backends.registry import open_speaker
    from seehear.generate.lecture import generate_lecture

    source = path.with_suffix(".md")
    source.write_text(script, encoding="utf-8")
    generate_lecture(source, path, speaker=open_speaker())
    return path


@pytest.fixture(scope="session")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lecture of about half a minute, without captions inside: `lesson.mp4`, its truth in `lesson.json`."""
    folder = made_once("lesson", lambda folder: rendered(SCRIPT, folder / "lesson.mp4"), tmp_path_factory)
    return folder / "lesson.mp4"


@pytest.fixture(scope="session")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lecture of a few seconds, for tests that index one anew whatever its length: `brief.mp4`."""
    folder = made_once("brief", lambda folder: rendered(BRIEF, folder / "brief.mp4"), tmp_path_factory)
    return folder / "brief.mp4"


@dataclass(frozen=True)
class Ran:
    """What a run of the command line left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


def run_seehear(
    *arguments: str | os.PathLike[str], home: Path, env: Mapping[str, str] | None = None, started: bool = False
) -> Ran:
    """Run the command line as a user does, in a process of its own.

    Where it can be, that is the fork of one which has imported everything; `started` makes it begin as a user's does,
    as do settings for Python in `env`.
    """
    own = {name: value for name, value in os.environ.items() if name not in SETTINGS_OF_WHO_RUNS_THE_TESTS}
    library = {"SEEHEAR_HOME": str(home), "SEEHEAR_CONFIG": os.devnull, "OLLAMA_HOST": NOBODY}
    environment = {**own, **library, **(env or {})}
    started = started or any(name.startswith("PYTHON") for name in env or ())
    words = [os.fspath(argument) for argument in arguments]
    code, *written = forked.run(words, env=environment, timeout_s=110, started=started)
    out, err = (raw.decode("utf-8", "surrogateescape") for raw in written)
    assert "Traceback" not in err, err
    return Ran(code, out, err)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run commands against an empty library of this test's own."""
    return lambda *arguments, **options: run_seehear(*arguments, **{"home": tmp_path / "home", **options})


@pytest.fixture(scope="session")
def indexed_home(tmp_path_factory: pytest.TempPathFactory, lesson: Path, small_weights: None) -> Path:
    """A library in which the lesson was really seen and heard (its captions left aside)."""

    def index(folder: Path) -> None:
        done = run_seehear("index", lesson, "--captions", "never", home=folder)
        assert done.code == 0, done.err

    # Asking writes into a library: every process that runs tests has a copy.
    home = tmp_path_factory.mktemp("indexed") / "home"
    shutil.copytree(made_once("indexed", index, tmp_path_factory), home)
    return home


@pytest.fixture
def library_home(indexed_home: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the indexed library that a test may change."""
    home = tmp_path / "copy"
    shutil.copytree(indexed_home, home)
    yield home
