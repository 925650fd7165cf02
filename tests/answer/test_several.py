"""Several questions in one are answered one after the other; what belongs together stays together."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from seehear.answer import ask
from seehear.answer.several import questions_of
from seehear.backends.protocols import Embedder, Message
from seehear.store import Store
from seehear.values import Moment
from tests.answer.conftest import Scripted, assert_true
from tests.talks import talk


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "what is a variable? What is recursion? and when is the exam?",
            ("what is a variable?", "What is recursion?", "and when is the exam?"),
        ),
        ("what is a function and what is a loop?", ("what is a function?", "what is a loop?")),
        ("when is the exam and which room is it in?", ("when is the exam?", "which room is it in?")),
        ("what is recursion? Why is it used?", ("what is recursion?", "Why is it used?")),
        ("What is a loop? Thanks a lot!", ("What is a loop? Thanks a lot!",)),
        ("What is a deadlock? Could anybody explain?", ("What is a deadlock? Could anybody explain?",)),
        ("I wrote a loop. Why does it never end?", ("I wrote a loop. Why does it never end?",)),
        ("what is a loop and how does it work?", ("what is a loop and how does it work?",)),
        ("where do the slides and what she says differ?", ("where do the slides and what she says differ?",)),
        ('what does "why? because" mean?', ('what does "why? because" mean?',)),
        ("how does a loop differ and what is alike?", ("how does a loop differ and what is alike?",)),
        ("What should I do? When I have a lot of loops?", ("What should I do? When I have a lot of loops?",)),
        ("loops and recursion?", ("loops and recursion?",)),
    ],
)
def test_only_whole_questions_are_taken_apart(text: str, parts: tuple[str, ...]) -> None:
    assert questions_of(text) == parts


def test_each_gets_its_answer_and_its_moment(library: Callable[..., Store], minilm: Embedder) -> None:
    told: list[str] = []
    shown: list[Sequence[Moment]] = []
    question = "why do bees dance? what is a function? who invented the transistor?"
    answer = ask(
        question, store=library(talk()), embedder=minilm, on_moments=shown.append,
        on_text=lambda piece: told.append(piece) if shown else pytest.fail("words came before moments"),
    )  # fmt: skip
    first, second, third = answer.text.split("\n\n")
    assert first.startswith("why do bees dance?\n")
    assert "where the flowers are" in first
    assert "named piece of work" in second
    assert "does not seem to cover this" in third
    assert answer.question == question
    assert answer.supported
    assert "".join(told) == answer.text
    assert [len(shown), shown[0]] == [1, answer.moments]
    starts = [moment.start_s for moment in answer.moments[:2]]
    assert starts[0] < 30.0 <= starts[1], "the best of each comes before the second best of any"
    assert_true(answer, talk())
    assert answer.why is not None
    assert answer.why.likelihood is None
    assert sum("answerable 0." in step for step in answer.why.steps) == 3


def test_moments_and_the_first_answer_are_told_while_the_second_is_still_to_be_written(
    library: Callable[..., Store], minilm: Embedder
) -> None:
    told: list[str] = []
    shown: list[Sequence[Moment]] = []

    class Watched(Scripted):
        def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
            assert shown, "moments come before words"
            assert bool(told) == bool(self.seen)
            yield from super().stream(messages, max_tokens=max_tokens)

    writer = Watched("A function is a named piece of work [1].", "Bees dance to tell where the flowers are [1].")
    answer = ask(
        "what is a function? why do bees dance?", store=library(talk()), embedder=minilm, answerer=writer,
        on_moments=shown.append, on_text=told.append,
    )  # fmt: skip
    assert [len(writer.seen), len(told)] == [2, 2]
    assert told[0].startswith("what is a function?\nA function is a named piece of work. [")
    assert "".join(told) == answer.text
    assert shown == [answer.moments]


def test_an_answer_to_both_is_given_once(library: Callable[..., Store], minilm: Embedder) -> None:
    answer = ask("what is a function? what is the function?", store=library(talk()), embedder=minilm)
    assert answer.text.endswith("\n\nwhat is the function?\n(See the answer above.)")


def test_a_later_question_may_speak_of_the_first(library: Callable[..., Store], minilm: Embedder) -> None:
    answer = ask("when is the dance explained? and what comes after that?", store=library(talk()), embedder=minilm)
    assert "After that, at [" in answer.text


def test_more_questions_than_are_answered_are_told(library: Callable[..., Store]) -> None:
    question = " ".join(f"what is a {thing}?" for thing in ("bee", "dance", "function", "hive", "flower"))
    assert ask(question, store=library(talk())).text.endswith("(Only the first 4 of 5 questions are answered.)")
