"""What every backend of the registry promises, whatever it runs on."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from seehear import weights
from seehear.backends import protocols, registry
from seehear.backends.protocols import Message
from seehear.errors import ConfigError
from seehear.values import Audio

CONTRACTS: dict[str, Any] = {
    "read": protocols.Reader,
    "hear": protocols.Transcriber,
    "embed": protocols.Embedder,
    "answer": protocols.Answerer,
    "speak": protocols.Speaker,
}
HEAVY = ("onnxruntime", "faster_whisper", "ctranslate2", "rapidocr", "xllamacpp", "cv2", "tokenizers", "hibari")
NAMES = list(registry.ENTRIES)


def ready(name: str) -> bool:
    return all(weights.status(part) == "present" for part in registry.card_of(name).weights)


@pytest.fixture(params=NAMES)
def backend(request: pytest.FixtureRequest) -> Any:
    entry = registry.ENTRIES[request.param]
    made = registry.open_backend(request.param, entry.capability)
    yield made
    made.close()


def test_it_is_known_by_the_name_it_is_cached_under(backend: Any) -> None:
    assert backend.card.name in registry.ENTRIES


def test_it_does_what_its_capability_says(backend: Any) -> None:
    entry = registry.ENTRIES[backend.card.name]
    assert entry.capability in backend.card.capabilities
    assert isinstance(backend, CONTRACTS[entry.capability])


def test_its_card_names_weights_that_are_pinned_and_a_licence(backend: Any) -> None:
    assert set(backend.card.weights) <= set(weights.sets())
    assert backend.card.licence


def test_it_may_be_closed_twice_and_unused(backend: Any) -> None:
    backend.close()
    backend.close()


def test_making_every_backend_loads_no_runtime() -> None:
    code = (
        "import sys; from seehear.backends import registry\n"
        "for name in registry.ENTRIES: registry.card_of(name)\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_a_name_nobody_has_is_answered_with_those_that_are_there() -> None:
    with pytest.raises(ConfigError, match="whisper:base"):
        registry.open_transcriber("whisper:gigantic")


def test_a_name_of_another_capability_is_refused() -> None:
    with pytest.raises(ConfigError, match="ppocr"):
        registry.open_reader("minilm")


@pytest.mark.parametrize("name", registry.known("hear"))
def test_transcribers_hear_nothing_in_silence_and_keep_the_clock(name: str, small_weights: None) -> None:
    if not ready(name):
        weights.pull(registry.card_of(name).weights[0])
    transcriber = registry.open_transcriber(name)
    silence = Audio(np.zeros(16_000 * 3, np.float32), 16_000, start_s=100.0)
    assert transcriber.transcribe(silence).segments == ()
    speech = registry.open_speaker().speak("A function is a named piece of work.")
    from math import gcd

    step = gcd(speech.rate_hz, 16_000)
    up, down = 16_000 // step, speech.rate_hz // step
    times = np.arange(len(speech.samples) * up // down) * down / up
    samples = np.interp(times, np.arange(len(speech.samples)), speech.samples).astype(np.float32)
    heard = transcriber.transcribe(Audio(samples, 16_000, start_s=100.0))
    assert "function" in heard.segments[0].text.lower()
    assert 100.0 <= heard.segments[0].span.start_s < 100.5
    assert heard.segments[-1].span.end_s <= 100.0 + len(samples) / 16_000 + 0.1
    transcriber.close()


@pytest.mark.parametrize("name", registry.known("embed"))
def test_embedders_give_unit_vectors_that_stay_the_same(name: str, small_weights: None) -> None:
    embedder = registry.open_embedder(name)
    vectors = embedder.embed(["a function", "recursion", "a function"])
    assert vectors.shape == (3, embedder.card.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)
    assert np.allclose(vectors[0], vectors[2], atol=1e-5)
    embedder.close()


@pytest.mark.parametrize("name", registry.known("answer"))
def test_answerers_stream_text(name: str) -> None:
    if not ready(name):
        pytest.skip(f"the weights of {name} are large: seehear models pull {registry.card_of(name).weights[0]}")
    answerer = registry.open_answerer(name)
    evidence = Message("user", "[1] said: A function is a named piece of work.\n\nQuestion: What is a function?")
    text = "".join(answerer.stream([evidence], max_tokens=24))
    assert text.strip()
    assert answerer.count_tokens(text) > 0
    answerer.close()
