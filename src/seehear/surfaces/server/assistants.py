"""The library for assistants at /mcp: what speaks their protocol is imported when the first of them asks.

That takes half a second, which everybody else who starts a server would wait for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from seehear.errors import MissingPackageError
from seehear.library import Library

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager


class Assistants:
    """An endpoint that begins with its first request and ends with `run`, within which it is asked.

    Without `files` assistants add addresses only.
    """

    def __init__(self, library: Library, *, files: bool) -> None:
        self._library = library
        self._files = files
        self._sessions: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Answer requests until the block ends; sessions that are open are ended then."""
        self._begun: asyncio.Future[ASGIApp] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        try:
            yield
        finally:
            self._over.set()
            if self._sessions is not None:
                await self._sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises MissingPackageError."""
        if self._sessions is None:
            # Sessions must end in the task in which they begin: in one of their own, since a request ends before.
            self._sessions = asyncio.create_task(self._serve())
        # Whoever goes away while all are waiting stops nothing for the others.
        app = await asyncio.shield(self._begun)
        await app(scope, receive, send)

    async def _serve(self) -> None:
        try:
            manager = await asyncio.to_thread(_manager, self._library, self._files)
            async with manager.run():
                self._begun.set_result(manager.asgi_app)
                await self._over.wait()
        except Exception as error:
            if self._begun.done():
                raise
            # It is told to everybody who asks.
            self._begun.set_exception(error)


def _manager(library: Library, files: bool) -> StreamableHTTPSessionManager:
    try:
        from mcp.server.transport_security import TransportSecuritySettings

        from seehear.surfaces.mcp import make_mcp
    except ImportError as error:
        raise MissingPackageError(
            f"assistants need the package {error.name}", hint="pip install 'seehear[serve]'"
        ) from error
    server = make_mcp(library, files=files)
    # The guard has checked Host, Origin and token before.
    unguarded = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    server.streamable_http_app(transport_security=unguarded)
    return server.session_manager
