"""What an answer quotes: a quotation that is cut shows it, and is still found in what it cites."""

import re
from collections.abc import Callable, Sequence

import pytest

from seehear.answer import ask
from seehear.answer.support import judge
from seehear.backends.protocols import Embedder
from seehear.spans import Span
from seehear.store import Store
from seehear.timeline import Timeline
from seehear.values import Answer, Citation, Turn
from tests.answer.conftest import Scripted, assert_true
from tests.talks import shown_and_said


def long_sentence(opening: str, count: int = 46) -> str:
    return f"{opening} because " + ", ".join(f"reason number {i} is a good one" for i in range(count // 7)) + "."


SAID = [
    (0.0, long_sentence("Whales sing in the evening")),
    (20.0, long_sentence("Bees dance in the hive")),
    (40.0, long_sentence("Roses need water every day", 100)),
    (60.0, long_sentence("A second example is the garden")),
]
SHOWN = [
    (0.0, 20.0, "Whales", "Whales\n" + long_sentence("- songs of whales")),
    (20.0, 40.0, "Bees", "Bees\nx = [1, 2]\n" + "\n".join(f"y[{i}] = x[{i}] + {i}" for i in range(40)) + "."),
    (40.0, 80.0, "Roses", "Roses\n" + long_sentence("- water for roses")),
]


def recording(name: str) -> Timeline:
    return shown_and_said(name, SHOWN, SAID, length_s=80.0, sentence_s=18.0)


def assert_quotations_show_where_they_are_cut(answer: Answer) -> None:
    """Everything that is said and shown here ends with a full stop."""
    quotations = [text for text in re.findall("“([^”]+)”", answer.text) if len(text.split()) > 6]
    assert quotations, answer.text
    for text in quotations:
        assert text.endswith(("…", ".")), text
        assert judge(f"“{text}”", [citation.quote for citation in answer.citations]).holds, text


TURN = Turn("why do bees dance?", (), (Citation("a".ljust(64, "0"), Span(20.0, 38.0), SAID[1][1]),))


@pytest.mark.parametrize(
    ("question", "history"),
    [
        ("why do bees dance?", ()),
        ("when do roses need water?", ()),
        ("summarise the lectures in 3 sentences", ()),
        ("which lecture explains the dance of bees best?", ()),
        ("compare what the lectures say about roses", ()),
        ("what was said after that?", (TURN,)),
        ("list all mentions of reason", ()),
        ("what comes after bees?", ()),
        ("what is said and shown between 0:00 and 0:30?", ()),
    ],
)
@pytest.mark.parametrize("names", [("a",), ("a", "b")])
def test_a_quotation_that_is_cut_shows_it_and_is_held_by_what_it_cites(
    library: Callable[..., Store], minilm: Embedder, names: Sequence[str], question: str, history: Sequence[Turn]
) -> None:
    recordings = [recording(name) for name in names]
    answer = ask(question, store=library(*recordings), embedder=minilm, history=history)
    assert_quotations_show_where_they_are_cut(answer)
    assert_true(answer, *recordings)
    assert "unconfirmed" not in answer.text


def test_where_a_writer_fails_what_is_quoted_instead_shows_where_it_is_cut(library: Callable[..., Store]) -> None:
    # Many topics of long sentences: they are put to the writer in several parts, each of which it spoils.
    shown = [(20.0 * i, 20.0 * i + 20.0, f"Reason {i}", f"Reason {i}") for i in range(60)]
    said = [(20.0 * i + 1.0, long_sentence(f"Whale number {i} sings in the evening")) for i in range(60)]
    long = shown_and_said("long", shown, said, length_s=1200.0, sentence_s=18.0)
    answer = ask("summarise the lecture", store=library(long), answerer=Scripted("Nothing that holds."))
    quotations = re.findall("“([^”]+)”", answer.text)
    assert quotations
    assert all(text.endswith("…") for text in quotations), answer.text
    assert all(citation.quote.endswith(".") for citation in answer.citations), "what is cited is whole"
    assert "unconfirmed" not in answer.text


@pytest.mark.parametrize("question", ["why does the garden matter?", "when is the garden explained?"])
def test_a_citation_that_does_not_hold_all_of_its_moment_shows_that_it_goes_on(
    library: Callable[..., Store], minilm: Embedder, question: str
) -> None:
    said = [
        (6.0 * i, f"The garden matters because reason number {i} is a good one and nobody doubts it.") for i in range(9)
    ]
    long = shown_and_said("long", [], said, length_s=60.0, sentence_s=6.0)
    answer = ask(question, store=library(long), embedder=minilm)
    whole = {citation.span: " ".join(e.text for e in long.events if e.span.overlap_s(citation.span) > 0)
             for citation in answer.citations}  # fmt: skip
    assert whole
    for citation in answer.citations:
        assert citation.quote.endswith("…") == (citation.quote != whole[citation.span]), citation
    assert any(citation.quote.endswith("…") for citation in answer.citations), "this moment is a long one"


def test_brackets_in_a_quotation_do_not_make_it_unconfirmed() -> None:
    assert judge("On screen: “x = ［1, 2］”", ["x = [1, 2]\ny = x[0]"]).holds
    assert not judge("On screen: “x = ［1, 3］”", ["x = [1, 2]\ny = x[0]"]).holds
