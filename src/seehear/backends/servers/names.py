"""Names of models on servers: `openai:gpt-4o`, `ollama:qwen2.5vl:7b`, `http://localhost:8000/v1#my-model`."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit, urlunsplit

from seehear.errors import ConfigError

Provider = Literal["openai", "ollama", "url"]
_EXAMPLES = "write openai:MODEL, ollama:MODEL or http://HOST:PORT/v1#MODEL"


@dataclass(frozen=True, slots=True)
class ServerName:
    """A parsed name; `base_url` is empty for a provider's own address, `model` for the first that the server has."""

    provider: Provider
    base_url: str = ""
    model: str = ""

    def __str__(self) -> str:
        if self.provider == "url":
            return f"{self.base_url}#{self.model}" if self.model else self.base_url
        return f"{self.provider}:{self.model}" if self.model else self.provider


def is_server_name(text: str) -> bool:
    """Tell whether a name is one of a model on a server, well-formed or not."""
    head = text.strip().partition(":")[0].lower()
    return head in ("openai", "ollama", "http", "https")


def parse(text: str) -> ServerName:
    """Take a name apart. A URL without a path gets `/v1`, where compatible servers have their protocol.

    Raises ConfigError for anything that does not name a server, and for a URL with a password or a query in it.
    """
    plain = text.strip()
    head, colon, rest = plain.partition(":")
    provider = head.lower()
    if provider in ("http", "https"):
        base_url, model = _url(plain)
        return ServerName("url", base_url, model)
    if provider == "openai" or provider == "ollama":
        if colon and not rest.strip():
            raise ConfigError(f"the name {plain!r} ends before its model", hint=_EXAMPLES)
        return ServerName("openai" if provider == "openai" else "ollama", "", rest.strip())
    raise ConfigError(f"{plain!r} does not name a model on a server", hint=_EXAMPLES)


def base_url(text: str) -> str:
    """The address of a compatible server in the one form that everything is keyed by.

    Raises ConfigError when the text is no http(s) address.
    """
    return _url(text)[0]


def _url(text: str) -> tuple[str, str]:
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"the server's address cannot be read: {error}", hint=_EXAMPLES) from error
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError("a server's address begins with http:// or https:// and has a host", hint=_EXAMPLES)
    if parts.username or parts.password:
        # The address ends up in caches and on screens, so a secret may not be part of it; nor is it repeated here.
        raise ConfigError(
            f"the address of {host} holds a user name or password", hint="put the key in SEEHEAR_SERVER_KEY instead"
        )
    if parts.query:
        raise ConfigError(f"the address of {host} holds a query (?…)", hint="leave it away, keys and versions too")
    host = f"[{host}]" if ":" in host else host
    place = host if port is None else f"{host}:{port}"
    path = parts.path.rstrip("/") or "/v1"
    return urlunsplit((parts.scheme, place, path, "", "")), unquote(parts.fragment)


def ollama_url(host: str | None) -> str:
    """The address behind `OLLAMA_HOST`, which may be a host, `host:port`, `:port` or an address, without `/v1`.

    An address to listen on (0.0.0.0) is reached at 127.0.0.1. Raises ConfigError when it cannot be read.
    """
    text = (host or "").strip().rstrip("/") or "127.0.0.1:11434"
    scheme = ""
    if "://" in text:
        scheme, _, text = text.partition("://")
    if text.startswith(":") and text.count(":") == 1:
        text = f"127.0.0.1{text}"
    try:
        parts = urlsplit(f"//{text}")
        name, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"OLLAMA_HOST cannot be read: {error}", hint="set it to 127.0.0.1:11434") from error
    if not name or parts.username or scheme not in ("", "http", "https"):
        raise ConfigError("OLLAMA_HOST is not an address", hint="set it to 127.0.0.1:11434")
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(name, name)
    default = {"": 11434, "http": 80, "https": 443}[scheme]
    shown = f"[{name}]" if ":" in name else name
    return f"{scheme or 'http'}://{shown}:{port or default}{parts.path}"


def is_loopback(url: str) -> bool:
    """Tell whether an address is on this machine, so that what is sent there does not leave it."""
    host = (urlsplit(url).hostname or "").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
