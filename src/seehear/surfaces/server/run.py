"""Running the server until it is told to end."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from filelock import FileLock, Timeout

from seehear.errors import ConfigError, LibraryBusyError, StorageError
from seehear.library import Library
from seehear.surfaces.server.app import Served
from seehear.surfaces.server.service import Service

GRACE_S = 5
# The longest address that the document allows: a search that names a hundred recordings, every letter as twelve bytes.
ADDRESS_BYTES = 256 * 1024


class _Server(uvicorn.Server):
    """Ends open streams first, or they would keep a server that shuts down waiting."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close streams, then what uvicorn closes."""
        self._service.hub.close()
        await super().shutdown(sockets)


def claim(library: Library) -> FileLock:
    """Make this process the one server of a library; the system frees it with the process.

    Raises LibraryBusyError when another serves it, StorageError when the folder cannot be written.
    """
    folder = library.settings.home / "locks"
    lock = FileLock(folder / "server.lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise LibraryBusyError(
            f"another seehear serve runs on the library in {library.settings.home}",
            hint="use that one, or serve another library with --home DIR",
        ) from error
    except OSError as error:
        raise StorageError(
            f"the library folder {library.settings.home} cannot be written: {error.strerror}", hint="make it writable"
        ) from error
    return lock


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises ConfigError when the address is taken or is not one."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(256)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host} port {port}: {error.strerror}", hint="choose another --port, 0 takes a free one"
        ) from error
    return made


def reached_at(host: str) -> list[str]:
    """The names under which a server on `host` is reached: where that is every address, first the one that this
    machine has in its network, if it has any, then `localhost`."""
    families = {"0.0.0.0": (socket.AF_INET,), "::": (socket.AF_INET6, socket.AF_INET)}.get(host.strip("[]"))
    if families is None:
        return [host.strip("[]")]
    return [*filter(None, map(_own_address, families)), "localhost"][-2:]


def _own_address(family: socket.AddressFamily) -> str | None:
    """The address from which this machine would write to another network, None where it has none; nothing is sent."""
    elsewhere = {socket.AF_INET: "198.51.100.1", socket.AF_INET6: "2001:db8::1"}[family]
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as made:
            made.connect((elsewhere, 9))
            return str(made.getsockname()[0])
    except OSError:
        return None


def run(app: Served, made: socket.socket, *, on_ready: Callable[[], Any]) -> None:
    """Serve until a signal ends it; requests under way get a few seconds."""
    config = uvicorn.Config(
        app, lifespan="on", log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_S, server_header=False,
        timeout_keep_alive=30, h11_max_incomplete_event_size=ADDRESS_BYTES, proxy_headers=False,
    )  # fmt: skip
    on_ready()
    # When all is closed uvicorn raises the signal that ended it again; being ended so is how a server ends.
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config, app.service).run(sockets=[made])
