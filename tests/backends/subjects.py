"""Every backend there is, ready to be held to the contract: embedded, on test servers, of other packages."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.servers.compatible import KEY, Compatible, Failure, Switches, serving
from tests.servers.ollama import Model, OllamaServer, nomic, qwen

from seehear import weights
from seehear.backends import registry
from seehear.backends.judge import Judge
from seehear.backends.protocols import Answerer, Backend, Capability
from seehear.backends.servers import discovery
from seehear.backends.servers.client import Client, Server

BIG = 300_000_000
"""What has weights of more bytes is looked at and not set to work: `SMALL` works in its place, by the same code."""
SMALL = "smollm2-135m"
DESCRIBED = '{"pictures": [{"number": 1, "text": "A picture.", "fresh": ""}]}'
FAILURES = ("500", "400", "401", "unreadable", "gone")
PACKAGE = """
from seehear.backends.protocols import Card

class Shout:
    capabilities = ("answer",)

    def __init__(self, model, capability):
        self.card = Card(name=f"shout:{model}" if model else "shout", capabilities=("answer",), runs="here",
                         streams=True, context_tokens=1000, licence="MIT")

    def start(self): pass
    def close(self): pass

    def stream(self, messages, *, max_tokens):
        for word in (messages[-1].text if messages else "").upper().split()[:max_tokens]:
            yield word + " "

    def count_tokens(self, text):
        return len(text.split())
"""


@dataclass(frozen=True)
class Running:
    """An open backend, and for one on a server the switch that breaks it in one of `FAILURES`."""

    backend: Any
    breaks: Callable[[str], None] | None = None


@dataclass(frozen=True)
class Subject:
    """One capability of one backend; `opened` gives it as whoever names it would get it, `works` if it may be used."""

    name: str
    capability: Capability
    opened: Callable[[Path], AbstractContextManager[Running]]
    on_a_server: bool = False
    works: bool = True

    def __str__(self) -> str:
        return f"{self.name}-{self.capability}"


def _embedded(name: str, capability: Capability) -> Subject:
    parts = registry.card_of(name).weights
    small = all(weights.sets()[part].size_bytes <= BIG for part in parts)

    @contextmanager
    def opened(folder: Path) -> Iterator[Running]:
        made = registry.open_backend(name, capability)
        for part in parts if small else ():
            weights.pull(part)
        yield Running(made)
        made.close()

    return Subject(name, capability, opened, works=small)


def _small_llama() -> Subject:
    @contextmanager
    def opened(folder: Path) -> Iterator[Running]:
        pytest.importorskip("xllamacpp", reason="pip install 'seehear[local]'")
        from seehear.backends.llama import Llama

        weights.pull(SMALL)
        # Two threads that wait for each other while tests compute beside them take many times as long as one.
        made = Llama(model=SMALL, threads=1)
        yield Running(made)
        made.close()

    return Subject("llama", "answer", opened)


def _breaker(server: Compatible) -> Callable[[str], None]:
    def breaks(how: str) -> None:
        if how == "gone":
            server.close()
        elif how == "unreadable":
            server.switches.malformed = True
        else:
            server.switches.always = Failure(int(how), "told_to_fail")

    return breaks


def _compatible(capability: Capability) -> Subject:
    @contextmanager
    def opened(folder: Path) -> Iterator[Running]:
        with serving() as server:
            made = discovery.open_named(f"{server.url}#test-model", capability, environment={})
            yield Running(made, _breaker(server))
            made.close()

    return Subject("compatible", capability, opened, on_a_server=True)


def _openai(capability: Capability, model: str) -> Subject:
    @contextmanager
    def opened(folder: Path) -> Iterator[Running]:
        with serving(Switches(models=[{"id": model}], limits=("max_completion_tokens",))) as server:
            # The address of OpenAI itself cannot be that of a test server; all else is as for OpenAI.
            client = Client(Server(server.url, "openai", KEY))
            made = discovery.made(client, model, capability, f"openai:{model}")
            yield Running(made, _breaker(server))
            made.close()

    return Subject("openai", capability, opened, on_a_server=True)


def _ollama(capability: Capability, name: str) -> Subject:
    @contextmanager
    def opened(folder: Path) -> Iterator[Running]:
        models = (qwen(reply=lambda turns: DESCRIBED), nomic(), Model("llama3.2:latest"))
        with OllamaServer(*models) as server:
            made = discovery.open_named(f"ollama:{name}", capability, environment={"OLLAMA_HOST": server.url})

            def breaks(how: str) -> None:
                if how == "gone":
                    server.stop()
                for path in ("/api/chat", "/api/embed"):
                    server.fail[path] = (200, "") if how == "unreadable" else (int(how) if how.isdigit() else 500, "no")

            yield Running(made, breaks)
            made.close()
            assert server.complaints == []

    return Subject("ollama", capability, opened, on_a_server=True)


def _transformers(capability: Capability) -> Subject:
    @contextmanager
    def opened(folder: Path) -> Iterator[Running]:
        from tests.backends.tiny import seeing

        made = registry.open_backend(f"hf:{seeing(folder / 'tiny')}", capability)
        yield Running(made)
        made.close()

    return Subject("hf", capability, opened)


def _cross_encoder() -> Subject:
    @contextmanager
    def opened(folder: Path) -> Iterator[Running]:
        from tests.backends.tiny import reranking

        made = registry.open_backend(f"hf:{reranking(folder / 'tiny')}", "rerank")
        yield Running(made)
        made.close()

    return Subject("hf", "rerank", opened)


def _openai_judge() -> Subject:
    @contextmanager
    def opened(folder: Path) -> Iterator[Running]:
        with serving(Switches(models=[{"id": "gpt-4o"}], reply=lambda body: "2, 1")) as server:
            client = Client(Server(server.url, "openai", KEY))
            answerer = discovery.made(client, "gpt-4o", "answer", "openai:gpt-4o")
            assert isinstance(answerer, Answerer)
            yield Running(Judge(answerer), _breaker(server))
            answerer.close()

    return Subject("judge", "rerank", opened, on_a_server=True)


def _apple() -> Subject:
    @contextmanager
    def opened(folder: Path) -> Iterator[Running]:
        if (sys.platform, platform.machine()) != ("darwin", "arm64"):
            pytest.skip("mlx needs an Apple chip")
        pytest.importorskip("mlx_whisper", reason="pip install 'seehear[mlx]'")
        made = registry.open_backend("mlx:mlx-community/whisper-tiny", "hear")
        yield Running(made)
        made.close()

    return Subject("mlx", "hear", opened)


def install(folder: Path, package: str, code: str, *points: str) -> None:
    """Lay out a package as an installer would: its module and its metadata with entry points `name = module:attr`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{package}.py").write_text(code, encoding="utf-8")
    about = folder / f"{package}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text("\n".join(["[seehear.backends]", *points, ""]), encoding="utf-8")


def _plugin() -> Subject:
    @contextmanager
    def opened(folder: Path) -> Iterator[Running]:
        install(folder / "site", "shouting", PACKAGE, "shout = shouting:Shout")
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(folder / "site")
            made: Backend = registry.open_backend("shout:loud", "answer")
            yield Running(made)
            made.close()
            sys.modules.pop("shouting", None)

    return Subject("plugin", "answer", opened)


SUBJECTS: list[Subject] = [
    *(_embedded(name, one) for name, entry in registry.ENTRIES.items() for one in entry.capabilities),
    _small_llama(),
    *(_compatible(one) for one in discovery.NAMED),
    _openai("describe", "gpt-4o"), _openai("hear", "whisper-1"), _openai("embed", "text-embedding-3-small"),
    _openai("answer", "gpt-4o"), _openai_judge(), _ollama("describe", "qwen2.5vl"),
    _ollama("embed", "nomic-embed-text"), _ollama("answer", "llama3.2"), _transformers("describe"),
    _transformers("answer"), _cross_encoder(), _apple(), _plugin(),
]  # fmt: skip


def that(capability: Capability, *, on_a_server: bool | None = None) -> list[Any]:
    """The subjects of one capability, as parameters of a test."""
    return [
        pytest.param(subject, id=subject.name) for subject in SUBJECTS
        if subject.works and subject.capability == capability and on_a_server in (None, subject.on_a_server)
    ]  # fmt: skip
