import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seehear.backends.protocols import Embedder
from seehear.errors import InputError, NotFoundError
from seehear.search import search
from seehear.search.features import vagueness
from seehear.search.passages import cut_up, vectors
from seehear.search.route import read_question
from seehear.search.terms import match_expression, stem, terms_of
from seehear.spans import Span
from seehear.store import Store
from seehear.values import Event
from tests.talks import shown_and_said, speech, talk


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A library without vectors: one talk, and one recording on gardening."""
    store = Store(tmp_path_factory.mktemp("words"))
    garden = speech("garden", [(0.0, "Roses need much water in summer."), (5.0, "Prune them in early spring.")])
    for timeline in (talk(), garden):
        store.put_timeline(timeline, cut_up(timeline))
    return store


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, minilm: Embedder) -> Store:
    """The same library with vectors."""
    store = Store(tmp_path_factory.mktemp("both"))
    garden = speech("garden", [(0.0, "Roses need much water in summer."), (5.0, "Prune them in early spring.")])
    for timeline in (talk(), garden):
        made = cut_up(timeline)
        store.put_timeline(timeline, made, embedder=minilm.card.name, unit_vectors=vectors(made, minilm))
    return store


def test_words_alone_find_the_sentence(words: Store) -> None:
    first = search(words, None, "angle of the dance", route="said")[0]
    assert (first.kind, first.start_s) == ("transcript", 22.0)


def test_meaning_is_found_without_a_common_word(both: Store, minilm: Embedder) -> None:
    first = search(both, minilm, "how do insects communicate the location of food?", media=["bees".ljust(64, "0")])[0]
    assert 14.0 <= first.start_s <= 22.0


def test_the_right_recording_comes_first(both: Store, minilm: Embedder) -> None:
    assert search(both, minilm, "how often should I water the flower bed?")[0].title == "garden"
    assert search(both, minilm, "what is recursion?")[0].title == "bees"


def test_the_explanation_comes_before_the_mention_and_the_mention_when_asked(both: Store, minilm: Embedder) -> None:
    assert search(both, minilm, "when is recursion explained?")[0].start_s == 54.0
    assert search(both, minilm, "when is recursion first mentioned?")[0].start_s == 6.0


def test_code_is_found_as_typed(words: Store, both: Store, minilm: Embedder) -> None:
    for store, embedder in ((words, None), (both, minilm)):
        for query in ("def fib", "where is `fib(n - 1)`?", "fib(n - 1)"):
            first = search(store, embedder, query)[0]
            assert (first.kind, first.start_s) == ("visual", 30.0), query


def test_numbers_count(words: Store) -> None:
    assert search(words, None, "what is at 120 metres?")[0].start_s == 14.0
    assert search(words, None, "room 42")[0].start_s == 54.0


def test_said_and_shown_are_kept_apart(both: Store, minilm: Embedder) -> None:
    assert {m.kind for m in search(both, minilm, "functions", route="said")} == {"transcript"}
    assert {m.kind for m in search(both, minilm, "functions", route="shown")} == {"visual"}


def test_a_recording_without_pictures_answers_what_is_shown_with_what_is_said(words: Store) -> None:
    found = search(words, None, "what is shown about roses?", media=["garden".ljust(64, "0")])
    assert found[0].text.startswith("Roses")


def test_a_stretch_limits_the_moments(both: Store, minilm: Embedder) -> None:
    for question, low, high in (
        ("recursion in the first 20 seconds", 0, 20),
        ("recursion after 0:50", 48, 80),
        ("what about functions between 0:36 and 0:50", 30, 50),
    ):
        found = search(both, minilm, question, media=["bees".ljust(64, "0")])
        assert found, question
        assert all(m.end_s > low and m.start_s < high for m in found), question


def test_every_moment_starts_at_an_event_and_carries_its_words(both: Store, minilm: Embedder) -> None:
    starts = {event.span.start_s for event in talk().events}
    for moment in search(both, minilm, "functions and recursion", media=["bees".ljust(64, "0")]):
        assert moment.start_s in starts
        assert moment.text
        assert moment.said or moment.kind == "visual"


def test_a_slip_of_the_recogniser_is_tolerated(tmp_path: Path) -> None:
    timeline = speech("api", [(0.0, "First we install the tool."), (5.0, "The reply comes as jason, which is text.")])
    with Store(tmp_path) as store:
        store.put_timeline(timeline, cut_up(timeline))
        assert search(store, None, "JSON reply format")[0].start_s <= 5.0
        assert any("jason" in m.text for m in search(store, None, "JSON", media=[timeline.media.id]))


def test_a_sentence_longer_than_any_moment_is_a_moment_by_itself(tmp_path: Path, minilm: Embedder) -> None:
    nuts = "apple banana cherry date elder fig grape hazel iris jade".split()  # noqa: SIM905
    said = [(70.0 * i, f"Now this long cue number {i} talks at length about {nut}.") for i, nut in enumerate(nuts)]
    timeline = shown_and_said("long", [], said, length_s=700.0, sentence_s=70.0)
    with Store(tmp_path) as store:
        made = cut_up(timeline)
        store.put_timeline(timeline, made, embedder=minilm.card.name, unit_vectors=vectors(made, minilm))
        first = search(store, minilm, "what is said about hazel nuts?")[0]
    assert first.span == Span(490.0, 560.0)


def test_signs_that_only_look_like_digits_or_letters_break_no_question() -> None:
    for question in ("sum it up in \u017fix sentences", "what is said in the first \u0663 minutes?"):
        assert read_question(question).sentences == 3


def test_an_empty_question_and_an_unknown_recording_are_errors(words: Store) -> None:
    with pytest.raises(InputError):
        search(words, None, "  \n ")
    with pytest.raises(NotFoundError):
        search(words, None, "bees", media=["nothing"])


def test_an_empty_library_has_no_moments(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        assert search(store, None, "anything") == []


HOSTILE = [
    '"',
    "'; DROP TABLE media; --",
    "AND OR NOT NEAR(",
    "title:x* ^y",
    "}{",
    "\0",
    "***",
    "-",
    "é ü 漢字 🐝",
    "a" * 5000,
]


def test_a_word_that_is_everywhere_hides_nothing_and_is_still_found_alone(tmp_path: Path) -> None:
    said = [(20.0 * i, f"Bees carry number{i} to the hive, and so they do every summer day.") for i in range(1500)]
    with Store(tmp_path) as store:
        for timeline in (speech("summer", said), talk()):
            store.put_timeline(timeline, cut_up(timeline))
        assert store.counts(["bees"])[1][0] > 200
        found = search(store, None, "which bees carry number777?")[0]
        assert (found.title, "number777 " in found.text) == ("summer", True)
        assert search(store, None, "bees")


@pytest.mark.parametrize("query", HOSTILE)
def test_no_query_breaks_search(words: Store, query: str) -> None:
    search(words, None, query)
    search(words, None, query, media=["bees".ljust(64, "0")])
    assert len(words.media()) == 2


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_makes_a_valid_expression(text: str) -> None:
    expression = match_expression(terms_of(text), media_numbers=[1, 2])
    if expression:
        db = sqlite3.connect(":memory:")
        db.execute("CREATE VIRTUAL TABLE words USING fts5(media, title, said, shown)")
        db.execute("SELECT * FROM words WHERE words MATCH ?", (expression,)).fetchall()
        db.close()


def test_what_the_recording_shows_cannot_break_search_either(tmp_path: Path) -> None:
    nasty = Event(Span(2.0, 9.0), "visual", '"); DROP TABLE media; -- \x00\x1b[31m', "test", title="\x07bell")
    with Store(tmp_path) as store:
        timeline = talk(extra=(nasty,))
        store.put_timeline(timeline, cut_up(timeline))
        found = search(store, None, "drop table media")
        assert found[0].start_s == 2.0
        assert "\x1b" not in found[0].text + found[0].title


@pytest.mark.parametrize(
    ("question", "route", "want"),
    [
        ("when are functions explained?", "both", "when"),
        ("what is written on the slide about loops?", "shown", "what"),
        ("what does she say about loops?", "said", "what"),
        ("which code is on screen?", "shown", "what"),
        ("what is this lecture about?", "both", "broad"),
        ("what's this lecture about?", "both", "broad"),
        ("What is this about?", "both", "broad"),
        ("whats it all about", "both", "broad"),
        ("tl;dr", "both", "broad"),
        ("the gist, please", "both", "broad"),
        ("can you sum it up?", "both", "broad"),
        ("what is the return statement about?", "both", "what"),
        ("list all mentions of loops", "both", "what"),
        ("does she mention loops?", "both", "what"),
        ("summarise the second half", "both", "broad"),
        ("list the topics between 2:00 and 5:00", "both", "broad"),
        ("list the steps to install numpy", "both", "what"),
        ("what is the main point of recursion?", "both", "what"),
    ],
)
def test_questions_are_routed(question: str, route: str, want: str) -> None:
    intent = read_question(question)
    assert (intent.route, intent.want) == (route, want)


def test_a_compound_request_is_read_whole() -> None:
    intent = read_question(
        "List the concepts explained in the early part, with times, and summarise the lecture in 2–3 sentences"
    )
    assert intent.list_ and intent.summary and intent.sentences == 3
    assert intent.stretch is not None
    assert intent.stretch.span(300.0) == Span(0.0, 100.0)


@pytest.mark.parametrize(
    ("question", "span"),
    [
        ("what happens in the first five minutes?", Span(0, 300)),
        ("between 2:00 and 5:00", Span(120, 300)),
        ("what is on screen at 3:20?", Span(195, 220)),
        ("what happens around 3:20?", Span(195, 220)),
        ("the last 30 seconds", Span(570, 600)),
        ("before 1:00", Span(0, 60)),
        ("in the second half", Span(300, 600)),
    ],
)
def test_stretches_are_read(question: str, span: Span) -> None:
    stretch = read_question(question).stretch
    assert stretch is not None
    assert stretch.span(600.0) == span


@pytest.mark.parametrize(
    "question",
    [
        "what is printed at the end of the loop?",
        "Why is the sum set to zero at the beginning?",
        "why do we need a semicolon at the end",
        "How far does the ball fall in the first 3 seconds?",
        "What is the first half of the proof about?",
        "Why is the ratio about 10:90?",
        "Why do whales split the water about 80:20?",
        "Is 10:455 a version?",
    ],
)
def test_places_in_what_is_taught_are_no_places_in_the_recording(question: str) -> None:
    assert read_question(question).stretch is None


@pytest.mark.parametrize(
    ("question", "span"),
    [
        ("what does she say at the end?", Span(400, 600)),
        ("and near the end?", Span(400, 600)),
        ("what comes in the middle part?", Span(200, 400)),
        ("why is zero the start value at the beginning of the video?", Span(0, 200)),
        ("what is announced in the first 30 seconds?", Span(0, 30)),
    ],
)
def test_what_is_told_in_a_part_is_looked_for_there(question: str, span: Span) -> None:
    stretch = read_question(question).stretch
    assert stretch is not None
    assert stretch.span(600.0) == span


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("why doesn't a loop stop?", ("loop", "stop")),
        ("whats a pointer and why cant it be null", ("pointer", "null")),
        ("Can someone tell whether something like recursion is possible?", ("recursion",)),
        ("why would I use a list instead of an array?", ("list", "array")),
        ("is it possible?", ("possible",)),
        ("Compare lists and tuples", ("lists", "tuples")),
        ("what is the difference between a list and an array?", ("list", "array")),
        ("what is a finite difference?", ("finite", "difference")),
        ("When does the exam take place?", ("exam",)),
        ("how often is class mentioned?", ("often", "class")),
        ("how is import used?", ("import",)),
    ],
)
def test_what_a_question_is_made_of_is_not_what_it_is_about(question: str, words: tuple[str, ...]) -> None:
    assert set(read_question(question).terms.words) - {"tell", "like"} == set(words)


def test_forms_of_a_word_are_one() -> None:
    for group in (("function", "functions"), ("copy", "copies", "copied"), ("run", "running", "runs")):
        assert len({stem(word) for word in group}) == 1, group


def test_what_is_near_to_everything_is_discounted_but_not_in_a_short_recording() -> None:
    rows = np.eye(40, 48, dtype=np.float32)
    rows[20:] += 1.0  # half of the sentences resemble each other
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = vagueness(rows)
    assert found[20:].min() > found[:20].max()
    assert abs(float(found.mean())) < 1e-6
    assert not vagueness(rows[:6]).any()


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("List the data types that are mentioned", ("data", "types")),
        ("please name all loops", ("loops",)),
        ("what is a list?", ("list",)),
        ("list comprehension", ("list", "comprehension")),
    ],
)
def test_a_command_to_list_is_not_a_topic_but_lists_may_be(question: str, words: tuple[str, ...]) -> None:
    assert read_question(question).terms.words == words


@pytest.mark.parametrize(
    ("question", "start_s", "end_s"),
    [("what is said in the first minute?", 0.0, 60.0), ("what is shown in the last minute?", 540.0, 600.0)],
)
def test_the_first_minute_is_one_minute(question: str, start_s: float, end_s: float) -> None:
    span = read_question(question).span(600.0)
    assert span is not None and (span.start_s, span.end_s) == (start_s, end_s)
