"""What people do most: add a recording, watch it being indexed, ask, press a time."""

import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.conftest import Server, ask, serving, time_of, until

pytestmark = pytest.mark.browser


@pytest.mark.timeout(170)
def test_a_person_adds_a_lesson_reloads_meanwhile_asks_and_presses_a_time(
    browse: Callable[..., Any], lesson: Path, small_weights: None, tmp_path: Path
) -> None:
    with serving(tmp_path / "home") as server:
        page = browse(server.url)
        page.wait_for_selector("h1:has-text('Ask your videos')")
        page.set_input_files("#file-input", lesson)
        # What the server works on outlives the page; what is still being sent is another test's.
        page.wait_for_selector(".job[data-state=running]:has-text('lesson')")
        page.reload()
        page.wait_for_selector(".job:has-text('lesson')")
        page.wait_for_selector(".job[data-state=running] .meter[aria-valuenow]", timeout=60_000)
        page.wait_for_selector(".job[data-state=done]", timeout=140_000)
        page.wait_for_selector(".card:has-text('lesson') img")
        page.click(".job-title a")
        page.wait_for_selector("#player")
        until(page, "document.querySelector('#player').readyState >= 1")

        turn = ask(page, "when are functions explained?")
        chip = turn.locator(".prose .chip").first
        wanted_s = float(chip.get_attribute("data-time"))
        began = time.perf_counter()
        chip.click()
        until(
            page,
            "(t) => ((p) => !p.seeking && Math.abs(p.currentTime - t) < 0.5)(document.querySelector('#player'))",
            wanted_s,
            timeout_s=5,
        )
        assert time.perf_counter() - began < 0.5
        assert "unction" in page.locator(".line.rests").first.inner_text()
        assert page.locator(".band.active").count() >= 1
        assert page.evaluate("[...CSS.highlights.get('evidence')].join(' ')").lower().count("function") >= 1


@pytest.mark.timeout(120)
def test_captions_dropped_with_their_recording_or_after_it_are_what_is_said_in_it(
    browse: Callable[..., Any], tmp_path: Path
) -> None:
    sound, plain = tmp_path / "talk.wav", tmp_path / "other.srt"
    with wave.open(str(sound), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8_000)
        out.writeframes(bytes(2 * 8_000 * 30))
    for topic in ("giraffes", "bees", "wasps"):
        cue = f"1\n00:00:01,000 --> 00:00:04,000\nThis is about {topic}.\n"
        (tmp_path / topic).mkdir()
        (tmp_path / topic / "talk.en.srt").write_text(cue)
        plain.write_text(cue)
    with serving(tmp_path / "home") as server:
        page = browse(server.url)
        page.wait_for_selector("h1:has-text('Ask your videos')")

        def said() -> str:
            return str(httpx.get(f"{server.url}api/v1/media/talk/timeline?format=text", trust_env=False).text)

        page.set_input_files("#file-input", [sound, tmp_path / "giraffes" / "talk.en.srt"])
        page.wait_for_selector(".toast:has-text('talk.en.srt is taken as the captions of talk.wav')")
        page.wait_for_selector(".job[data-state=done]:has-text('talk')", timeout=60_000)
        assert "giraffes" in said()
        page.wait_for_selector(".card:has-text('talk')")
        page.click("#add")
        page.set_input_files("#file-input", tmp_path / "bees" / "talk.en.srt")
        page.wait_for_selector(".toast:has-text('captions of talk, which is looked through anew')")
        until(page, "document.querySelectorAll('.job[data-state=done]').length === 2", timeout_s=60)
        assert "bees" in said()
        page.set_input_files("#file-input", plain)
        page.wait_for_selector(".toast:has-text('other.srt is added by itself')")
        page.wait_for_selector(".card:has-text('other')", timeout=60_000)


def test_every_time_of_an_answer_can_be_pressed_and_a_follow_up_carries_what_was_before(
    browse: Callable[..., Any], lesson_url: str
) -> None:
    page = browse(lesson_url)
    turn = ask(page, "List the topics, with times")
    text, chips = turn.locator(".prose").inner_text(), turn.locator(".prose .chip").all_inner_texts()
    assert len(chips) >= 2
    assert "[" not in text, "each time in brackets became something to press"
    with page.expect_request("**/api/v1/ask") as sent:
        ask(page, "and what is said about bananas?")
    history = sent.value.post_data_json["history"]
    assert [one["question"] for one in history] == ["List the topics, with times"]
    assert history[0]["answer"]
    page.reload()
    page.wait_for_selector(".turn")
    assert page.locator(".turn").count() == 2, "the conversation survives a reload"


def test_what_is_not_in_the_recording_looks_different_from_an_answer(
    browse: Callable[..., Any], lesson_url: str
) -> None:
    page = browse(lesson_url)
    ask(page, "Who won the football world cup in 1990?")
    assert page.locator(".answer.absent .verdict").inner_text() == "Not in this recording"
    assert page.locator(".answer.absent").evaluate("node => getComputedStyle(node).borderStyle") == "dashed"
    assert page.locator(".band").count() == 0


def test_a_chosen_set_is_asked_and_a_time_leads_to_its_recording_with_the_conversation(
    browse: Callable[..., Any], server: Server, ids: dict[str, str]
) -> None:
    page = browse(server.url)
    page.wait_for_selector(".card h3")
    for title in ("lesson", "tone"):
        page.locator(f".card:has(h3:has-text('{title}')) .choose input").check(force=True)
    page.wait_for_selector(".scope:has-text('2 recordings')")
    with page.expect_request("**/api/v1/ask") as sent:
        turn = ask(page, "what is a function?")
    assert sorted(sent.value.post_data_json["media"]) == sorted([ids["lesson"], ids["tone"]])
    chip = turn.locator(".prose .chip, .proof .chip").first
    wanted_s = float(chip.get_attribute("data-time"))
    chip.click()
    page.wait_for_url(f"**/m/{ids['lesson']}#t=*")
    until(page, "document.querySelector('#player')?.readyState >= 1")
    assert abs(time_of(page) - wanted_s) < 0.5
    assert page.locator(".turn .question").inner_text() == "what is a function?"
    assert "2 recordings" in page.locator(".scope").inner_text()


def test_what_is_asked_is_chosen_with_the_keyboard_and_none_is_not_all(
    browse: Callable[..., Any], lesson_url: str, ids: dict[str, str]
) -> None:
    page = browse(lesson_url)
    page.click(".scope")
    take = page.locator(".scope-dialog button.primary")
    page.locator(".scope-dialog .choices label:has-text('lesson') input").uncheck()
    assert take.is_disabled(), "no recording is not the whole library"
    page.locator(".scope-dialog .choices label:has-text('tone') input").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_selector(".scope:has-text('One recording')")
    with page.expect_request("**/api/v1/ask") as sent:
        ask(page, "what is a function?")
    assert sent.value.post_data_json["media"] == [ids["tone"]]


def test_searching_as_one_types_finds_what_was_said_and_shown(browse: Callable[..., Any], server: Server) -> None:
    page = browse(server.url)
    page.wait_for_selector(".card h3")
    page.locator("#search").press_sequentially("potassium", delay=25)
    page.wait_for_selector(".hit:has-text('Bananas')")
    assert page.locator(".hit mark").first.inner_text().lower() == "potassium"
    assert page.url.endswith("?q=potassium")
    page.locator(".segments input[value=shown]").check()
    page.wait_for_selector(".hit-group h2, #found")
    page.locator(".segments input[value=said]").check()
    page.locator(".hit:has-text('Bananas')").first.click()
    page.wait_for_url("**/m/*#t=*")
    page.go_back()
    page.wait_for_selector(".hit:has-text('Bananas')")


def test_a_search_says_when_nothing_is_about_it(browse: Callable[..., Any], server: Server) -> None:
    page = browse(server.url)
    page.wait_for_selector(".card h3")
    page.fill("#search", "photosynthesis")
    page.wait_for_selector("text=Nothing seems to be about “photosynthesis”. The nearest:")
    page.wait_for_selector(".hit")
    page.fill("#search", "potass")
    # A word that is half typed is no verdict.
    page.wait_for_selector("text=Nothing seems to be about", state="detached")
    page.wait_for_selector(".hit:has-text('Bananas')")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_search_longer_than_any_is_cut_and_not_refused(browse: Callable[..., Any], server: Server) -> None:
    page = browse(f"{server.url}?q={'function ' * 200}")
    page.wait_for_selector(".hit")
    assert len(page.input_value("#search")) == 500
    assert page.locator(".toast").count() == 0


def test_who_comes_back_goes_on_where_they_were(browse: Callable[..., Any], server: Server) -> None:
    page = browse(f"{server.url}?q=function", viewport={"width": 360, "height": 300})
    page.wait_for_selector(".hit")
    last = page.locator(".hit").last
    last.scroll_into_view_if_needed()
    assert page.evaluate("scrollY") > 0
    last.click()
    page.wait_for_selector(".line", state="attached")
    page.go_back()
    last.wait_for()
    box = "[...document.querySelectorAll('.hit')].at(-1).getBoundingClientRect()"
    until(page, f"{box}.top > 0 && {box}.top < innerHeight")


def test_what_another_tab_removed_is_not_asked_any_more(
    browse: Callable[..., Any], server: Server, ids: dict[str, str]
) -> None:
    page = browse(server.url)
    raw = b"1\n00:00:00,000 --> 00:00:02,000\nSoon forgotten.\n"
    begun = page.request.post(
        f"{server.url}api/v1/uploads", data={"name": "fleeting.srt", "size_bytes": len(raw)}
    ).json()["url"]
    page.request.patch(f"{server.url.rstrip('/')}{begun}", data=raw, headers={"Upload-Offset": "0"})
    for title in ("fleeting", "lesson"):
        page.locator(f".card:has(h3:has-text('{title}')) .choose input").check(force=True, timeout=60_000)
    page.wait_for_selector(".scope:has-text('2 recordings')")
    gone = page.locator(".card a:has-text('fleeting')").get_attribute("href").removeprefix("/m/")
    assert page.request.delete(f"{server.url}api/v1/media/{gone}").status == 204
    page.wait_for_selector(".scope:has-text('One recording')")
    with page.expect_request("**/api/v1/ask") as sent:
        ask(page, "what is a function?")
    assert sent.value.post_data_json["media"] == [ids["lesson"]]


def test_the_example_lecture_is_added_and_its_functions_are_found(
    browse: Callable[..., Any], small_weights: None, tmp_path: Path
) -> None:
    from seehear.backends.registry import open_speaker
    from seehear.generate.lecture import generate_lecture

    script = Path(__file__).parents[2] / "examples" / "lecture" / "script.md"
    generate_lecture(script, tmp_path / "lecture.mp4", speaker=open_speaker())
    with serving(tmp_path / "home") as server:
        page = browse(server.url)
        page.set_input_files("#file-input", tmp_path / "lecture.mp4")
        page.wait_for_selector(".job[data-state=done]", timeout=600_000)
        page.click(".job-title a")
        turn = ask(page, "when are functions explained?")
        chip = turn.locator(".prose .chip").first
        chip.click()
        assert abs(time_of(page) - float(chip.get_attribute("data-time"))) < 0.5
        assert "unction" in page.locator(".line.rests").first.inner_text()
