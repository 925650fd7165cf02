"""A real server: llama.cpp with a real model answers questions like any server that nobody told seehear about."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seehear import errors, weights
from seehear.backends import openmp
from seehear.backends.openai.write import OpenAIAnswerer
from seehear.backends.protocols import Message
from seehear.backends.servers import discovery
from seehear.backends.servers.probes import Probes
from tests.conftest import Run

pytest.importorskip("xllamacpp")

MODEL = "smollm2-135m"
SERVER = """\
import sys
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.model_alias = sys.argv[1], {"smollm2"}
params.n_ctx, params.n_parallel, params.n_gpu_layers, params.warmup = 4096, 1, 0, False
params.fit_params, params.offline, params.ui, params.verbosity = False, True, False, -1
for cpu in (params.cpuparams, params.cpuparams_batch):
    cpu.n_threads, cpu.poll = 1, 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a llama.cpp server in a process of its own, as somebody would run it beside seehear."""
    path = next(iter(sorted(weights.pull(MODEL).glob("*.gguf"))))
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=openmp.environment(), text=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stdin is not None
    told = process.stdout.readline().strip()
    assert told.startswith("http"), told
    yield told.rstrip("/") + "/v1"
    process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


@pytest.fixture
def answerer(address: str, tmp_path: Path) -> Iterator[OpenAIAnswerer]:
    made = discovery.open_named(address, "answer", environment={}, probes=Probes(tmp_path / "probes.json"))
    assert isinstance(made, OpenAIAnswerer)
    yield made
    made.close()


def test_its_model_is_found_with_the_context_it_was_started_with(address: str, answerer: OpenAIAnswerer) -> None:
    assert answerer.card.name == f"{address}#smollm2"
    assert answerer.card.context_tokens == 4096
    assert answerer.card.runs == "server"
    assert discovery.auto("answer", environment={"OPENAI_BASE_URL": address, "OLLAMA_HOST": "127.0.0.1:9"}) == (
        f"{address}#smollm2"
    )


def test_its_reply_arrives_in_pieces_and_ends_when_nobody_listens(answerer: OpenAIAnswerer) -> None:
    story = answerer.stream([Message("user", "Count from one to fifty in words.")], max_tokens=60)
    assert next(story)
    story.close()  # type: ignore[attr-defined]
    pieces = list(answerer.stream([Message("user", "Say hello.")], max_tokens=12))
    assert len(pieces) > 2
    assert "".join(pieces).strip()


def test_what_it_cannot_is_found_out(address: str, answerer: OpenAIAnswerer) -> None:
    assert not answerer.takes("picture")
    assert not answerer.takes("sound")
    assert not answerer.takes("film")
    found = {c: discovery.auto(c, environment={"OPENAI_BASE_URL": address, "OLLAMA_HOST": "127.0.0.1:9"})
             for c in ("describe", "hear", "embed")}  # fmt: skip
    assert found == {"describe": None, "hear": None, "embed": None}


def test_asking_finds_it_by_itself_and_every_time_is_true(
    address: str, run: Run, library_home: Path, lesson: Path
) -> None:
    done = run("ask", lesson, "What is a function?", "--json", home=library_home, env={"OPENAI_BASE_URL": address})
    assert done.code == 0, done.err
    assert done.json["backends"]["answer"] == f"{address}#smollm2"
    assert done.json["supported"] is True
    assert done.json["citations"]
    events = run("timeline", lesson, "--json", home=library_home, env={}).json["events"]
    starts = {round(event["start_s"], 2) for event in events}
    assert all(round(citation["start_s"], 2) in starts for citation in done.json["citations"])


def test_a_model_that_cannot_see_is_named_before_anything_is_indexed(address: str, run: Run, lesson: Path) -> None:
    done = run("ask", lesson, "What is a function?", "--answer", address, "--see", address, env={})
    assert done.code == errors.ConfigError.exit_code
    assert "takes no pictures" in done.err


def test_the_doctor_tells_what_it_says_of_itself_without_trying_it(address: str, run: Run) -> None:
    done = run("doctor", "--json", env={"OPENAI_BASE_URL": address})
    (model,) = done.json["servers"][0]["models"]
    assert (model["model"], model["context_tokens"]) == ("smollm2", 4096)
    assert model["can"] == {"describe": False}
    assert model["takes_audio"] is False
    told = run("doctor", env={"OPENAI_BASE_URL": address}).out
    assert "1 model, on this machine" in told
    assert "smollm2  not tried (--probe), context 4096" in told, "what is not known is not denied"


def test_the_list_of_backends_marks_the_model_of_the_server_that_is_chosen(address: str, run: Run) -> None:
    done = run("backends", "--json", env={"OPENAI_BASE_URL": address})
    chosen = {(row["capability"], row["name"]) for row in done.json if row["chosen"]}
    assert ("answer", f"{address}#smollm2") in chosen
    rows = [(row["capability"], row["name"]) for row in done.json]
    assert len(rows) == len(set(rows))
