"""Reranking through a server's `/rerank`, and which names mean what."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.servers.compatible import Compatible, serving

from seehear.backends import registry
from seehear.backends.fake import Fake
from seehear.backends.judge import Judge
from seehear.backends.openai.rerank import OpenAIReranker
from seehear.backends.servers import discovery
from seehear.errors import BackendError, ConfigError


@pytest.fixture
def server() -> Iterator[Compatible]:
    with serving() as running:
        yield running


def opened(server: Compatible) -> Any:
    return discovery.open_named(f"{server.url}#test-model", "rerank", environment={})


def test_a_server_s_scores_come_back_in_the_order_of_the_texts(server: Compatible) -> None:
    made = opened(server)
    assert isinstance(made, OpenAIReranker)
    assert made.rerank("a function", ["bees", "a function is work", "a bee"]).tolist() == [0.0, 2.0, 1.0]
    assert made.card.runs == "server" and made.card.capabilities == ("rerank",)


def test_texts_longer_than_the_server_takes_are_ranked_by_their_beginnings(server: Compatible) -> None:
    server.switches.longest = 1200
    made = opened(server)
    long = "a function is work " + "and more of it " * 300
    assert made.rerank("a function", ["bees", long]).tolist() == [0.0, 2.0]
    asked = len(server.paths())
    assert made.rerank("a function", [long, "bees"]).tolist() == [2.0, 0.0]
    assert len(server.paths()) == asked + 1, "what was found out about its length is kept"


def test_a_text_without_a_score_is_an_error_and_no_zero(server: Compatible) -> None:
    server.switches.leaves_out = 1
    with pytest.raises(BackendError, match="no score for each text"):
        opened(server).rerank("a function", ["bees", "a function"])


def test_a_server_without_reranking_is_told_so(server: Compatible) -> None:
    server.switches.reranks = False
    with pytest.raises(ConfigError):
        opened(server).rerank("a function", ["bees", "a function"])


@pytest.mark.parametrize(
    ("name", "judge"),
    [
        ("openai:gpt-4o", True), ("ollama:llama3.2", True), ("llama:qwen2.5-coder-1.5b", True),
        ("http://localhost:8000/v1#bge-reranker", False), ("fake", False), ("hf:owner/cross-encoder", False),
    ],
)  # fmt: skip
def test_the_name_of_a_language_model_makes_it_the_judge(name: str, judge: bool) -> None:
    registry.check(name, "rerank")
    assert registry.judges(name) == judge


def test_what_cannot_rerank_is_refused_with_what_can() -> None:
    with pytest.raises(ConfigError, match="can rerank") as told:
        registry.check("minilm", "rerank")
    assert "hf:MODEL" in str(told.value.hint)


def test_embedded_ones_open_without_loading_anything() -> None:
    assert isinstance(registry.open_backend("fake", "rerank"), Fake)
    judge = registry.open_backend("llama:qwen2.5-coder-1.5b", "rerank")
    assert isinstance(judge, Judge) and judge.card.name == "llama:qwen2.5-coder-1.5b"
