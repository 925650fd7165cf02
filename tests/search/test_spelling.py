"""Slips in a question: mended where a word that is there sounds the same, left alone otherwise."""

from pathlib import Path

import pytest

from seehear.answer import ask
from seehear.search.passages import cut_up
from seehear.search.spelling import mend, slips
from seehear.search.terms import terms_of
from seehear.store import Store
from tests.talks import speech

LINES = [
    (0.0, "The answer of the server is a JSON document."),
    (5.0, "Recursion needs a base case, the kernel is something else."),
    (10.0, "Flour makes bread, and we loop over all loaves of data."),
    (15.0, "That is one bread per person."),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "home")
    timeline = speech("json", LINES)
    store.put_timeline(timeline, cut_up(timeline))
    return store


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("what is jason?", "what is json?"),
        ("When is recurshun explained?", "When is recursion explained?"),
        ("what is the kernal?", "what is the kernel?"),
        ("what does break do?", "what does break do?"),
        ("what are lips?", "what are lips?"),
        ("what is `jason`?", "what is `jason`?"),
        ("what is recursion?", "what is recursion?"),
        ("what date is it due?", "what date is it due?"),
        ("what is in the dtaa?", "what is in the data?"),
        ("what is a recusrion?", "what is a recursion?"),
        ("what is a ker nel?", "what is a kernel?"),
        ("what is the basecase?", "what is the base case?"),
        ("what is the somethingelse?", "what is the something else?"),
        ("what is the capital of Peru, per se?", "what is the capital of Peru, per se?"),
        ("what does the loap do?", "what does the loap do?"),
    ],
)
def test_a_word_that_is_nowhere_is_taken_for_one_that_sounds_the_same(store: Store, typed: str, read: str) -> None:
    assert mend(typed, terms_of(typed), store, store.media()).text == read


def test_what_was_taken_for_what_is_told(store: Store) -> None:
    answer = ask("what is a jason document?", store=store)
    assert "JSON document" in answer.text
    assert "Read “jason” as “json”" in answer.text
    assert answer.why is not None
    assert answer.why.read_as == "what is a json document?"


@pytest.mark.parametrize(
    ("one", "other", "count"), [("jason", "json", 1), ("form", "from", 1), ("a", "abc", 2), ("", "", 0)]
)
def test_slips_are_counted(one: str, other: str, count: int) -> None:
    assert slips(one, other) == count
    assert slips(other, one) == count


def test_the_order_to_sum_up_is_never_mended(tmp_path: Path) -> None:
    """A recording that speaks of summaries lost the summary that was asked of it."""
    store = Store(tmp_path / "summaries")
    timeline = speech(
        "bleu", [(0.0, "Good summaries are short."), (5.0, "A metric compares two summaries of one text.")]
    )
    store.put_timeline(timeline, cut_up(timeline))
    for question in ("summarise the lecture", "list the topics and summarise the lecture"):
        answer = ask(question, store=store)
        assert "Covers" in answer.text, question
        assert "Read “" not in answer.text
