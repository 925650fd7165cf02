"""Questions over several recordings: each time names its recording, and comparing says what it rests on."""

import re
from collections.abc import Callable

import pytest

from seehear.answer import ask
from seehear.answer.recordings import read_title
from seehear.answer.ways.across import read_across
from seehear.backends.protocols import Embedder
from seehear.store import Store
from tests.answer.conftest import assert_true
from tests.talks import speech, talk

GARDEN = [
    (0.0, "Welcome to the garden, where roses need water every day."),
    (5.0, "Bees dance in the garden near the flowers, as you know from the talk about them."),
    (10.0, "Cut roses back in spring so that they grow again."),
]
PROGRAMS = [
    (0.0, "Recursion is when a function calls itself with a smaller problem."),
    (5.0, "Every recursion needs a base case, or it would never end."),
    (10.0, "A recursive function is often shorter than a loop."),
    (15.0, "We will write a recursive factorial together."),
]


def test_the_recording_that_treats_it_best_comes_first(library: Callable[..., Store], minilm: Embedder) -> None:
    recordings = (talk(), speech("garden", GARDEN), speech("programs", PROGRAMS))
    answer = ask("which lecture explains recursion best?", store=library(*recordings), embedder=minilm)
    assert answer.text.startswith("“recursion” is treated best in “programs”"), answer.text
    lines = re.findall(r"^- (\w+) \[\d+:\d\d\].*\(.* in all\)$|^- (\w+) \[", answer.text, re.MULTILINE)
    assert [a or b for a, b in lines] == ["programs", "bees"]
    assert "garden" not in answer.text
    assert_true(answer, *recordings)


def test_the_recordings_that_name_it_are_counted(library: Callable[..., Store], minilm: Embedder) -> None:
    recordings = (talk(), speech("garden", GARDEN))
    answer = ask("which recordings mention bees?", store=library(*recordings), embedder=minilm)
    assert "(bees [0:00], [0:14])" in answer.text
    assert "(garden [0:05])" in answer.text


def test_what_each_recording_says_is_set_side_by_side(library: Callable[..., Store], minilm: Embedder) -> None:
    recordings = (talk(), speech("garden", GARDEN))
    question = "compare what the lectures say about the dance of bees"
    answer = ask(question, store=library(*recordings), embedder=minilm)
    assert "comes up in 2 of 2 recordings" in answer.text
    assert_true(answer, *recordings)


def test_what_no_recording_holds_is_refused(library: Callable[..., Store], minilm: Embedder) -> None:
    store = library(talk(), speech("garden", GARDEN))
    answer = ask("which lecture explains quantum entanglement best?", store=store, embedder=minilm)
    assert not answer.supported


def test_a_time_names_its_recording_also_when_all_are_from_one(library: Callable[..., Store], minilm: Embedder) -> None:
    store = library(talk(), speech("garden", GARDEN))
    answer = ask("when is the angle of the dance mentioned?", store=store, embedder=minilm)
    assert "(bees [0:22])" in answer.text


def test_a_title_cannot_pass_for_a_time(library: Callable[..., Store], minilm: Embedder) -> None:
    evil = speech("x[9:99]\x1b[2J", PROGRAMS)
    answer = ask("which lecture explains recursion best?", store=library(evil, talk()), embedder=minilm)
    assert "[9:99]" not in answer.text
    assert "\x1b" not in answer.text


@pytest.mark.parametrize(
    ("question", "how"),
    [
        ("which lecture explains recursion best?", "best"),
        ("in which of the videos is recursion explained?", "best"),
        ("which talks mention bees?", "named"),
        ("what does each lecture say about loops?", "each"),
    ],
)
def test_questions_that_compare_are_told(question: str, how: str) -> None:
    across = read_across(question)
    assert across is not None
    assert across.how == how


@pytest.mark.parametrize("question", ["what is recursion?", "summarise the lecture", "which slide is the last?"])
def test_other_questions_are_left_alone(question: str) -> None:
    assert read_across(question) is None


def test_of_many_recordings_all_are_counted_and_the_best_ones_named(
    library: Callable[..., Store], minilm: Embedder
) -> None:
    recordings = [speech(f"programs{n}", PROGRAMS) for n in range(9)]
    answer = ask("compare what the lectures say about recursion", store=library(*recordings), embedder=minilm)
    assert "comes up in 9 of 9 recordings" in answer.text
    assert answer.text.count("\n- ") == 6
    assert answer.text.endswith("\nAnd in 3 more.")


@pytest.mark.parametrize(
    "question",
    [
        "how long is the waggle dance video?",
        "how long is the video about the waggle dance?",
        "how long is the lecture on dancing?",
    ],
)
def test_a_recording_that_is_called_by_its_title_is_the_one_asked(library: Callable[..., Store], question: str) -> None:
    dance = speech("03_waggle-dance", [(0.0, "Bees dance to tell where the flowers are."), (40.0, "That is it.")])
    store = library(talk(), dance)
    answer = ask(question, store=store)
    assert answer.text == "The recording lasts 0:44."
    assert answer.why is not None
    assert answer.why.steps == ("Asked of what is titled so: 03_waggle-dance.",)
    both = ask("which video is the longest?", store=store)
    assert "of 2 recordings" in both.text


def test_what_no_title_holds_is_asked_of_all(library: Callable[..., Store]) -> None:
    store = library(talk(), speech("03_waggle-dance", [(0.0, "Bees dance to tell where the flowers are.")]))
    for question in ("what does the video about functions say of the base case?", "what is said in the first video?"):
        why = ask(question, store=store).why
        assert why is not None
        assert not any("titled" in step for step in why.steps)


def test_a_summary_of_several_begins_with_a_title(library: Callable[..., Store]) -> None:
    answer = ask("summarise", store=library(talk(), speech("garden", GARDEN)))
    assert answer.text.startswith("bees\n")
    assert "\n\ngarden\n" in answer.text


@pytest.mark.parametrize("titles", [
    ("Lecture 1", "Lecture 2"), ("lec01_bees", "lec02_garden"), ("01 Bees", "02 Garden"), ("Bees (1)", "Garden (2)"),
    ("2026-02-01 lecture-1", "2026-02-08 lecture-2"),
])  # fmt: skip
@pytest.mark.parametrize("question", [
    "what did she say about bees in the second lecture?", "what is said about bees in lecture 2?",
    "in lecture two, what is said about bees?",
])  # fmt: skip
def test_a_recording_is_asked_by_its_number(
    library: Callable[..., Store], minilm: Embedder, titles: tuple[str, str], question: str
) -> None:
    answer = ask(question, store=library(talk(titles[0]), speech(titles[1], GARDEN)), embedder=minilm)
    assert answer.why.steps == (f"Asked of what is titled so: {titles[1]}.",)
    assert "[0:05]" in answer.text


@pytest.mark.parametrize("question", [
    "what is said about bees in the third lecture?", "is it in lecture 1 or lecture 2 that bees dance?",
    "what is said about bees at 2:00?",
])  # fmt: skip
def test_a_number_that_no_recording_has_or_one_of_two_limits_nothing(
    library: Callable[..., Store], minilm: Embedder, question: str
) -> None:
    store = library(talk("Lecture 1"), speech("Lecture 2", GARDEN))
    assert not any("titled" in step for step in ask(question, store=store, embedder=minilm).why.steps)


@pytest.mark.parametrize(("question", "asked"), [
    ("what is said in the first video?", "00_welcome"), ("what is said in video 1?", "01_pipeline"),
    ("what is the first class of the list?", None), ("which unit 1 is meant?", None),
])  # fmt: skip
def test_recordings_that_are_counted_from_zero_have_a_first_one_too(
    library: Callable[..., Store], question: str, asked: str | None
) -> None:
    rows = library(talk("00_welcome"), speech("01_pipeline", GARDEN)).media()
    _, found = read_title(question, rows)
    assert [row.title for row in found] == ([asked] if asked else ["00_welcome", "01_pipeline"])
