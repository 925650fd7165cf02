"""How a fit is judged: by all there is to look with, and by nothing that is missing."""

from dataclasses import replace

import pytest

from seehear.answer.refusal import FEATURES, fits, mode, probability
from seehear.search import Signal
from seehear.search.matching import Match

WELL = {"cosine": 0.6, "coverage": 0.6, "own": 0.5, "absent": 0.2}


def test_each_way_to_look_has_its_own_judgement() -> None:
    assert mode(Signal()) == "words"
    assert mode(Signal(), embedder="minilm") == "vectors"
    assert mode(Signal(match=Match(0.5, 0.3)), embedder="minilm") == "tokens"
    assert mode(Signal(match=Match(0.5, 0.3)), embedder="e5", across=True) == "meaning"
    assert mode(Signal(), embedder="another", across=True) == "vectors"
    assert set(FEATURES) == {"words", "vectors", "tokens", "meaning"}


def test_a_question_in_another_language_is_judged_by_meaning_alone() -> None:
    assert fits(Signal(cosine=0.45, absent=1.0), embedder="e5", across=True)
    assert not fits(Signal(cosine=0.3, absent=1.0), embedder="e5", across=True)
    assert not fits(Signal(cosine=0.45, absent=1.0), embedder="minilm")


def test_a_question_with_a_word_that_is_met_nowhere_is_refused() -> None:
    assert fits(Signal(**WELL, match=Match(0.9, 0.3)), embedder="minilm")
    assert not fits(Signal(**WELL, match=Match(0.3, 0.3)), embedder="minilm")


@pytest.mark.parametrize("weak", [0.0, 0.3, 0.6])
def test_a_better_match_never_makes_an_answer_less_likely(weak: float) -> None:
    low, high = Signal(**WELL, match=Match(weak, 0.3)), Signal(**WELL, match=Match(weak + 0.3, 0.3))
    assert probability(low, embedder="minilm") < probability(high, embedder="minilm")


@pytest.mark.parametrize(("embedder", "match"), [("", None), ("minilm", None), ("minilm", Match(0.6, 0.3))])
def test_the_more_is_looked_through_the_better_it_has_to_fit(embedder: str, match: Match | None) -> None:
    def likely(hours: float) -> float:
        return probability(Signal(**WELL, match=match, hours=hours), embedder=embedder)

    assert likely(0.0) == likely(0.1) == likely(1.0) > likely(10.0) > likely(100.0)


def test_what_is_found_as_typed_is_answered_whatever_else_is_weak() -> None:
    assert fits(Signal(exact=True, match=Match(0.0, 0.1)), embedder="minilm")


def test_a_thing_that_is_called_by_a_name_that_occurs_nowhere_is_refused_whatever_else_is_strong() -> None:
    strong = Signal(**WELL, exact=True, match=Match(1.0, 0.5))
    assert fits(strong, embedder="minilm")
    assert not fits(replace(strong, unnamed=True), embedder="minilm")
