"""From the name of a model on a server to a backend: where the server is, what it offers, what it can do."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from seehear.backends.protocols import Backend, Capability
from seehear.backends.servers import catalogue, names, trials
from seehear.backends.servers.client import Client, Log, Server
from seehear.backends.servers.meter import Meter, Use
from seehear.backends.servers.names import ServerName
from seehear.backends.servers.probes import Probes
from seehear.backends.servers.reach import ANSWERS_WITHIN_S, may_answer
from seehear.backends.servers.trust import trusted
from seehear.errors import BackendUnavailableError, ConfigError, SeehearError

OPENAI_URL = "https://api.openai.com/v1"
MOST_PROBED = 3
"""Models of an unknown server that are tried for an ability before it counts as missing."""
CAPABILITIES: tuple[Capability, ...] = ("describe", "hear", "embed", "answer")
"""What servers are asked for."""
NAMED: tuple[Capability, ...] = (*CAPABILITIES, "rerank")
"""What a model that is named may do: reranking is never looked for."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A model that a server lists; `context_tokens` 0 and `retires_on` empty where nothing is known."""

    model: str
    context_tokens: int = 0
    retires_on: str = ""

    def is_retired(self, today: date) -> bool:
        """Tell whether its last day has passed."""
        return bool(self.retires_on) and today.isoformat()[: len(self.retires_on)] > self.retires_on


def find_server(name: ServerName, *, environment: Mapping[str, str] = os.environ) -> Server:
    """Where the server of a name is, with the key that is meant for it.

    `OPENAI_API_KEY` goes to OpenAI and to the server at `OPENAI_BASE_URL` only, `SEEHEAR_SERVER_KEY` to a server that
    is named by its address. Raises ConfigError for Ollama, which has an API of its own, when an address cannot be read,
    and when OpenAI is meant and there is no key.
    """
    if name.provider == "ollama":
        raise ConfigError("Ollama is not reached through the OpenAI protocol here", hint="write ollama:MODEL")
    theirs = environment.get("OPENAI_BASE_URL", "").strip()
    usual = names.base_url(theirs) if theirs else OPENAI_URL
    address = name.base_url or usual
    host = urlsplit(address).hostname or ""
    kind = "openai" if host == "api.openai.com" or host.endswith(".api.openai.com") else "compatible"
    is_usual = address == usual or kind == "openai"
    key = environment.get("OPENAI_API_KEY" if is_usual else "SEEHEAR_SERVER_KEY", "").strip()
    if kind == "openai" and not key:
        raise ConfigError("OpenAI needs a key and OPENAI_API_KEY is not set", hint="export OPENAI_API_KEY=…")
    return Server(address, "openai" if kind == "openai" else "compatible", key)


def open_named(
    name: str, capability: Capability, *, environment: Mapping[str, str] = os.environ, probes: Probes | None = None,
    meter: Meter | None = None, log: Log | None = None,
) -> Backend:  # fmt: skip
    """Make the backend for one capability of the model that `name` names.

    OpenAI is asked nothing where the model is named. Another server is asked for its models where none is named, and
    tried with a tiny picture where it shall describe, once a week. Raises ConfigError for a name, model or key that is
    not there or cannot do this, BackendUnavailableError when the server does not answer, BackendRefusedError when it
    says no, MissingPackageError.
    """
    parsed = names.parse(name)
    probes = probes or Probes()
    if parsed.provider == "ollama":
        from seehear.backends import ollama

        address = names.ollama_url(environment.get("OLLAMA_HOST"))
        model = parsed.model or (
            "" if capability == "hear" else
            ollama.first_able(address, capability, catalogue.choices("ollama", capability), seen=probes.survey(address))
        )  # fmt: skip
        if model is None:
            raise ConfigError(
                f"Ollama has no model that can {capability}",
                hint="ollama pull " + next(iter(catalogue.choices("ollama", capability)), "MODEL"),
            )
        return ollama.open_named(address, model, capability, meter=meter)
    if capability not in NAMED:
        raise ConfigError(f"no server can {capability} here", hint=f"servers can {', '.join(NAMED)}")
    server = find_server(parsed, environment=environment)
    model = parsed.model or _first_model(server, capability, probes, log)
    if server.kind == "openai" and catalogue.can(model, capability) is False:
        choose = ", ".join(f"openai:{one}" for one in catalogue.choices("openai", capability))
        raise ConfigError(f"OpenAI's {model} cannot {capability}", hint=f"choose one of {choose}")
    # What runs on this machine is free, whatever its model is called.
    client = Client(server, meter=None if server.is_here else meter, log=log)
    if server.kind == "compatible":
        _look_closer(client, model, capability, probes)
    return made(client, model, capability, full_name(server, model), probes=probes)


def full_name(server: Server, model: str) -> str:
    """The name that means this model wherever it is typed and whatever the environment says."""
    return f"openai:{model}" if server.base_url == OPENAI_URL else f"{server.base_url}#{model}"


def auto(
    capability: Capability, *, environment: Mapping[str, str] = os.environ, probes: Probes | None = None,
    log: Log | None = None, trial: bool = True,
) -> str | None:  # fmt: skip
    """The full name that is chosen when nobody chooses, None where the embedded default is.

    A key for OpenAI means OpenAI; else the server at `OPENAI_BASE_URL` or Ollama, if it answers within half a second
    (5 s off this machine) and has a model that can. A model that an Ollama only passes on to somebody else is never
    chosen by itself. With `trial` False nothing is tried: only what is known counts. Raises BackendRefusedError for a
    wrong key and BackendUnavailableError when OpenAI cannot be reached: who set a key is told, not served by something
    else.
    """
    probes = probes or Probes()
    if capability not in CAPABILITIES:
        return None
    if environment.get("OPENAI_API_KEY", "").strip() or environment.get("OPENAI_BASE_URL", "").strip():
        server = find_server(ServerName("openai"), environment=environment)
        if server.kind == "openai":
            return full_name(server, _first_model(server, capability, probes, log))
        chosen = _able_model(server, capability, probes, log, trial=trial)
        if chosen is not None:
            return full_name(server, chosen)
    model = _ollama_model(names.ollama_url(environment.get("OLLAMA_HOST")), capability, probes)
    return f"ollama:{model}" if model is not None else None


def models(
    server: Server, *, probes: Probes | None = None, log: Log | None = None, within_s: float | None = None
) -> list[Offered]:
    """What the server offers, in its order, asked once per `probes`; `within_s` bounds connecting and reading.

    A server that failed is not asked again: what it failed with is raised again.

    Raises BackendUnavailableError, BackendRefusedError, ConfigError where it has no such list, BackendError.
    """
    probes = probes or Probes()
    known = probes.offers.get(server.base_url)
    if isinstance(known, SeehearError):
        raise type(known)(known.message, hint=known.hint)
    if known is None:
        limits: dict[str, Any] = {"tries": 2, "read_s": 20.0}
        if within_s is not None:
            limits = {"tries": 1, "read_s": within_s, "connect_s": within_s}
        client = Client(server, log=log, **limits)
        try:
            listed = client.call(lambda sdk: list(sdk.models.list()), estimate=Use("", calls=0))
            known = [_offered(server, one) for one in listed if getattr(one, "id", None)]
            probes.offers[server.base_url] = known
        except SeehearError as error:
            probes.offers[server.base_url] = error
            raise
        finally:
            client.close()
    found: list[Offered] = known
    return found


def known_ability(server: Server, model: str, capability: Capability, *, probes: Probes) -> bool | None:
    """Whether a model can do something as far as is known without trying, None where nothing is."""
    if server.kind == "openai":
        return catalogue.can(model, capability)
    found = probes.get(server.base_url, model).get(capability)
    return found if isinstance(found, bool) else None


def can(server: Server, model: str, capability: Capability, *, probes: Probes | None = None) -> bool:
    """Whether a model can do something: from the data file for OpenAI, else by a tiny trial, remembered for a week.

    Raises BackendUnavailableError when the server does not answer, BackendRefusedError for a wrong key.
    """
    probes = probes or Probes()
    known = known_ability(server, model, capability, probes=probes)
    if known is not None or server.kind == "openai":
        return known is True
    client = Client(server, tries=1)
    try:
        found = trials.succeeds(client, model, capability, probes)
    finally:
        client.close()
    probes.learn(server.base_url, model, **{capability: found})
    return found


def _offered(server: Server, listed: Any) -> Offered:
    ends = str(getattr(listed, "shutdown_date", None) or "")
    if not ends and server.kind == "openai":
        ends = catalogue.retired_on(str(listed.id))
    longest = getattr(listed, "max_model_len", None)  # vLLM says so in its list
    return Offered(str(listed.id), longest if isinstance(longest, int) else 0, ends)


def _first_model(server: Server, capability: Capability, probes: Probes, log: Log | None) -> str:
    """The preferred model among those offered, else on an unknown server its first."""
    preferred = catalogue.choices("openai", capability)
    try:
        offered = [one for one in models(server, probes=probes, log=log) if not one.is_retired(date.today())]
    except ConfigError:  # 404: it serves no list
        if server.kind == "openai" and preferred:
            return preferred[0]
        raise
    there = [one.model for one in offered]
    chosen = catalogue.first_offered("openai", capability, there)
    if chosen is not None:
        return chosen
    if server.kind == "compatible" and there:
        return there[0]
    raise ConfigError(
        f"{server.label} offers no model that can {capability}", hint="name one, or choose another server"
    )


def _able_model(server: Server, capability: Capability, probes: Probes, log: Log | None, *, trial: bool) -> str | None:
    """A model of an unknown server that was seen to do it, None when it does not answer or has none."""
    within_s = ANSWERS_WITHIN_S if server.is_here else 5.0
    try:
        there = [one.model for one in models(server, probes=probes, log=log, within_s=within_s)]
    except (BackendUnavailableError, ConfigError):
        return None
    tried = ordered(capability, there)[:MOST_PROBED]
    if not trial:
        return next((m for m in tried if known_ability(server, m, capability, probes=probes)), None)
    return next((model for model in tried if can(server, model, capability, probes=probes)), None)


def ordered(capability: Capability, there: Sequence[str]) -> list[str]:
    """The models of an unknown server in the order in which they are tried: a preferred one first."""
    first = catalogue.first_offered("openai", capability, there)
    return ([first] if first else []) + [model for model in there if model != first]


def _ollama_model(address: str, capability: Capability, probes: Probes) -> str | None:
    """The preferred model of an Ollama that can, None when it does not answer in time or has none."""
    if capability == "hear":
        return None
    seen = probes.survey(address)
    if "there" not in seen:
        seen["there"] = may_answer(address, within_s=ANSWERS_WITHIN_S) and _is_ollama(address)
    if not seen["there"]:
        return None
    from seehear.backends import ollama

    preferred = catalogue.choices("ollama", capability)
    return ollama.first_able(address, capability, preferred, elsewhere=False, seen=seen)


def _is_ollama(address: str) -> bool:
    from seehear.backends import ollama

    return ollama.version(address, timeout_s=ANSWERS_WITHIN_S) is not None


def _look_closer(client: Client, model: str, capability: Capability, probes: Probes) -> None:
    """Learn of an unknown server what its list and a trial tell, as far as this capability needs it."""
    server = client.server
    if capability == "describe" and not can(server, model, "describe", probes=probes):
        raise ConfigError(
            f"{model} on {server.label} takes no pictures", hint="name a model that sees, or leave --see out"
        )
    if capability == "hear" and not can(server, model, "hear", probes=probes):
        raise ConfigError(
            f"{model} on {server.label} takes no sound", hint="name a model that hears, or leave --hear out"
        )
    if capability == "answer":
        known = probes.get(server.base_url, model).get("context_tokens")
        # A server of one's own is started anew with another context, and is asked in no time.
        longest = llama_properties(server).context_tokens if server.is_here else 0
        if not (longest or known):
            longest = _listed_context(server, model, probes)
            if not (longest or server.is_here):
                longest = llama_properties(server).context_tokens
        if longest and longest != known:
            probes.learn(server.base_url, model, context_tokens=longest)


def _listed_context(server: Server, model: str, probes: Probes) -> int:
    try:
        return next((one.context_tokens for one in models(server, probes=probes) if one.model == model), 0)
    except ConfigError:  # it serves no list
        return 0


@dataclass(frozen=True, slots=True)
class Properties:
    """What a llama.cpp server tells beside the protocol; 0 and None where nobody does."""

    context_tokens: int = 0
    sees: bool | None = None
    takes_audio: bool | None = None


def llama_properties(server: Server) -> Properties:
    """Ask a server for what llama.cpp tells of the model it runs, within two seconds; nothing where it is another."""
    import httpx

    address = server.base_url.removesuffix("/v1") + "/props"
    headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
    away = not server.is_here
    try:
        reply = httpx.get(address, headers=headers, timeout=2.0, trust_env=away, verify=trusted(trust_env=away))
        told = reply.json() if reply.status_code == 200 else {}
        longest = told["default_generation_settings"]["n_ctx"]
        senses = told.get("modalities") or {}
        sees, hears = senses.get("vision"), senses.get("audio")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError, AttributeError):
        return Properties()
    return Properties(
        longest if isinstance(longest, int) else 0, sees if isinstance(sees, bool) else None,
        hears if isinstance(hears, bool) else None,
    )  # fmt: skip


def made(client: Client, model: str, capability: Capability, name: str, *, probes: Probes | None = None) -> Backend:
    """The backend for one capability of a model behind a client; `name` is what the user calls it. Asks nothing."""
    from seehear.backends.openai.embed import OpenAIEmbedder
    from seehear.backends.openai.hear import OpenAITranscriber
    from seehear.backends.openai.rerank import OpenAIReranker
    from seehear.backends.openai.see import OpenAIDescriber
    from seehear.backends.openai.write import OpenAIAnswerer

    makers: dict[Capability, Callable[..., Backend]] = {
        "describe": OpenAIDescriber, "hear": OpenAITranscriber, "embed": OpenAIEmbedder, "answer": OpenAIAnswerer,
        "rerank": OpenAIReranker,
    }  # fmt: skip
    return makers[capability](client, model, name=name, probes=probes)
