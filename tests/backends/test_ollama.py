"""Ollama is used to the full: the context that is needed, no silent cuts, one picture each, and clear words else."""

import inspect
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from tests.servers.ollama import Model, OllamaServer, cloud, moondream, nomic, qwen, serve

from seehear.backends import ollama, ollama_http, protocols
from seehear.backends.protocols import Message
from seehear.backends.servers.meter import Use
from seehear.errors import (
    BackendError,
    BackendRefusedError,
    BackendUnavailableError,
    BudgetError,
    CancelledError,
    ConfigError,
    SeehearError,
)
from seehear.spans import Span
from seehear.values import Description, Gap, Sight

LLAMA = Model("llama3.2:3b", context=131_072, reply=lambda messages: f"You said {len(messages)} things.")


def described(messages: list[dict[str, Any]]) -> str:
    return json.dumps({"pictures": [{"number": 1, "text": "Slide: a tree of calls", "fresh": ""}]})


@pytest.fixture
def server() -> Iterator[OllamaServer]:
    yield from serve(qwen(reply=described), LLAMA, nomic())


def sight(time_s: float = 4.0, **known: str) -> Sight:
    rgb = np.random.default_rng(7).integers(0, 255, (720, 1280, 3), np.uint8)
    return Sight(time_s, Span(time_s, time_s + 5), rgb, **known)


def asked(text: str = "What is recursion?") -> list[Message]:
    return [Message("system", "Answer."), Message("user", text)]


def test_it_is_found_when_it_answers_and_only_then(server: OllamaServer) -> None:
    assert ollama.version(server.url) == "0.12.6"
    assert ollama.version(f"{server.url}/v1/") == "0.12.6", "the address of the compatible interface is understood too"
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert ollama.version(f"http://127.0.0.1:{unused.getsockname()[1]}") is None
    assert ollama.models(server.url) == ["qwen2.5vl:7b", "llama3.2:3b", "nomic-embed-text:latest"]


def test_a_server_that_is_silent_is_not_waited_for() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        began = time.monotonic()
        assert ollama.version(f"http://127.0.0.1:{mute.getsockname()[1]}", timeout_s=0.2) is None
        assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("llama3.2", "llama3.2:latest"), ("llama3.2:3b", "llama3.2:3b"), ("llama3.2:70b", None), ("llama3", None),
        ("qwen2.5vl", "qwen2.5vl:7b"), ("hf.co/who/what", "hf.co/who/what:Q4"), ("what", None),
    ],
)  # fmt: skip
def test_a_name_without_a_tag_means_any_tag(wanted: str, meant: str | None) -> None:
    offered = ["llama3.2:3b", "llama3.2:latest", "qwen2.5vl:7b", "hf.co/who/what:Q4"]
    assert ollama.match(wanted, offered) == meant


def test_each_capability_has_its_contract_and_a_card(server: OllamaServer) -> None:
    see = ollama.open_named(server.url, "qwen2.5vl", "describe")
    answer = ollama.open_named(server.url, "llama3.2", "answer")
    embed = ollama.open_named(server.url, "nomic-embed-text", "embed")
    assert isinstance(see, protocols.Describer)
    assert isinstance(answer, protocols.Answerer)
    assert isinstance(embed, protocols.Embedder)
    assert (see.card.name, see.card.images_per_request, see.card.runs) == ("ollama:qwen2.5vl:7b", 1, "server")
    assert answer.card.streams and answer.card.context_tokens == ollama.COMFORTABLE_TOKENS
    assert embed.card.dimensions == 8
    for backend in (see, answer, embed):
        backend.close()
        backend.close()


def test_a_model_in_somebody_else_s_cloud_is_not_taken_for_a_local_one() -> None:
    with OllamaServer(cloud(), Model("kimi-k2:1t-cloud"), LLAMA) as server:
        assert ollama.open_named(server.url, "gpt-oss", "answer").card.runs == "hosted"
        assert ollama.open_named(server.url, "kimi-k2", "answer").card.runs == "hosted", "old servers tell by the tag"
        assert ollama.open_named(server.url, "llama3.2", "answer").card.runs == "server"


def test_a_model_that_runs_here_goes_before_one_that_does_not(server: OllamaServer) -> None:
    with OllamaServer(cloud(), LLAMA) as both, OllamaServer(cloud()) as far:
        assert ollama.first_able(both.url, "answer", ["gpt-oss"]) == "llama3.2:3b"
        assert ollama.first_able(far.url, "answer", []) == "gpt-oss:120b-cloud"
        assert ollama.first_able(far.url, "answer", [], elsewhere=False) is None


class Kept:
    """A meter that keeps what it is told."""

    def __init__(self) -> None:
        self.asked: list[Use] = []
        self.booked: list[Use] = []

    def check(self, estimate: Use) -> None:
        self.asked.append(estimate)

    def add(self, used: Use) -> None:
        self.booked.append(used)


def test_calls_to_a_cloud_are_metered_and_those_to_one_s_own_models_are_free() -> None:
    with OllamaServer(cloud(), LLAMA) as server:
        for model, count in (("gpt-oss", 1), ("llama3.2", 0)):
            meter = Kept()
            answerer = ollama.open_named(server.url, model, "answer", meter=meter)
            assert isinstance(answerer, ollama.OllamaAnswerer)
            "".join(answerer.stream(asked(), max_tokens=20))
            assert len(meter.asked) == len(meter.booked) == count


def test_a_budget_stops_a_call_to_a_cloud_before_it_is_made() -> None:
    class Nothing(Kept):
        def check(self, estimate: Use) -> None:
            raise BudgetError("used up")

    with OllamaServer(cloud()) as server:
        answerer = ollama.open_named(server.url, "gpt-oss", "answer", meter=Nothing())
        assert isinstance(answerer, ollama.OllamaAnswerer)
        with pytest.raises(BudgetError):
            list(answerer.stream(asked(), max_tokens=20))
        assert server.sent("/api/chat") == []


def test_it_does_not_hear_and_says_what_does(server: OllamaServer) -> None:
    with pytest.raises(ConfigError, match="embedded Whisper"):
        ollama.open_named(server.url, "llama3.2", "hear")


def test_a_blind_model_is_refused_with_those_that_see(server: OllamaServer) -> None:
    with pytest.raises(ConfigError, match=r"llama3\.2:3b.*cannot see.*qwen2\.5vl:7b"):
        ollama.open_named(server.url, "llama3.2", "describe")
    with pytest.raises(ConfigError, match=r"nomic-embed-text:latest.*cannot write answers"):
        ollama.open_named(server.url, "nomic-embed-text", "answer")


def test_where_no_model_sees_the_command_that_brings_one_is_told() -> None:
    with OllamaServer(LLAMA) as server, pytest.raises(ConfigError, match=r"ollama pull qwen2\.5vl"):
        ollama.open_named(server.url, "llama3.2", "describe")


def test_a_model_that_is_not_there_is_refused_with_those_that_are(server: OllamaServer) -> None:
    with pytest.raises(ConfigError, match=r"llama3\.2:3b") as refused:
        ollama.open_named(server.url, "mistral", "answer")
    assert refused.value.hint == "ollama pull mistral"


def test_old_versions_that_tell_no_capabilities_are_understood() -> None:
    old = [moondream(), Model("llama3:latest"), nomic(facts={"nomic-bert.pooling_type": 1})]
    for model in old:
        model.capabilities = None
    with OllamaServer(*old) as server:
        assert "vision" in ollama.show(server.url, "moondream:latest").abilities
        assert ollama.show(server.url, "llama3:latest").abilities == {"completion"}
        assert ollama.show(server.url, "nomic-embed-text:latest").abilities == {"embedding"}


def test_pictures_are_described_one_by_one(server: OllamaServer) -> None:
    see = ollama.open_named(server.url, "qwen2.5vl", "describe")
    assert isinstance(see, ollama.OllamaDescriber)
    told = see.describe([sight(4.0, read="Recursion"), sight(9.0)], question="What is drawn?")
    assert told == [Description(4.0, "Slide: a tree of calls"), Description(9.0, "Slide: a tree of calls")]
    first, second = server.sent("/api/chat")
    assert [len(turn.get("images", ())) for turn in first["messages"]] == [0, 1]
    assert "| Recursion" in first["messages"][1]["content"] and "What is drawn?" in second["messages"][1]["content"]
    assert first["format"]["required"] == ["pictures"]
    assert first["options"]["num_ctx"] % ollama.CONTEXT_STEP == 0
    see.close()


def test_several_pictures_go_into_one_request_where_that_is_allowed(server: OllamaServer) -> None:
    see = ollama.open_named(server.url, "qwen2.5vl", "describe", images_per_request=2)
    assert isinstance(see, ollama.OllamaDescriber)
    first, second = see.describe([sight(4.0), sight(9.0)])
    assert isinstance(first, Description) and isinstance(second, Gap), "this model tells of one only"
    (body,) = server.sent("/api/chat")
    assert [len(turn.get("images", ())) for turn in body["messages"]] == [0, 1, 1]
    see.close()


def test_a_small_context_gets_what_fits_into_it() -> None:
    with OllamaServer(moondream(reply=described)) as server:
        see = ollama.open_named(server.url, "moondream", "describe")
        assert isinstance(see, ollama.OllamaDescriber)
        (told,) = see.describe([sight(read="word " * 600)])
        assert isinstance(told, Description)
        (body,) = server.sent("/api/chat")
        assert body["options"]["num_ctx"] == 2048
        see.close()


def test_a_picture_that_failed_is_a_gap_and_the_others_are_kept(server: OllamaServer) -> None:
    see = ollama.open_named(server.url, "qwen2.5vl", "describe")
    assert isinstance(see, ollama.OllamaDescriber)
    server.fail["/api/chat"] = (500, "failed to process inputs: broken image")
    (gap,) = see.describe([sight()])
    assert isinstance(gap, Gap) and gap.stage == "describe" and "broken image" in gap.reason
    server.fail.clear()
    assert isinstance(see.describe([sight()])[0], Description)
    see.close()


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (500, "model requires more system memory (12 GiB) than is available (3 GiB)", BackendRefusedError),
        (503, "server busy, please try again.  maximum pending requests exceeded", BackendUnavailableError),
        (401, "unauthorized", BackendRefusedError),
        (404, "model 'qwen2.5vl:7b' not found", ConfigError),
        (502, "bad gateway", BackendUnavailableError),
    ],
)
def test_what_hits_every_picture_stops_the_work(server: OllamaServer, status: int, said: str, kind: type) -> None:
    see = ollama.open_named(server.url, "qwen2.5vl", "describe")
    assert isinstance(see, ollama.OllamaDescriber)
    server.fail["/api/chat"] = (status, said)
    with pytest.raises(kind, match=said[:20]) as stopped:
        see.describe([sight(), sight(9.0)])
    assert type(stopped.value) is kind and len(server.sent("/api/chat")) == 1
    see.close()


def test_answers_stream(server: OllamaServer) -> None:
    answer = ollama.open_named(server.url, "llama3.2", "answer")
    assert isinstance(answer, ollama.OllamaAnswerer)
    pieces = list(answer.stream(asked(), max_tokens=100))
    assert "".join(pieces) == "You said 2 things." and len(pieces) > 2
    (body,) = server.sent("/api/chat")
    assert body["options"]["temperature"] == 0 and body["options"]["num_predict"] == 100
    assert "think" not in body
    answer.close()


def test_a_thinking_model_is_asked_for_its_answer_only() -> None:
    with OllamaServer(Model("qwen3:4b", ("completion", "thinking"))) as server:
        answer = ollama.open_named(server.url, "qwen3", "answer")
        assert isinstance(answer, ollama.OllamaAnswerer)
        assert "".join(answer.stream(asked(), max_tokens=20)) == "It is so."
        assert server.sent("/api/chat")[0]["think"] is False
        answer.close()


def test_the_context_is_what_the_request_needs_and_never_shrinks(server: OllamaServer) -> None:
    answer = ollama.open_named(server.url, "llama3.2", "answer")
    assert isinstance(answer, ollama.OllamaAnswerer)
    long = "the function calls itself again " * 1500
    for text in ("short", long, "short"):
        list(answer.stream(asked(text), max_tokens=100))
    contexts = [body["options"]["num_ctx"] for body in server.sent("/api/chat")]
    assert contexts[0] == ollama.CONTEXT_STEP
    assert contexts[1] >= answer.count_tokens(long) + 100 and contexts[1] - ollama.CONTEXT_STEP < contexts[1]
    assert contexts[2] == contexts[1], "another context would load the model anew"
    answer.close()


def test_a_request_that_cannot_fit_fails_with_the_numbers_before_it_is_sent() -> None:
    with OllamaServer(Model("small:latest", context=2048)) as server:
        answer = ollama.open_named(server.url, "small", "answer")
        assert isinstance(answer, ollama.OllamaAnswerer)
        with pytest.raises(BackendError, match=r"needs about \d{4,} tokens.*context of 2048"):
            list(answer.stream(asked("word " * 3000), max_tokens=100))
        assert server.sent("/api/chat") == []
        answer.close()


@pytest.mark.parametrize("cap", [1000, 4096])
def test_a_server_that_cuts_the_request_silently_is_found_out(server: OllamaServer, cap: int) -> None:
    server.cap = cap
    answer = ollama.open_named(server.url, "llama3.2", "answer")
    assert isinstance(answer, ollama.OllamaAnswerer)
    with pytest.raises(BackendError, match=rf"cut the request: it read {cap} of about"):
        list(answer.stream(asked("the function calls itself again " * 1500), max_tokens=100))
    answer.close()


def test_old_versions_that_do_not_count_known_prompts_are_believed(server: OllamaServer) -> None:
    server.say_counts = False
    answer = ollama.open_named(server.url, "llama3.2", "answer")
    assert isinstance(answer, ollama.OllamaAnswerer)
    assert "".join(answer.stream(asked(), max_tokens=100))
    answer.close()


def test_a_stream_that_breaks_is_an_error_that_a_retry_can_mend(server: OllamaServer) -> None:
    server.break_after = 2
    answer = ollama.open_named(server.url, "llama3.2", "answer")
    assert isinstance(answer, ollama.OllamaAnswerer)
    heard: list[str] = []
    with pytest.raises(BackendUnavailableError, match="broke"):
        heard.extend(answer.stream(asked(), max_tokens=100))
    server.break_after = None
    assert "".join(answer.stream(asked(), max_tokens=100)) == "You said 2 things."
    answer.close()


def test_an_error_in_the_middle_of_a_reply_is_no_text(server: OllamaServer) -> None:
    server.error_after = 2
    answer = ollama.open_named(server.url, "llama3.2", "answer")
    assert isinstance(answer, ollama.OllamaAnswerer)
    with pytest.raises(BackendError, match="out of luck"):
        list(answer.stream(asked(), max_tokens=100))
    answer.close()


def test_closing_a_reply_early_makes_the_server_stop(server: OllamaServer) -> None:
    server.models["llama3.2:3b"] = Model("llama3.2:3b", reply=lambda messages: "word " * 4000)
    server.pause_s = 0.002
    answer = ollama.open_named(server.url, "llama3.2", "answer")
    assert isinstance(answer, ollama.OllamaAnswerer)
    reply = answer.stream(asked(), max_tokens=4000)
    next(reply)
    reply.close()  # type: ignore[attr-defined]
    assert server.dropped.wait(5) and server.written < 4000
    answer.close()


def test_close_from_another_thread_ends_a_reply_at_once(server: OllamaServer) -> None:
    server.models["llama3.2:3b"] = Model("llama3.2:3b", reply=lambda messages: "word " * 50)
    server.pause_s = 0.5
    answer = ollama.open_named(server.url, "llama3.2", "answer")
    assert isinstance(answer, ollama.OllamaAnswerer)
    reply = answer.stream(asked(), max_tokens=4000)
    next(reply)
    threading.Timer(0.1, answer.close).start()
    began = time.monotonic()
    with pytest.raises(CancelledError):
        list(reply)
    assert time.monotonic() - began < 5


def test_loading_ahead_returns_at_once(server: OllamaServer) -> None:
    server.think_s = 0.3
    answer = ollama.open_named(server.url, "llama3.2", "answer")
    assert isinstance(answer, ollama.OllamaAnswerer)
    began = time.monotonic()
    answer.start()
    assert time.monotonic() - began < 0.25
    while not server.sent("/api/chat"):
        assert time.monotonic() - began < 5
        time.sleep(0.01)
    loaded = server.sent("/api/chat")[0]
    assert loaded["messages"] == []
    list(answer.stream(asked(), max_tokens=20))
    assert server.sent("/api/chat")[-1]["options"]["num_ctx"] == loaded["options"]["num_ctx"], "loaded once"
    answer.close()


def test_nobody_at_the_address_is_told_with_the_command_that_starts_it() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(BackendUnavailableError, match="ollama serve"):
            ollama.open_named(f"http://127.0.0.1:{unused.getsockname()[1]}", "llama3.2", "answer")


def test_another_server_at_the_address_is_recognised(server: OllamaServer) -> None:
    server.fail["/api/tags"] = (200, "")
    with pytest.raises(BackendError, match="is not Ollama"):
        ollama.models(server.url)


def test_embeddings_are_unit_vectors_in_order(server: OllamaServer) -> None:
    embed = ollama.open_named(server.url, "nomic-embed-text", "embed")
    assert isinstance(embed, ollama.OllamaEmbedder)
    vectors = embed.embed(["a function", "recursion", "", "a function"] + [f"text {number}" for number in range(60)])
    assert vectors.shape == (64, 8) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert np.allclose(vectors[0], vectors[3]) and not np.allclose(vectors[0], vectors[1])
    assert embed.embed([]).shape == (0, 8)
    assert all(body["truncate"] is False for body in server.sent("/api/embed"))
    embed.close()


def test_a_text_too_long_to_embed_counts_with_all_its_parts(server: OllamaServer) -> None:
    embed = ollama.open_named(server.url, "nomic-embed-text", "embed")
    assert isinstance(embed, ollama.OllamaEmbedder)
    start, end = "alpha " * 3000, "omega " * 3000
    both, first, last = embed.embed([start + end, "alpha", "omega"])
    assert both @ first > 0.5 and both @ last > 0.5, "neither half was cut off"
    embed.close()


def test_every_way_in_which_httpx_fails_becomes_one_of_ours() -> None:
    mapped = [kind for kind, _ in ollama_http.failures()]
    raised = [cls for _, cls in inspect.getmembers(httpx, inspect.isclass) if issubclass(cls, Exception)]
    assert len(raised) > 15
    for cls in raised:
        assert issubclass(cls, tuple(mapped)), f"{cls.__name__} would leave unmapped"
    for _, made in ollama_http.failures():
        assert isinstance(made("http://x"), SeehearError)


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        (qwen(), 55 * 31),
        (moondream(), 27 * 27),
        (
            Model("gemma3:4b", ("vision",), facts={"gemma3.mm.tokens_per_image": 256, "gemma3.vision.patch_size": 14}),
            256,
        ),
        (Model("strange:latest", ("vision",)), 55 * 31),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_a_picture_takes_is_read_from_the_model_s_own_facts(model: Model, tokens: int) -> None:
    with OllamaServer(model) as server:
        assert 0 <= ollama.show(server.url, model.name).picture_tokens(1536, 864) - tokens <= 8
