"""`seehear doctor` tells which servers answer, what their models can, what is wrong and what mends it: for nothing."""

import json
import os
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click.testing
import pytest

from seehear.surfaces.cli.app import cli
from tests.servers.compatible import Compatible, Failure, Switches, serving
from tests.servers.ollama import Model, OllamaServer, cloud, nomic, qwen

Doctor = Callable[..., dict[str, Any]]
KEY = "sk-secret-0123456789"


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Run the command with `--json`; `said` in the result is what went to stderr, `code` its exit code."""
    monkeypatch.setenv("SEEHEAR_CONFIG", os.devnull)

    def run(*arguments: str, **env: str) -> dict[str, Any]:
        words = ["doctor", *arguments, "--json", "--home", str(tmp_path / "home")]
        done = click.testing.CliRunner().invoke(cli, words, env=env, standalone_mode=False)
        assert done.exception is None, done.exception
        assert KEY not in done.output
        return {**json.loads(done.stdout), "said": done.stderr, "code": done.return_value}

    return run


def finding(found: dict[str, Any], what: str) -> dict[str, Any]:
    return next(one for one in found["findings"] if one["what"].startswith(what))


def paid(server: Compatible) -> list[str]:
    """Requests that a provider would charge for."""
    return [asked.path for asked in server.asked if asked.method == "POST"]


def test_without_servers_nothing_is_wrong_and_the_embedded_defaults_are_chosen(doctor: Doctor) -> None:
    began = time.monotonic()
    found = doctor()
    assert time.monotonic() - began < 5
    assert found["chosen"]["hear"] == "whisper:auto"
    assert found["chosen"]["describe"] is None
    assert not finding(found, "server ollama")["needed"]
    assert finding(found, "server ollama")["mend"] == "ollama serve"


def test_what_ollama_has_and_can_is_told_and_chosen(doctor: Doctor) -> None:
    with OllamaServer(nomic(), cloud(), qwen()) as server:
        found = doctor(OLLAMA_HOST=server.url)
        assert {path for path, _ in server.requests} == {"/api/show"}, "nothing is run"
    (report,) = found["servers"]
    models = {one["model"]: one for one in report["models"]}
    assert models["qwen2.5vl:7b"]["can"] == {"describe": True, "hear": False, "embed": False, "answer": True}
    assert models["qwen2.5vl:7b"]["images_per_request"] == 1
    assert models["qwen2.5vl:7b"]["context_tokens"] == 128_000
    assert models["gpt-oss:120b-cloud"]["elsewhere"]
    assert found["chosen"]["describe"] == found["chosen"]["answer"] == "ollama:qwen2.5vl:7b"
    assert found["chosen"]["embed"] == "ollama:nomic-embed-text:latest"


def test_an_unknown_server_is_not_tried_unless_it_is_asked_for(doctor: Doctor) -> None:
    with serving() as server:
        found = doctor(OPENAI_BASE_URL=server.url)
        assert paid(server) == []
        assert "--probe" in finding(found, "answer")["detail"]
        assert found["servers"][0]["models"][0]["can"] == {}
        tried = doctor("--probe", OPENAI_BASE_URL=server.url)
        assert "4 trials of test-model (for free)" in tried["said"]
        (model,) = tried["servers"][0]["models"]
        assert model["can"] == {"describe": True, "hear": True, "embed": True, "answer": True}
        assert model["word_times"] and model["json_schema"] and model["images_per_request"] > 1
        before = len(paid(server))
        again = doctor(OPENAI_BASE_URL=server.url)
        assert len(paid(server)) == before, "what was found out is kept"
        assert again["chosen"]["answer"] == f"{server.url}#test-model"


def test_a_server_that_takes_less_is_told_so(doctor: Doctor) -> None:
    switches = Switches(most_images=1, formats=(), gives_times=False, embeds=False)
    with serving(switches) as server:
        (report, _) = doctor("--probe", OPENAI_BASE_URL=server.url)["servers"]
    (model,) = report["models"]
    assert model["images_per_request"] == 1
    assert model["json_schema"] is False
    assert model["word_times"] is False
    assert model["can"]["embed"] is False


def test_a_wrong_key_is_one_finding_with_what_mends_it(doctor: Doctor) -> None:
    with serving() as server:
        found = doctor(OPENAI_BASE_URL=server.url, OPENAI_API_KEY="wrong-key-0123456789")
    told = finding(found, "server openai")
    assert (told["ok"], told["fault"]) == (False, "account")
    assert "does not accept the key" in told["detail"] and "OPENAI_API_KEY" in told["mend"]
    assert "wrong-key" not in json.dumps(found)
    assert found["code"] == 10
    assert finding(found, "hear")["mend"] == "export SEEHEAR_HEAR=whisper:auto"


def test_an_account_without_credit_is_found_out_by_a_trial(doctor: Doctor) -> None:
    broke = Failure(429, "insufficient_quota", "You exceeded your current quota")
    with serving(Switches(always=broke)) as server:
        found = doctor("--probe", OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY)
    trials = [one for one in found["findings"] if one["what"].startswith("trial")]
    assert len(trials) == 1, "the same refusal is told once"
    assert "no credit" in trials[0]["detail"] and trials[0]["fault"] == "account" and "add credit" in trials[0]["mend"]


def test_a_missing_model_is_told_with_the_command_that_brings_it(doctor: Doctor) -> None:
    with OllamaServer(qwen()) as server, serving() as other:
        found = doctor(
            "--see", "ollama:moondream", "--answer", f"{other.url}#gone", "--embed", "ollama:qwen2.5vl",
            OLLAMA_HOST=server.url,
        )  # fmt: skip
    assert finding(found, "see")["mend"] == "ollama pull moondream"
    assert "no model 'gone'" in finding(found, "answer")["detail"]
    assert "cannot embed" in finding(found, "embed")["detail"]
    assert finding(found, "embed")["mend"] == "export SEEHEAR_EMBED=minilm"


def test_a_context_that_is_too_small_is_told(doctor: Doctor) -> None:
    with serving(Switches(models=[{"id": "tiny", "max_model_len": 2048}])) as server:
        found = doctor("--answer", f"{server.url}#tiny")
    assert "context of 2048 tokens" in finding(found, "answer (answer) context")["detail"]
    assert "-c 8192" in finding(found, "answer (answer) context")["mend"]


@pytest.mark.parametrize(("days", "gone"), [(30, False), (-3, True)])
def test_a_model_that_goes_away_is_told_with_another_one(doctor: Doctor, days: int, gone: bool) -> None:
    ends = (date.today() + timedelta(days=days)).isoformat()
    with serving(Switches(models=[{"id": "old", "shutdown_date": ends}, {"id": "new"}])) as server:
        found = doctor("--probe", "--answer", f"{server.url}#old")
        told = finding(found, "answer model")
        assert told["mend"] == f"export SEEHEAR_ANSWER={server.url}#new"
    assert ends in told["detail"]
    assert told["needed"] is gone


def test_openais_models_are_known_from_the_file_while_it_cannot_be_reached(doctor: Doctor) -> None:
    found = doctor("--see", "openai:gpt-4o", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    told = finding(found, "server openai")
    assert told["fault"] == "server" and "cannot be reached" in told["detail"]
    assert "2027-01" in finding(found, "describe model")["detail"]


def test_a_server_that_hangs_holds_it_up_for_seconds_only(doctor: Doctor) -> None:
    with serving(Switches(hang_s=30)) as server, OllamaServer(Model("slow")) as ollama:
        ollama.think_s = 30
        began = time.monotonic()
        found = doctor(OPENAI_BASE_URL=server.url, OLLAMA_HOST=ollama.url)
        assert time.monotonic() - began < 6
    assert "did not answer in time" in finding(found, "server openai")["detail"]


def test_an_address_that_is_none_is_a_finding(doctor: Doctor) -> None:
    found = doctor(OPENAI_BASE_URL="ftp://somewhere", OLLAMA_HOST="127.0.0.1:9")
    assert finding(found, "server openai")["fault"] == "settings"
    assert "http://" in finding(found, "server openai")["detail"]


def test_with_local_no_socket_leaves_the_machine(doctor: Doctor, reached_elsewhere: list[object]) -> None:
    with serving() as server:
        found = doctor("--local", "--probe", "--answer", f"{server.url}#test-model", OPENAI_API_KEY=KEY)
        doctor("--local", OPENAI_API_KEY=KEY, OPENAI_BASE_URL="http://192.0.2.7/v1", OLLAMA_HOST="192.0.2.1:11434")
    assert reached_elsewhere == []
    assert found["chosen"]["answer"] == f"{server.url}#test-model"
    refused = doctor("--local", "--hear", "openai:whisper-1", OPENAI_API_KEY=KEY)
    assert "--local" in finding(refused, "library")["detail"]


def test_trials_off_this_machine_say_what_they_may_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    from seehear.backends.servers.checkup import Place, cost_usd

    away = Place("openai", "https://api.openai.com/v1", None)
    known = cost_usd(away, {"gpt-4o": ["describe", "answer"], "whisper-1": ["hear"]})
    assert known is not None and 0 < known < 0.05
    assert cost_usd(away, {"nobody-s": ["answer"]}) is None
    assert cost_usd(Place("x", "http://127.0.0.1:1/v1", None), {"nobody-s": ["answer"]}) == 0.0
