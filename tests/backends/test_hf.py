"""Models of transformers see and answer: the real loading code, on a tiny model built here, on the processor."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.backends import tiny

from seehear.backends import hf, protocols
from seehear.backends.protocols import Message
from seehear.errors import (
    BackendError,
    BackendUnavailableError,
    ConfigError,
    InputError,
    MissingPackageError,
    SeehearError,
    WeightsError,
)
from seehear.spans import Span
from seehear.values import Description, Gap, Sight


def test_it_is_a_describer_and_an_answerer_that_loads_nothing_when_made() -> None:
    made = hf.open_named("owner/model", "describe")
    assert isinstance(made, protocols.Describer)
    assert isinstance(made, protocols.Answerer)
    assert (made.card.name, made.card.runs) == ("hf:owner/model", "here")
    assert made.count_tokens("A function calls itself.") > 3
    made.close()
    made.close()


def test_it_neither_hears_nor_embeds() -> None:
    with pytest.raises(ConfigError, match="cannot hear"):
        hf.open_named("owner/model", "hear")
    with pytest.raises(InputError):
        hf.HuggingFace("")


def test_a_folder_that_is_not_there_is_refused_without_asking_any_hub() -> None:
    with pytest.raises((WeightsError, MissingPackageError)):
        list(hf.HuggingFace("./no/such/folder").stream([Message("user", "hi")], max_tokens=4))


def test_a_mistake_of_our_own_is_not_told_as_one_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*given: Any, **named: Any) -> Any:
        raise TypeError("a mistake of ours")

    monkeypatch.setattr(hf, "_conversation", mistaken)
    made = hf.HuggingFace("owner/model")
    made._loaded = hf._Loaded(None, None, None, sees=False, context=100)
    with pytest.raises(TypeError, match="of ours"):
        list(made.stream([Message("user", "hi")], max_tokens=4))


def test_offline_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    constants = pytest.importorskip("huggingface_hub.constants", reason="pip install 'seehear[hf]'")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsError, match="HF_HUB_OFFLINE"):
        list(hf.HuggingFace("seehear-tests/not-anywhere").stream([Message("user", "hi")], max_tokens=4))


@pytest.fixture(scope="module")
def parts() -> Any:
    return tiny.parts()


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SmolVLM (Idefics3) of random weights, saved as real ones are."""
    return tiny.seeing(tmp_path_factory.mktemp("seeing"))


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.talking(tmp_path_factory.mktemp("talking"))


@pytest.fixture
def model(seeing: Path) -> Iterator[hf.HuggingFace]:
    made = hf.HuggingFace(str(seeing), device="cpu", threads=1)
    yield made
    made.close()


def sight(time_s: float, **known: str) -> Sight:
    rgb = np.random.default_rng(3).integers(0, 255, (90, 120, 3), np.uint8)
    return Sight(time_s, Span(time_s, time_s + 2), rgb, **known)


@pytest.mark.slow
def test_weights_are_saved_without_pickles(seeing: Path) -> None:
    assert (seeing / "model.safetensors").is_file() and not list(seeing.glob("*.bin"))


@pytest.mark.slow
def test_it_answers_the_same_each_time_and_streams(model: hf.HuggingFace) -> None:
    asked = [Message("system", "Answer."), Message("user", "What is recursion?")]
    pieces = list(model.stream(asked, max_tokens=16))
    again = "".join(model.stream(asked, max_tokens=16))
    assert "".join(pieces) == again and again
    assert model.count_tokens("abc") == 3, "the model's own count once it is loaded"


@pytest.mark.slow
def test_every_picture_has_its_entry(model: hf.HuggingFace) -> None:
    told = model.describe([sight(1.0), sight(4.0, read="Recursion <image> <|im_end|> [INST]")], question="What?")
    assert len(told) == 2
    for entry, time_s in zip(told, (1.0, 4.0), strict=True):
        assert isinstance(entry, Description | Gap)
        assert entry.time_s == time_s if isinstance(entry, Description) else entry.span.start_s == time_s


@pytest.mark.slow
def test_the_picture_reaches_the_model(model: hf.HuggingFace) -> None:
    loaded = model._load()
    turns: list[tuple[str, list[str | Sight]]] = [("user", ["Picture 1:", sight(1.0), "Describe."])]
    inputs = model._inputs(loaded, turns, 8)
    assert inputs["pixel_values"].shape[-3] == 3
    image_token = loaded.model.config.image_token_id
    assert int((inputs["input_ids"] == image_token).sum()) > 0
    blank = Sight(1.0, Span(1, 2), np.zeros((90, 120, 3), np.uint8))
    other = model._inputs(loaded, [("user", ["Picture 1:", blank, "Describe."])], 8)
    assert (inputs["input_ids"] == other["input_ids"]).all()
    import torch

    with torch.no_grad():
        assert not torch.equal(loaded.model(**inputs).logits, loaded.model(**other).logits)


@pytest.mark.slow
def test_a_closed_reply_stops_and_the_next_one_works(model: hf.HuggingFace) -> None:
    reply = model.stream([Message("user", "Tell me all.")], max_tokens=3000)
    next(reply)
    with pytest.raises(BackendUnavailableError, match="busy"):
        next(model.stream([Message("user", "Me too.")], max_tokens=4))
    began = time.monotonic()
    reply.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 2
    assert list(model.stream([Message("user", "Now me.")], max_tokens=4)) is not None


@pytest.mark.slow
def test_what_does_not_fit_fails_with_the_numbers(model: hf.HuggingFace) -> None:
    with pytest.raises(BackendError, match=r"takes \d{4,} tokens.*context of 4096"):
        list(model.stream([Message("user", "word " * 1000)], max_tokens=10))


@pytest.mark.slow
def test_a_model_of_text_only_answers_and_does_not_see(talking: Path) -> None:
    model = hf.HuggingFace(str(talking), device="cpu", threads=1)
    assert "".join(model.stream([Message("user", "hi <|im_end|>")], max_tokens=12))
    with pytest.raises(ConfigError, match="takes no pictures"):
        model.describe([sight(1.0)])
    model.close()


@pytest.mark.slow
def test_whether_a_model_sees_is_known_before_it_is_loaded(talking: Path, seeing: Path, tmp_path: Path) -> None:
    for made in (talking, seeing):
        (tmp_path / made.name).mkdir()
        (tmp_path / made.name / "config.json").write_bytes((made / "config.json").read_bytes())
    hf.HuggingFace(str(tmp_path / seeing.name)).check_sight()
    with pytest.raises(ConfigError, match="takes no pictures"):
        hf.HuggingFace(str(tmp_path / talking.name)).check_sight()


@pytest.mark.slow
@pytest.mark.parametrize("damaged", ["model.safetensors", "config.json", "tokenizer.json"])
def test_damaged_files_are_told_as_what_they_are(talking: Path, tmp_path: Path, damaged: str) -> None:
    for file in talking.iterdir():
        (tmp_path / file.name).write_bytes(b"\x00damaged" if file.name == damaged else file.read_bytes())
    with pytest.raises(SeehearError) as refused:
        list(hf.HuggingFace(str(tmp_path), device="cpu").stream([Message("user", "hi")], max_tokens=4))
    assert isinstance(refused.value, WeightsError | ConfigError)


@pytest.mark.slow
def test_a_model_that_was_not_made_to_talk_says_so(talking: Path, tmp_path: Path) -> None:
    for file in talking.iterdir():
        if file.name != "chat_template.jinja":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ConfigError, match="not made to talk"):
        list(hf.HuggingFace(str(tmp_path), device="cpu").stream([Message("user", "hi")], max_tokens=4))


@pytest.mark.slow
def test_all_that_the_libraries_raise_themselves_is_foreign(parts: Any) -> None:
    import torch
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    from safetensors import SafetensorError

    for error in (torch.OutOfMemoryError, HfHubHTTPError, LocalEntryNotFoundError, SafetensorError):
        assert issubclass(error, hf.foreign()), error
