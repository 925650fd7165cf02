"""Greetings, thanks and excuses around a question do not change what is looked for."""

import pytest

from seehear.search.chatter import core, without_chatter
from seehear.search.route import read_question


@pytest.mark.parametrize(
    "question",
    [
        "Hello! What is a deadlock? Thanks a lot.",
        "Good morning professor, sorry to ask. What is a deadlock?",
        "I think I am lost, but what is a deadlock?",
        "Quick question: what is a deadlock?",
        "Can you please tell me what is a deadlock?",
        "Hi, do you know what is a deadlock?",
        "I'd like to know: what is a deadlock?",
        "I watched this twice and still do not get it. What is a deadlock? Could anybody explain?",
    ],
)
def test_what_people_write_around_a_question_is_left_out(question: str) -> None:
    assert core(question).lower() == "what is a deadlock?"
    assert read_question(question).terms.words == ("deadlock",)


def test_a_question_with_two_subjects_keeps_both() -> None:
    question = "In merge sort the list is divided. Why is the complexity n log n?"
    assert core(question) == question


def test_a_question_of_nothing_but_frame_is_left_as_it_is() -> None:
    assert core("Could you explain this?") == "Could you explain this?"
    assert without_chatter("Why?") == "Why?"


def test_when_stays_a_question_of_when_though_the_subject_stands_apart() -> None:
    question = "Can you tell me where in the video this is explained: semaphores"
    assert core(question) == "semaphores"
    assert read_question(question).want == "when"


def test_something_you_said_is_no_wish_for_speech_alone() -> None:
    assert read_question("I was wondering about something you said: which colour has the button?").route == "both"


def test_words_of_chatter_count_where_they_are_the_subject() -> None:
    assert core("Thanks. How do I find the lost packets?") == "How do I find the lost packets?"


def test_what_is_known_or_told_in_the_recording_is_no_courtesy() -> None:
    for question in (
        "Do you know Python?",
        "What do you tell me about a deadlock?",
        "Can you tell a deadlock by its log?",
    ):
        assert core(question) == question
