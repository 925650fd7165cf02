"""What seehear says of a recording is true: nothing is missed or made up, and times are those of the media."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.compare import (
    changes_of,
    compare_changes,
    foreign_clocks,
    median_s,
    overlapping_text,
    start_distances_s,
    written_changes,
)
from bench.lecture_questions import load_questions
from bench.timecode import RATE_FPS, clock_distances

from seehear.library import Library
from seehear.media.slides import slides
from seehear.spans import Span, clock
from seehear.values import SamplePoint
from tests.conftest import rendered

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
TIMECODE = DATA / "videos" / "auto_editor_example_speech_timecode.mp4"
TALK = DATA / "videos" / "laion400m_talk.mp4"
NO_SPEECH = DATA / "videos" / "nospeech_big_buck_bunny_small.mp4"
ONE_CHANGE = DATA / "scenes" / "opencast" / "scene-change.mov"
RIGHT_OF_20 = 18


def needed(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(f"{path.name} is not in ../shared/data")
    return path


def truth_of(film: Path) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads(film.with_suffix(".json").read_text(encoding="utf-8"))
    return truth


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, small_weights: None) -> Iterator[Library]:
    """A library for real recordings, captions left aside."""
    with Library(tmp_path_factory.mktemp("real"), captions="never", answer="extractive") as library:
        yield library


# ---- real recordings ----------------------------------------------------------------------------------------------


def test_slides_of_a_real_lecture_change_exactly_once_where_its_publisher_says() -> None:
    first, second = slides(needed(ONE_CHANGE))
    assert first.span.start_s == 0.0
    assert second.span.start_s == pytest.approx(12.0, abs=0.1)


def test_printed_times_are_those_that_stand_on_the_picture(real: Library) -> None:
    from seehear.backends.registry import open_reader

    starts = [event.span.start_s for event in real.timeline(needed(TIMECODE)).events]
    reader = open_reader()
    # The clock stands at the bottom of the picture.
    for time_s, off_s in clock_distances(TIMECODE, [*starts, 20.0, 41.9], lambda rgb: reader.read(rgb[500:])):
        assert off_s is not None, f"no clock was read at {time_s} s"
        assert -0.001 <= off_s <= 1 / RATE_FPS + 0.001
        assert clock(time_s) == clock(time_s - off_s)


def test_a_running_clock_is_no_new_slide(real: Library) -> None:
    assert [event.span.start_s for event in real.timeline(needed(TIMECODE)).of_kind("visual")] == [0.0]


def test_a_word_after_a_long_silence_is_heard_when_it_is_said_and_nothing_before(real: Library) -> None:
    timeline = real.timeline(needed(TIMECODE))
    assert overlapping_text(timeline, Span(17.6, 39.7)) == ""
    last = list(timeline.of_kind("transcript"))[-1]
    assert "banana" in last.text.casefold()
    assert last.span.start_s == pytest.approx(40.0, abs=0.5)


def test_nothing_is_heard_where_nobody_speaks(real: Library) -> None:
    assert not list(real.timeline(needed(NO_SPEECH)).of_kind("transcript"))


DECK = """\
# Names

A name stands for a value.

## Adding up

Two values make a third.

- Values are added

The order does not matter.

- In any order

Let us write it down.

```python
a = 2
b = 3
print(a + b)
```

It is soon done. The third line adds them up, and shows the sum on the screen for everybody to see.

```output
5
```

So it prints five.

## The end

- Names stand for values

That was all.
"""


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bullets that come one by one, code that is typed and what it prints: small changes, half a minute."""
    return rendered(DECK, tmp_path_factory.mktemp("deck") / "deck.mp4")


# ---- a lecture whose every time is known --------------------------------------------------------------------------


@pytest.mark.parametrize("film", ["lesson", "deck"])
def test_every_slide_build_and_piece_of_code_is_found_and_nothing_else(
    film: str, request: pytest.FixtureRequest
) -> None:
    path: Path = request.getfixturevalue(film)
    compared = compare_changes(changes_of(truth_of(path)), slides(path))
    assert not compared.missed and not compared.false_s, compared.tell()
    assert compared.worst_s <= 0.5


def test_whatever_comes_on_screen_is_on_the_timeline_from_then_on(lesson: Path, indexed_home: Path) -> None:
    with Library(indexed_home) as library:
        timeline = library.timeline(lesson)
    for build in (build for slide in truth_of(lesson)["slides"] for build in slide["builds"]):
        shown = timeline.screen_at(build["end_s"] + 0.6)
        assert shown is not None
        words = build["text"].split()
        assert sum(word in shown.screen for word in words) >= 0.7 * len(words), (build, shown.screen)


def test_sentences_start_when_they_are_said(lesson: Path, indexed_home: Path) -> None:
    with Library(indexed_home) as library:
        heard = [event.span.start_s for event in library.timeline(lesson).of_kind("transcript")]
    said = [sentence["start_s"] for sentence in truth_of(lesson)["sentences"]]
    assert median_s(start_distances_s(said, heard)) <= 0.25
    assert len(heard) <= 2 * len(said)


def test_an_answer_prints_no_time_that_is_not_on_the_timeline(lesson: Path, indexed_home: Path) -> None:
    with Library(indexed_home, answer="extractive") as library:
        timeline = library.timeline(lesson)
        for question in ("when are functions explained?", "What do loops do?", "list the topics", "who was Napoleon?"):
            assert not foreign_clocks(library.ask(question, media=[lesson]), [timeline]), question


# ---- the measure itself -------------------------------------------------------------------------------------------


def picture(start_s: float, end_s: float, at_s: float) -> SamplePoint:
    return SamplePoint(at_s, Span(start_s, end_s), "slide")


TRUTH = {
    "duration_s": 30.0,
    "slides": [
        {"start_s": 0.0, "title": "A", "builds": [{"time_s": 5.0, "end_s": 9.0, "kind": "code", "text": "x = 1"}]},
        {"start_s": 20.0, "title": "B", "builds": []},
    ],
}


def test_a_late_an_extra_and_an_unfinished_picture_are_told_apart() -> None:
    changes = changes_of(TRUTH)
    start, typing, end = picture(0, 5, 3), picture(5, 20, 15), picture(20, 30, 25)
    perfect = compare_changes(changes, [start, typing, end])
    assert (len(perfect.found), perfect.missed, perfect.false_s) == (3, (), ())
    while_typing = [picture(5, 7, 6), picture(7, 20, 15)]
    assert not compare_changes(changes, [start, *while_typing, end]).false_s
    unfinished = compare_changes(changes, [start, picture(5, 20, 7), end])
    assert [change.time_s for change in unfinished.missed] == [5.0]
    late = compare_changes(changes, [start, typing, picture(20.6, 30, 25)])
    assert ([c.time_s for c in late.missed], late.false_s) == ([20.0], (20.6,))
    twice = compare_changes(changes, [start, typing, end, picture(20.3, 30, 25)])
    assert twice.false_s == (20.3,)


# ---- everything, on long material ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example lecture, rendered."""
    from seehear.backends.registry import open_speaker
    from seehear.generate.lecture import generate_lecture

    film = tmp_path_factory.mktemp("lecture") / "lecture.mp4"
    generate_lecture(ROOT / "examples" / "lecture" / "script.md", film, speaker=open_speaker())
    return film


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_example_lecture_is_seen_heard_and_answered(lecture: Path, real: Library) -> None:
    truth = truth_of(lecture)
    compared = compare_changes(changes_of(truth), slides(lecture))
    assert not compared.missed and not compared.false_s, compared.tell()
    assert compared.worst_s <= 0.5

    timeline = real.timeline(lecture)
    starts = [event.span.start_s for event in timeline.of_kind("transcript")]
    assert median_s(start_distances_s([s["start_s"] for s in truth["sentences"]], starts)) <= 0.5

    wrong = []
    for question in load_questions(truth):
        answer = real.ask(question.text, media=[lecture])
        assert not foreign_clocks(answer, [timeline]), question.text
        first = bool(answer.moments) and question.is_met_by(answer.moments[0].start_s)
        if not (answer.supported and first if question.answerable else not answer.supported):
            wrong.append(question.text)
    assert len(wrong) <= 20 - RIGHT_OF_20, wrong


@pytest.mark.slow
def test_each_slide_of_a_real_talk_is_found_once() -> None:
    points = list(slides(needed(TALK)))
    written = json.loads((ROOT / "bench" / "truth" / "laion400m_talk.json").read_text(encoding="utf-8"))
    compared = compare_changes(written_changes(written, points[-1].span.end_s), points[1:])
    assert not compared.missed and not compared.false_s, compared.tell()
    assert compared.worst_s <= 0.5
