from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seehear.search.passages import blocks, cut_up
from seehear.search.sentences import sentences
from seehear.spans import Span
from seehear.timeline import Timeline
from seehear.values import Event, Media
from tests.talks import speech, talk


def cues(*rows: tuple[float, float, str]) -> list[Event]:
    return [Event(Span(a, b), "transcript", text, "captions") for a, b, text in rows]


def test_caption_lines_become_sentences_that_start_where_a_line_starts() -> None:
    events = cues((1, 3, "Let's take a look at"), (3, 5, "tokenization. It splits"), (5, 7, "text into pieces."))
    found = sentences(events)
    assert [text for _, text in found] == ["Let's take a look at tokenization.", "It splits text into pieces."]
    assert [span.start_s for span, _ in found] == [1.0, 3.0]


def test_without_punctuation_pauses_decide() -> None:
    line = "so this is how a long sentence goes on without any mark"
    found = sentences(cues((0, 4, line), (6, 10, line), (10, 14, "and on")))
    assert [span.start_s for span, _ in found] == [0.0, 6.0]


def test_one_full_stop_does_not_make_a_transcript_punctuated() -> None:
    line = "so this is how a long sentence goes on without any mark at all in it"
    events = cues(*((3.0 * i, 3.0 * i + 3, line) for i in range(20)), (60, 61, "Bye."))
    found = sentences(events)
    assert max(len(text.split()) for _, text in found) <= 35


def test_abbreviations_and_decimals_do_not_end_a_sentence() -> None:
    found = sentences(cues((0, 5, "Use e.g. NumPy 2.0 or Dr. Smith's tool. Then stop.")))
    assert [text for _, text in found] == ["Use e.g. NumPy 2.0 or Dr. Smith's tool.", "Then stop."]


@pytest.mark.parametrize(
    "lines",
    [
        ("我们今天讲递归。", "递归就是函数调用自己。", "下面看一个例子。"),
        ("今日は再帰です。", "関数が自分を呼びます。」", "例を見ましょう！"),
    ],
)
def test_a_sentence_of_chinese_or_japanese_starts_with_its_own_line(lines: tuple[str, ...]) -> None:
    found = sentences(cues(*((4.0 * i, 4.0 * i + 4, line) for i, line in enumerate(lines))))
    assert [(span, text) for span, text in found] == [(Span(4.0 * i, 4.0 * i + 4), t) for i, t in enumerate(lines)]


def test_sentences_of_chinese_within_one_line_are_still_parted() -> None:
    assert [text for _, text in sentences(cues((0, 8, "我们今天讲递归。“好。”下面看例子。")))] == [
        "我们今天讲递归。", "“好。”下面看例子。",
    ]  # fmt: skip


def test_tags_and_sounds_are_not_speech() -> None:
    found = sentences(cues((0, 2, "(air whooshing)"), (2, 4, "<i>Hello</i> there."), (5, 6, "[Music]")))
    assert [text for _, text in found] == ["Hello there."]


def test_a_passage_holds_what_was_said_and_what_was_on_screen() -> None:
    made = cut_up(talk())
    passage = next(p for p in made.passages if "named piece of work" in p.said)
    assert "def fib(n):" in passage.shown
    assert "Functions" in passage.title
    assert passage.title.startswith("bees")


def test_every_unit_is_in_a_passage_and_every_passage_is_short() -> None:
    made = cut_up(speech("long", [(5.0 * i, f"This is sentence number {i} of the talk.") for i in range(200)]))
    assert {i for members in made.members for i in members} == set(range(len(made.units)))
    assert all(p.span.duration_s <= 65 for p in made.passages)
    assert all(a.span.start_s <= b.span.start_s for a, b in zip(made.passages, made.passages[1:], strict=False))


def test_pictures_without_speech_are_passages_too() -> None:
    shown = [Event(Span(10.0 * i, 10.0 * i + 10), "visual", f"Slide {i}", "ocr", reason="slide") for i in range(5)]
    made = cut_up(Timeline.build(Media("x", Path("x"), "x", "video", 50.0, 0), shown))
    assert "Slide 4" in " ".join(p.shown for p in made.passages)
    assert cut_up(Timeline.build(Media("x", Path("x"), "x", "video", 50.0, 0), [])).passages == ()


def test_long_screens_are_cut_at_line_ends_and_lose_nothing() -> None:
    text = "\n".join(f"    line {i} with some words" for i in range(40))
    event = Event(Span(0, 1), "visual", text, "ocr")
    assert "\n".join(blocks(event)) == text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 8), st.text(max_size=80)), max_size=30))
def test_whatever_the_captions_hold_each_sentence_starts_at_an_event(rows: list[tuple[float, float, str]]) -> None:
    at, events = 0.0, []
    for gap, long, text in rows:
        at += gap
        events.append(Event(Span(at, at + long), "transcript", text, "captions"))
        at += long
    starts = {event.span.start_s for event in events}
    assert all(span.start_s in starts for span, _ in sentences(events))
