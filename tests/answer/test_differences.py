"""Where slides and speech differ: told with both times, and with what the comparison cannot see."""

from collections.abc import Callable

import pytest

from seehear.answer import ask
from seehear.answer.numbers import numbers_of
from seehear.answer.ways.differences import read_differences
from seehear.backends.protocols import Embedder
from seehear.spans import Span
from seehear.store import Store
from seehear.timeline import Timeline
from tests.answer.conftest import assert_true
from tests.talks import shown_and_said, speech


def survey() -> Timeline:
    """A slide whose number is said differently, one with a line nobody speaks of, one that agrees."""
    shown = [
        (0.0, 30.0, "Bees", "Bees\n- distance: 120 metres\n- speed: 24 km/h"),
        (30.0, 60.0, "Dates", "Dates\n- The exam takes place in the old greenhouse\n- x = 300"),
        (60.0, 90.0, "Honey", "Honey\n- 500 grams of honey per jar"),
    ]
    said = [
        (2.0, "They fly a distance of one hundred and thirty metres."),
        (8.0, "Their speed is twenty-four kilometres per hour."),
        (35.0, "Please mind the calendar of this term."),
        (62.0, "Each jar takes five hundred grams of honey."),
        (70.0, "In 1985 it was still 750 grams."),
    ]
    return shown_and_said("survey", shown, said, length_s=90.0)


@pytest.mark.parametrize("with_vectors", [True, False])
def test_differences_are_told_with_both_times(
    library: Callable[..., Store], minilm: Embedder, with_vectors: bool
) -> None:
    answer = ask(
        "where do the slides and what he says differ?", store=library(survey()),
        embedder=minilm if with_vectors else None,
    )  # fmt: skip
    clash, _, rest = answer.text.partition("On screen, but not spoken of")
    assert "On screen at [0:00]: “distance: 120 metres”, but said at [0:02]" in clash
    assert "24" not in clash
    assert "[0:30] “The exam takes place in the old greenhouse”" in rest
    assert "x = 300" not in rest, "code is read, not spoken"
    assert "1985 at [1:10]" in rest
    assert "500" not in rest, "five hundred was said"
    assert_true(answer, survey())


def test_one_side_can_be_asked_for(library: Callable[..., Store], minilm: Embedder) -> None:
    store = library(survey())
    unsaid = ask("what is on the slides but never mentioned?", store=store, embedder=minilm).text
    assert "greenhouse" in unsaid
    assert "1985" not in unsaid
    unshown = ask("what does she say that is not on the slides?", store=store, embedder=minilm).text
    assert "1985" in unshown
    assert "greenhouse" not in unshown


def test_what_the_comparison_cannot_see_is_said(library: Callable[..., Store], minilm: Embedder) -> None:
    question = "where do the slides and the speech differ?"
    store = library(survey())
    assert "in other words" in ask(question, store=store, embedder=minilm).text
    same = ask(question, store=store, embedder=minilm, within=Span(60.0, 66.0))
    assert "No difference was found between 1:00 and 1:06." in same.text
    spoken = ask(question, store=library(speech("only", [(0.0, "Nothing is shown here.")])), embedder=minilm)
    assert not spoken.supported
    assert "nothing to compare" in spoken.text


@pytest.mark.parametrize(
    "question",
    ["what is the difference between a list and a tuple?", "what is said on the slide?", "why do they never stop?"],
)
def test_other_questions_are_left_alone(question: str) -> None:
    assert read_differences(question) is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("one hundred and twenty metres", ["120"]),
        ("1,200 bees and three point one four", ["1200", "3.14"]),
        ("two thousand and six, twenty five", ["2006", "25"]),
        ("the one that costs nothing", []),
        ("at 10:15 in room 042", ["10:15", "42"]),
        ("point hundred and thousand", []),
        ("five hundred thousand", ["500000"]),
        ("one " + "hundred " * 2200, ["1" + "0" * 14]),
    ],
)
def test_numbers_are_the_same_spoken_or_written(text: str, values: list[str]) -> None:
    assert [number.value for number in numbers_of(text)] == values


def test_a_number_of_any_length_is_only_a_number(library: Callable[..., Store]) -> None:
    slides = [(0.0, 20.0, "Pi", "Pi is nice")]
    store = library(shown_and_said("pi", slides, [(1.0, f"The digits are {'3' * 4400} and so on.")], length_s=60.0))
    answer = ask("What is said but not shown on the slides?", store=store)
    assert "Numbers said, but on no slide" in answer.text


def late() -> Timeline:
    """An agenda whose points are spoken of much later, and one line that nobody ever speaks of."""
    shown = [
        (0.0, 20.0, "Agenda", "Agenda\n- Pollen and nectar\n- Greenhouse opening hours\n- Winter feeding"),
        (20.0, 90.0, "Pollen", "Pollen"),
    ]
    said = [
        (1.0, "Welcome to this evening."),
        (40.0, "Now the pollen is carried on the legs."),
        (60.0, "In winter they are given sugar as food for feeding."),
        (80.0, "There were 37 hives in 1985."),
    ]
    return shown_and_said("late", shown, said, length_s=90.0)


def test_what_is_spoken_of_at_any_time_is_not_never_mentioned(library: Callable[..., Store], minilm: Embedder) -> None:
    store = library(late())
    never = ask("what is shown but never mentioned?", store=store, embedder=minilm).text
    assert never.startswith("On screen, but never spoken of:\n- [0:00] “Greenhouse opening hours”\n")
    assert "Pollen" not in never and "Winter" not in never
    meanwhile = ask("where do the slides and the speech differ?", store=store, embedder=minilm).text
    assert "not spoken of meanwhile" in meanwhile and "Winter feeding" in meanwhile


def test_all_that_is_never_mentioned_is_listed(library: Callable[..., Store]) -> None:
    lines = "\n".join(
        f"- Curious {word} words" for word in ("alpha", "bravo", "delta", "echo", "golf", "hotel", "kilo", "lima")
    )
    many = shown_and_said(
        "many", [(0.0, 30.0, "A", f"A\n{lines}"), (30.0, 60.0, "B", f"B\n{lines.replace('Curious', 'Strange')}")],
        [(1.0, "Hello there."), (31.0, "Good evening.")], length_s=60.0,
    )  # fmt: skip
    text = ask("what is shown but never mentioned?", store=library(many)).text
    assert text.count("\n- [") == 16
    assert "more" not in text
