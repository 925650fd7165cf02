"""What a user may type for a model on a server, and where it leads."""

import pytest

from seehear.backends.servers import catalogue, names
from seehear.backends.servers.names import ServerName
from seehear.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("openai:gpt-4o", ServerName("openai", "", "gpt-4o")),
        ("openai", ServerName("openai")),
        ("ollama:qwen2.5vl", ServerName("ollama", "", "qwen2.5vl")),
        ("ollama:qwen2.5vl:7b", ServerName("ollama", "", "qwen2.5vl:7b")),
        ("ollama:hf.co/user/model:Q4_K_M", ServerName("ollama", "", "hf.co/user/model:Q4_K_M")),
        ("http://localhost:8000/v1#my-model", ServerName("url", "http://localhost:8000/v1", "my-model")),
        ("http://localhost:8000", ServerName("url", "http://localhost:8000/v1")),
        ("https://Gate.example/v1/#Qwen/Qwen2-VL", ServerName("url", "https://gate.example/v1", "Qwen/Qwen2-VL")),
        ("http://[::1]:8000/v1", ServerName("url", "http://[::1]:8000/v1")),
        ("  openai:gpt-4o ", ServerName("openai", "", "gpt-4o")),
    ],
)  # fmt: skip
def test_a_name_is_taken_apart(text: str, parsed: ServerName) -> None:
    assert names.parse(text) == parsed
    assert names.parse(str(parsed)) == parsed


@pytest.mark.parametrize(
    "text",
    ["", "whisper:base", "openai:", "ollama: ", "ftp://host/v1", "http://", "http://host:port/v1", "http://h/v1?a=b"],
)
def test_what_names_no_server_is_refused_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        names.parse(text)
    assert caught.value.hint


def test_a_secret_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        names.parse("http://user:hunter2@gate.example/v1#m")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["openai", "ollama:x", "http://h/v1", "https://h", "OpenAI:gpt-4o"])
def test_names_of_servers_are_told_from_embedded_ones(text: str) -> None:
    assert names.is_server_name(text)
    assert not names.is_server_name("whisper:base")
    assert not names.is_server_name("openai-like")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        (None, "http://127.0.0.1:11434"),
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("box:9999", "http://box:9999"),
        (":8080", "http://127.0.0.1:8080"),
        ("https://ollama.example", "https://ollama.example:443"),
        ("http://10.0.0.5:11434/", "http://10.0.0.5:11434"),
        ("[::1]", "http://[::1]:11434"),
    ],
)
def test_the_address_of_ollama_is_read_as_ollama_reads_it(host: str | None, address: str) -> None:
    assert names.ollama_url(host) == address


@pytest.mark.parametrize(
    "url", ["http://localhost:1/v1", "http://127.0.0.1/v1", "http://127.9.9.9", "http://[::1]:8/v1"]
)
def test_what_stays_on_this_machine_is_known(url: str) -> None:
    assert names.is_loopback(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1.example/v1", "http://10.0.0.1/v1", "https://api.openai.com/v1"])
def test_what_leaves_this_machine_is_known(url: str) -> None:
    assert not names.is_loopback(url)


def test_every_preferred_openai_model_is_one_that_the_file_says_can() -> None:
    for capability in ("describe", "hear", "embed", "answer"):
        chosen = catalogue.choices("openai", capability)
        assert chosen
        assert [model for model in chosen if not catalogue.can(model, capability)] == []


def test_preferred_openai_models_are_in_openais_description() -> None:
    from tests.servers.described import DESCRIPTION, needs_description

    needs_description()
    text = DESCRIPTION.read_text(encoding="utf-8")
    for capability in ("describe", "hear", "embed", "answer"):
        assert [model for model in catalogue.choices("openai", capability) if f'"{model}"' not in text] == []


def test_a_dated_snapshot_has_the_facts_of_its_model_and_a_relative_has_not() -> None:
    assert catalogue.facts("gpt-4o-2024-08-06") == catalogue.facts("gpt-4o")
    assert catalogue.facts("gpt-4o-something") == {}


def test_retirement_is_told_by_its_last_day() -> None:
    from datetime import date

    assert catalogue.retired_on("gpt-4o") == "2027-01-14"
    assert not catalogue.is_retired("gpt-4o", date(2027, 1, 14))
    assert catalogue.is_retired("gpt-4o", date(2027, 1, 15))
    assert not catalogue.is_retired("gpt-5.4", date(2099, 1, 1))
