"""The timeline is the lasting contract: it merges by time, prints, and survives being written down."""

import json
from pathlib import Path

import pytest

from seehear.errors import InputError, LibraryVersionError
from seehear.notes import to_markdown
from seehear.spans import Span
from seehear.timeline import Timeline
from seehear.values import Chapter, Event, Gap, Media, Word


def said(start_s: float, text: str, end_s: float | None = None) -> Event:
    return Event(
        Span(start_s, end_s or start_s + 2),
        "transcript",
        text,
        "whisper:base",
        (Word(Span(start_s, start_s + 1), "w"),),
    )


def shown(start_s: float, text: str, *, title: str = "", reason: str = "slide", end_s: float | None = None) -> Event:
    return Event(
        Span(start_s, end_s or start_s + 10), "visual", text, "ppocr", title=title, screen=text,
        frame="000.jpg", reason=reason,
    )  # fmt: skip


@pytest.fixture
def timeline() -> Timeline:
    media = Media("ab" * 32, Path("talk.mp4"), "talk", "video", 40.0, 1000, True, True, 1280, 720)
    events = [
        said(12, "A function has a name."),
        shown(10, "Functions", title="Functions"),
        said(0.5, "Welcome."),
        shown(0, "Hello"),
    ]
    return Timeline.build(media, events, [Gap(Span(30, 40), "decode", "the picture could not be decoded")])


def test_lines_stand_in_order_of_time_and_tell_what_was_seen_and_heard(timeline: Timeline) -> None:
    assert timeline.to_text().splitlines() == [
        "[0:00] visual: Hello",
        "[0:00] transcript: Welcome.",
        "[0:10] visual: Functions",
        "[0:12] transcript: A function has a name.",
    ]


def test_a_line_break_in_an_event_does_not_break_its_line() -> None:
    assert shown(0, "def f():\n    return 1").line == "[0:00] visual: def f(): return 1"


def test_what_was_written_down_is_read_back_whole(timeline: Timeline) -> None:
    assert Timeline.from_json(timeline.to_json()) == timeline


def test_the_json_has_the_documented_shape(timeline: Timeline) -> None:
    data = json.loads(timeline.to_json())
    assert data["version"] == 1
    assert {"id", "title", "duration_s"} <= set(data["media"])
    assert {"start_s", "end_s", "kind", "text", "via"} <= set(data["events"][0])
    assert data["gaps"] == [
        {"start_s": 30, "end_s": 40, "stage": "decode", "reason": "the picture could not be decoded"}
    ]


def test_a_timeline_of_a_newer_seehear_is_refused_by_name(timeline: Timeline) -> None:
    newer = timeline.to_json().replace('"version": 1', '"version": 99')
    with pytest.raises(LibraryVersionError, match="99"):
        Timeline.from_json(newer)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1}', "null", '{"version": "x"}'])
def test_what_is_no_timeline_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a seehear timeline"):
        Timeline.from_json(text)


def test_the_screen_at_a_time_is_the_one_that_stood_there(timeline: Timeline) -> None:
    found = timeline.screen_at(12.0)
    assert found is not None
    assert found.text == "Functions"
    assert timeline.screen_at(35.0) is None


def test_notes_have_a_section_per_slide_with_picture_and_speech(timeline: Timeline) -> None:
    notes = to_markdown(timeline, [Chapter(Span(0, 10), "Opening")], picture=lambda name: f"pictures/{name}")
    assert "# talk" in notes
    assert "## Opening [0:00]" in notes
    assert "### Functions [0:10]" in notes
    assert "![Functions](pictures/000.jpg)" in notes
    assert "**[0:12]** A function has a name." in notes
    assert notes.index("Welcome.") < notes.index("### Functions")


def outline_of(notes: str) -> list[str]:
    """The headings and paragraphs of notes, without pictures and code."""
    return [block for block in notes.strip().split("\n\n")[2:] if block.startswith(("#", "**"))]


def test_every_slide_and_sentence_of_the_notes_stands_under_its_chapter(timeline: Timeline) -> None:
    # Files round the times of their chapters, so that these begin just before a slide, or just after.
    for rounded_s in (9.98, 10.0, 10.02):
        chapters = [Chapter(Span(rounded_s, 40), "Naming"), Chapter(Span(0, rounded_s), "Opening")]
        assert outline_of(to_markdown(timeline, chapters, picture=None)) == [
            "## Opening [0:00]", "### On screen [0:00]", "**[0:00]** Welcome.",
            f"## Naming [0:{int(rounded_s):02d}]", "### Functions [0:10]", "**[0:12]** A function has a name.",
        ]  # fmt: skip


def test_a_slide_that_opens_a_chapter_of_its_own_name_is_headed_once(timeline: Timeline) -> None:
    for rounded_s in (9.98, 10.0, 10.02):
        chapters = [Chapter(Span(0, rounded_s), "Opening"), Chapter(Span(rounded_s, 40), "Functions")]
        assert outline_of(to_markdown(timeline, chapters, picture=None)) == [
            "## Opening [0:00]", "### On screen [0:00]", "**[0:00]** Welcome.",
            f"## Functions [0:{int(rounded_s):02d}]", "**[0:12]** A function has a name.",
        ]  # fmt: skip


def test_notes_without_slides_have_the_words_of_each_chapter_under_it() -> None:
    media = Media("ab" * 32, Path("talk.srt"), "talk", "captions", 40.0, 1000)
    spoken = Timeline.build(media, [said(0.5, "Welcome."), said(12, "A function has a name."), said(30, "Goodbye.")])
    chapters = [Chapter(Span(0, 10), "Opening"), Chapter(Span(10, 30), "Naming"), Chapter(Span(30, 40), "End")]
    assert outline_of(to_markdown(spoken, chapters, picture=None)) == [
        "## Opening [0:00]", "**[0:00]** Welcome.", "## Naming [0:10]", "**[0:12]** A function has a name.",
        "## End [0:30]", "**[0:30]** Goodbye.",
    ]  # fmt: skip


def test_notes_of_a_talk_without_slides_or_chapters_are_its_words() -> None:
    media = Media("ab" * 32, Path("talk.srt"), "talk", "captions", 40.0, 1000)
    notes = to_markdown(Timeline.build(media, [said(0.5, "Welcome."), said(30, "Goodbye.")]), picture=None)
    assert notes == "# talk\n\n*0:40*\n\n**[0:00]** Welcome.\n\n**[0:30]** Goodbye.\n"
    assert to_markdown(Timeline.build(media, []), picture=None) == "# talk\n\n*0:40*\n"


def test_a_chapter_may_begin_while_one_slide_stays() -> None:
    media = Media("ab" * 32, Path("talk.mp4"), "talk", "video", 60.0, 1000, True, True)
    events = [shown(0, "Agenda", title="Agenda", end_s=60), said(1, "Hello."), said(31, "Questions?")]
    chapters = [Chapter(Span(0, 30), "Talk"), Chapter(Span(30, 60), "Discussion")]
    assert outline_of(to_markdown(Timeline.build(media, events), chapters, picture=None)) == [
        "## Talk [0:00]", "### Agenda [0:00]", "**[0:01]** Hello.", "## Discussion [0:30]", "**[0:31]** Questions?",
    ]  # fmt: skip


def test_builds_of_one_slide_are_one_section_with_its_last_state() -> None:
    media = Media("cd" * 32, Path("t.mp4"), "t", "video", 30.0, 1, True)
    events = [
        shown(0, "Loops\n- for", title="Loops"),
        shown(10, "Loops\n- for\n- while", title="Loops", reason="build"),
    ]
    notes = to_markdown(Timeline.build(media, events), picture=None)
    assert notes.count("### Loops") == 1
    assert "- while" in notes


def test_text_from_a_video_is_neither_markup_nor_html_in_the_notes() -> None:
    media = Media("ef" * 32, Path("t.mp4"), "<b>t</b>", "video", 30.0, 1, True)
    events = [
        shown(0, "```\n<script>alert(1)</script>", title="[x](javascript:1) <img src=x>"),
        said(1, "<script>alert(2)</script> [link](http://x)"),
    ]
    notes = to_markdown(Timeline.build(media, events), picture=None)
    outside_code = notes.split("````text")[0] + notes.split("````")[-1]
    assert "<" not in outside_code.replace("&lt;", "")
    assert "[x](" not in outside_code
    assert "[link](" not in outside_code
