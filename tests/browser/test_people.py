"""Everybody can use it: by keyboard, with a screen reader, on a phone, in the dark; and nobody can misuse it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import HOSTILE, Server, ask, serving, time_of, until

pytestmark = pytest.mark.browser
READY = "document.querySelector('#player')?.readyState >= 1"


def test_everything_is_done_with_the_keyboard_alone(browse: Callable[..., Any], server: Server) -> None:
    page = browse(server.url)
    page.wait_for_selector(".card h3")
    press = page.keyboard.press
    press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    press("Enter")
    press("?")
    page.wait_for_selector("dialog[open] h2:has-text('Keys')")
    press("Escape")
    page.wait_for_selector("dialog", state="detached")
    press("/")
    page.keyboard.type("named piece of work")
    page.wait_for_selector(".hit")
    press("ArrowDown")
    press("Enter")
    until(page, READY)
    start_s = time_of(page)
    press("ArrowRight")
    assert time_of(page) == pytest.approx(start_s + 5, abs=0.2)
    press("ArrowLeft")
    assert time_of(page) == pytest.approx(start_s, abs=0.2)
    press(" ")
    until(page, "!document.querySelector('#player').paused")
    press(" ")
    until(page, "document.querySelector('#player').paused")
    press("j")
    assert time_of(page) > start_s
    press("a")
    page.keyboard.type("what does a loop do?")
    press("Enter")
    page.wait_for_selector(".turn .answer:not(.waiting) .chip", timeout=100_000)
    for _ in range(12):
        press("Tab")
        if page.evaluate("document.activeElement.classList.contains('chip')"):
            break
    wanted_s = float(page.evaluate("document.activeElement.dataset.time"))
    press("Enter")
    assert time_of(page) == pytest.approx(wanted_s, abs=0.5)
    press("e")
    page.wait_for_selector(".correcting textarea:focus")
    press("Escape")
    page.wait_for_selector(".correcting", state="detached")
    assert page.evaluate("document.activeElement.classList.contains('correct')"), "focus comes back"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browse: Callable[..., Any], server: Server, lesson_url: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    def check(page: Any, where: str) -> None:
        # Colours that are still fading in would be measured half-way.
        page.wait_for_timeout(350)
        found = Axe().run(page).response["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        told = [
            (one["id"], [(n["target"], n.get("failureSummary", "")[:200]) for n in one["nodes"][:3]]) for one in serious
        ]
        assert not told, f"{where}: {told}"

    page = browse(server.url, color_scheme=scheme)
    page.wait_for_selector(".card h3")
    page.click("#add")
    check(page, "library")
    page.fill("#search", "function")
    page.wait_for_selector(".hit")
    check(page, "search")
    page.goto(lesson_url)
    until(page, READY)
    ask(page, "what is a function?")
    page.locator(".chip").first.click()
    check(page, "answer")
    page.keyboard.press("?")
    check(page, "help")
    page.keyboard.press("Escape")
    page.click(".scope")
    page.wait_for_selector("dialog[open]")
    check(page, "scope")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 360, "height": 740})
    check(page, "phone")


def test_nothing_hostile_on_a_slide_in_a_name_or_a_question_is_executed(
    browse: Callable[..., Any], server: Server, ids: dict[str, str]
) -> None:
    page = browse(server.url)
    page.wait_for_selector(".card h3")
    title = next(title for title in ids if title.startswith("<img"))
    assert title in page.locator(".cards").inner_text()
    page.fill("#search", "hostile slide")
    page.wait_for_selector(".hit:has-text('alert')")
    page.goto(f"{server.url}m/{ids[title]}")
    page.wait_for_selector(".line:has-text('onerror')")
    ask(page, f"{HOSTILE} what does the slide say?")
    ask(page, "what stands on the hostile slide?")
    assert page.locator("h1").inner_text() == title
    assert "<img src=x" in page.locator(".turn .question").last.inner_text()
    assert page.locator("img[onerror], img[src=x], #view script").count() == 0
    assert page.title() == f"{title} · seehear"


@pytest.mark.parametrize("width", [360, 768])
def test_nothing_is_cut_off_on_a_phone(
    browse: Callable[..., Any], server: Server, lesson_url: str, width: int, tmp_path: Path
) -> None:
    page = browse(server.url, viewport={"width": width, "height": 740}, is_mobile=True, has_touch=True)
    page.wait_for_selector(".card h3")
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) == width
    question = page.locator(".composer textarea")
    assert question.evaluate("box => box.scrollHeight <= box.clientHeight"), "what may be asked is on one line"
    page.goto(f"{lesson_url}#t=10")
    until(page, READY)
    assert page.evaluate(wide) == width
    page.wait_for_selector(".composer textarea", state="visible")
    page.locator(".panes input[value=side]").check()
    page.wait_for_selector(".line.now", state="visible")
    assert page.evaluate(wide) == width
    tapped = ".title-row button, .title-row summary, .panes label, .bar button"
    small = page.evaluate(
        """(tapped) => [...document.querySelectorAll(tapped)].filter(n => n.offsetParent)
        .map(n => Math.round(n.getBoundingClientRect().height)).filter(h => h < 36)""",
        tapped,
    )
    assert small == [], "what is tapped is large enough"
    page.screenshot(path=tmp_path / "phone.png")
    assert (tmp_path / "phone.png").stat().st_size > 10_000


def test_less_movement_is_respected(browse: Callable[..., Any], server: Server) -> None:
    page = browse(server.url, reduced_motion="reduce")
    page.wait_for_selector(".card h3")
    assert page.locator("#add").evaluate("n => parseFloat(getComputedStyle(n).transitionDuration)") < 0.001


def test_a_locked_library_asks_for_its_token(browse: Callable[..., Any], tmp_path: Path) -> None:
    token = "a long secret of the tests"
    with serving(tmp_path / "home", "--token", token) as server:
        page = browse(server.url.split("?")[0])
        page.wait_for_selector("h1:has-text('locked')")
        assert page.evaluate("document.activeElement.id") == "token"
        page.keyboard.type("not the token at all")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=This is not the token.")
        page.fill("#token", token)
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:has-text('Ask your videos')")
        assert token not in page.url
        page.reload()
        page.wait_for_selector("h1:has-text('Ask your videos')")
        assert re.fullmatch(r"http://[^?]+", page.url)
