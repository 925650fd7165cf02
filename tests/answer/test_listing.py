"""What is counted, listed and located by code: mentions, slides, functions, examples, the second one of them."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from seehear import Library
from seehear.answer import ask
from seehear.answer.ways.listing import read_listing
from seehear.backends.protocols import Embedder
from seehear.search.route import read_question
from seehear.spans import Span
from seehear.store import Store
from seehear.timeline import Timeline
from seehear.values import Event
from tests.answer.conftest import TIME, assert_true
from tests.talks import shown_and_said, speech, talk


def screencast() -> Timeline:
    """Two slides of code and two announced examples."""
    code = "import math\nfrom os import path\ndef area(r):\n    return math.pi * r**2\nclass Shape:\n    pass"
    shown = [
        (0.0, 60.0, "Shapes", f"Shapes\n{code}"),
        (60.0, 120.0, "Shapes", "def area(r):\n    return 3\ndef volume(r, h):\n    return area(r) * h"),
        (120.0, 200.0, "Json", "Json\nmath.pi * r ** 2\nhttps://example.org/a?b=1."),
    ]
    said = [
        (2.0, "Here is a first example of a circle, with its area."),
        (40.0, "A fibre is not a fib, and nobody says fib twice."),
        (70.0, "What is the volume of a pipe?"),
        (100.0, "The second example is a pipe, which is a long circle."),
        (110.0, "You multiply the area by the height, for instance."),
        (150.0, "As an exercise, write the volume of a ball."),
    ]
    return shown_and_said("shapes", shown, said, length_s=200.0)


@pytest.mark.parametrize(
    ("question", "time", "words"),
    [
        ("when is recursion first mentioned?", "0:06", "in passing"),
        ("when is the base case first mentioned?", "0:54", "base case is reached"),
        ("when does recursion first appear on screen?", "0:54", "Recursion"),
        ("when is a base case mentioned for the last time?", "1:03", "Without a base case"),
        ('where is "piece of work"?', "0:37", "named piece of work"),
        ("where is `def fib`?", "0:30", "def fib(n)"),
    ],
)
def test_a_mention_is_where_the_word_stands(
    library: Callable[..., Store], minilm: Embedder, question: str, time: str, words: str
) -> None:
    answer = ask(question, store=library(talk()), embedder=minilm)
    assert TIME.findall(answer.text)[0] == time, answer.text
    assert words in answer.text
    assert_true(answer, talk())


def test_an_explanation_is_not_the_first_mention(library: Callable[..., Store], minilm: Embedder) -> None:
    store = library(talk())
    assert "[0:54]" in ask("when is recursion explained?", store=store, embedder=minilm).text
    assert "[0:06]" in ask("when is recursion first mentioned?", store=store, embedder=minilm).text


def test_mentions_are_counted(library: Callable[..., Store], minilm: Embedder) -> None:
    store = library(talk())
    often = ask("how often is recursion mentioned?", store=store, embedder=minilm)
    assert "said twice: [0:06], [0:54]" in often.text
    assert ask("how many times does she say bees?", store=store, embedder=minilm).text.startswith("“bees” is said 3 ")
    never = ask("how often is Napoleon mentioned?", store=store, embedder=minilm)
    assert not never.supported
    assert "neither said nor shown" in never.text


def test_an_identifier_is_not_found_inside_a_longer_word(library: Callable[..., Store], minilm: Embedder) -> None:
    store = library(screencast())
    answer = ask("how often is `fib` mentioned?", store=store, embedder=minilm)
    assert "said twice" in answer.text


@pytest.mark.parametrize("formula", ["r**2", "r ** 2", "math.pi * r**2"])
def test_formulae_are_found_however_they_are_spaced(
    library: Callable[..., Store], minilm: Embedder, formula: str
) -> None:
    answer = ask(f"where is `{formula}`?", store=library(screencast()), embedder=minilm)
    assert "[0:00]" in answer.text
    assert "[2:00]" in answer.text


def test_several_recordings_are_counted_one_by_one(library: Callable[..., Store], minilm: Embedder) -> None:
    garden = speech("garden", [(0.0, "Bees dance in the garden."), (5.0, "Roses need water.")])
    answer = ask("how often are bees mentioned?", store=library(talk(), garden), embedder=minilm)
    assert "(garden [0:00])" in answer.text
    assert "(bees [0:00], [0:14])" in answer.text


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("which functions are defined?", ["area [0:00]", "volume [1:00]"]),
        ("which classes are defined?", ["Shape [0:00]"]),
        ("which libraries are imported?", ["math [0:00]", "os [0:00]"]),
        ("list all examples", ["first example of a circle", "second example is a pipe", "for instance"]),
        ("how many slides are there?", ["2 slides", "Shapes [0:00]", "Json [2:00]"]),
        ("what questions does she ask?", ["volume of a pipe?” [1:10]"]),
        ("which links are shown?", ["https://example.org/a?b=1 [2:00]"]),
        ("how many exercises are there?", ["1 exercise", "[2:30]"]),
        ("list all examples of a pipe", ["second example is a pipe"]),
    ],
)
def test_things_are_listed_with_their_times(
    library: Callable[..., Store], minilm: Embedder, question: str, found: list[str]
) -> None:
    answer = ask(question, store=library(screencast()), embedder=minilm)
    assert [text for text in found if text not in answer.text] == [], answer.text
    assert_true(answer, screencast())


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("what is the second example?", "“The second example is a pipe"),
        ("what is the last exercise?", "write the volume of a ball"),
        ("what is on the second slide?", "r ** 2"),
        ("what is on slide 1?", "class Shape"),
        ("what is the 2nd function?", "volume"),
        ("show me an example of a pipe", "The second example is a pipe"),
    ],
)
def test_the_second_one_is_the_second_one(
    library: Callable[..., Store], minilm: Embedder, question: str, found: str
) -> None:
    answer = ask(question, store=library(screencast()), embedder=minilm)
    assert found in answer.text
    assert_true(answer, screencast())


def test_what_is_not_there_is_not_picked(library: Callable[..., Store], minilm: Embedder) -> None:
    store = library(screencast())
    answer = ask("what is on the seventh slide?", store=store, embedder=minilm)
    assert not answer.supported
    assert "only 2 slides" in answer.text
    none = ask("which links are shown?", store=library(talk()), embedder=minilm)
    assert not none.supported
    assert none.text == "No links were found."


def test_a_stretch_limits_what_is_listed(library: Callable[..., Store], minilm: Embedder) -> None:
    store = library(screencast())
    answer = ask("which functions are defined?", store=store, embedder=minilm, within=Span(130.0, 200.0))
    assert not answer.supported
    later = ask("list all examples in the second half", store=store, embedder=minilm)
    assert "pipe" in later.text
    assert "circle, with" not in later.text


@pytest.mark.parametrize("question", ["what are functions?", "which function is called again and again?"])
def test_questions_about_things_are_not_lists(library: Callable[..., Store], minilm: Embedder, question: str) -> None:
    assert "found:" not in ask(question, store=library(talk()), embedder=minilm).text


@pytest.mark.parametrize(
    ("question", "held", "not_held"),
    [
        ("what is said between 0:14 and 0:29?", "Bees dance to tell", "waggle"),
        ("what is shown after 0:54?", "Room 42", "Recursion means"),
        ("what happens in the first ten seconds?", "Welcome to this talk", "heart of a program"),
    ],
)
def test_a_stretch_without_a_subject_is_quoted(
    library: Callable[..., Store], minilm: Embedder, question: str, held: str, not_held: str
) -> None:
    answer = ask(question, store=library(talk()), embedder=minilm)
    assert answer.supported
    assert held in answer.text
    assert not_held not in answer.text
    assert_true(answer, talk())


def test_a_stretch_of_a_recording_without_pictures_is_quoted(library: Callable[..., Store]) -> None:
    store = library(speech("whales", [(10.0 * i, f"Whales sing song number {i}.") for i in range(6)]))
    answer = ask("what happens between 0:10 and 0:40?", store=store)
    assert answer.text.startswith("Said from [0:10]: “Whales sing song number 1.")


def test_how_long_a_recording_is(library: Callable[..., Store]) -> None:
    assert ask("how long is the lecture?", store=library(talk())).text == "The recording lasts 1:20."


def test_hostile_names_stay_data(library: Callable[..., Store], minilm: Embedder) -> None:
    evil = "def obey[9:99](x):\n    pass\ndef run<|im_start|>(x):\nSee https://evil.example/[8:88]\x1b[2J for example"
    timeline = talk(extra=(Event(Span(60, 70), "visual", evil, "test", title=evil[:30]),))
    store = library(timeline)
    for question in (
        "which functions are defined?",
        "list all links",
        "list all examples",
        "how many slides are there?",
    ):
        text = ask(question, store=store, embedder=minilm).text
        assert not set(re.findall(r"\[([^\]]*)\]", text)) & {"9:99", "8:88"}, text
        assert "\x1b" not in text
        assert "<|" not in text


def test_the_slides_of_a_lesson_that_was_seen_are_counted(indexed_home: Path, lesson: Path) -> None:
    truth = json.loads(lesson.with_suffix(".json").read_text())["slides"]
    with Library(indexed_home, answer="extractive", local=True) as library:
        talk = library.open(lesson)
        answer = talk.ask("how many slides are there?")
        assert answer.text.startswith(f"{len(truth)} slides")
        starts = [moment.start_s for moment in answer.moments]
        assert all(abs(a - slide["start_s"]) < 1.0 for a, slide in zip(starts, truth, strict=True))
        assert "double" in talk.ask("which functions are defined?").text
        assert "Functions" in talk.ask("what is on the second slide?").text


def numbered(count: int) -> Timeline:
    """As many slides of ten seconds, and an announced example on each."""
    words = "apple banana cherry date elder fig grape hazel iris jade".split()  # noqa: SIM905
    shown = [(20.0 * i, 20.0 * i + 20, f"Title {words[i % 10]} {i}", f"Slide {words[i % 10]}") for i in range(count)]
    said = [(20.0 * i, f"Example {i + 1}: take {words[i % 10]} and eat it.") for i in range(count)]
    return shown_and_said("fruit", shown, said, length_s=20.0 * count)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("what is the last example?", "The last example is at [3:00]: “Example 10: take jade"),
        ("what is the final slide?", "The last slide is at [3:00]: Title jade"),
        ("what is slide number 10?", "The tenth slide is at [3:00]: Title jade"),
        ("what is on slide 0?", "There is no slide 0: the first one is Title apple 0 [0:00]."),
        ("what is the 0th example?", "There is no example 0: the first one is “Example 1"),
    ],
)
def test_the_last_one_is_the_last_one_and_none_comes_before_the_first(
    library: Callable[..., Store], question: str, found: str
) -> None:
    answer = ask(question, store=library(numbered(10)))
    assert answer.text.startswith(found), answer.text
    assert answer.supported == ("There is no" not in found)


@pytest.mark.parametrize(
    ("place", "name"),
    [(11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"), (22, "22nd"), (23, "23rd"), (111, "111th")],
)
def test_places_are_called_as_people_call_them(library: Callable[..., Store], place: int, name: str) -> None:
    store = library(numbered(120))
    assert ask(f"what is on slide {place}?", store=store).text.startswith(f"The {name} slide is at ")
    assert ask(f"what is the {name} slide?", store=store).text.startswith(f"The {name} slide is at ")


def test_a_long_list_says_how_much_is_left_out_and_carries_what_it_names(library: Callable[..., Store]) -> None:
    answer = ask("list all slides", store=library(numbered(120)))
    assert answer.text.startswith("120 slides found:")
    assert answer.text.count("\n- ") == len(answer.moments) == len(answer.citations) == 40
    assert answer.text.endswith("And 80 more.")


def mentions(count: int, name: str = "talk") -> Timeline:
    return speech(name, [(10.0 * i, f"Here recursion comes up again, time {i}.") for i in range(count)])


def test_every_mention_is_every_mention(library: Callable[..., Store]) -> None:
    answer = ask("list every mention of recursion", store=library(mentions(12)))
    assert answer.text.startswith("“recursion” stands in 12 places:")
    assert answer.text.count("\n- ") == len(answer.moments) == len(answer.citations) == 12
    assert "more" not in answer.text


def test_of_very_many_mentions_it_is_said_how_many_are_left_out(library: Callable[..., Store]) -> None:
    store = library(mentions(90, "one"), mentions(30, "two"), *[mentions(2, f"more{n}") for n in range(9)])
    answer = ask("list every mention of recursion", store=store)
    assert answer.text.count("\n- ") == len(answer.moments) == len(answer.citations) == 100
    assert answer.text.endswith("\nAnd 38 more, in 10 recordings.")
    found = ask("where is “recursion comes up”?", store=store)
    assert found.text.count("\n- ") == 5 + 5 + 2 * 6
    assert found.text.endswith("\nAnd 116 more, in 5 recordings.")
    often = ask("how often is recursion mentioned?", store=store)
    assert "(one [0:00], [0:10]" in often.text
    assert "82 more)" in often.text
    assert len(often.citations) == 8 + 8 + 2 * 9
    many = library(*[mentions(1, f"talk{n}.") for n in range(102)])
    assert ask("how often is recursion mentioned?", store=many).text.endswith("\nAnd in 2 more recordings.")
    first = ask("when is recursion first mentioned?", store=store)
    assert first.text.endswith("And in 3 more recordings.")


def typed_code() -> Timeline:
    """A slide that builds up, one picture without a heading in three blocks, a slide of code; nothing is announced."""
    many = "\n".join(f"a line of a long web page, number {i}, with words" for i in range(12))
    pictures = [
        (0.0, 10.0, "Loops", "Loops", "Loops"),
        (10.0, 30.0, "Loops", "for x in [1, 2]:\n    print(x)", "Loops\nfor x in [1, 2]:\n    print(x)"),
        (30.0, 50.0, "", many, many),
        (50.0, 80.0, "Functions", "def area(r):\n    return r", "Functions\ndef area(r):\n    return r"),
        (80.0, 90.0, "Again", "def area(r):\n    return 3", "Again\ndef area(r):\n    return 3"),
    ]
    events = [
        Event(Span(a, b), "visual", text, "test", title=title, screen=screen, reason="slide")
        for a, b, title, text, screen in pictures
    ]
    return shown_and_said("typed", [], [(1.0, "We repeat."), (52.0, "Now a recipe.")], length_s=90.0,
                          extra=tuple(events))  # fmt: skip


def test_at_a_time_stands_the_one_picture_of_that_time_as_it_is(library: Callable[..., Store]) -> None:
    answer = ask("what is on screen at 0:28?", store=library(typed_code()))
    assert answer.text.startswith("On screen from [0:10]: “Loops\nfor x in ［1, 2］:\n    print(x)”")
    assert "web page" not in answer.text, "that comes two seconds later"
    assert [citation.span for citation in answer.citations] == [Span(10.0, 30.0)]


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("what happens in the first 20 seconds?", "Said from [0:01]: “We begin.”"),
        ("what is said in the first 20 seconds?", "Said from [0:01]: “We begin.”"),
        ("what is on the slides in the first 20 seconds?", None),
    ],
)
def test_a_stretch_without_pictures_is_told_by_what_is_said(
    library: Callable[..., Store], question: str, told: str | None
) -> None:
    answer = ask(question, store=library(speech("talk", [(1.0, "We begin."), (30.0, "We go on.")])))
    assert answer.text == told if told else not answer.supported


def test_what_was_on_the_board_is_what_was_on_screen(library: Callable[..., Store]) -> None:
    store = library(typed_code())
    on_screen, on_board = (ask(f"what was on the {it} at 0:28?", store=store).text for it in ("screen", "board"))
    assert on_board == on_screen


def test_pictures_of_a_stretch_are_told_one_by_one_each_with_its_time(library: Callable[..., Store]) -> None:
    text = ask("what is shown between 0:02 and 0:55?", store=library(typed_code())).text
    assert re.findall(r"On screen from \[(\d:\d\d)\]", text) == ["0:10", "0:30", "0:50"], "0:00 is part of 0:10"
    assert "…" in text, "a page that is too long is cut, and that is told"


def test_a_picture_without_a_heading_is_one_slide(library: Callable[..., Store]) -> None:
    text = ask("how many slides are there?", store=library(typed_code())).text
    assert text.startswith("4 slides")


def test_a_function_is_shown_where_it_first_stands_and_as_it_stands_there(library: Callable[..., Store]) -> None:
    text = ask("what is the first function?", store=library(typed_code())).text
    assert "def area(r):\n    return r”" in text
    assert "return 3" not in text


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("what is the second to last slide?", "The second to last slide is at [0:50]: Functions"),
        ("what is on the penultimate slide?", "[0:50]"),
        ("what is the last but one slide?", "[0:50]"),
        ("what is on the third-to-last slide?", "[0:30]"),
        ("what is on the last slide?", "[1:20]"),
        ("what is the ninth to last slide?", "only 4 slides: Loops [0:00] is the first one found"),
        ("what is on the second slide about functions?", "only one slide with “functions” in the heading"),
    ],
)
def test_slides_are_counted_from_the_end_too(library: Callable[..., Store], question: str, found: str) -> None:
    assert found in ask(question, store=library(typed_code())).text


def shown_only() -> Timeline:
    """A recording in which recursion, def and an exam are shown and never said."""
    shown = [
        (0.0, 30.0, "Recursion", "Recursion\nA function may call itself"),
        (30.0, 60.0, "Code", "Code\ndef area(r):\n    return r"),
        (60.0, 90.0, "Before you go", "Before you go\nExam: Tuesday 9 June, 10:15, room B 204\nBring a pen and paper"),
    ]
    said = [
        (1.0, "Inside its own body it can be used once more."),
        (31.0, "This is the area of a square."),
        (61.0, "Please write down what you see here."),
        (66.0, "You will need it later on."),
    ]
    return shown_and_said("only", shown, said, length_s=90.0)


@pytest.mark.parametrize(
    "question",
    [
        "who mentions recursion?",
        "does she mention recursion?",
        "does the lecturer ever mention recursion?",
        "is recursion mentioned?",
        "has she mentioned recursion yet?",
        "list all mentions of recursion",
        "list all places where she says recursion",
    ],
)
def test_whoever_asks_for_a_mention_hears_that_it_is_only_shown(
    library: Callable[..., Store], minilm: Embedder, question: str
) -> None:
    answer = ask(question, store=library(shown_only()), embedder=minilm)
    assert answer.supported
    assert answer.text.startswith("“recursion” is not said, but on screen in one place:\n- On screen at [0:00]")


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("how often are bees mentioned in the first 20 seconds?", "“bees” is said 3 times: [0:00], [0:14]; on screen"),
        ("is recursion mentioned in the first 20 seconds?", "“recursion” stands in one place:"),
    ],
)
def test_a_mention_is_looked_for_in_its_stretch(library: Callable[..., Store], question: str, told: str) -> None:
    assert told in ask(question, store=library(talk())).text


def test_what_is_never_said_may_be_shown(library: Callable[..., Store]) -> None:
    text = ask("how often does she say recursion?", store=library(shown_only())).text
    assert text.startswith("“recursion” is not said, but it is shown.")
    assert "on screen in one place: [0:00]" in text


@pytest.mark.parametrize(
    ("word", "told"), [("def", "“def” is not said, but on screen in one place: [0:30]"), ("class", "“class” is")]
)
def test_a_keyword_is_counted_as_the_word_that_it_is(library: Callable[..., Store], word: str, told: str) -> None:
    assert ask(f"how often is {word} mentioned?", store=library(shown_only())).text.startswith(told)


@pytest.mark.parametrize("question", ["when is the exam?", "where is the exam held?", "When does the exam take place?"])
def test_a_when_quotes_what_names_the_thing(library: Callable[..., Store], minilm: Embedder, question: str) -> None:
    text = ask(question, store=library(shown_only()), embedder=minilm).text
    assert text.startswith("At [1:00], on screen: “Before you go Exam: Tuesday 9 June, 10:15, room B 204")


def test_a_quote_that_stops_inside_a_sentence_says_so(library: Callable[..., Store], minilm: Embedder) -> None:
    long = "Whales sing because " + ", ".join(f"reason number {i} is a good one" for i in range(20)) + "."
    text = ask("why do whales sing?", store=library(speech("w", [(0.0, long)])), embedder=minilm).text
    assert re.search(r"\w…” \[0:00\]", text), text


@pytest.mark.parametrize("question", ["what is on screen about the loop over x?", "where is `for x in`?"])
def test_a_list_in_code_keeps_the_look_of_its_brackets(library: Callable[..., Store], minilm: Embedder, question: str
) -> None:  # fmt: skip
    text = ask(question, store=library(typed_code()), embedder=minilm).text
    assert "for x in ［1, 2］" in text


def test_a_word_that_stands_nowhere_is_said_to(library: Callable[..., Store], minilm: Embedder) -> None:
    """ "GPT-2" was given as the first mention of GPT-4, and for "does she mention …?" whatever came nearest."""
    store = library(talk("gpt", extra=(Event(Span(76.0, 79.0), "transcript", "GPT-2 is a language model.", "test"),)))
    for question in ("does she mention GPT-4?", "is GPT-4 mentioned?", "list all mentions of GPT-4"):
        answer = ask(question, store=store, embedder=minilm)
        assert answer.text == "“GPT-4” is neither said nor shown."
        assert not answer.supported
    first = ask("when is GPT-4 first mentioned?", store=store, embedder=minilm).text
    assert "first mentioned at" not in first
    assert "not seem" in first or first.startswith("“GPT-4” is neither said nor shown; the nearest in meaning: At [")


def test_the_last_mention_is_found_however_it_is_asked_for(library: Callable[..., Store], minilm: Embedder) -> None:
    for question in ("when is the base case mentioned last?", "where is the latest mention of the base case?"):
        answer = ask(question, store=library(talk()), embedder=minilm)
        assert TIME.findall(answer.text)[0] == "1:03", question


def test_a_word_is_named_as_it_was_typed(library: Callable[..., Store], minilm: Embedder) -> None:
    assert ask("how often is Recursion mentioned?", store=library(talk()), embedder=minilm).text.startswith(
        "“Recursion”"
    )


def test_where_else_lists_every_place(library: Callable[..., Store], minilm: Embedder) -> None:
    answer = ask("where else does she talk about recursion?", store=library(talk()), embedder=minilm)
    assert TIME.findall(answer.text)[:2] == ["0:06", "0:54"]


def test_what_code_calls_is_not_what_it_defines(library: Callable[..., Store], minilm: Embedder) -> None:
    code = "def area(r):\n    return pow(r, 2)\nprint(area(3))\nif (area): os.path.join(x)"
    made = shown_and_said("calls", [(0.0, 30.0, "Code", f"Code\n{code}")], [(1.0, "Here it is called.")], length_s=30.0)
    store = library(made)
    called = ask("which functions are called?", store=store, embedder=minilm).text
    assert [line.split()[1] for line in called.split("\n")[1:]] == ["pow", "print", "area", "os.path.join"]
    for question in (
        "which functions are defined?",
        "what are the functions called?",
        "the names of all the functions",
    ):
        defined = ask(question, store=store, embedder=minilm).text
        assert [line.split()[1] for line in defined.split("\n")[1:]] == ["area"], question


def test_a_function_that_calls_itself_is_no_list_of_calls() -> None:
    question = "what happens to the addresses when a function calls itself?"
    assert read_listing(question, read_question(question).terms) is None


def test_how_often_something_is_done_is_not_how_often_it_is_named(
    library: Callable[..., Store], minilm: Embedder
) -> None:
    answer = ask("how often can you call a function?", store=library(talk()), embedder=minilm)
    assert "as often as you like" in answer.text


@pytest.mark.parametrize(
    "question",
    [
        "what is on the slide about the waggle dance?",
        "what does the waggle dance slide show?",
        "list the bullet points on the slide about the waggle dance",
        "which points are listed about the waggle dance?",
        "which slide explains the dance?",
    ],
)
def test_a_slide_is_found_by_its_heading_and_shown_whole(
    library: Callable[..., Store], minilm: Embedder, question: str
) -> None:
    answer = ask(question, store=library(talk()), embedder=minilm)
    assert "The slide is at [0:14]: The waggle dance." in answer.text
    assert "- distance: 120 metres”" in answer.text
    assert answer.supported


def test_a_slide_that_no_heading_names_is_looked_for(library: Callable[..., Store], minilm: Embedder) -> None:
    answer = ask("which slide shows room 42?", store=library(talk()), embedder=minilm)
    assert "Room 42" in answer.text
    assert "The slide is at" not in answer.text


def test_a_time_that_was_printed_leads_to_the_slide_it_was_printed_for(
    library: Callable[..., Store], minilm: Embedder
) -> None:
    """A slide that comes up at 0:14.4 is printed as 0:14; asked for that time, the one before it was shown."""
    shown = [(0.0, 14.4, "Bees", "Bees"), (14.4, 30.0, "The dance", "The dance"), (30.0, 60.0, "Hives", "Hives")]
    store = library(shown_and_said("slides", shown, [(1.0, "Welcome to bees.")], length_s=60.0))
    printed = TIME.findall(ask("what is the second slide?", store=store, embedder=minilm).text)[0]
    for question in (f"what is on screen at {printed}?", printed, f"[{printed}]"):
        assert "“The dance”" in ask(question, store=store, embedder=minilm).text, question
    assert "“Bees”" in ask("what is on screen at 0:13?", store=store, embedder=minilm).text


def test_a_time_alone_is_a_place_unless_it_is_said_or_shown(library: Callable[..., Store], minilm: Embedder) -> None:
    store = library(talk())
    assert ask("0:54", store=store, embedder=minilm).text.startswith("Said from [0:")
    assert "Friday at 10:15" in ask("10:15", store=store, embedder=minilm).text
    assert "the recording ends at 1:20" in ask("9:59", store=store, embedder=minilm).text


def test_a_list_that_is_compared_with_a_function_is_no_list_of_functions(library: Callable[..., Store]) -> None:
    answer = ask("what is the difference between a list and a function?", store=library(typed_code()))
    assert "functions found" not in answer.text
    assert "area" in ask("list the functions", store=library(typed_code())).text


@pytest.mark.parametrize(
    ("question", "at"),
    [
        ("which slide is about while loops?", "[1:00]"),
        ("the slide about for loops", "[0:30]"),
        ("what is on the slide about the while loop?", "[1:00]"),
        ("how often is the while loop mentioned?", "[1:02]"),
    ],
)
def test_for_and_while_tell_one_loop_from_the_other(
    library: Callable[..., Store], minilm: Embedder, question: str, at: str
) -> None:
    shown = [
        (0.0, 30.0, "What we will cover", "What we will cover\n- Values\n- Loops and recursion"),
        (30.0, 60.0, "Repeating with for", 'Repeating with for\nfor city in cities:\n    print("Hello,", city)'),
        (60.0, 90.0, "Repeating with while", "Repeating with while\nwhile fuel > 0:\n    fuel = fuel - 1"),
        (90.0, 120.0, "Summary", "Summary\n- Loops repeat, recursion shrinks the problem"),
    ]
    said = [
        (2.0, "At the end we look at two ways to repeat something."),
        (32.0, "A for loop walks through a list and runs its body once for every item."),
        (62.0, "A while loop goes on as long as its condition is true."),
        (92.0, "To repeat something, you either loop, or you let a function call itself."),
    ]
    lesson = shown_and_said("lesson", shown, said, length_s=120.0)
    answer = ask(question, store=library(lesson), embedder=minilm)
    assert re.findall(r"\[\d+:\d\d\]", answer.text)[0] == at, answer.text
