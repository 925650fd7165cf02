"""How recordings come into a library: files and addresses, each indexed where it is not in there as it would be now."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seehear.config import Settings
from seehear.errors import ConfigError, InputError, MissingPackageError
from seehear.ingest.outcome import Fetched, Indexed, Status
from seehear.ingest.progress import Listener, Reporter
from seehear.ingest.whereabouts import found_at, identity, lies_at
from seehear.media.addresses import is_url
from seehear.models import Models, OnPull
from seehear.store import MediaRow, Store
from seehear.store.names import named, row_of
from seehear.store.sources import Kept, Source, Sources

if TYPE_CHECKING:
    from seehear.backends.servers.prices import Quote
    from seehear.ingest.run import Ingested, Plan


class Indexer:
    """Brings recordings into the library that `store` opens; its models see and hear them."""

    def __init__(self, settings: Settings, models: Models, store: Callable[[], Store]) -> None:
        self._settings, self._models, self._store = settings, models, store
        self._kept = Kept(settings.home)

    def inputs(
        self, inputs: Sequence[str | os.PathLike[str]], *, on_start: Callable[[Path, int, int], None] | None = None,
        on_progress: Listener | None = None, on_pull: OnPull | None = None,
    ) -> Iterator[Indexed]:  # fmt: skip
        """Index files, folders, globs and addresses one after the other, as `Library.index` tells."""
        from seehear.media.source import find_media

        urls = [str(entry) for entry in inputs if is_url(str(entry))]
        files = [entry for entry in inputs if not is_url(str(entry))]
        paths = find_media(files) if files or not urls else []
        for position, path in enumerate(paths, 1):
            if on_start is not None:
                on_start(path, position, len(paths))
            began = time.perf_counter()
            try:
                media, status = self.file(path, on_progress=on_progress, on_pull=on_pull)
                row = self._row(media)
            except ConfigError:
                raise
            except InputError as error:
                yield Indexed(path, "", path.name, "failed", time.perf_counter() - began, 0, 0, error)
                continue
            yield Indexed(path, media, row.title, status, time.perf_counter() - began, row.events, row.gaps)
        for url in urls:
            yield from self._url(url, on_progress=on_progress, on_pull=on_pull)

    def _url(
        self, url: str, *, on_progress: Listener | None = None, on_pull: OnPull | None = None, playlists: bool = True
    ) -> Iterator[Indexed]:
        began = time.perf_counter()
        status: Status = "unchanged"
        try:
            media = Sources(self._store()).with_url(url)
            if media is None:
                found = self.fetch(url, on_progress=on_progress, playlists=playlists)
                if found[0].path is None:
                    for entry in found:
                        yield from self._url(entry.url, on_progress=on_progress, on_pull=on_pull, playlists=False)
                    return
                media, status = self.file(found[0].path, on_progress=on_progress, on_pull=on_pull)
            elif lies_at(self._store(), media, path := self._row(media).path):
                media, status = self.file(path, on_progress=on_progress, on_pull=on_pull)
            row = self._row(media)
        except ConfigError:
            raise
        except (InputError, MissingPackageError) as error:
            yield Indexed(Path(url), "", url, "failed", time.perf_counter() - began, 0, 0, error, url)
            return
        yield Indexed(row.path, media, row.title, status, time.perf_counter() - began, row.events, row.gaps, url=url)

    def file(
        self, path: Path, *, on_progress: Listener | None = None, on_pull: OnPull | None = None, again: bool = True
    ) -> tuple[str, Status]:
        """Index one file; with `again` False whatever is indexed already is taken as it is. Returns the media's id."""
        reporter = Reporter(on_progress)
        media_id = self.identify(path)
        store = self._store()
        found_at(store, media_id, path)
        if not again and store.has(media_id):
            return media_id, "unchanged"
        from seehear.ingest.fingerprint import fingerprints
        from seehear.ingest.place import only_one, place

        with only_one(self._settings.home, media_id, reporter):
            plan = self._plan(path, media_id)
            chosen = [self._models.name(capability) for capability in ("read", "describe", "hear", "embed")]
            fingerprint, *cut_before = fingerprints(plan, chosen)
            known = (store.cache_get(f"ingested:{media_id}") or b"").decode()
            row = named(store.media(), media_id)
            if row is not None and (not again or known == fingerprint):
                return media_id, "unchanged"
            self._models.check_space()
            with self._models.charged_to(media_id):
                if row is not None and known in cut_before:
                    timeline, language, complete = store.uncorrected(media_id), row.language, True
                else:
                    done = self._ingest(path, media_id, plan, reporter, on_pull)
                    timeline, language, complete = done.timeline, done.language, done.complete
                    if self.identify(path) != media_id:
                        raise InputError(f"{path.name!r} changed while it was read: it may still be recorded or copied",
                                         hint="index it again once it is whole")  # fmt: skip
                place(
                    store, timeline, embedder=lambda: self._models.embedder(on_pull), reporter=reporter,
                    language=language,
                )  # fmt: skip
            if complete:
                store.cache_put(f"ingested:{media_id}", fingerprint.encode(), media_id=media_id)
        return media_id, "indexed"

    def quote(self, path: Path, *, on_progress: Listener | None = None) -> list[Quote]:
        """What indexing one file and asking one question would take, as `Library.quote` tells."""
        from seehear.backends.servers.prices import quote
        from seehear.ingest.cache import StageCache
        from seehear.ingest.run import will_hear
        from seehear.ingest.stages import find_points
        from seehear.media.decode import probe

        media = probe(path)
        reporter = Reporter(on_progress)
        cards = self._models.cards()
        points = () if not media.has_video else find_points(
            media, self._settings.sampler, cache=StageCache(self._store(), media.id),
            on_progress=lambda at: reporter("find", at, media.duration_s),
        )  # fmt: skip
        heard_s = media.duration_s if will_hear(media, self._plan(path, media.id)) else 0.0
        # 2.5 words a second, of 1.3 tokens each; every sentence is embedded, and every minute.
        tokens = int(media.duration_s * 2.5 * 1.3) if media.has_audio else 0
        return [
            quote(card, capability, frames=len(points), width_px=media.width_px, height_px=media.height_px,
                  audio_s=heard_s, tokens=2 * tokens if capability == "embed" else 40)
            for capability, card in cards.items()
        ]  # fmt: skip

    def identify(self, path: Path) -> str:
        """The id of a file: the SHA-256 of its bytes, known without reading it again while it stays as it is."""
        return identity(self._store(), path)

    def keep(self, path: Path, *, title: str, url: str = "", suffix: str = "") -> str:
        """Move a file into the library's own folder, as `Library.keep` tells; returns the media's id."""
        media_id = self.identify(path)
        row = named(self._store().media(), media_id)
        if row is not None and not row.kept and lies_at(self._store(), media_id, row.path):
            path.unlink()
            return media_id
        known = Sources(self._store()).get(media_id)
        self._kept.place(path, media_id, suffix)
        Sources(self._store()).note(media_id, Source(known.title or title, known.url or url, kept=True))
        return media_id

    def fetch(self, url: str, *, on_progress: Listener | None = None, playlists: bool = True) -> list[Fetched]:
        """Fetch the recording at an address into the library, as `Library.fetch` tells."""
        from seehear.ingest.fetch import fetch

        language = "en" if self._settings.language == "auto" else self._settings.language
        return fetch(
            url, self._kept.ready(), keep=self.keep, private=self._settings.private_urls, language=language,
            find=lambda media_id: self._kept.find(media_id) or self._row(media_id).path, playlists=playlists,
            reporter=Reporter(on_progress),
        )  # fmt: skip

    def _plan(self, path: Path, media_id: str) -> Plan:
        """What the indexing of a file is told by settings and by the captions that lie beside it."""
        from seehear.ingest.run import Plan
        from seehear.media.source import caption_language, sidecar_captions

        use_captions = self._settings.captions == "first"
        given = self._kept.captions(media_id)
        beside = [*(sidecar_captions(given) if given.parent.is_dir() else ()), *sidecar_captions(path)]
        sidecars = [(caption_language(side), side) for side in dict.fromkeys(beside)] if use_captions else []
        folder = self._store().frames_folder(media_id)
        return Plan(self._settings.sampler, use_captions, self.language, tuple(sidecars), folder)

    @property
    def language(self) -> str | None:
        """The language that is spoken, None where it is to be detected."""
        return None if self._settings.language == "auto" else self._settings.language

    def _ingest(self, path: Path, media_id: str, plan: Plan, reporter: Reporter, on_pull: OnPull | None) -> Ingested:
        from seehear.ingest.cache import StageCache
        from seehear.ingest.run import ingest
        from seehear.media.decode import probe

        # A name holds in the folder that it was given in, a library everywhere.
        media = probe(path.absolute(), media_id=media_id)
        if title := Sources(self._store()).get(media_id).title:
            media = replace(media, title=title)
        return ingest(
            media, plan, reader=self._models.reader, describer=self._models.describer,
            transcriber=lambda: self._models.transcriber(on_pull), cache=StageCache(self._store(), media_id),
            reporter=reporter,
        )  # fmt: skip

    def _row(self, media_id: str) -> MediaRow:
        return row_of(self._store().media(), media_id)
