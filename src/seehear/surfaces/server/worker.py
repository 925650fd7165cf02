"""One job in a process of its own: a JSON object on stdin, progress as JSON lines on stdout.

In:  {"source", "location", "media", "title", "settings", "duration_s"}; the end of stdin means stop.
Out: {"stage", "done", "total"}…, {"about": {"title", "media"}}, {"more": [{"title", "url"}]}, and last
     {"done": {"media"}} or {"error": {"message", "hint"}}.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from seehear.errors import BugError, CancelledError, InputError, MediaError, NotFoundError, SeehearError
from seehear.ingest.progress import Progress
from seehear.ingest.whereabouts import lies_at
from seehear.library import Library
from seehear.store import MediaRow
from seehear.store.sources import Sources

NICENESS = 15
EVERY_S = 0.25


class _Voice:
    """Speaks JSON lines on the real stdout, which nothing else may write to; hears when to stop."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self._said: dict[str, tuple[float, float]] = {}
        self.stopped = threading.Event()

    def say(self, **line: Any) -> None:
        with self._lock:
            try:
                self._out.write(json.dumps(line).encode() + b"\n")
                self._out.flush()
            except OSError:
                self.stopped.set()  # nobody hears us: the server is gone

    def progress(self, progress: Progress) -> None:
        if self.stopped.is_set():
            raise CancelledError("stopped", hint="try again to go on from here")
        if progress.stage == "wait":
            return
        now = time.monotonic()
        last_s, last_done = self._said.get(progress.stage, (-1.0, -1.0))
        ended = progress.done >= progress.total
        if (now - last_s < EVERY_S and not ended) or (ended and last_done == progress.done):
            return
        self._said[progress.stage] = (now, progress.done)
        self.say(stage=progress.stage, done=progress.done, total=progress.total)

    def listen(self) -> None:
        """Wait for the end of stdin, then ask the work to stop, and end the process where it does not."""
        sys.stdin.buffer.read()
        self.stopped.set()
        time.sleep(3.0)
        os._exit(130)


def main() -> None:
    """Do one job."""
    voice = _Voice()
    spec = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=voice.listen, daemon=True).start()
    # Asking must stay quick meanwhile.
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(NICENESS)
    try:
        with Library(**spec["settings"]) as library:
            media = _work(library, spec, voice)
        voice.say(done={"media": media})
    except SeehearError as error:
        voice.say(error={"message": error.message, "hint": error.hint})
    except MemoryError:
        voice.say(error={"message": "there was not enough memory", "hint": "close other programs and try again"})
    except Exception as error:  # noqa: BLE001 - reported as a bug, in a process that ends now anyway
        bug = BugError(f"this is a bug in seehear: {type(error).__name__}", hint="please report it")
        voice.say(error={"message": bug.message, "hint": bug.hint})
    # Threads of native libraries must not keep a finished worker alive.
    sys.stderr.flush()
    os._exit(0)


def _work(library: Library, spec: dict[str, Any], voice: _Voice) -> str | None:
    if spec["source"] == "url" and not spec["media"] and (here := _fetched_before(library, spec["location"])):
        path, row = here
        voice.say(about={"title": row.title, "media": row.id})
    elif spec["source"] == "url" and not spec["media"]:
        fetched = library.fetch(spec["location"], on_progress=voice.progress)
        if len(fetched) != 1:
            voice.say(more=[{"title": entry.title, "url": entry.url} for entry in fetched])
            return None
        if fetched[0].path is None:
            fetched = library.fetch(fetched[0].url, on_progress=voice.progress, playlists=False)
        assert fetched[0].path is not None
        path = fetched[0].path
        voice.say(about={"title": fetched[0].title, "media": fetched[0].media})
    elif spec["source"] == "path":
        path = Path(spec["location"])
    else:
        path = _kept(library, spec["media"])
    _check(path, spec["title"], spec["duration_s"])
    for done in library.index([path], on_progress=voice.progress):
        if done.error is not None:
            raise done.error
        return done.media
    raise InputError("there was nothing to index")


def _fetched_before(library: Library, url: str) -> tuple[Path, MediaRow] | None:
    """The file of a recording that was fetched from an address, None where there is none or it is gone."""
    media_id = Sources(library.store).with_url(url)
    row = next((row for row in library.media() if row.id == media_id), None)
    try:
        return None if row is None else (_kept(library, row.id), row)
    except NotFoundError:
        return None


def _kept(library: Library, media_id: str) -> Path:
    path = library.kept.find(media_id)
    if path is None:
        path = next((row.path for row in library.media() if row.id == media_id), None)
        # Another recording may lie under its name by now.
        path = path if path is not None and lies_at(library.store, media_id, path) else None
    if path is None:
        raise NotFoundError("the file of this recording is gone", hint="send it again")
    return path


def _check(path: Path, title: str, most_s: float) -> None:
    """Refuse what is no recording or too long, in words that do not name our own files."""
    from seehear.media.decode import probe

    try:
        media = probe(path, media_id="0")
    except MediaError as error:
        raise MediaError(error.message.replace(repr(path.name), f"{title!r}"), hint=error.hint) from error
    if media.duration_s > most_s:
        raise MediaError(
            f"{title!r} lasts {media.duration_s / 3600:.1f} hours; {most_s / 3600:g} is the limit here", hint="split it"
        )


if __name__ == "__main__":
    main()
