"""The page of one recording: strip, transcript, corrections, downloads, links; pictures and sounds too."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import LONG_TITLE, Server, time_of, until

pytestmark = pytest.mark.browser
READY = "document.querySelector('#player')?.readyState >= 1"


def test_the_strip_shows_slides_and_speech_and_takes_one_there(browse: Callable[..., Any], lesson_url: str) -> None:
    page = browse(lesson_url)
    until(page, READY)
    assert page.locator(".strip .slide").count() >= 2
    assert page.locator(".strip .lane-said path").get_attribute("d")
    box = page.locator(".strip-body").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    whole_s = page.evaluate("document.querySelector('#player').duration")
    assert time_of(page) == pytest.approx(whole_s / 2, abs=1.0)
    assert page.locator(".strip").get_attribute("aria-valuenow") == str(int(time_of(page)))
    page.wait_for_selector(".line.now")


def test_before_it_plays_it_shows_how_it_begins(browse: Callable[..., Any], lesson_url: str) -> None:
    page = browse(lesson_url)
    first = page.locator(".line.shown img").first.get_attribute("src")
    assert page.locator("#player").get_attribute("poster") == first


def test_a_link_to_no_recording_says_so_in_words_for_people(browse: Callable[..., Any], server: Server) -> None:
    page = browse(f"{server.url}m/nothing-of-that-name")
    page.wait_for_selector("h1:has-text('not in the library')")
    assert "/api/" not in page.locator("main").inner_text()


def test_the_transcript_follows_playback_until_one_scrolls_by_hand(browse: Callable[..., Any], lesson_url: str) -> None:
    page = browse(lesson_url)
    until(page, READY)
    page.locator(".line.said .time").last.click()
    now = page.locator(".line.said[aria-current=true]")
    now.wait_for()
    frame, line = page.locator(".side .scroller").last.bounding_box(), now.bounding_box()
    page.wait_for_timeout(400)
    assert frame["y"] <= line["y"] <= frame["y"] + frame["height"]
    follow = page.locator(".follow")
    assert follow.get_attribute("aria-pressed") == "true"
    page.locator(".lines").hover()
    page.mouse.wheel(0, -400)
    page.wait_for_selector(".follow[aria-pressed=false]")
    follow.click()
    assert follow.get_attribute("aria-pressed") == "true"


def test_words_are_found_within_a_recording(browse: Callable[..., Any], lesson_url: str) -> None:
    page = browse(lesson_url)
    page.wait_for_selector(".line")
    page.keyboard.press("/")
    page.keyboard.type("function")
    until(page, "document.querySelector('.count').textContent.startsWith('1 of')")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.count').textContent.startsWith('2 of')")
    assert page.evaluate("[...CSS.highlights.get('found')].every(r => r.toString().toLowerCase() === 'function')")


def test_a_line_is_corrected_by_hand_search_sees_it_and_it_can_be_taken_back(
    browse: Callable[..., Any], lesson_url: str, server: Server
) -> None:
    page = browse(lesson_url)
    line = page.locator(".line.said:has-text('potassium')")
    # Lines out of sight are not rendered, and then have no inner text.
    before = line.locator(".text").text_content()
    line.hover()
    line.locator(".correct").click()
    page.keyboard.type("never kept")
    page.keyboard.press("Escape")
    assert line.locator(".text").text_content() == before
    line = page.locator(f".line[data-event='{line.get_attribute('data-event')}']")
    line.locator(".correct").click()
    page.fill(".correcting textarea", "Quokkas are <b>marsupials</b>.")
    page.keyboard.press("Enter")
    line.locator(".corrected").wait_for()
    assert line.locator(".text").inner_text() == "Quokkas are <b>marsupials</b>."
    found = page.request.get(f"{server.url}api/v1/search?q=quokkas").json()["moments"]
    assert any("Quokkas" in moment["text"] for moment in found)
    page.reload()
    line.locator(".correct").click()
    page.click("text=As it was recognised")
    page.wait_for_selector(".corrected", state="detached")
    assert line.locator(".text").inner_text() == before


def test_a_line_that_another_tab_corrected_meanwhile_is_not_written_over(
    browse: Callable[..., Any], lesson_url: str
) -> None:
    first, second = browse(lesson_url), browse(lesson_url)
    number = first.locator(".line.said:has-text('potassium')").get_attribute("data-event")

    def correct(page: Any, text: str) -> Any:
        line = page.locator(f".line[data-event='{number}']")
        line.hover()
        line.locator(".correct").click()
        page.fill(".correcting textarea", text)
        page.keyboard.press("Enter")
        return line

    correct(first, "Bananas are yellow.").locator(".corrected").wait_for()
    late = correct(second, "Bananas are green.")
    second.locator(".toast:has-text('reads otherwise by now')").wait_for()
    second.keyboard.press("Escape")
    late.locator(".text:has-text('Bananas are yellow.')").wait_for()
    late.locator(".correct").click()
    second.click("text=As it was recognised")
    second.wait_for_selector(".corrected", state="detached")


def test_a_link_to_a_moment_is_copied_and_opens_there(browse: Callable[..., Any], lesson_url: str) -> None:
    page = browse(f"{lesson_url}#t=12", permissions=["clipboard-read", "clipboard-write"])
    until(page, READY)
    until(page, "Math.abs(document.querySelector('#player').currentTime - 12) < 0.5")
    page.evaluate("location.hash = '#t=0:20'")
    until(page, "Math.abs(document.querySelector('#player').currentTime - 20) < 0.5")
    page.click("text=Copy link")
    page.wait_for_selector(".toast")
    assert page.evaluate("navigator.clipboard.readText()") == f"{lesson_url}#t=20"


@pytest.mark.parametrize(
    ("name", "holds"), [("SRT", "-->"), ("WebVTT", "WEBVTT"), ("Markdown", "# "), ("JSON", '"events"')]
)
def test_it_is_downloaded_in_every_format(
    browse: Callable[..., Any], lesson_url: str, tmp_path: Path, name: str, holds: str
) -> None:
    page = browse(lesson_url)
    page.click(".menu summary")
    with page.expect_download() as told:
        page.click(f".menu a:has-text('{name}')")
    told.value.save_as(tmp_path / "file")
    assert "lesson" in told.value.suggested_filename
    assert holds in (tmp_path / "file").read_text(encoding="utf-8")


def test_two_hours_without_their_file_are_read_smoothly_and_a_gap_is_told(
    browse: Callable[..., Any], server: Server, ids: dict[str, str]
) -> None:
    page = browse(f"{server.url}m/{ids[LONG_TITLE]}#t=3600")
    page.wait_for_selector(".line")
    assert "no longer where it was" in page.locator(".player-note").inner_text()
    assert page.locator(".gap-line").inner_text().endswith("Could not be heard: the sound is damaged here")
    gap = page.locator(".lane-said .gap").bounding_box()
    strip = page.locator(".strip-body").bounding_box()
    assert (gap["x"] - strip["x"]) / strip["width"] == pytest.approx(0.5, abs=0.01)
    assert page.locator(".line").count() > 3000
    began = time.perf_counter()
    longest_ms = page.evaluate("""async () => {
      const list = document.querySelectorAll('.side .scroller')[1];
      let longest = 0, before = performance.now();
      for (let i = 0; i < 60; i++) {
        list.scrollTop = i * list.scrollHeight / 60;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        longest = Math.max(longest, now - before);
        before = now;
      }
      return longest;
    }""")
    assert time.perf_counter() - began < 10
    assert longest_ms < 400
    page.locator(".contents-panel").wait_for(state="hidden")
    page.locator(".segments input[value=chapters]").check()
    page.locator(".contents button", has_text="Part 10").click()
    assert page.locator(".strip").get_attribute("aria-valuenow") == "5400"


def test_pictures_and_sounds_have_pages_of_their_own(
    browse: Callable[..., Any], server: Server, ids: dict[str, str]
) -> None:
    page = browse(f"{server.url}m/{ids['tone']}")
    until(page, READY)
    assert page.evaluate("document.querySelector('#player').tagName") == "AUDIO"
    assert page.evaluate("document.querySelector('#player').duration") == pytest.approx(4.0, abs=0.1)
    picture = next(media for title, media in ids.items() if title.startswith("<img"))
    page.goto(f"{server.url}m/{picture}")
    until(page, "document.querySelector('.player img')?.naturalWidth === 1280")
    assert "Hostile slide" in page.locator(".lines").inner_text()
    assert page.locator(".strip").count() == 0
