"""Which chat model hears when nobody names one: OpenAI's, or the first of an unknown server that takes sound."""

from __future__ import annotations

from collections.abc import Mapping

from seehear.backends.openai.chat import Chat
from seehear.backends.servers import catalogue, discovery
from seehear.backends.servers.client import Client, Log
from seehear.backends.servers.names import ServerName
from seehear.backends.servers.probes import Probes
from seehear.errors import BackendUnavailableError, ConfigError

MOST_TRIED = 3
"""Models of an unknown server that are tried before hearing counts as missing."""


def first_hearer(environment: Mapping[str, str], *, probes: Probes, log: Log | None = None) -> str | None:
    """The full name of a chat model that takes sound beside a question, None where no server has one.

    Raises BackendRefusedError for a wrong key.
    """
    if not any(environment.get(name, "").strip() for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL")):
        return None
    server = discovery.find_server(ServerName("openai"), environment=environment)
    try:
        there = [one.model for one in discovery.models(server, probes=probes, log=log, within_s=5.0)]
        first = catalogue.first_offered("openai", "listen", there)
        if first is not None or server.kind == "openai":
            return None if first is None else discovery.full_name(server, first)
        for model in there[:MOST_TRIED]:
            client = Client(server, tries=1)
            try:
                if Chat(client, model, probes=probes).takes("sound"):
                    return discovery.full_name(server, model)
            finally:
                client.close()
    except (BackendUnavailableError, ConfigError):
        return None
    return None
