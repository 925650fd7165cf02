"""What `seehear doctor` finds out about servers: which answer, what their models can, and what would be chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from seehear.errors import (
    BackendRefusedError,
    BackendUnavailableError,
    InputError,
    NotFoundError,
    SeehearError,
    SetupError,
)
from seehear.surfaces.cli.console import counted, note

if TYPE_CHECKING:
    from seehear.backends.protocols import Capability
    from seehear.backends.servers.checkup import ModelReport, Place, ServerReport
    from seehear.backends.servers.client import Server
    from seehear.backends.servers.names import ServerName
    from seehear.library import Library

SOON = timedelta(days=120)
"""A model that goes away within so long is told of."""
SMALL_CONTEXT = 4096
"""Below so many tokens an answer sees little of the recording."""
OPTION = {
    "read": "--read",
    "describe": "--see",
    "hear": "--hear",
    "embed": "--embed",
    "rerank": "--rerank",
    "answer": "--answer",
}
WORD = {
    "read": "reads",
    "describe": "sees",
    "hear": "hears",
    "embed": "embeds",
    "rerank": "reranks",
    "answer": "answers",
}
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `mend` is what to type when it is not `ok`, `lines` more to read.

    `fault` says where it lies: settings, installation, server, account; empty when it is `ok`.
    """

    what: str
    ok: bool
    detail: str
    mend: str = ""
    needed: bool = True
    fault: str = ""
    lines: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a finding."""
        return {
            "what": self.what, "ok": self.ok, "needed": self.needed, "detail": self.detail, "mend": self.mend,
            "fault": self.fault,
        }  # fmt: skip


@dataclass(slots=True)
class Servers:
    """All that was found out: findings, what each server told, the name chosen for each capability."""

    findings: list[Finding] = field(default_factory=list)
    reports: list[ServerReport] = field(default_factory=list)
    chosen: dict[str, str | None] = field(default_factory=dict)


def fault_of(error: SeehearError) -> str:
    """Where the fault of an error lies, in one word."""
    kinds: tuple[tuple[type[SeehearError], str], ...] = (
        (NotFoundError, "settings"), (InputError, "settings"), (SetupError, "installation"),
        (BackendUnavailableError, "server"), (BackendRefusedError, "account"),
    )  # fmt: skip
    return next((word for kind, word in kinds if isinstance(error, kind)), "server")


def look(library: Library, *, probe: bool) -> Servers:
    """Ask every server that is set up; with `probe`, also try models, after saying what that may cost."""
    from seehear.backends.servers import checkup, names
    from seehear.models import SETTING

    models, found = library.models, Servers()
    environment = models.environment()
    wanted: list[str] = [getattr(library.settings, setting) for setting in SETTING.values()]
    named = [names.parse(name) for name in wanted if names.is_server_name(name)]
    places = checkup.places(named, environment)
    asked = [place for place in places if isinstance(place, checkup.Place)]
    found.reports = [place for place in places if isinstance(place, checkup.ServerReport)]
    answered = checkup.ask_all(asked, models.probes)
    if probe:
        answered = _tried(library, asked, answered, named)
    found.reports += answered
    explicit = {str(one.provider) for one in named}
    for report in found.reports:
        found.findings.append(_server(report, needed=report.name != "ollama" or "ollama" in explicit, wanted=wanted))
        found.findings += _trials(report)
    for capability in SETTING:
        findings, found.chosen[capability] = _choice(library, capability, found.reports)
        found.findings += findings
    return found


def _tried(
    library: Library, asked: Sequence[Place], answered: Sequence[ServerReport], named: Sequence[ServerName]
) -> list[ServerReport]:
    from seehear.backends.servers import checkup

    environment = library.models.environment()
    work: list[tuple[Place, ServerReport, Mapping[str, Sequence[Capability]]]] = []
    for place, report in zip(asked, answered, strict=True):
        if report.error is not None or place.server is None:
            continue
        mine = [one.model for one in named if one.model and checkup.place_of(one, environment).address == place.address]
        models = _to_try(place.server, report, mine)
        cost = checkup.cost_usd(place, models)
        price = "the price is not known" if cost is None else f"at most {cost:.4f} USD" if cost else "for free"
        count = sum(len(several) for several in models.values())
        note(f"{place.name}: {count} trials of {', '.join(models)} ({price})", fg="yellow" if cost != 0 else None)
        work.append((place, report, models))
    done = {one.name: one for one in checkup.try_out(work, library.models.probes)}
    return [done.get(report.name, report) for report in answered]


def _to_try(server: Server, report: ServerReport, mine: Sequence[str]) -> dict[str, list[Capability]]:
    """The models of a server that would be chosen, or were named (`mine`), with what for."""
    from seehear.backends.servers import catalogue, discovery

    there = [one.model for one in report.models]
    found: dict[str, list[Capability]] = {}
    for capability in discovery.CAPABILITIES:
        if server.kind == "openai":
            first = catalogue.first_offered("openai", capability, there)
            candidates = [first] if first else []
            candidates += [model for model in mine if catalogue.can(model, capability) and model not in candidates]
        else:
            candidates = discovery.ordered(capability, there)[: discovery.MOST_PROBED]
            candidates += [model for model in mine if model in there and model not in candidates]
        for model in candidates:
            found.setdefault(model, []).append(capability)
    return found


def _server(report: ServerReport, *, needed: bool, wanted: Sequence[str]) -> Finding:
    what = f"server {report.name}"
    if report.error is not None:
        mend = report.error.hint
        if report.name == "ollama" and not needed:
            return Finding(what, False, f"{report.error.message} (optional)", "ollama serve", needed=False)
        if isinstance(report.error, BackendUnavailableError) and report.name == "openai":
            mend = f"curl {report.address}/models, or unset OPENAI_API_KEY OPENAI_BASE_URL"
        return Finding(what, False, report.error.message, mend, needed, fault_of(report.error))
    where = "leaves this machine" if report.leaves else "on this machine"
    detail = f"{report.address}, {counted(len(report.models), 'model')}, {where}, {report.seconds:.1f} s"
    if not report.models:
        mend = "ollama pull qwen2.5vl" if report.name == "ollama" else "start it with a model"
        return Finding(what, False, f"{report.address} has no models", mend, needed=False, fault="server")
    return Finding(what, True, detail, lines=tuple(_lines(report, wanted)))


def _lines(report: ServerReport, wanted: Sequence[str]) -> list[str]:
    """The models worth reading about: of many those of which something is known."""
    known = [one for one in report.models if one.can or one.retires_on or any(n.endswith(one.model) for n in wanted)]
    shown = list(report.models) if len(report.models) <= MOST_SHOWN else (known or list(report.models))[:MOST_SHOWN]
    width = max(len(one.model) for one in shown)
    lines = [f"{one.model:<{width}}  {_abilities(one)}" for one in shown]
    left = len(report.models) - len(shown)
    return [*lines, f"… and {left} more (--json has all)"] if left else lines


def _abilities(model: ModelReport) -> str:
    from seehear.backends.servers.discovery import CAPABILITIES

    told = [WORD[one] for one, can in model.can.items() if can]
    if "sees" in told and model.images_per_request:
        many = f"{model.images_per_request} pictures" if model.images_per_request > 1 else "1 picture"
        told[told.index("sees")] = f"sees {many} per request"
    if model.takes_audio:
        told.append("takes sound")
    if model.can.get("hear") and model.word_times is not None:
        told.append("with times" if model.word_times else "without times")
    if model.json_schema is False:
        told.append("no JSON schema")
    told = told or (["nothing seehear needs"] if set(CAPABILITIES) <= set(model.can) else ["not tried (--probe)"])
    if model.context_tokens:
        told.append(f"context {model.context_tokens}")
    if model.elsewhere:
        told.append("runs elsewhere")
    if model.retires_on:
        told.append(f"goes away {model.retires_on}")
    return ", ".join(told)


def _trials(report: ServerReport) -> list[Finding]:
    """What trials failed with: the first of each kind, since a wrong account fails all of them."""
    failed: dict[str, Finding] = {}
    for model, capability, error in report.tried:
        if error is not None:
            finding = Finding(
                f"trial {capability}", False, f"{model}: {error.message}", error.hint, fault=fault_of(error)
            )
            failed.setdefault(error.message, finding)
    return list(failed.values())


def _choice(
    library: Library, capability: Capability, reports: Sequence[ServerReport]
) -> tuple[list[Finding], str | None]:
    """What would be chosen for a capability, and what is wrong with that."""
    from seehear.backends import registry
    from seehear.backends.servers import names

    what = f"{OPTION[capability].removeprefix('--')} ({capability})"
    environment = library.models.environment()
    try:
        name = library.models.name(capability, trial=False)
        if name is not None and not names.is_server_name(name):
            registry.open_backend(name, capability).close()
    except SeehearError as error:
        if any(report.error is not None and report.error.message == error.message for report in reports):
            detail = "nobody: what comes first failed, see above"
            return [Finding(what, False, detail, _embedded(capability), fault=fault_of(error))], None
        return [Finding(what, False, error.message, error.hint, fault=fault_of(error))], None
    before = _untried(capability, library, reports)
    if name is None:
        none = {"describe": "pictures are only read", "rerank": "moments stay as they were weighed"}
        return [Finding(what, True, f"nobody: {none.get(capability, 'excerpts are quoted')}{before}")], None
    report = _report_of(name, reports, environment) if names.is_server_name(name) else None
    if report is None:
        return [Finding(what, True, name + before)], name
    # A judge has to write.
    needs: Capability = "answer" if capability == "rerank" and registry.judges(name) else capability
    return _chosen(what, name, needs, report, before), name


def _untried(capability: Capability, library: Library, reports: Sequence[ServerReport]) -> str:
    """What would be tried before that is taken which is known to do it; empty when nothing would."""
    from seehear.backends.servers import discovery, names
    from seehear.models import SETTING

    usual = library.models.environment().get("OPENAI_BASE_URL", "").strip()
    if (
        not usual
        or getattr(library.settings, SETTING[capability]) != "auto"
        or capability not in discovery.CAPABILITIES
    ):
        return ""
    address = names.base_url(usual)
    models = [model for report in reports if report.address == address for model in report.models]
    by_name = {model.model: model for model in models}
    first = [by_name[name] for name in discovery.ordered(capability, list(by_name))[: discovery.MOST_PROBED]]
    if any(model.can.get(capability) for model in first):
        return ""
    open_questions = [f"{address}#{model.model}" for model in first if capability not in model.can]
    return f", unless {open_questions[0]} can (not tried yet: --probe)" if open_questions else ""


def _embedded(capability: Capability) -> str:
    from seehear.models import EMBEDDED

    return _choose(
        capability, EMBEDDED.get(capability) or ("none" if capability in ("describe", "rerank") else "extractive")
    )


def _choose(capability: Capability, name: str) -> str:
    """The command that chooses a backend from now on."""
    from seehear.config import ENVIRONMENT
    from seehear.models import SETTING

    return f"export {ENVIRONMENT[SETTING[capability]]}={name}"


def _report_of(name: str, reports: Sequence[ServerReport], environment: Mapping[str, str]) -> ServerReport | None:
    from seehear.backends.servers import checkup, names

    parsed = names.parse(name)
    try:
        address = checkup.place_of(parsed, environment).address
    except InputError:  # what is wrong with it is in a report of that name
        return next((one for one in reports if one.name == parsed.provider), None)
    return next((one for one in reports if one.address == address), None)


def _chosen(what: str, name: str, capability: Capability, report: ServerReport, before: str) -> list[Finding]:
    from seehear.backends.servers import catalogue, names
    from seehear.backends.servers.sdk_errors import LONGER_CONTEXT

    model = names.parse(name).model
    if report.error is not None:
        findings = [
            Finding(what, False, f"{name}, whose server failed", report.error.hint, fault=fault_of(report.error))
        ]
        return findings + _retirement(name, capability, catalogue.retired_on(model), report)
    if not model:
        return [Finding(what, True, f"{name}: the first model that can")]
    known = report.model(model)
    if known is None:
        mend = f"ollama pull {model}" if report.name == "ollama" else _instead(capability, report)
        return [Finding(what, False, f"{report.name} has no model {model!r}", mend, fault="settings")]
    can = known.can.get(capability)
    if can is False:
        return [Finding(what, False, f"{name} cannot {capability}", _instead(capability, report), fault="settings")]
    where = " (leaves this machine)" if report.leaves or known.elsewhere else ""
    untried = "" if can else ", not tried yet (--probe)"
    findings = [Finding(what, True, f"{name}{where}{untried}{before}")]
    if capability == "answer" and 0 < known.context_tokens < SMALL_CONTEXT:
        detail = f"{name} has a context of {known.context_tokens} tokens: an answer sees little of the recording"
        mend = _instead(capability, report) if report.name == "ollama" else LONGER_CONTEXT
        findings.append(Finding(f"{what} context", False, detail, mend, needed=False, fault="server"))
    return findings + _retirement(name, capability, known.retires_on, report)


def _retirement(name: str, capability: Capability, ends: str, report: ServerReport) -> list[Finding]:
    from seehear.backends.servers import catalogue
    from seehear.backends.servers.discovery import Offered

    today = date.today()
    if not ends or not Offered(name, retires_on=ends).is_retired(today + SOON):
        return []
    gone = Offered(name, retires_on=ends).is_retired(today)
    source = "" if report.error is None else f", as known on {catalogue.as_of()}"
    detail = f"{name} {'went' if gone else 'goes'} away {ends}{source}"
    return [Finding(f"{capability} model", False, detail, _instead(capability, report), needed=gone, fault="settings")]


def _instead(capability: Capability, report: ServerReport) -> str:
    """What to choose in place of a model that will not do."""
    from seehear.backends.servers import catalogue
    from seehear.backends.servers.discovery import Offered

    today = date.today()
    able = [
        one.model for one in report.models
        if one.can.get(capability) and not Offered(one.model, retires_on=one.retires_on).is_retired(today + SOON)
    ]  # fmt: skip
    preferred = catalogue.first_offered("ollama" if report.name == "ollama" else "openai", capability, able)
    model = preferred or next(iter(able), None)
    if model is None:
        return _embedded(capability)
    name = f"{report.name}:{model}" if report.name in ("openai", "ollama") else f"{report.address}#{model}"
    return _choose(capability, name)
