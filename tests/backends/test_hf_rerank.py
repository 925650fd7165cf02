"""Cross-encoders of transformers: the real loading code, on a tiny model built here, on the processor."""

from pathlib import Path

import numpy as np
import pytest
from tests.backends import tiny

from seehear.backends.hf_rerank import BATCH_TEXTS, CrossEncoder
from seehear.backends.protocols import Reranker
from seehear.errors import ConfigError, InputError, MissingPackageError, WeightsError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.reranking(tmp_path_factory.mktemp("reranking"))


def test_it_is_a_reranker_that_loads_nothing_when_made() -> None:
    made = CrossEncoder("owner/model")
    assert isinstance(made, Reranker)
    assert (made.card.name, made.card.runs) == ("hf:owner/model", "here")
    made.close()
    made.close()
    with pytest.raises(InputError):
        CrossEncoder(" ")


def test_a_folder_that_is_not_there_is_refused_without_asking_any_hub() -> None:
    with pytest.raises((WeightsError, MissingPackageError)):
        CrossEncoder("./no/such/folder").rerank("q", ["text"])


def test_scores_are_the_model_s_logits_for_each_pair_in_the_order_of_the_texts(folder: Path) -> None:
    import torch
    import transformers

    texts = [f"text {n} " + "more words " * (n % 5) for n in range(2 * BATCH_TEXTS + 1)]
    scores = CrossEncoder(str(folder), device="cpu").rerank("which?", texts)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        alone = [float(model(**tokenizer("which?", text, return_tensors="pt")).logits[0, 0]) for text in texts]
    assert np.allclose(scores, alone, atol=1e-5)
    assert len(set(np.round(scores, 6))) > BATCH_TEXTS


def test_what_is_too_long_is_read_as_far_as_it_fits(folder: Path) -> None:
    made = CrossEncoder(str(folder), device="cpu")
    assert np.isfinite(made.rerank("which? " * 100, ["word " * 5000, "short"])).all()


def test_a_model_that_talks_is_no_reranker(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no reranker"):
        CrossEncoder(str(tiny.talking(tmp_path)), device="cpu").rerank("q", ["text"])


def test_pickled_weights_are_not_read(folder: Path, tmp_path: Path) -> None:
    import torch

    for file in folder.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    torch.save({"classifier.bias": torch.zeros(1)}, tmp_path / "pytorch_model.bin")
    with pytest.raises(WeightsError):
        CrossEncoder(str(tmp_path), device="cpu").rerank("q", ["text"])
