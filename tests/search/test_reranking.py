"""What a reranker may and may not do: it orders the best moments, and decides nothing else."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from seehear.backends.fake import Fake
from seehear.backends.protocols import Card
from seehear.search import find
from seehear.search.passages import cut_up
from seehear.search.reranking import RERANKED, passage_of
from seehear.search.route import read_question
from seehear.store import Store
from tests.talks import speech, talk


class Favours:
    """A reranker that prefers texts with a word, and remembers what it was given."""

    card = Card(name="favours", capabilities=("rerank",), runs="here")

    def __init__(self, word: str) -> None:
        self.word = word
        self.asked: list[tuple[str, Sequence[str]]] = []

    def rerank(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked.append((question, texts))
        return np.asarray([float(self.word in text) for text in texts], np.float32)

    def close(self) -> None:
        pass


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path)
    for timeline in (talk(), speech("many", [(20.0 * i, f"Bees like flower number {i}.") for i in range(30)])):
        made.put_timeline(timeline, cut_up(timeline))
    return made


def test_the_moment_it_prefers_comes_first_and_the_others_keep_their_order(store: Store) -> None:
    question, media = "what is a function?", [talk().media.id]
    plain = find(store, None, read_question(question), query=question, media=media)
    judged = find(store, None, read_question(question), query=question, media=media, reranker=Favours("goodbye"))
    assert "goodbye" in judged.moments[0].text and "goodbye" not in plain.moments[0].text
    rest = [moment.span for moment in plain.moments if "goodbye" not in passage_of(moment)]
    assert [moment.span for moment in judged.moments[1:]] == rest
    assert judged.reranked == (1.0, *(0.0 for _ in rest))


def test_whether_there_is_an_answer_is_not_its_to_say(store: Store) -> None:
    question = "what is a function?"
    plain = find(store, None, read_question(question), query=question)
    assert find(store, None, read_question(question), query=question, reranker=Favours("bees")).signal == plain.signal


def test_what_stands_there_as_typed_stays_first(store: Store) -> None:
    question, media = "where is `fib(n - 1)`?", [talk().media.id]
    found = find(store, None, read_question(question), query=question, media=media, reranker=Favours("goodbye"))
    assert "fib(n - 1)" in found.moments[0].text


def test_the_first_mention_is_a_matter_of_time_alone(store: Store) -> None:
    question, reranker = "when is recursion first mentioned?", Favours("base case")
    found = find(store, None, read_question(question), query=question, media=[talk().media.id], reranker=reranker)
    assert found.moments[0].start_s == 6.0
    assert reranker.asked == [] and found.reranked == ()


def test_it_reads_the_question_as_it_was_asked_and_ten_moments_at_most(store: Store) -> None:
    question, reranker = "Hi all! Which flower do bees like?", Favours("number 7")
    found = find(store, None, read_question(question), query=question, limit=3, reranker=reranker)
    assert len(found.moments) == 3
    [(asked, texts)] = reranker.asked
    assert asked == question and 3 < len(texts) <= RERANKED


def test_nothing_found_is_nothing_to_rerank(store: Store) -> None:
    reranker = Favours("x")
    assert find(store, None, read_question("zebra"), query="zebra", reranker=reranker).moments == ()
    assert reranker.asked == []


def test_the_deterministic_one_counts_shared_words() -> None:
    scores = Fake().rerank("what is a function", ["a function is work", "bees"])
    assert scores.tolist() == [0.75, 0.0]
