"""What every route works with: the library, the queue, the hub, and threads for what takes time."""

from __future__ import annotations

import asyncio
import functools
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, ParamSpec, TypeVar

from fastapi import Depends, Request
from fastapi import Path as InPath

from seehear.errors import InputError, NotFoundError
from seehear.library import Library
from seehear.store import MediaRow, Sizes
from seehear.surfaces.server.events import Hub
from seehear.surfaces.server.limits import Limits
from seehear.surfaces.server.logs import Log
from seehear.surfaces.server.metrics import Metrics
from seehear.surfaces.server.shapes import MediaName
from seehear.surfaces.server.uploads import Uploads
from seehear.surfaces.server.workers import Queue
from seehear.values import Chapter

P = ParamSpec("P")
T = TypeVar("T")
QUICK_THREADS = 4
ASKING_THREADS = 16
CHAPTERS_KEPT = 200
WATCH_EVERY_S = 1.0
_ID = re.compile(r"[0-9a-f]{6,64}")
_WHOLE_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Options:
    """How a server is set up: `loopback` tells that nothing but this machine can reach it."""

    loopback: bool = True
    token: str | None = None
    limits: Limits = field(default_factory=Limits)


class Service:
    """One library as it is served. Start and stop it inside the event loop that serves."""

    def __init__(self, library: Library, options: Options, *, log: Log) -> None:
        self.library = library
        self.options = options
        self.limits = options.limits
        self.log = log
        self.metrics = Metrics()
        self.hub = Hub()
        self.ready = False
        self.questions = 0
        self.uploads = Uploads(library, self.limits)
        self.queue = Queue(library, self.limits, hub=self.hub, metrics=self.metrics, log=log)
        self._quick = ThreadPoolExecutor(QUICK_THREADS, thread_name_prefix="quick")
        self._asking = ThreadPoolExecutor(ASKING_THREADS, thread_name_prefix="asking")
        self._chapters: OrderedDict[tuple[str, str], list[Chapter]] = OrderedDict()
        self._lock = threading.Lock()
        self._sizes: tuple[str, Sizes] | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the library, take up what was left undone, and watch for changes by others."""
        await self.quick(self.uploads.clear_up)
        await self.queue.start()
        self._watcher = asyncio.create_task(self._watch())
        # The first search should not wait for the model of vectors.
        self._quick.submit(self._warm_up)
        self.ready = True
        self.log.event("ready", media=len(self.library.media()))

    async def stop(self) -> None:
        """Stop workers (their jobs go on at the next start), end streams, let the library go."""
        self.ready = False
        self.hub.close()
        if self._watcher is not None:
            self._watcher.cancel()
        await self.queue.stop()
        self.library.models.close()
        self._quick.shutdown(wait=False, cancel_futures=True)
        self._asking.shutdown(wait=False, cancel_futures=True)
        self.library.close()
        self.log.event("stopped")

    async def quick(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what takes milliseconds, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(
            self._quick, functools.partial(function, *args, **kwargs)
        )

    def ask_later(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Run what may take minutes, off the event loop and out of the way of everything quick."""
        return asyncio.get_running_loop().run_in_executor(self._asking, function)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a question as long as it is being answered."""
        self.questions += 1
        self.metrics.asking.set(self.questions)
        try:
            yield
        finally:
            self.questions -= 1
            self.metrics.asking.set(self.questions)

    def sizes(self) -> Sizes:
        """What the library takes on disk, measured again only when the library has changed."""
        generation = self.library.store.generation()
        if self._sizes is None or self._sizes[0] != generation:
            self._sizes = (generation, self.library.store.sizes())
        return self._sizes[1]

    def row(self, name: str) -> MediaRow:
        """The recording of that id, beginning of an id, or title; never a path, which would open this machine's files.

        Raises NotFoundError for a name that nobody has, InputError for one that several have.
        """
        rows, wanted = self.library.media(), name.casefold()
        found = [row for row in rows if row.id.startswith(wanted)] if _ID.fullmatch(wanted) else []
        found = found or [row for row in rows if row.title.casefold() == wanted]
        if len(found) > 1:
            raise InputError(f"{len(found)} recordings are called so", hint="use the id: GET /api/v1/library lists it")
        if not found:
            raise NotFoundError("there is no such recording in the library", hint="GET /api/v1/library lists what is")
        return found[0]

    def chapters(self, media_id: str) -> list[Chapter]:
        """The chapters of a recording, remembered until the library changes."""
        key = (media_id, self.library.store.generation())
        with self._lock:
            if key in self._chapters:
                self._chapters.move_to_end(key)
                return self._chapters[key]
        found = self.library.chapters(media_id)
        with self._lock:
            self._chapters[key] = found
            while len(self._chapters) > CHAPTERS_KEPT:
                self._chapters.popitem(last=False)
        return found

    def _warm_up(self) -> None:
        embedder = self.library.models.embedder_for_search()
        if embedder is not None and embedder.card.runs == "here":
            embedder.embed(["warm up"])

    async def _watch(self) -> None:
        """Tell when the library changes, whoever changed it."""
        known = await self.quick(self.library.store.generation)
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            self.metrics.watchers.set(len(self.hub))
            now = await self.quick(self.library.store.generation)
            if now != known:
                known = now
                self.hub.tell("library", {})


def service_of(request: Request) -> Service:
    """The service behind a request."""
    service: Any = request.app.state.service
    assert isinstance(service, Service)
    return service


Desk = Annotated[Service, Depends(service_of)]


async def _recording(desk: Desk, media: Annotated[MediaName, InPath()]) -> str:
    return media if _WHOLE_ID.fullmatch(media) else (await desk.quick(desk.row, media)).id


Recording = Annotated[str, Depends(_recording)]
"""The id of the recording that an address names; one that is written out whole may be nobody's."""
