"""What the words of a question ask for: a time or not, a stretch and what of it, a summary of what."""

import pytest

from seehear.search.route import Stretch, read_question


@pytest.mark.parametrize(
    "question",
    [
        "when is recursion explained?",
        "Tell me when recursion is explained",
        "do you know when recursion is explained?",
        "and when does she explain recursion?",
        "since when is that so?",
        "at what time is it mentioned?",
    ],
)
def test_when_asks_for_a_time(question: str) -> None:
    assert read_question(question).want == "when"


@pytest.mark.parametrize(
    "question",
    [
        "what happens when a function is called?",
        "when you call the function, what happens?",
        "Why does it crash when the list is empty?",
        "what exactly is the difference between handing a value over when calling and the name in the definition?",
    ],
)
def test_when_that_only_joins_two_clauses_asks_for_no_time(question: str) -> None:
    assert read_question(question).want == "what"


@pytest.mark.parametrize(
    ("question", "stretch"),
    [
        ("summarise the last third", Stretch(start_part=2 / 3, end_part=1.0)),
        ("what is explained in the second half?", Stretch(start_part=0.5, end_part=1.0)),
        ("summarise 2:00 to 4:00", Stretch(120.0, 240.0)),
        ("what is the last thing she says?", Stretch(-20.0)),
        ("how does the lecture begin?", Stretch(0.0, 20.0)),
    ],
)
def test_a_stretch_in_words_is_no_subject(question: str, stretch: Stretch) -> None:
    intent = read_question(question)
    assert intent.stretch == stretch
    assert not set(intent.terms.words) & {"third", "half", "last", "summarise", "end", "begin"}


def test_the_last_thing_about_a_subject_is_no_end_of_the_recording() -> None:
    assert read_question("what is the last thing she says about loops?").stretch is None
    assert read_question("how does the loop end?").stretch is None


@pytest.mark.parametrize(
    "question", ["summarise", "Summarise everything", "please summarize the whole lecture", "tl;dr"]
)
def test_a_summary_of_nothing_in_particular_covers_the_whole(question: str) -> None:
    intent = read_question(question)
    assert intent.summary
    assert intent.want == "broad"


def test_what_is_to_be_summed_up_is_looked_for_without_the_order_to_do_so() -> None:
    intent = read_question("summarise what is said about tokenizers")
    assert (intent.want, intent.terms.words, intent.route) == ("what", ("tokenizers",), "said")


def test_telling_me_is_not_what_is_told_in_the_recording() -> None:
    assert read_question("tell me what a loop is").route == "both"
    assert read_question("what does she tell us about loops?").route == "said"


@pytest.mark.parametrize(
    ("question", "want"),
    [
        ("summarise what the lecture says about recursion", "what"),
        ("what does the lecture explain about functions?", "what"),
        ("summarise this talk about bees", "broad"),
        ("what is in the video?", "broad"),
        ("what does this lecture cover?", "broad"),
        ("how many topics are there?", "broad"),
        ("what is the main message?", "broad"),
        ("give me study notes", "broad"),
    ],
)
def test_the_whole_is_told_only_where_the_whole_is_asked_for(question: str, want: str) -> None:
    assert read_question(question).want == want


def test_a_word_appears_in_speech_too() -> None:
    assert read_question("how many times does the word function appear?").route == "both"
    assert read_question("when does recursion first appear on screen?").route == "shown"


@pytest.mark.parametrize(
    "question",
    ["what is a list?", "how do I make a list?", "what is a linked list?", "what's a summary?", "list comprehension",
     "how do a tuple and a list differ?", "convert a tuple to list"],
)  # fmt: skip
def test_a_list_may_be_what_a_question_is_about(question: str) -> None:
    intent = read_question(question)
    assert (intent.want, intent.list_, intent.summary) == ("what", False, False)


@pytest.mark.parametrize(
    "question",
    ["list the topics", "list topics", "please list all chapters", "can you list the main topics?",
     "give me a list of topics", "what will be covered?", "what is covered in the first half?",
     "list important concepts with times", "what is the outline?"],
)  # fmt: skip
def test_what_is_to_be_listed_is_listed(question: str) -> None:
    assert read_question(question).list_
