"""HTTP to an Ollama server: time limits, and foreign failures as errors of ours."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from seehear.backends.servers.names import is_loopback
from seehear.backends.servers.trust import trusted
from seehear.errors import (
    BackendError,
    BackendRefusedError,
    BackendUnavailableError,
    CancelledError,
    ConfigError,
    SeehearError,
)

if TYPE_CHECKING:
    import httpx

CONNECT_S = 2.0
READ_S = 300.0
"""Longest silence between two pieces of a reply; the first one waits for the model to load."""
AGAIN = "run the same command again: what was finished is kept"


def failures() -> list[tuple[type[Exception], Callable[[str], SeehearError]]]:
    """What httpx raises and what it becomes, the first that fits; a test proves the table complete."""
    import httpx

    def unreachable(where: str) -> SeehearError:
        return BackendUnavailableError(f"no Ollama answers at {where}", hint="start it: ollama serve")

    def slow(where: str) -> SeehearError:
        return BackendUnavailableError(f"Ollama at {where} did not reply in time", hint=AGAIN)

    def broken(where: str) -> SeehearError:
        return BackendUnavailableError(f"the connection to Ollama at {where} broke", hint=AGAIN)

    def wrong(where: str) -> SeehearError:
        return ConfigError(f"{where!r} is not an address of Ollama", hint="such as http://127.0.0.1:11434")

    return [
        (httpx.ConnectError, unreachable), (httpx.ConnectTimeout, unreachable), (httpx.ProxyError, unreachable),
        (httpx.UnsupportedProtocol, wrong), (httpx.InvalidURL, wrong), (httpx.CookieConflict, broken),
        (httpx.TimeoutException, slow), (httpx.StreamError, broken), (httpx.HTTPError, broken),
    ]  # fmt: skip


def refusal(status: int, said: str, where: str) -> SeehearError:
    """The error for an answer of Ollama with a status of 400 or more, or an error line within its reply."""
    if re.search(r"(?:more|enough|out of|insufficient) (?:system |gpu )?memory", said, re.IGNORECASE):
        return BackendRefusedError(f"Ollama cannot load the model: {said}", hint="choose a smaller model")
    if status == 404:
        return ConfigError(f"Ollama at {where}: {said or 'not found'}", hint="ollama list shows what is there")
    if status in (401, 403):
        return BackendRefusedError(f"Ollama at {where} refused: {said or status}", hint="ollama signin")
    if status in (408, 429, 502, 503, 504):
        return BackendUnavailableError(f"Ollama at {where} is busy: {said or status}", hint=AGAIN)
    return BackendError(f"Ollama failed: {said or f'status {status}'}")


class Client:
    """HTTP to one server, `base_url` with or without `/v1`; whatever httpx raises leaves as one of our errors.

    `connect_s` and `read_s` are the longest waits for a connection and between two pieces of a reply.
    """

    def __init__(self, base_url: str, *, connect_s: float = CONNECT_S, read_s: float = READ_S) -> None:
        import httpx

        # Whoever configured the compatible API ends it in /v1; Ollama's own lies beside it.
        self._where = re.sub(r"(?:/v1)?/*$", "", base_url.strip())
        self._closed = False
        self._running: set[Any] = set()
        here = is_loopback(self._where)
        timeout = httpx.Timeout(connect=connect_s, read=read_s, write=60.0, pool=connect_s)
        # A proxy of the environment is not for this machine.
        self._http = httpx.Client(timeout=timeout, trust_env=not here, verify=trusted(trust_env=not here))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go, in the middle of a reply too."""
        self._closed = True
        for connection in list(self._running):
            with suppress(OSError):  # it ended by itself meanwhile
                connection.shutdown(socket.SHUT_RDWR)
        self._http.close()

    def get(self, path: str) -> dict[str, Any]:
        """What the server tells at a path."""
        with self._mapped():
            return self._json(self._http.get(self._where + path))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What the server answers to a request."""
        with self._mapped():
            return self._json(self._http.post(self._where + path, json=body))

    def lines(self, path: str, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The JSON lines of a streamed reply."""
        with self._mapped(), self._http.stream("POST", self._where + path, json=body) as response:
            if response.status_code >= 400:
                response.read()
                self._json(response)
            connection = response.extensions["network_stream"].get_extra_info("socket")
            self._running.add(connection)
            try:
                for text in response.iter_lines():
                    if text.strip():
                        line = _object(text, self._where)
                        if "error" in line:
                            raise refusal(500, str(line["error"]), self._where)
                        yield line
            finally:
                self._running.discard(connection)

    def _json(self, response: httpx.Response) -> dict[str, Any]:
        if response.status_code >= 400:
            with suppress(ValueError):
                said = response.json()
                if isinstance(said, dict):
                    raise refusal(response.status_code, str(said.get("error", ""))[:300], self._where)
            raise refusal(response.status_code, "", self._where)
        return _object(response.text, self._where)

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        table = failures()
        try:
            yield
        except tuple(kind for kind, _ in table) as error:
            if self._closed:
                raise CancelledError("the request to Ollama was stopped") from error
            raise next(made for kind, made in table if isinstance(error, kind))(self._where) from error
        except RuntimeError as error:  # what httpx raises when it is used after close
            if self._closed:
                raise CancelledError("the request to Ollama was stopped") from error
            raise


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BackendError(f"what answers at {where} is not Ollama: {text[:60]!r}", hint="check the address") from error
    if not isinstance(value, dict):
        raise BackendError(f"what answers at {where} is not Ollama: {text[:60]!r}", hint="check the address")
    return value
