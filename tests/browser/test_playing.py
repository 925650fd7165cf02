"""What the browser plays, it plays where the page says; what it cannot show is told, and the kept pictures stand in."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from tests.browser.conftest import serving, time_of, until
from tests.conftest import run_seehear
from tests.media import synth

pytestmark = pytest.mark.browser
RECORDED_FROM_S = 3600
READY = "document.querySelector('#player')?.readyState >= 1"


def at_the_clock_of_a_recorder(lesson: Path, path: Path) -> Path:
    """The same film, the times of which begin an hour after zero."""
    with av.open(str(lesson)) as source, av.open(str(path), "w") as out:
        streams = {s.index: out.add_stream_from_template(s) for s in (source.streams.video[0], source.streams.audio[0])}
        for packet in source.demux(source.streams.video[0], source.streams.audio[0]):
            if packet.pts is None or packet.dts is None:
                continue
            packet.pts += round(RECORDED_FROM_S / packet.time_base)
            packet.dts += round(RECORDED_FROM_S / packet.time_base)
            packet.stream = streams[packet.stream.index]
            out.mux(packet)
    return path


def in_pictures_that_no_chromium_of_debian_decodes(lesson: Path, path: Path) -> Path:
    """The same film in HEVC, as telephones record it, five pictures a second."""
    with av.open(str(lesson)) as source, av.open(str(path), "w") as out:
        film, sound = source.streams.video[0], source.streams.audio[0]
        coded = out.add_stream("libx265", rate=5, options={"preset": "ultrafast", "x265-params": "log-level=none"})
        coded.width, coded.height, coded.pix_fmt = film.width // 2, film.height // 2, "yuv420p"
        coded.codec_context.time_base = coded.time_base = film.time_base
        copied = out.add_stream_from_template(sound)
        next_s = 0.0
        for packet in source.demux(film, sound):
            if packet.stream is sound and packet.dts is not None:
                packet.stream = copied
                out.mux(packet)
            for frame in packet.decode() if packet.stream is film else ():
                if frame.time >= next_s:
                    next_s = frame.time + 0.2
                    out.mux(coded.encode(frame.reformat(width=coded.width, height=coded.height, format="yuv420p")))
        out.mux(coded.encode(None))
    return path


@pytest.fixture(scope="module")
def playing(
    tmp_path_factory: pytest.TempPathFactory, lesson: Path, small_weights: None
) -> Iterator[Callable[..., str]]:
    """The addresses of the films above, by name."""
    folder = tmp_path_factory.mktemp("playing")
    clock = at_the_clock_of_a_recorder(lesson, folder / "clock.mkv")
    hevc = in_pictures_that_no_chromium_of_debian_decodes(lesson, folder / "hevc.mp4")
    cut = synth.write(folder / "cut.mp4", [n / 10 for n in range(300)], options={"movflags": "faststart"}, gop=10)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 6 // 10])
    done = run_seehear(
        "index", clock, hevc, cut, "--hear", "fake", "--captions", "never", "--json", home=folder / "home"
    )
    ids = {row["title"]: row["media"] for row in done.json}

    with serving(folder / "home") as server:
        yield lambda name: f"{server.url}m/{ids[name]}"


def test_a_film_that_carries_the_clock_of_its_recorder_plays_from_where_the_page_says(
    browse: Callable[..., Any], playing: Callable[..., str]
) -> None:
    page = browse(f"{playing('clock')}#t=9")
    until(page, READY)
    assert time_of(page) == pytest.approx(RECORDED_FROM_S + 9, abs=0.1)
    page.keyboard.press("ArrowRight")
    assert time_of(page) == pytest.approx(RECORDED_FROM_S + 14, abs=0.1)
    assert page.locator(".strip").get_attribute("aria-valuenow") == "14"


def test_where_the_browser_plays_the_sound_alone_the_kept_pictures_follow_it(
    browse: Callable[..., Any], playing: Callable[..., str]
) -> None:
    page = browse(playing("hevc"))
    page.wait_for_selector(".player-note:has-text('only the sound')")
    last = page.locator(".line.shown").last
    last.locator("img").click()
    until(page, "document.querySelector('.line.shown.now') !== null")
    assert time_of(page) > 5
    assert page.locator("#player").get_attribute("poster") == last.locator("img").get_attribute("src")


def test_that_a_film_was_cut_off_is_read_without_being_asked_for(
    browse: Callable[..., Any], playing: Callable[..., str]
) -> None:
    page = browse(playing("cut"))
    page.wait_for_selector(".notes li:visible:has-text('cut off: it should last 29.9 s')")
