"""Slides that name every topic are told by their titles."""

import pytest

from seehear.search.outlooks import is_outlook, looks_ahead


@pytest.mark.parametrize(
    "title",
    ["Agenda", "What we will cover", "What you'll learn today", "Today's topics", "Learning objectives",
     "Course outline", "Table of contents", "Plan for today"],
)  # fmt: skip
def test_what_will_come_is_told_by_its_title(title: str) -> None:
    assert looks_ahead(title)
    assert is_outlook(title)


@pytest.mark.parametrize("title", ["Summary", "Recap: loops", "What we have learned", "Key takeaways", "Conclusions"])
def test_what_there_was_is_told_by_its_title(title: str) -> None:
    assert is_outlook(title)
    assert not looks_ahead(title)


@pytest.mark.parametrize(
    "title", ["Functions", "What is a function?", "What we call a loop", "Planning algorithms", "Goal trees", ""]
)
def test_a_title_that_tells_of_one_thing_is_none(title: str) -> None:
    assert not is_outlook(title)
