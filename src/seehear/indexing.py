"""How one file comes into a library: what it is, whether it is in there as it would be made now, else making it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seehear.config import Settings
from seehear.ingest.outcome import Status
from seehear.ingest.progress import Listener, Reporter
from seehear.models import Models, OnPull
from seehear.store import Store
from seehear.store.names import named
from seehear.store.sources import Kept, Sources

if TYPE_CHECKING:
    from seehear.ingest.run import Ingested, Plan


class Indexer:
    """Indexes files into the library that `store` opens, seen and heard by its models."""

    def __init__(self, settings: Settings, models: Models, store: Callable[[], Store]) -> None:
        self._settings, self._models, self._store = settings, models, store

    def index(
        self, path: Path, *, on_progress: Listener | None = None, on_pull: OnPull | None = None, again: bool = True
    ) -> tuple[str, Status]:
        """Index one file; with `again` False whatever is indexed already is taken as it is. Returns the media's id."""
        reporter = Reporter(on_progress)
        media_id = self.identify(path)
        store = self._store()
        store.found_at(media_id, path)
        if not again and store.has(media_id):
            return media_id, "unchanged"
        from seehear.ingest.fingerprint import fingerprints
        from seehear.ingest.place import only_one, place

        with only_one(self._settings.home, media_id):
            plan = self.plan(path, media_id)
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
                place(
                    store, timeline, embedder=lambda: self._models.embedder(on_pull), reporter=reporter,
                    language=language,
                )  # fmt: skip
            if complete:
                store.cache_put(f"ingested:{media_id}", fingerprint.encode(), media_id=media_id)
        return media_id, "indexed"

    def identify(self, path: Path) -> str:
        """The id of a file: the SHA-256 of its bytes, known without reading it again while it stays as it is."""
        from seehear.media.source import identify

        try:
            stat = path.stat()
        except OSError:
            return identify(path)
        store = self._store()
        facts = {"size_bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns, "inode": stat.st_ino}
        known = store.lookup_file(path, **facts)
        if known is not None:
            return known
        media_id = identify(path)
        if not store.read_only:
            store.remember_file(path, **facts, media_id=media_id)
        return media_id

    def plan(self, path: Path, media_id: str) -> Plan:
        """What the indexing of a file is told by settings and by the captions that lie beside it."""
        from seehear.ingest.run import Plan
        from seehear.media.source import caption_language, sidecar_captions

        use_captions = self._settings.captions == "first"
        given = Kept(self._settings.home).captions(media_id)
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
