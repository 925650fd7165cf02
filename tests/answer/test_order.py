"""Two things side by side: what comes before and after another one, and what a question compares."""

from collections.abc import Callable

import pytest

from seehear.answer import ask
from seehear.answer.pairs import read_pair
from seehear.answer.ways.order import read_neighbour, read_order
from seehear.backends.protocols import Embedder
from seehear.spans import Span
from seehear.store import Store
from seehear.timeline import Timeline
from tests.answer.conftest import assert_true
from tests.talks import shown_and_said, talk


def loops() -> Timeline:
    """Four topics with a sentence or two about each."""
    shown = [
        (0.0, 20.0, "Variables", "Variables"),
        (20.0, 40.0, "Repeating with for", "Repeating with for\nfor city in cities:\n    print(city)"),
        (40.0, 60.0, "Repeating with while", "Repeating with while\nwhile fuel > 0:\n    fuel = fuel - 1"),
        (60.0, 90.0, "Summary", "Summary"),
    ]
    said = [
        (1.0, "A variable is a name for a value."),
        (21.0, "A for loop walks through a list and runs its body once for every item."),
        (41.0, "A while loop goes on as long as its condition is true."),
        (61.0, "So that was all about variables and about ways to repeat something."),
    ]
    return shown_and_said("loops", shown, said, length_s=90.0)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        (
            "what comes after variables?",
            "After “Variables” [0:00] comes “Repeating with for” [0:20]: “A for loop walks",
        ),
        ("what comes before the summary?", "Before “Summary” [1:00] comes “Repeating with while” [0:40]"),
        ("what does she explain after the for?", ""),
        ("Which topic follows after variables?", ""),
        ("what comes after the summary?", "“Summary” [1:00] is the last topic."),
        ("what comes before variables?", "“Variables” [0:00] is the first topic."),
    ],
)
def test_what_comes_beside_a_topic_is_its_neighbour(
    library: Callable[..., Store], minilm: Embedder, question: str, found: str
) -> None:
    answer = ask(question, store=library(loops()), embedder=minilm)
    assert answer.text.startswith(found)
    assert_true(answer, loops())


def test_what_is_no_topic_has_no_neighbour(library: Callable[..., Store], minilm: Embedder) -> None:
    answer = ask("what comes after whales?", store=library(loops()), embedder=minilm)
    assert not answer.supported


@pytest.mark.parametrize(
    "question",
    [
        "what comes after that?",
        "what is said after 3:20?",
        "why is it before the loop?",
        "what comes before the minute?",
    ],
)
def test_other_questions_ask_for_no_neighbour(question: str) -> None:
    assert read_neighbour(question) is None


@pytest.mark.parametrize(
    ("question", "pair"),
    [
        ("Compare for loops and while loops", ("for loops", "while loops")),
        ("what is the difference between for and while?", ("for", "while")),
        ("how does a list differ from a tuple?", ("a list", "a tuple")),
        ("lists vs. tuples", ("lists", "tuples")),
        ("what is a list and a tuple?", None),
        ("compare the results", None),
    ],
)
def test_the_two_things_of_a_comparison_are_read(question: str, pair: tuple[str, str] | None) -> None:
    assert read_pair(question) == pair


@pytest.mark.parametrize(
    "question", ["Compare for loops and while loops", "what is the difference between for loops and while loops?"]
)
def test_both_things_are_told_side_by_side(library: Callable[..., Store], minilm: Embedder, question: str) -> None:
    answer = ask(question, store=library(loops()), embedder=minilm)
    assert answer.supported
    assert "for every item" in answer.text and "as long as its condition" in answer.text
    assert_true(answer, loops())


def test_a_comparison_with_what_is_not_there_is_refused(library: Callable[..., Store], minilm: Embedder) -> None:
    answer = ask("what is the difference between whales and dolphins?", store=library(loops()), embedder=minilm)
    assert not answer.supported


def test_a_stretch_may_be_given_backwards_and_nothing_outside_is_told(
    library: Callable[..., Store], minilm: Embedder
) -> None:
    lines = [(10.0 * i, f"Sentence number {i} tells of bees and of flower {i}.") for i in range(40)]
    long = shown_and_said("long", [(0.0, 400.0, "Bees", "Bees")], lines, length_s=400.0)
    forwards = ask("what is said between 2:00 and 5:00?", store=library(long), embedder=minilm)
    backwards = ask("what is said between 5:00 and 2:00?", store=library(long), embedder=minilm)
    assert forwards.text == backwards.text
    assert "Covers 2:00–5:00" in backwards.text
    assert all(citation.span.overlap_s(Span(120.0, 300.0)) > 0 for citation in backwards.citations)
    assert talk().media.id not in {citation.media for citation in backwards.citations}


def test_what_is_no_topic_is_followed_by_what_is_said_there(library: Callable[..., Store], minilm: Embedder) -> None:
    store = library(talk())
    before = ask("what is said before the base case is explained?", store=store, embedder=minilm)
    assert before.text.startswith("Just before “base case” [")
    assert before.supported
    assert before.moments[0].end_s <= 63.0
    after = ask("what comes after the direction of the flowers?", store=store, embedder=minilm)
    assert after.text.startswith("After “direction of the flowers” [0:")
    assert not ask("what comes before the transistor?", store=store, embedder=minilm).supported


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (
            "what is the second topic?",
            "The second of 4 topics is “Repeating with for” [0:20] to [0:40]: “A for loop walks",
        ),
        ("what was the last topic?", "The last of 4 topics is “Summary” [1:00] to [1:30]"),
        ("what is the ninth topic?", "There are only 4 topics in its outline: “Summary” [1:00] is the last."),
        ("which is explained first, repeating or variables?", "“variables” [0:00] comes before “repeating” [0:20]"),
        (
            "is the while loop explained before or after variables?",
            "“variables” [0:00] comes before “the while loop” [0:",
        ),
        ("when does the part about variables end?", "“Variables” lasts 20 s, from [0:00] to [0:20]"),
    ],
)
def test_the_order_of_topics_is_read_from_the_outline(
    library: Callable[..., Store], minilm: Embedder, question: str, told: str
) -> None:
    answer = ask(question, store=library(loops()), embedder=minilm)
    assert answer.text.startswith(told), answer.text
    assert_true(answer, loops())


def test_what_happens_before_something_is_no_order_of_topics(library: Callable[..., Store], minilm: Embedder) -> None:
    for question in ("is the condition checked before the body?", "is padding necessary before batching?"):
        assert read_order(question) is None
    unknown = ask("which is explained first, quarks or variables?", store=library(loops()), embedder=minilm)
    assert "comes before" not in unknown.text


def test_a_place_is_shown_once_where_two_things_are_compared(library: Callable[..., Store], minilm: Embedder) -> None:
    answer = ask("how does a for loop differ from a while loop?", store=library(loops()), embedder=minilm)
    said = [moment.span for moment in answer.moments if moment.kind == "transcript"]
    assert all(one.overlap_s(other) == 0 for i, one in enumerate(said) for other in said[i + 1 :]), said
