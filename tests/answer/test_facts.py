"""What is asked of recordings themselves: length, number, language, speakers, and how long they speak of something."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from seehear.answer import ask
from seehear.answer.ways.facts import read_fact
from seehear.answer.ways.lasting import read_lasting
from seehear.backends.protocols import Embedder
from seehear.store import Store
from seehear.timeline import Timeline
from tests.answer.conftest import TIME
from tests.talks import speech, talk


@pytest.mark.parametrize(
    ("question", "what"),
    [
        ("how long is it?", "length"),
        ("how long is the recording in minutes?", "length"),
        ("How many minutes does the lecture last?", "length"),
        ("what is the duration of this talk?", "length"),
        ("how long are the recordings altogether?", "length"),
        ("how many videos are there?", "list"),
        ("list all the recordings", "list"),
        ("which recordings do I have?", "list"),
        ("which is the longest recording?", "longest"),
        ("how long is the shortest video?", "shortest"),
        ("what is the shortest lecture?", "shortest"),
        ("what language is this lecture in?", "language"),
        ("in which language does she speak?", "language"),
        ("who is speaking?", "speakers"),
        ("who is the lecturer?", "speakers"),
    ],
)
def test_what_is_asked_of_the_recording_itself(question: str, what: str) -> None:
    fact = read_fact(question)
    assert fact is not None
    assert fact.what == what


@pytest.mark.parametrize(
    "question",
    [
        "how long does the loop last?",
        "how many videos does the model watch?",
        "which videos explain loops?",
        "what is the length of the longest sample?",
        "what programming language is used?",
        "who speaks about loops?",
        "who invented the transistor?",
    ],
)
def test_what_is_asked_of_its_subject_is_looked_for(question: str) -> None:
    assert read_fact(question) is None
    assert read_lasting(question) is None


def test_several_recordings_are_listed_with_their_lengths(library: Callable[..., Store]) -> None:
    store = library(talk("bees"), speech("wasps", [(0.0, "This is all about wasps."), (40.0, "That was it.")]))
    told = ask("how many recordings are there?", store=store).text
    assert told == "2 recordings, 2:04 in all:\n- bees lasts 1:20\n- wasps lasts 0:44"
    assert "“bees” is the longest of 2" in ask("which is the longest recording?", store=store).text
    assert ask("what language are the recordings in?", store=store).text == "All 2 recordings are in English."


def test_a_speaker_is_named_where_captions_name_one(library: Callable[..., Store], minilm: Embedder) -> None:
    made = talk()
    events = [replace(e, speaker="Ada" if e.span.start_s < 30 else "Grace") for e in made.of_kind("transcript")]
    store = library(Timeline.build(made.media, events))
    answer = ask("who is speaking?", store=store, embedder=minilm)
    assert answer.text == "Named as speaking:\n- Ada, from [0:00]\n- Grace, from [0:30]"
    assert [moment.start_s for moment in answer.moments] == [0.5, 30.0]
    nobody = ask("who is speaking?", store=library(talk()), embedder=minilm)
    assert not nobody.supported, "nobody is named"


def test_how_long_something_is_spoken_of(library: Callable[..., Store], minilm: Embedder) -> None:
    store = library(talk())
    for question in ("how long does she talk about functions?", "how much time is spent on functions?"):
        answer = ask(question, store=store, embedder=minilm)
        assert answer.text.startswith("“Functions” lasts 24 s, from [0:30] to [0:54]; "), question
        assert "about it in all" in answer.text
    again = ask("how long?", store=store, embedder=minilm, history=[ask("what is a function?", store=store).turn])
    assert TIME.findall(again.text)[:2] == ["0:30", "0:54"]
    nothing = ask("how long does she talk about quarks?", store=store, embedder=minilm)
    assert not nothing.supported


def test_what_stands_under_a_heading_is_about_it(library: Callable[..., Store], minilm: Embedder) -> None:
    """A lecture with a slide on recursion, where nobody says the word, treats it better than one that says it once."""
    from tests.talks import shown_and_said

    slides = shown_and_said(
        "slides", [(0.0, 60.0, "Recursion", "Recursion\n- a function may call itself")],
        [(1.0, "Inside its own body, a function can call itself."), (10.0, "Each call gets a smaller problem."),
         (20.0, "And there has to be a smallest one."), (30.0, "It is solved at once.")], length_s=60.0,
    )  # fmt: skip
    passing = speech("passing", [(0.0, "Hello to a lecture on bees."), (5.0, "Recursion is for another day.")])
    answer = ask("which lecture explains recursion best?", store=library(passing, slides), embedder=minilm)
    assert "“slides”" in answer.text.split("\n")[0]
    assert "(4 sentences about it" in answer.text


def test_what_a_named_speaker_says_is_what_is_said(library: Callable[..., Store], minilm: Embedder) -> None:
    made = talk()
    ada = Timeline.build(made.media, [replace(e, speaker="Ada Lovelace") for e in made.of_kind("transcript")])
    store = library(ada, speech("wasps", [(0.0, "A function of wasps is to frighten people.")]))
    answer = ask("what does Ada say about functions?", store=store, embedder=minilm)
    assert answer.supported
    assert {moment.title for moment in answer.moments} == {"bees"}
    both = [replace(e, speaker="Ada" if e.span.start_s < 30 else "Grace") for e in made.of_kind("transcript")]
    several = library(Timeline.build(made.media, both))
    why = ask("what does Ada say about functions?", store=several, embedder=minilm).why
    assert why is not None
    assert why.read_as == "what does Ada say about functions?", "who says which sentence is not known"
