"""Server-sent events: what happens is told to everybody who watches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.responses import StreamingResponse

HEARTBEAT_S = 15.0
WAITING = 1000
CONTENT_TYPE = "text/event-stream"


def encode(event: str, data: Any) -> bytes:
    """One event as it goes over the wire."""
    return f"event: {event}\ndata: {json.dumps(data)}\n\n".encode()


def stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    """A response that sends events as they come."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(events, media_type=CONTENT_TYPE, headers=headers)


async def drain(lines: asyncio.Queue[bytes | None]) -> AsyncIterator[bytes]:
    """Yield what is put into a queue until None comes, with a comment as heartbeat where nothing does."""
    while True:
        try:
            line = await asyncio.wait_for(lines.get(), HEARTBEAT_S)
        except TimeoutError:
            yield b": still at it\n\n"
            continue
        if line is None:
            return
        yield line


class Hub:
    """Passes events on to watchers; lives in one event loop, other threads must call into that."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[bytes | None]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._watchers)

    def tell(self, event: str, data: Mapping[str, Any]) -> None:
        """Tell everybody; a watcher who has not listened for a thousand events is let go and may come back."""
        line = encode(event, data)
        for queue in list(self._watchers):
            try:
                queue.put_nowait(line)
            except asyncio.QueueFull:
                self._let_go(queue)

    def close(self) -> None:
        """End every stream, so that the server can end."""
        self._closed = True
        for queue in list(self._watchers):
            self._let_go(queue)

    def _let_go(self, queue: asyncio.Queue[bytes | None]) -> None:
        self._watchers.discard(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)

    async def watch(self) -> AsyncIterator[bytes]:
        """Yield events until the hub closes, with a comment as heartbeat where nothing happens."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING)
        if self._closed:
            return
        self._watchers.add(queue)
        try:
            yield b"retry: 2000\n\n"
            async for line in drain(queue):
                yield line
        finally:
            self._watchers.discard(queue)
