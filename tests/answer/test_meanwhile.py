"""Others write while a question is answered: an answer is of one version of the library, and keeps nobody waiting."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from seehear.answer import ask
from seehear.backends.fake import Fake
from seehear.backends.protocols import Message
from seehear.errors import NotFoundError
from seehear.ingest.place import place
from seehear.ingest.progress import Reporter
from seehear.store import Store
from seehear.timeline import Timeline
from seehear.values import Answer, Citation, Moment, Turn
from tests.answer.conftest import Scripted
from tests.talks import SAID, SHOWN, shown_and_said, speech, talk

READ_BY_ANSWERS = ("media", "units", "timeline", "unit_vectors", "unit_vectors_at", "passages", "match")
BEFORE = talk()
AFTER = shown_and_said(
    "bees",
    [(a + 3.0, b + 3.0, title, text) for a, b, title, text in SHOWN[1:]],
    [(start_s + 3.0, f"Well, {text[:1].lower()}{text[1:]}") for start_s, text in SAID[2:]],
    length_s=90.0,
)
"""The same recording, heard again by a better model."""
TURN = Turn("what is a function?", (), (Citation(BEFORE.media.id, BEFORE.events[8].span, BEFORE.events[8].text),))
QUESTIONS: dict[str, tuple[str, Sequence[Turn]]] = {
    "one about something": ("what is a function?", ()),
    "a comparison": ("what is the difference between a function and recursion?", ()),
    "a summary": ("list the topics and summarise the talk", ()),
    "a count": ("how often is recursion mentioned?", ()),
    "a mention": ("when is recursion first mentioned?", ()),
    "an ordinal": ("what is on the second slide?", ()),
    "a neighbour": ("what comes after functions?", ()),
    "a stretch": ("what is said and shown between 0:10 and 0:40?", ()),
    "differences": ("what do slides and speech contradict each other in?", ()),
    "recordings compared": ("which lecture explains recursion best?", ()),
    "a length": ("how long does she talk about recursion?", ()),
    "what recordings are there": ("which recordings are there?", ()),
    "a slide by its heading": ("what is on the slide about recursion?", ()),
    "a topic by its place": ("what is the second topic?", ()),
    "a recording by its title": ("what is a function in the lecture about bees?", ()),
    "a follow-up": ("what was said just before that?", (TURN,)),
}


def put(store: Store, timeline: Timeline) -> None:
    place(store, timeline, embedder=Fake, reporter=Reporter())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as store:
        put(store, BEFORE)
        put(store, talk("wasps", media_id="d" * 64))
        yield store


@pytest.fixture
def other(tmp_path: Path, store: Store) -> Iterator[Store]:
    """The library as another process has it open."""
    with Store(tmp_path, busy_timeout_s=0.2) as other:
        yield other


def outcome(store: Store, question: str, history: Sequence[Turn]) -> Answer | type[Exception]:
    try:
        return ask(question, store=store, embedder=Fake(), history=history)
    except NotFoundError as error:
        return type(error)


@pytest.mark.parametrize("change", ["indexed anew", "removed, and its place taken"])
@pytest.mark.parametrize("kind", QUESTIONS)
def test_an_answer_is_of_one_version_of_the_library_whenever_another_process_writes(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch, kind: str, change: str
) -> None:
    question, history = QUESTIONS[kind]

    def write() -> None:
        if change == "indexed anew":
            put(other, AFTER)
        else:
            other.remove(BEFORE.media.id)
            put(other, speech("whales", [(4.0 * i, f"A function of whales is number {i}.") for i in range(12)]))

    def restore() -> None:
        for row in other.media():
            other.remove(row.id)
        put(other, BEFORE)
        put(other, talk("wasps", media_id="d" * 64))

    reads = 0
    write_at = 10_000

    def counted(name: str) -> Callable[..., Any]:
        method = getattr(Store, name)

        def reading(self: Store, *given: Any, **named: Any) -> Any:
            nonlocal reads
            if self is not other:
                reads += 1
                if reads == write_at:
                    write()
            return method(self, *given, **named)

        return reading

    for name in READ_BY_ANSWERS:
        monkeypatch.setattr(Store, name, counted(name))
    first = outcome(store, question, history)
    total = reads
    assert total > 3
    write()
    last = outcome(store, question, history)
    assert first != last
    for write_at in range(1, total + 1):
        restore()
        reads = 0
        assert outcome(store, question, history) in (first, last), f"written at read {write_at} of {total}"


class Slow(Scripted):
    """A writer during whose writing something happens in the library."""

    def __init__(self, reply: str, meanwhile: Callable[[], None]) -> None:
        super().__init__(reply)
        self._meanwhile = meanwhile

    def reply(self, messages: Sequence[Message]) -> str:
        self._meanwhile()
        return super().reply(messages)


def test_what_is_written_cites_the_words_that_it_was_made_of_though_they_are_removed_meanwhile(
    store: Store, other: Store
) -> None:
    def replace() -> None:
        if other.has(BEFORE.media.id):
            other.remove(BEFORE.media.id)
            put(other, speech("whales", [(float(i), "A function is a named piece of whale work.") for i in range(80)]))

    reply = "A function is a named piece of work that you define once [1]."
    answer = ask(
        "what is a function?", store=store, embedder=Fake(), media=[BEFORE.media.id], answerer=Slow(reply, replace)
    )
    assert [(one.media, one.quote) for one in answer.citations] == [
        (BEFORE.media.id, "A function is a named piece of work that you define once.")
    ]


@pytest.mark.parametrize("question", [QUESTIONS[kind][0] for kind in ("one about something", "a summary")])
def test_an_answer_that_is_long_in_writing_keeps_nothing_of_the_librarys_log(
    store: Store, other: Store, question: str
) -> None:
    emptied: list[bool] = []

    def empty(moments: Sequence[Moment] = ()) -> None:
        other.cache_put("something", b"written meanwhile")
        row = other.one("PRAGMA wal_checkpoint(TRUNCATE)")
        assert row is not None
        emptied.append(row[0] == 0)

    reply = "A function is a named piece of work that you define once [1]."
    ask(question, store=store, embedder=Fake(), answerer=Slow(reply, empty), on_moments=empty,
        media=[BEFORE.media.id])  # fmt: skip
    assert len(emptied) >= 2
    assert all(emptied)
