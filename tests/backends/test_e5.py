"""What search across languages relies on: a question lies nearest to its answer, whatever language each is in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from seehear import weights
from seehear.backends.e5 import DIMENSIONS, E5
from seehear.backends.e5_file import unpacked
from seehear.backends.protocols import Embedder
from seehear.errors import InputError, WeightsError

LECTURE = [
    "A function is a named piece of code. You define it once with def and call it as often as you like.",
    "A variable is a name that refers to a value, like a label on a box.",
    "With a for loop the same lines run once for each item of a list.",
    "Thank you for watching, and see you in the next lesson.",
]


@pytest.fixture(scope="module")
def model() -> Iterator[E5]:
    pytest.importorskip("tokenizers")
    weights.pull("e5-multilingual")
    model = E5()
    yield model
    model.close()


@pytest.fixture(scope="module")
def lecture(model: E5) -> np.ndarray:
    return model.embed(LECTURE)


def test_it_is_an_embedder_of_every_language() -> None:
    model = E5()
    assert isinstance(model, Embedder)
    assert (model.card.name, model.card.dimensions, model.card.languages) == ("e5", DIMENSIONS, ())


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("when are functions explained?", 0),
        ("Wann werden Funktionen erklärt?", 0),
        ("Wie wird etwas für jedes Element einer Liste wiederholt?", 2),
        ("변수란 무엇입니까?", 1),
        ("¿Cuándo se despide el profesor?", 3),
    ],
)
def test_a_question_in_any_language_lies_nearest_to_what_answers_it(
    model: E5, lecture: np.ndarray, question: str, best: int
) -> None:
    scores = lecture @ model.embed_questions([question])[0]
    assert int(scores.argmax()) == best


def test_the_same_in_two_languages_is_close_and_strangers_are_not(model: E5) -> None:
    same, also, other = model.embed(
        ["The cat sleeps on the sofa.", "Die Katze schläft auf dem Sofa.", "Die Zinsen sind im März gestiegen."]
    )
    assert same @ also > 0.7
    assert same @ other < 0.3


def test_a_text_alone_and_in_any_company_has_the_same_vector(model: E5) -> None:
    texts = [*LECTURE, "hi", " ".join(LECTURE * 3), "x = 1"]
    np.testing.assert_allclose(model.embed(texts), np.vstack([model.embed([text]) for text in texts]), atol=1e-5)


def test_odd_texts_are_embedded_too(model: E5) -> None:
    odd = ["", "   ", "\x00", "😀", "broken \ud800 surrogate", "日本語の講義", "word " * 5000]
    np.testing.assert_allclose(np.linalg.norm(model.embed(odd), axis=1), 1.0, atol=1e-5)
    assert model.embed([]).shape == (0, DIMENSIONS)


def test_it_works_again_after_close(model: E5) -> None:
    before = model.embed(LECTURE[:1])
    model.close()
    np.testing.assert_array_equal(model.embed(LECTURE[:1]), before)


def test_a_block_is_sixteen_low_halves_then_sixteen_high_ones_times_its_scale() -> None:
    block = np.zeros(1, np.dtype([("scale", "<f2"), ("halves", "u1", 16)]))
    block["scale"], block["halves"][0, 0], block["halves"][0, 15] = 0.5, 0x1F, 0x80
    weights_ = unpacked(block)
    assert weights_.shape == (32,)
    assert (weights_[0], weights_[16], weights_[15], weights_[31], weights_[1]) == (3.5, -3.5, -4.0, 0.0, -4.0)


def test_no_thread_is_too_few() -> None:
    with pytest.raises(InputError, match="at least one thread"):
        E5(threads=0)


def test_missing_weights_are_named_with_the_command_that_fetches_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("SEEHEAR_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsError, match="models pull e5-multilingual"):
        E5().embed(["x"])
