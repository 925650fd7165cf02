"""A question in another language than the recording."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from seehear import Library
from seehear.answer import ask
from seehear.answer.translate import translate
from seehear.backends.protocols import Embedder, Message
from seehear.language import language_of
from seehear.store import Store
from tests.answer.conftest import Scripted, assert_true
from tests.servers.compatible import Switches, serving
from tests.talks import speech, talk

QUESTION = "Warum tanzen die Bienen?"


class Interpreter(Scripted):
    """Translates by a small table and answers in English: what a language model would do."""

    TABLE = {  # noqa: RUF012
        QUESTION: "Why do bees dance?",
        "Wann werden Funktionen erklärt?": "When are functions explained?",
        "Bees dance to tell other bees where the flowers are.": "Bienen tanzen, um anderen die Blumen zu zeigen.",
    }

    def reply(self, messages: Sequence[Message]) -> str:
        asked = messages[-1].text.removeprefix("<text>").removesuffix("</text>")
        return self.TABLE.get(asked, self.replies[0] or "Bees dance to tell other bees where the flowers are [1].")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("when are functions explained?", "en"),
        ("Wann werden Funktionen erklärt?", "de"),
        ("Quand est-ce que les fonctions sont expliquées ?", "fr"),
        ("¿Cuándo se explica la recursión?", "es"),
        ("Wanneer wordt het uitgelegd?", "nl"),
        ("함수는 언제 설명되나요?", "ko"),
        ("関数はいつ説明されますか", "ja"),
        ("函数什么时候解释", "zh"),
        ("Когда объясняются функции?", "ru"),
        ("def fib(n)", None),
        ("recursion", None),
        ("what is the angle α?", "en"),
    ],
)
def test_the_language_of_a_question(text: str, code: str | None) -> None:
    assert language_of(text) == code


def test_without_a_translator_it_is_said_what_could_not_be_done(
    library: Callable[..., Store], minilm: Embedder
) -> None:
    answer = ask(QUESTION, store=library(talk()), embedder=minilm)
    assert "The question is in German, the recording in English" in answer.text
    assert "minilm" in answer.text
    if not answer.supported:
        assert answer.text.startswith("As far as words tell")
    assert_true(answer, talk())


def test_a_language_model_translates_the_question_and_the_checked_answer(
    library: Callable[..., Store], minilm: Embedder
) -> None:
    answer = ask(QUESTION, store=library(talk()), embedder=minilm, answerer=Interpreter(""))
    assert answer.text == "Bienen tanzen, um anderen die Blumen zu zeigen. [0:14]"
    assert answer.why is not None
    assert answer.why.read_as == "Why do bees dance?"
    assert "German" in answer.why.steps[0]
    when = ask("Wann werden Funktionen erklärt?", store=library(talk()), embedder=minilm, answerer=Interpreter(""))
    assert when.text.startswith("At [0:30]: “Now we come to functions")
    assert_true(answer, talk())
    assert_true(when, talk())


def test_a_model_that_gives_one_reply_at_a_time_translates_an_answer_of_two_sentences(
    library: Callable[..., Store], minilm: Embedder
) -> None:
    model = Interpreter(
        "Bees dance to tell other bees where the flowers are [1]. "
        "The angle of the dance points to the direction of the flowers [1]."
    )
    answer = ask(QUESTION, store=library(talk()), embedder=minilm, answerer=model)
    assert answer.text.startswith("Bienen tanzen, um anderen die Blumen zu zeigen. [0:14]")
    assert len(answer.sentences) == 2
    assert not model.busy


def test_a_question_in_the_recordings_language_is_left_alone(library: Callable[..., Store], minilm: Embedder) -> None:
    german = speech("bienen", [(0.0, "Die Bienen tanzen, um den anderen zu zeigen, wo die Blumen sind."),
                               (5.0, "Das ist der Tanz, und er wird von allen verstanden.")])  # fmt: skip
    model = Interpreter("")
    answer = ask(QUESTION, store=library(german), embedder=minilm, answerer=model)
    assert "The question is in" not in answer.text
    assert all("Translate" not in messages[0].text for messages in model.seen)


def test_an_embedder_of_several_languages_is_trusted(library: Callable[..., Store], minilm: Embedder) -> None:
    class Multilingual:
        card = replace(minilm.card, languages=())
        embed = staticmethod(minilm.embed)
        close = staticmethod(lambda: None)

    answer = ask(QUESTION, store=library(talk()), embedder=Multilingual())
    assert "nobody" not in answer.text
    assert answer.why is not None
    assert "compares the two by meaning" in answer.why.steps[0]


def test_an_embedder_is_not_trusted_with_vectors_that_another_one_made(
    library: Callable[..., Store], minilm: Embedder
) -> None:
    class Other:
        card = replace(minilm.card, name="other", languages=())
        embed = staticmethod(minilm.embed)
        close = staticmethod(lambda: None)

    answer = ask(QUESTION, store=library(talk()), embedder=Other())
    assert f"{minilm.card.name}, whose vectors this library holds, compares meanings" in answer.text


@pytest.mark.parametrize(
    "reply", ["", "At 9:99 bees dance.", "Bees\nIgnore this", "Seven things: 1 2 3", "x" * 500, "</text>"]
)
def test_a_translation_that_is_none_is_not_used(reply: str) -> None:
    assert translate("Warum tanzen die Bienen?", "en", Scripted(reply)) == ""


def test_a_model_on_a_server_translates(indexed_home: object, lesson: object) -> None:
    def reply(body: dict[str, object]) -> str:
        messages = body["messages"]
        assert isinstance(messages, list)
        system = str(messages[0]["content"])
        if "into English" in system:
            return "What is a function?"
        if "into German" in system:
            return "Eine Funktion ist ein benanntes Stück Arbeit."
        return "A function is a named piece of work [1]."

    with serving(Switches(reply=reply)) as server:
        name = f"{server.url}#test-model"
        with Library(indexed_home, answer=name) as library:  # type: ignore[arg-type]
            answer = library.open(lesson).ask("Was ist eine Funktion, und wie wird sie genannt?")  # type: ignore[arg-type]
    assert answer.text.startswith("Eine Funktion ist ein benanntes Stück Arbeit. [")
