"""What search relies on: vectors that mean something, of length one, the same for the same text."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from seehear import weights
from seehear.backends.batches import BATCH_TOKENS, groups
from seehear.backends.minilm import DIMENSIONS, MiniLM
from seehear.backends.onnx import onnx_errors
from seehear.backends.protocols import Embedder
from seehear.errors import InputError, WeightsError

pytest.importorskip("onnxruntime")

needs_weights = pytest.mark.skipif(
    weights.status("minilm") != "present", reason="weights minilm are not here: seehear models pull minilm"
)

LECTURE = [
    "A function is a named piece of code. You define it once with def and call it as often as you like.",
    "A variable is a name that refers to a value, like a label on a box.",
    "Recursion means that a function calls itself, until a base case ends the chain.",
    "With a for loop the same lines run once for each item of a list.",
    "Thank you for watching, and see you in the next lesson.",
]


@pytest.fixture(scope="module")
def model() -> Iterator[MiniLM]:
    model = MiniLM()
    yield model
    model.close()


def test_it_is_an_embedder_that_says_what_it_is() -> None:
    model = MiniLM()
    assert isinstance(model, Embedder)
    assert (model.card.name, model.card.dimensions, model.card.runs) == ("minilm", DIMENSIONS, "here")


@needs_weights
@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("when are functions explained?", 0),
        ("how do I give a name to a value?", 1),
        ("what happens if something invokes itself again and again?", 2),
        ("repeating a statement over every element", 3),
        ("goodbye", 4),
    ],
)
def test_a_question_lies_nearest_to_the_sentence_that_answers_it(model: MiniLM, question: str, best: int) -> None:
    scores = model.embed(LECTURE) @ model.embed([question])[0]
    assert int(scores.argmax()) == best


@needs_weights
def test_paraphrases_are_close_and_strangers_are_not(model: MiniLM) -> None:
    same, also, other = model.embed(
        ["the cat sleeps on the sofa", "a cat is sleeping on the couch", "interest rates rose again in March"]
    )
    assert same @ also > 0.85
    assert same @ other < 0.2


@needs_weights
def test_rows_have_length_one_in_the_order_of_the_texts(model: MiniLM) -> None:
    vectors = model.embed(LECTURE)
    assert vectors.shape == (len(LECTURE), DIMENSIONS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(model.embed(LECTURE[::-1])[::-1], vectors, atol=1e-5)


@needs_weights
def test_a_text_alone_and_in_any_company_has_the_same_vector(model: MiniLM) -> None:
    texts = [*LECTURE, "hi", " ".join(LECTURE * 3), "x = 1", *(" ".join(LECTURE[:n]) for n in range(1, 5))]
    together = model.embed(texts)
    alone = np.vstack([model.embed([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_array_equal(together, model.embed(texts))


@needs_weights
def test_a_second_model_gives_the_same_vectors(model: MiniLM) -> None:
    np.testing.assert_array_equal(MiniLM().embed(LECTURE), model.embed(LECTURE))


@needs_weights
def test_odd_texts_are_embedded_too(model: MiniLM) -> None:
    odd = ["", "   ", "\x00", "😀", "broken \ud800 surrogate", "日本語の講義", "word " * 5000]
    vectors = model.embed(odd)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert model.embed([]).shape == (0, DIMENSIONS)


@needs_weights
def test_words_within_the_limit_count_and_words_beyond_it_do_not(model: MiniLM) -> None:
    filler = "word " * 200
    assert model.embed([filler])[0] @ model.embed([filler + "recursion recursion recursion"])[0] < 0.999
    filler = "word " * 300
    np.testing.assert_allclose(model.embed([filler]), model.embed([filler + "recursion"]), atol=1e-6)


@needs_weights
def test_it_works_again_after_close() -> None:
    model = MiniLM()
    before = model.embed(LECTURE[:1])
    model.close()
    model.close()
    np.testing.assert_array_equal(model.embed(LECTURE[:1]), before)


def test_missing_weights_are_named_with_the_command_that_fetches_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("SEEHEAR_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsError) as caught:
        MiniLM().embed(["hello"])
    assert caught.value.hint == "seehear models pull minilm"


def test_zero_threads_are_refused() -> None:
    with pytest.raises(InputError):
        MiniLM(threads=0)


def test_groups_hold_every_text_once_and_keep_to_the_limit() -> None:
    lengths = [3, 256, 17, 17, 90, 4, 256, 255, *([30] * 100)]
    made = list(groups(lengths))
    assert sorted(i for group in made for i in group) == list(range(len(lengths)))
    assert all(max(lengths[i] for i in group) * len(group) <= BATCH_TOKENS for group in made)


def test_every_class_that_the_runtime_raises_is_mapped() -> None:
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    raised = {item for item in vars(state).values() if isinstance(item, type) and issubclass(item, BaseException)}
    assert raised
    assert raised <= set(onnx_errors())


def test_importing_the_backend_loads_no_runtime() -> None:
    code = "import sys, seehear.backends.minilm; assert not {'onnxruntime', 'tokenizers', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@needs_weights
def test_each_token_has_a_vector_and_the_word_it_belongs_to(model: MiniLM) -> None:
    texts = ["Memoization helps.", "", LECTURE[0], "lone \ud800 surrogate"]
    found = model.token_vectors(texts)
    assert len(found) == len(texts)
    words, rows = found[0]
    assert rows.shape == (len(words), DIMENSIONS)
    assert list(dict.fromkeys(words)) == ["memoization", "helps", "."]
    assert len(words) > 3
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    assert found[1][0] == ()
    assert found[1][1].shape == (0, DIMENSIONS)
    assert model.token_vectors([]) == []


@needs_weights
def test_a_token_does_not_depend_on_the_texts_beside_it(model: MiniLM) -> None:
    alone = model.token_vectors([LECTURE[1]])[0][1]
    np.testing.assert_allclose(model.token_vectors(LECTURE)[1][1], alone, atol=1e-4)


@needs_weights
def test_texts_and_their_tokens_come_from_one_run_as_from_two(model: MiniLM) -> None:
    rows, tokens = model.embed_with_tokens([*LECTURE, ""])
    np.testing.assert_array_equal(rows, model.embed([*LECTURE, ""]))
    for (words, found), (same, apart) in zip(tokens, model.token_vectors([*LECTURE, ""]), strict=True):
        assert words == same
        np.testing.assert_allclose(found, apart, atol=1e-4)
