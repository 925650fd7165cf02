"""Things called by their name: only the very word is the thing."""

import pytest

from seehear.search.named import _pattern, missing, names
from seehear.search.terms import content_stems, terms_of
from seehear.spans import Span
from seehear.units import Unit


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("what does the break statement do in a loop?", ("break",)),
        ("What is the yield keyword for?", ("yield",)),
        ("how does `len` count, and numpy.random.rand()?", ("len", "rand")),
        ("what does the following statement do?", ()),
        ("what does the main statement say?", ()),
        ("how is the conditional statement written?", ()),
        ("how does the loss function work?", ()),
        ("when is recursion explained?", ()),
    ],
)
def test_a_name_stands_before_what_it_is_or_as_code(question: str, found: tuple[str, ...]) -> None:
    assert names(question) == found


def test_names_of_many_questions_are_not_kept_for_ever() -> None:
    for i in range(600):
        missing([f"name_{i}"], [Unit("transcript", Span(0.0, 5.0), "Change it.")])
    assert _pattern.cache_info().currsize < 300


def said(text: str) -> Unit:
    return Unit("transcript", Span(0.0, 5.0), text)


def shown(text: str) -> Unit:
    return Unit("visual", Span(0.0, 5.0), text)


def test_an_inflection_of_another_sense_is_not_the_thing() -> None:
    assert missing(["break"], [said("Change it and see what breaks.")])
    assert not missing(["break"], [said("Change it."), said("A break leaves the loop.")])


def test_what_was_misheard_or_run_together_is_there() -> None:
    assert not missing(["tuple"], [said("we put them into a tupel")])
    assert not missing(["max_length"], [said("so set max length to twelve")])
    assert not missing(["range"], [shown("forxinrange(3):")])
    assert missing(["lambda"], [shown("forxinrange(3):")])


def test_nothing_named_is_never_missing() -> None:
    assert not missing([], [said("anything")])


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("which slide is about while loops?", ("while", "loops")),
        ("the slide about for loops", ("for", "loops")),
        ("where is the for loop explained?", ("for", "loop")),
        ("the difference between for loops and while loops", ("difference", "for", "loops", "while")),
        ("what does the for keyword do?", ("for", "keyword")),
        ("what is said about `while`?", ("while",)),
        ('where does "for" stand?', ("for", "stand")),
        ("what happens while the tank is full?", ("tank", "full")),
        ("what are lists good for?", ("lists", "good")),
        ("is there a syntax for loops?", ("syntax", "loops")),
        ("what happens after a while?", ("happens",)),
    ],
)
def test_for_and_while_count_where_they_name_a_thing(question: str, found: tuple[str, ...]) -> None:
    assert terms_of(question).words == found


@pytest.mark.parametrize("text", ["Repeating with for", "A for loop walks on.", "for city in cities:\n    print(city)"])
def test_what_is_called_for_is_found_by_that_name(text: str) -> None:
    assert "for" in content_stems(text)
    assert "for" not in content_stems("It is good for nothing, and this is for you.")
