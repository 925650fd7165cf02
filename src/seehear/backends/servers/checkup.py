"""How servers are: asked for their models and what each can do, side by side and within seconds, without paying.

Trials, which may cost money, happen on demand only, and what they may cost is told before.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from seehear.backends.protocols import Capability
from seehear.backends.servers import catalogue, discovery, names, prices, trials
from seehear.backends.servers.client import Server
from seehear.backends.servers.names import ServerName
from seehear.backends.servers.probes import Probes
from seehear.errors import BackendUnavailableError, ConfigError, SeehearError

HERE_S, AWAY_S = 2.0, 6.0
"""How long a server on this machine, or elsewhere, may take for each reply."""
ALL_S = 12.0
"""After so long the check goes on without those that have not answered; trials get `TRIALS_S` more."""
TRIALS_S = 120.0


@dataclass(frozen=True, slots=True)
class ModelReport:
    """One model of a server: what it `can`, for certain or not (a capability that is missing is not known).

    0 and None mean that something is not known. `elsewhere` says that the server only passes on what it is sent.
    """

    model: str
    can: Mapping[Capability, bool]
    images_per_request: int = 0
    takes_audio: bool | None = None
    word_times: bool | None = None
    json_schema: bool | None = None
    context_tokens: int = 0
    dimensions: int = 0
    retires_on: str = ""
    elsewhere: bool = False

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a model on a server."""
        return {
            "model": self.model, "can": dict(self.can), "images_per_request": self.images_per_request or None,
            "takes_audio": self.takes_audio, "word_times": self.word_times, "json_schema": self.json_schema,
            "context_tokens": self.context_tokens or None, "dimensions": self.dimensions or None,
            "retires_on": self.retires_on or None, "elsewhere": self.elsewhere,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ServerReport:
    """One server: its models, or the `error` that it failed with; `tried` has what trials of a model failed with."""

    name: str
    address: str
    leaves: bool
    seconds: float = 0.0
    models: tuple[ModelReport, ...] = ()
    error: SeehearError | None = None
    tried: tuple[tuple[str, Capability, SeehearError | None], ...] = ()

    def model(self, name: str) -> ModelReport | None:
        """The report of one model, None when the server does not list it."""
        if self.name == "ollama":
            from seehear.backends import ollama

            name = ollama.match(name, [one.model for one in self.models]) or name
        return next((one for one in self.models if one.model == name), None)

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a server."""
        return {
            "name": self.name, "address": self.address, "leaves": self.leaves, "seconds": round(self.seconds, 2),
            "error": None if self.error is None else str(self.error), "models": [one.as_json() for one in self.models],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A server to be asked; `server` is None for Ollama, which has an API of its own."""

    name: str
    address: str
    server: Server | None

    @property
    def leaves(self) -> bool:
        """Whether what is sent there leaves this machine."""
        return not names.is_loopback(self.address)


def places(named: Sequence[ServerName], environment: Mapping[str, str]) -> list[Place | ServerReport]:
    """Every server that is set up: by a key, by an address in the environment, by a name in the settings, and Ollama.

    One whose address or key is at fault is a report at once.
    """
    wanted = {str(replace(one, model="")): replace(one, model="") for one in named}
    if environment.get("OPENAI_API_KEY", "").strip() or environment.get("OPENAI_BASE_URL", "").strip():
        wanted.setdefault("openai", ServerName("openai"))
    wanted.setdefault("ollama", ServerName("ollama"))
    found: dict[str, Place | ServerReport] = {}
    for text, name in wanted.items():
        try:
            place = place_of(name, environment)
        except ConfigError as error:
            found[text] = ServerReport(text, "", leaves=False, error=error)
        else:
            found.setdefault(place.address, place)
    return list(found.values())


def place_of(name: ServerName, environment: Mapping[str, str]) -> Place:
    """Where the server of a name is. Raises ConfigError when its address or key is at fault."""
    if name.provider == "ollama":
        return Place("ollama", names.ollama_url(environment.get("OLLAMA_HOST")), None)
    server = discovery.find_server(name, environment=environment)
    return Place(str(replace(name, model="")), server.base_url, server)


def ask(place: Place, probes: Probes) -> ServerReport:
    """What one server tells, within seconds and for nothing; never raises what the server is at fault for."""
    began = time.monotonic()
    within_s = AWAY_S if place.leaves else HERE_S
    try:
        if place.server is None:
            found = _ollama(place, within_s, probes)
        else:
            found = _compatible(place.server, probes, within_s)
    except SeehearError as error:
        _give_up(place, probes, error)
        return ServerReport(place.name, place.address, place.leaves, time.monotonic() - began, error=error)
    return ServerReport(place.name, place.address, place.leaves, time.monotonic() - began, found)


def ask_all(asked: Sequence[Place], probes: Probes, *, within_s: float = ALL_S) -> list[ServerReport]:
    """Ask all servers side by side; one that has not answered in time is reported as not answering."""
    reports = _side_by_side([partial(ask, place, probes) for place in asked], within_s)
    done = []
    for place, report in zip(asked, reports, strict=True):
        late = BackendUnavailableError(
            f"{place.address} did not answer within {within_s:.0f} s", hint="is it running, and is the address right?"
        )
        if report is None:
            _give_up(place, probes, late)
            report = ServerReport(place.name, place.address, place.leaves, within_s, error=late)
        done.append(report)
    return done


def cost_usd(place: Place, wanted: Mapping[str, Sequence[Capability]]) -> float | None:
    """What trials of models may cost in USD, None where a price is not known; nothing on this machine."""
    if not place.leaves:
        return 0.0
    costs = [prices.cost_usd(trials.estimate(model, one)) for model, several in wanted.items() for one in several]
    return None if None in costs else sum(cost for cost in costs if cost is not None)


def try_out(
    asked: Sequence[tuple[Place, ServerReport, Mapping[str, Sequence[Capability]]]], probes: Probes
) -> list[ServerReport]:
    """Try models for capabilities, all servers side by side; what was found out is in the reports and in `probes`."""
    done = _side_by_side([partial(_tried, *one, probes) for one in asked], TRIALS_S)
    return [made or replace(report, error=BackendUnavailableError(f"the trials took longer than {TRIALS_S:.0f} s"))
            for made, (_, report, _) in zip(done, asked, strict=True)]  # fmt: skip


def _tried(
    place: Place, report: ServerReport, wanted: Mapping[str, Sequence[Capability]], probes: Probes
) -> ServerReport:
    if place.server is None:
        return report
    tried = [
        (model, capability, trials.run(place.server, model, capability, probes=probes))
        for model, several in wanted.items()
        for capability in several
    ]
    again = tuple(_model(place.server, discovery.Offered(m.model, m.context_tokens, m.retires_on), probes)
                  for m in report.models)  # fmt: skip
    return replace(report, models=again, tried=tuple(tried))


def _compatible(server: Server, probes: Probes, within_s: float) -> tuple[ModelReport, ...]:
    found = tuple(_model(server, one, probes) for one in discovery.models(server, probes=probes, within_s=within_s))
    if server.kind == "openai" or len(found) != 1:
        return found
    # llama.cpp runs one model, and tells of it for nothing what else would have to be tried.
    told = discovery.llama_properties(server)
    can = dict(found[0].can)
    if told.sees is not None:
        can.setdefault("describe", told.sees)
    hears = found[0].takes_audio if told.takes_audio is None else told.takes_audio
    longest = told.context_tokens or found[0].context_tokens
    return (replace(found[0], context_tokens=longest, can=can, takes_audio=hears),)


def _model(server: Server, offered: discovery.Offered, probes: Probes) -> ModelReport:
    facts = catalogue.facts(offered.model) if server.kind == "openai" else {}
    learnt = probes.get(server.base_url, offered.model)
    habits = learnt.get("habits", {})
    can = {one: known for one in discovery.CAPABILITIES
           if (known := discovery.known_ability(server, offered.model, one, probes=probes)) is not None}  # fmt: skip
    sees = can.get("describe")
    return ModelReport(
        offered.model, can,
        images_per_request=int(habits.get("images") or facts.get("images", 0)) if sees else 0,
        takes_audio=learnt.get("sound", facts.get("sound")),
        word_times=learnt.get("word_times", facts.get("word_times")),
        json_schema=habits["format"] == "json_schema" if "format" in habits else
        facts.get("json_schema", True) if can.get("answer") and facts else None,
        context_tokens=int(offered.context_tokens or learnt.get("context_tokens") or facts.get("context_tokens", 0)),
        dimensions=int(learnt.get("dimensions") or facts.get("dimensions", 0)), retires_on=offered.retires_on,
    )  # fmt: skip


def _give_up(place: Place, probes: Probes, error: SeehearError) -> None:
    """Let nobody who chooses a model wait for this server again."""
    if place.server is None:
        probes.survey(place.address)["there"] = False
    else:
        probes.offers[place.address] = error


def _ollama(place: Place, within_s: float, probes: Probes) -> tuple[ModelReport, ...]:
    from seehear.backends import ollama
    from seehear.backends.servers.reach import may_answer

    if not may_answer(place.address, within_s=within_s):
        raise BackendUnavailableError(f"no Ollama answers at {place.address}", hint="start it: ollama serve")
    told = ollama.surveyed(place.address, read_s=within_s)
    probes.survey(place.address).update(
        there=True, names=[shown.name for shown in told], shown={shown.name: shown for shown in told}
    )
    return tuple(
        ModelReport(
            shown.name, {one: shown.can(one) for one in discovery.CAPABILITIES},
            images_per_request=int(shown.can("describe")), json_schema=shown.can("answer") or None,
            context_tokens=shown.context_tokens, dimensions=shown.dimensions if shown.can("embed") else 0,
            elsewhere=shown.remote,
        )
        for shown in told
    )  # fmt: skip


def _side_by_side(work: Sequence[Callable[[], Any]], within_s: float) -> list[Any]:
    """The results of all, in their order, None for those that took too long; they are left behind, not waited for."""
    results: list[Any] = [None] * len(work)
    failed: list[BaseException] = []

    def run(number: int, what: Callable[[], Any]) -> None:
        try:
            results[number] = what()
        except BaseException as error:  # noqa: BLE001 - it is raised in the caller's thread
            failed.append(error)

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(work)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + within_s
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    if failed:
        raise failed[0]
    return list(results)
