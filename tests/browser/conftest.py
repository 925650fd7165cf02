"""A real Chromium in front of a real `seehear serve`; whoever asks for these tests needs the browser."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOBODY, SETTINGS_OF_WHO_RUNS_THE_TESTS, run_seehear

ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-quic",
)  # fmt: skip
HOSTILE = "<img src=x onerror=document.title='hacked'>"
LONG_TITLE = "Two hours of talk"
WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(event.violatedDirective + " " + event.blockedURI);
});
"""


@dataclass
class Server:
    """A running `seehear serve`."""

    url: str
    home: Path
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rsplit(":", 1)[1])

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def start(home: Path, *arguments: str) -> Server:
    own = {name: value for name, value in os.environ.items() if name not in SETTINGS_OF_WHO_RUNS_THE_TESTS}
    environment = {**own, "SEEHEAR_CONFIG": os.devnull, "OLLAMA_HOST": NOBODY}
    with (home / "server.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "seehear", "serve", "--port", "0", "--home", str(home), "--json",
             "--answer", "extractive", *arguments],
            stdout=subprocess.PIPE, stderr=log, text=True, env=environment,
        )  # fmt: skip
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("}") or (line.startswith("{") and line.rstrip().endswith("}")):
            break
    process.stdout.close()
    assert said, (home / "server.log").read_text()
    return Server(json.loads(said)["url"].replace("127.0.0.1", "localhost"), home, process)


@contextmanager
def serving(home: Path, *arguments: str) -> Iterator[Server]:
    home.mkdir(parents=True, exist_ok=True)
    server = start(home, *arguments)
    try:
        yield server
    finally:
        server.end()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser; a missing one fails, since these tests run only where they are asked for."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("no Chromium is installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open pages; at the end of the test nothing may have failed on them and no policy been violated."""
    opened: list[tuple[Any, list[str]]] = []

    def browse(url: str, **options: Any) -> Any:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.add_init_script(WATCH)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))

        def told(message: Any) -> None:
            # Chromium tells each refused request this way; whether that was handled is what the tests look at.
            if message.type == "error" and "Failed to load resource" not in message.text:
                wrong.append(message.text)

        page.on("console", told)
        opened.append((page, wrong))
        page.goto(url)
        return page

    yield browse
    for page, wrong in opened:
        violations = page.evaluate("window.violations ?? []")
        page.context.close()
        assert violations == []
        assert wrong == []


def _tone(path: Path) -> None:
    import numpy as np

    samples = (np.sin(np.arange(16_000 * 4) * 2 * np.pi * 440 / 16_000) * 8000).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(samples.tobytes())


def _slide(path: Path, lines: list[str]) -> None:
    from PIL import Image, ImageDraw, ImageFont

    fonts = Path(__file__).parents[2] / "src" / "seehear" / "data" / "fonts"
    font = ImageFont.truetype(str(fonts / "IBMPlexMono-Regular.ttf"), 30)
    picture = Image.new("RGB", (1280, 720), "white")
    for row, line in enumerate(lines):
        ImageDraw.Draw(picture).text((40, 60 + 80 * row), line, fill="black", font=font)
    picture.save(path)


def put_long_talk(home: Path, *, lines: int = 3000) -> str:
    """A talk of two hours whose file is gone, with a gap in what was heard; returns its id."""
    from seehear.search.passages import cut_up
    from seehear.spans import Span
    from seehear.store import Store
    from seehear.timeline import Timeline
    from seehear.values import Chapter, Event, Gap, Media

    each_s = 7200 / lines
    media = Media(
        id="ab" * 32, path=home / "gone.mp4", title=LONG_TITLE, kind="video", duration_s=7200.0, size_bytes=1000,
        has_video=True, has_audio=True, width_px=1280, height_px=720,
        chapters=tuple(Chapter(Span(at * 600.0, at * 600.0 + 600), f"Part {at + 1}") for at in range(12)),
    )  # fmt: skip
    events = [
        Event(
            Span(at * each_s, (at + 0.9) * each_s), "transcript", f"Sentence {at} speaks about topic {at % 97}.", "test"
        )
        for at in range(lines)
        if not 3600 <= at * each_s < 3720
    ]
    events += [
        Event(Span(at * 60.0, at * 60.0 + 60), "visual", f"Slide {at}\nWhat stands on it", "test", title=f"Slide {at}",
              screen=f"Slide {at}\nWhat stands on it")
        for at in range(120)
    ]  # fmt: skip
    gaps = [Gap(Span(3600.0, 3720.0), "hear", "the sound is damaged here")]
    timeline = Timeline.build(media, events, gaps)
    store = Store(home)
    store.put_timeline(timeline, cut_up(timeline))
    store.close()
    return media.id


@pytest.fixture(scope="session")
def home(indexed_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lesson, a picture of hostile text, a sound without speech and a long talk."""
    folder = tmp_path_factory.mktemp("browser")
    library = folder / "home"
    shutil.copytree(indexed_home, library)
    hostile = folder / f"{HOSTILE.replace('/', '')}.png"
    _slide(hostile, ["Hostile slide", HOSTILE, "<script>alert(1)</script>"])
    _tone(folder / "tone.wav")
    done = run_seehear("index", hostile, folder / "tone.wav", home=library)
    assert done.code == 0, done.err
    put_long_talk(library)
    return library


@pytest.fixture(scope="session")
def server(home: Path) -> Iterator[Server]:
    """One server for all tests that leave the library as it was."""
    with serving(home) as running:
        yield running


@pytest.fixture(scope="session")
def ids(home: Path) -> dict[str, str]:
    """The recordings by title."""
    rows = run_seehear("library", "--json", home=home).json["media"]
    return {row["title"]: row["id"] for row in rows}


@pytest.fixture
def lesson_url(server: Server, ids: dict[str, str]) -> str:
    return f"{server.url}m/{ids['lesson']}"


def until(page: Any, expression: str, arg: Any = None, *, timeout_s: float = 20.0) -> None:
    """Wait until an expression is true. Asked from outside, since the page's policy lets nothing be evaluated in it."""
    end_s = time.monotonic() + timeout_s
    while not page.evaluate(expression, arg):
        assert time.monotonic() < end_s, f"never true: {expression}"
        time.sleep(0.02)


def time_of(page: Any) -> float:
    """Where the player is."""
    return float(page.evaluate("document.querySelector('#player').currentTime"))


def ask(page: Any, question: str) -> Any:
    """Ask as a person does; returns the newest turn once it is whole."""
    before = page.locator(".turn").count()
    page.fill(".composer textarea", question)
    page.press(".composer textarea", "Enter")
    whole = "(n) => document.querySelectorAll('.turn').length > n && !document.querySelector('.waiting')"
    until(page, whole, before, timeout_s=100)
    return page.locator(".turn").first
