"""From an address to a file of the library's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from seehear.errors import InputError, MediaError
from seehear.ingest.outcome import Fetched
from seehear.ingest.progress import Reporter


class Keep(Protocol):
    """How a fetched file becomes the library's own: `Library.keep`."""

    def __call__(self, path: Path, *, title: str, url: str, suffix: str) -> str:
        """Move the file in and return the id of its media."""
        ...


def fetch(
    url: str, folder: Path, *, keep: Keep, find: Callable[[str], Path], private: bool, language: str,
    playlists: bool, reporter: Reporter,
) -> list[Fetched]:  # fmt: skip
    """Fetch the recording at an address into `folder` and keep it; the entries of a playlist are only listed.

    `find` tells where the file of a kept media lies. Raises what `seehear.media.remote.download` and
    `seehear.media.webpage.download_page` raise, and InputError for what is no recording.
    """
    from seehear.media import remote, webpage
    from seehear.media.decode import probe

    def on_bytes(here: int, total: int) -> None:
        reporter("fetch", here, max(here, total))

    try:
        got = remote.download(url, folder, private=private, on_bytes=on_bytes)
    except remote.PageError:
        found = webpage.entries(url, private=private)
        if playlists and (len(found) > 1 or found[0].url != url):
            return [Fetched(entry.title, entry.url) for entry in found]
        got = webpage.download_page(url, folder, private=private, on_bytes=on_bytes, language=language)
    try:
        probe(got.path, media_id="0")
    except MediaError as error:
        for path in (got.path, *(path for _, path in got.captions)):
            path.unlink(missing_ok=True)
        raise InputError(f"what lies at {url} is no recording", hint="check it in a browser") from error
    media_id = keep(got.path, title=got.title, url=url, suffix=got.suffix)
    for code, path in got.captions:
        path.replace(folder / f"{media_id}{f'.{code}' if code else ''}{path.suffix.lower()}")
    return [Fetched(got.title, url, find(media_id), media_id)]
