"""What refusal relies on: a word of the question that is met nowhere shows, however well the others are met."""

import numpy as np
import pytest

from seehear.backends.protocols import Embedder
from seehear.search import find
from seehear.search.matching import MANY_WORDS, Match, TokenEmbedder, meet
from seehear.search.passages import cut_up, vectors
from seehear.search.route import read_question
from seehear.store import Store
from tests.talks import talk

LOOPS = ["A for loop runs the same lines once for each item.", "Write the code first and see what breaks."]


class _Letters:
    """Tokens are words, and words are alike when they begin with the same letter: what a match is can be reckoned."""

    def token_vectors(self, texts: list[str]) -> list[tuple[tuple[str, ...], np.ndarray]]:
        found = []
        for text in texts:
            words = tuple(text.lower().split())
            found.append((words, np.eye(256, dtype=np.float32)[[ord(word[0]) for word in words]].reshape(-1, 256)))
        return found


def _match(embedder: TokenEmbedder, question: str, words: list[str], texts: list[str]) -> Match:
    meeting = meet(embedder, question, texts)
    assert meeting is not None
    return meeting.match(words, range(len(texts)))


def test_a_word_that_is_met_nowhere_weighs_more_than_those_that_are() -> None:
    met = _match(_Letters(), "bees dance", ["bees", "dance"], ["dancing bears"])
    half = _match(_Letters(), "bees sing", ["bees", "sing"], ["dancing bears"])
    assert met.weak == pytest.approx(1.0)
    assert half.weak < 0.2


def test_only_the_words_that_carry_the_topic_are_matched() -> None:
    assert _match(_Letters(), "where do bees dance", ["bees", "dance"], ["dancing bears"]).weak == pytest.approx(1.0)


def test_words_that_the_tokenizer_does_not_know_leave_the_whole_question() -> None:
    assert _match(_Letters(), "bees dance", ["elsewhere"], ["dancing bears"]).length == 2 / MANY_WORDS


@pytest.mark.parametrize(("question", "texts"), [("", ["bees"]), ("bees", []), ("bees", [""])])
def test_nothing_to_match_is_no_match(question: str, texts: list[str]) -> None:
    assert meet(_Letters(), question, texts) is None


def test_a_long_question_is_no_longer_than_long() -> None:
    words = [chr(97 + i) for i in range(20)]
    assert _match(_Letters(), " ".join(words), words, ["a"]).length == 1.0


def test_what_is_not_taught_is_met_worse_than_what_is(minilm: TokenEmbedder) -> None:
    taught = _match(minilm, "what does the for loop do?", ["loop", "lines"], LOOPS)
    strange = _match(minilm, "what does the break statement do?", ["break", "statement"], LOOPS)
    assert strange.weak < 0.7 < taught.weak


def test_search_does_not_pay_for_the_judgement_that_only_an_answer_needs(
    tmp_path_factory: pytest.TempPathFactory, minilm: Embedder
) -> None:
    store = Store(tmp_path_factory.mktemp("judged"))
    made = cut_up(talk())
    store.put_timeline(talk(), made, embedder=minilm.card.name, unit_vectors=vectors(made, minilm))
    intent = read_question("when is recursion explained?")
    judged = find(store, minilm, intent, query="when is recursion explained?")
    plain = find(store, minilm, intent, query="when is recursion explained?", judge=False)
    on_words = find(store, None, intent, query="when is recursion explained?")
    assert judged.signal.match is not None
    assert judged.signal.match.weak > 0.8
    assert plain.moments == judged.moments
    assert (plain.signal.match, on_words.signal.match) == (None, None)


def test_kept_tokens_meet_a_question_as_fresh_ones_do(minilm: TokenEmbedder) -> None:
    from seehear.search.matching import meet
    from seehear.store.tokens import pack

    question = "how do bees find their way home?"
    texts = ["Bees fly back by the position of the sun.", "", "The oven is heated first.", "A hive holds thousands."]
    kept = [pack(rows) for _, rows in minilm.token_vectors(texts)]
    fresh = meet(minilm, question, texts)
    assert fresh is not None
    for stored in (kept, [kept[0], None, None, kept[3]]):
        met = meet(minilm, question, texts, stored)
        assert met is not None
        assert met.words == fresh.words
        np.testing.assert_allclose(met.best, fresh.best, atol=0.03)
    only = _Counting(minilm)
    assert meet(only, question, texts, kept) is not None
    assert only.asked == [question]


class _Counting:
    """Passes on, and notes which texts went through the model."""

    def __init__(self, inner: TokenEmbedder) -> None:
        self.inner, self.asked = inner, []

    def token_vectors(self, texts: list[str]) -> list[tuple[tuple[str, ...], np.ndarray]]:
        self.asked += texts
        return self.inner.token_vectors(texts)


def test_a_question_goes_through_the_model_once(minilm: Embedder) -> None:
    from seehear.search.matching import Asked, meet
    from seehear.store.tokens import pack

    asked = Asked(minilm, ["how do bees find their way?", "bees"])
    np.testing.assert_array_equal(asked.vectors(), minilm.embed(["how do bees find their way?", "bees"]))
    only = _Counting(minilm)
    kept = [pack(rows) for _, rows in minilm.token_vectors(["Bees fly by the sun."])]
    assert meet(only, "how do bees find their way?", ["Bees fly by the sun."], kept, asked.tokens) is not None
    assert only.asked == []
