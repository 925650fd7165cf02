"""Checked citations: what a reader with the quote alone would say of a sentence, and what is printed then."""

from collections.abc import Callable

import pytest

from seehear.answer import ask
from seehear.answer.counting import Counting
from seehear.answer.evidence import Checked, Evidence
from seehear.answer.pointing import point
from seehear.answer.support import UNCONFIRMED, judge
from seehear.backends.protocols import Embedder
from seehear.spans import Span
from seehear.store import Store
from seehear.units import Unit
from tests.answer.conftest import Scripted
from tests.talks import speech, talk

QUOTE = "In Montreal, Canada, a server emits 20 grams of CO2 per kilowatt hour."


@pytest.mark.parametrize(
    ("sentence", "holds", "why"),
    [
        ("A server in Montreal emits 20 grams of CO2 per kilowatt hour.", True, "of its words"),
        ("“In Montreal, Canada, a server emits 20 grams …”", True, "word for word"),
        ("On screen [0:12]: “a server emits 20 grams of CO2”", True, "word for word"),
        ("“A server emits 30 grams of CO2.”", False, "not a quotation"),
        ("A server in Montreal emits 90 grams of CO2 per kilowatt hour.", False, "number not in the quote: 90"),
        ("A server in Toronto emits 20 grams of CO2 per kilowatt hour.", False, "name not in the quote: Toronto"),
        ("A server in Montreal never emits 20 grams of CO2 per kilowatt hour.", False, "negation"),
        ("Bananas ripen faster beside other fruit in a server.", False, "of its words"),
    ],
)
def test_a_sentence_is_judged_by_its_quote(sentence: str, holds: bool, why: str) -> None:
    found = judge(sentence, [QUOTE])
    assert (found.holds, why in found.reason) == (holds, True), found


def test_without_a_quote_nothing_is_supported() -> None:
    assert not judge("Anything at all.", []).holds


def test_names_and_numbers_of_the_question_may_be_said_again() -> None:
    sentence = "In Toronto a server emits 20 grams of CO2 per kilowatt hour."
    assert judge(sentence, [QUOTE], question="and in Toronto?").holds
    assert judge("It is Montreal's.", ["It is the server of Montreal."]).holds


@pytest.mark.parametrize("name", ["Hives", "Hives (part 2)", "Hives [dQw4w9WgXcQ]", "Hives :( 3", "Hives) and (more"])
@pytest.mark.parametrize("answerer", [None, Scripted("Bees dance to tell others where the flowers are [1].")])
def test_the_title_beside_a_sentence_is_no_part_of_it_however_it_is_written(
    library: Callable[..., Store], minilm: Embedder, name: str, answerer: Scripted | None
) -> None:
    store = library(talk(name, media_id="b" * 64), speech("garden", [(0.0, "Roses need water.")]))
    answer = ask("why do bees dance?", store=store, embedder=minilm, answerer=answerer)
    (sentence,) = answer.sentences
    assert sentence.supported
    assert UNCONFIRMED not in answer.text
    assert not any(word in sentence.text for word in name.split())
    assert sentence.text[-1] == ("”" if answerer is None else ".")
    title = name.replace("[", "(").replace("]", ")")
    assert answer.text == f"{sentence.text} ({title} [0:14])"


UNITS = (
    Unit("visual", Span(0, 60), "Functions\n- named work"),
    Unit("transcript", Span(2, 6), "Now to the most important idea of today."),
    Unit("transcript", Span(6, 11), "A function is a recipe that you write down once."),
    Unit("transcript", Span(11, 15), "You may cook it whenever you are hungry."),
)


def test_the_words_that_hold_a_sentence_are_cited_with_their_own_time() -> None:
    passage = Evidence(1, "m", "talk", "transcript", Span(2, 15), " ".join(u.text for u in UNITS[1:]))
    found = point(Checked("A function is a recipe.", (passage,)), UNITS, "m")
    assert [(e.span, e.text) for e in found.evidence] == [(Span(6, 11), UNITS[2].text)]
    both = point(Checked("A function is a recipe that you cook when you are hungry.", (passage,)), UNITS, "m")
    assert [e.span for e in both.evidence] == [Span(6, 15)]


def test_what_was_said_under_a_picture_is_cited_as_speech() -> None:
    meanwhile = " ".join(u.text for u in UNITS[1:])
    slide = Evidence(1, "m", "talk", "visual", Span(0, 60), UNITS[0].text, meanwhile)
    said = point(Checked("A function is a recipe.", (slide,)), UNITS, "m")
    assert [(e.kind, e.span) for e in said.evidence] == [("transcript", Span(6, 11))]
    shown = point(Checked("Functions are named work.", (slide,)), UNITS, "m")
    assert shown.evidence == (slide,)


def test_an_answer_carries_its_sentences_with_their_own_citations(
    library: Callable[..., object],
    minilm: object,
) -> None:
    from seehear.answer import ask

    model = Scripted("Bees dance to tell others where the flowers are [1].")
    answer = ask("why do bees dance?", store=library(talk()), embedder=minilm, answerer=model)  # type: ignore[arg-type]
    (sentence,) = answer.sentences
    assert sentence.text == "Bees dance to tell others where the flowers are."
    assert sentence.supported
    (citation,) = sentence.citations
    assert (citation.media, citation.span.start_s) == (talk().media.id, 14.0)
    assert citation in answer.citations
    assert answer.as_json()["sentences"][0]["citations"][0]["clock"] == "0:14"


def test_what_a_citation_does_not_bear_out_is_marked(
    library: Callable[..., object],
    minilm: object,
) -> None:
    from seehear.answer import ask

    # Enough of the words for the check while it is written, but a name that nobody said.
    model = Scripted("The bees of Karl dance to tell the other bees where the flowers are [1].")
    answer = ask("why do bees dance?", store=library(talk()), embedder=minilm, answerer=model)  # type: ignore[arg-type]
    assert [s.supported for s in answer.sentences] == [False]
    assert answer.text.endswith(UNCONFIRMED)
    assert "Karl" in answer.sentences[0].text
    assert UNCONFIRMED not in answer.sentences[0].text


def test_tokens_are_counted_and_estimates_say_so() -> None:
    counting = Counting(Scripted("Bees dance."))  # type: ignore[arg-type]
    assert "".join(counting.stream([], max_tokens=5)) == "Bees dance."
    assert (counting.tokens.read, counting.tokens.written, counting.tokens.exact) == (0, 3, False)
