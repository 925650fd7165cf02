"""The library: everything seehear can do, in one object. The only place where the parts are put together."""

from __future__ import annotations

import glob
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from seehear import config
from seehear.errors import InputError, NotFoundError
from seehear.indexing import Indexer
from seehear.ingest.outcome import Fetched, Indexed
from seehear.ingest.progress import Listener, Reporter
from seehear.ingest.whereabouts import lies_at
from seehear.media.addresses import is_url
from seehear.models import Models, OnPull
from seehear.spans import Span, clock
from seehear.store import MediaRow, Store
from seehear.store.names import named, row_of
from seehear.store.sources import Kept, Sources
from seehear.timeline import Timeline
from seehear.units import clean
from seehear.values import Answer, Chapter, Event, Frame, Media, Moment, Moments, Route, Screen, Transcript, Turn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seehear.backends.protocols import Observer
    from seehear.backends.servers.prices import Quote


class Library:
    """A folder of indexed recordings and the models to see, hear and answer with.

    Settings come from defaults, the configuration file, the environment and the keyword arguments, in that order.
    Raises ConfigError for a wrong setting, StorageError when the folder cannot be used.
    """

    def __init__(self, home: str | os.PathLike[str] | None = None, **settings: Any) -> None:
        self.settings = config.load(home=home, **settings)
        self._store: Store | None = None
        self._opening = threading.Lock()
        self._correcting = threading.Lock()
        # A name that nobody has is told now, not when the first recording comes to need it.
        self.models = Models(self.settings, lambda: self.store)
        self._indexer = Indexer(self.settings, self.models, lambda: self.store)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let models and the library file go; safe to call twice."""
        self.models.close()
        if self._store is not None:
            self._store.close()
            self._store = None

    @property
    def store(self) -> Store:
        """The library file, opened on first use."""
        with self._opening:
            if self._store is None:
                self._store = Store(self.settings.home)
            return self._store

    # ---- indexing ------------------------------------------------------------------------------------------------

    def index(
        self, inputs: Sequence[str | os.PathLike[str]], *, on_start: Callable[[Path, int, int], None] | None = None,
        on_progress: Listener | None = None, on_pull: OnPull | None = None,
    ) -> Iterator[Indexed]:  # fmt: skip
        """Index files, folders, globs and addresses one after the other; an input that fails does not stop the others.

        `on_start` gets path, position (from 1) and count. Raises NotFoundError when an input names nothing,
        SetupError when this installation cannot index at all, CancelledError when stopped.
        """
        return self._indexer.inputs(inputs, on_start=on_start, on_progress=on_progress, on_pull=on_pull)

    def quote(self, path: str | os.PathLike[str], *, on_progress: Listener | None = None) -> list[Quote]:
        """What indexing one file and asking one question would take, per capability, before anything is sent.

        Frames are found for it, on this machine, and kept: indexing does not look for them again. Raises InputError.
        """
        return self._indexer.quote(Path(path), on_progress=on_progress)

    def spent(self, media_id: str) -> float:
        """US dollars that hosted models took for one recording so far."""
        from seehear.spend import Ledger

        return Ledger(self.store, media_id).spent_usd

    def identify(self, path: Path) -> str:
        """The id of a file: the SHA-256 of its bytes, known without reading it again while it stays as it is."""
        return self._indexer.identify(path)

    def transcribe(
        self, path: str | os.PathLike[str], *, on_progress: Listener | None = None, on_pull: OnPull | None = None
    ) -> Transcript:
        """Turn the speech of one file into text; what was heard is cached, so that a second run is free.

        Raises InputError when the file has no sound, WeightsError or MissingPackageError when nothing here can hear,
        BackendError when the model cannot be opened; what it cannot do with a stretch of sound is a Gap.
        """
        from seehear.ingest.cache import StageCache
        from seehear.ingest.stages import hear
        from seehear.media.decode import probe

        media = probe(Path(path))
        if not media.has_audio:
            raise InputError(f"{path} has no sound", hint=f"seehear timeline {path} tells what is on screen")
        reporter = Reporter(on_progress)
        return hear(
            media, self.models.transcriber(on_pull), language=self._indexer.language,
            cache=StageCache(self.store, media.id), on_progress=lambda at: reporter("hear", at, media.duration_s),
        )  # fmt: skip

    def read(self, rgb: NDArray[np.uint8]) -> Screen:
        """Read the text on one picture, `rgb` uint8 [H, W, 3]. Raises SetupError, BackendError."""
        return self.models.reader().read(rgb)

    # ---- correcting ----------------------------------------------------------------------------------------------

    def correct(self, media: str | os.PathLike[str], event: int, text: str, *, was: str | None = None) -> Event:
        """Put `text` in place of what was heard or read, on the event of that number in the timeline.

        Search sees it at once, and it is kept when the recording is indexed anew. Raises NotFoundError for an event
        that is not there, InputError for an empty text, or when the event reads otherwise by now than `was`.
        """
        if not text.strip():
            raise InputError("a correction needs a text", hint="write what was said or shown")
        return self._correct(media, event, clean(text).strip(), was)

    def uncorrect(self, media: str | os.PathLike[str], event: int) -> Event:
        """Take the correction of one event back: it reads again as it was heard or read. Raises NotFoundError."""
        return self._correct(media, event, None)

    def _correct(
        self, media: str | os.PathLike[str], number: int, text: str | None, was: str | None = None
    ) -> Event:  # fmt: skip
        from seehear.ingest.place import correct

        media_id = self.resolve(media)
        with self._correcting, self.models.charged_to(media_id):
            return correct(self.store, media_id, number, text, was=was, embedder=self.models.embedder)

    # ---- asking --------------------------------------------------------------------------------------------------

    def open(self, media: str | os.PathLike[str]) -> Recording:
        """Hold one recording in the hand: a path (indexed on first use), an id or its beginning, or a title."""
        return Recording(self, media)

    def resolve(self, media: str | os.PathLike[str], *, on_progress: Listener | None = None,
                on_pull: OnPull | None = None) -> str:  # fmt: skip
        """The id of a recording given by path, address, id or title; one that is not indexed yet is indexed now.

        Raises NotFoundError when nothing is meant by it, InputError when it is no recording or more than one, and what
        indexing raises: SetupError, BackendError, CancelledError.
        """
        if is_url(str(media)):
            return self._resolve_url(str(media), on_progress, on_pull)
        path = Path(media)
        if path.is_file():
            return self._indexer.file(path, on_progress=on_progress, on_pull=on_pull, again=False)[0]
        row = self._row(str(media))
        if row is not None:
            return row.id
        from seehear.media.source import find_media

        found = find_media([media])
        if len(found) != 1:
            raise InputError(f"{media} holds {len(found)} recordings, one is wanted", hint="name the file")
        return self._indexer.file(found[0], on_progress=on_progress, on_pull=on_pull, again=False)[0]

    def known(self, media: str | os.PathLike[str]) -> str:
        """The id of a recording that the library holds, by path, address, id or title; nothing is indexed or fetched.

        Raises NotFoundError when it holds none of that name, InputError when it holds several.
        """
        path, name = Path(media), str(media)
        by_url = Sources(self.store).with_url(name) if is_url(name) else None
        row = self._row(by_url or (self.identify(path) if path.is_file() else name))
        if row is None:
            raise NotFoundError(f"{media} is not in the library", hint="seehear library lists what is")
        return row.id

    def _resolve_url(self, url: str, on_progress: Listener | None, on_pull: OnPull | None) -> str:
        known = Sources(self.store).with_url(url)
        if known is not None:
            return known
        found = self.fetch(url, on_progress=on_progress)
        if len(found) > 1:
            raise InputError(f"{url} holds {len(found)} recordings, one is wanted", hint=f"seehear index {url}")
        path = found[0].path or self.fetch(found[0].url, on_progress=on_progress, playlists=False)[0].path
        assert path is not None
        return self._indexer.file(path, on_progress=on_progress, on_pull=on_pull, again=False)[0]

    def _row(self, name: str) -> MediaRow | None:
        return named(self.store.media(), name)

    def ask(
        self,
        question: str,
        *,
        media: Sequence[str | os.PathLike[str]] | None = None,
        within: Span | None = None,
        history: Sequence[Turn] = (),
        on_moments: Callable[[Sequence[Moment]], None] | None = None,
        on_text: Callable[[str], None] | None = None,
        on_progress: Listener | None = None,
        on_pull: OnPull | None = None,
    ) -> Answer:
        """Answer a question from the given recordings, or from the whole library.

        `within` limits it to a stretch of each recording. `history` are the turns before, the last one last
        (`answer.turn`): a follow-up question is read with them. `on_moments` gets the moments as soon as they are
        found, `on_text` pieces of the answer as they are checked.
        Raises InputError for an empty question, NotFoundError when nothing is indexed, BackendError from the models,
        and what `resolve` raises.
        """
        from seehear.answer import ask
        from seehear.answer.counting import Counting

        if not question.strip():
            raise InputError("the question is empty", hint='write it last: seehear ask lecture.mp4 "what is …?"')
        ids = None if media is None else self._ids(media, on_progress, on_pull)
        if ids is None and not self.store.media():
            raise NotFoundError("the library is empty", hint="index something first: seehear index lecture.mp4")
        if not history and within is None and (heard := self._listen(question, ids, on_moments, on_text)) is not None:
            return heard
        with self.models.charged_to():
            answerer = self.models.answerer()
            counted = None if answerer is None else Counting(answerer)
            found = ask(
                question, store=self.store, embedder=self.models.embedder_for_search(), answerer=counted,
                reranker=self.models.reranker(), media=ids, within=within, history=history, on_moments=on_moments,
                on_text=on_text,
            )  # fmt: skip
            return found if counted is None else replace(found, tokens=counted.tokens)

    def is_sound(self, media: Sequence[str] | None) -> bool:
        """Whether these recordings (ids) are of sound alone: then a model that hears is asked about them."""
        from seehear.answer.listening import is_playable

        if media is None or not is_playable(self.store, media):
            return False
        return all(lies_at(self.store, row.id, row.path) for row in self.media() if row.id in media)

    def hearer(self, media: Sequence[str] | None) -> Observer | None:
        """The model that hears questions about these recordings (ids), None where their transcript is asked instead."""
        return self.models.observer("sound") if self.is_sound(media) else None

    def _listen(
        self, question: str, ids: Sequence[str] | None, on_moments: Callable[[Sequence[Moment]], None] | None,
        on_text: Callable[[str], None] | None,
    ) -> Answer | None:  # fmt: skip
        """The answer of a model that hears, about recordings of sound; None where no model does or it hears none."""
        from seehear.answer import listening

        observer = self.hearer(ids)
        if observer is None or ids is None:
            return None
        from seehear.media.audio import audio_at

        with self.models.charged_to():
            return listening.listen(
                question, store=self.store, media=ids, observer=observer,
                on_moments=on_moments, on_text=on_text,
                sound=lambda row, span: audio_at(row.path, span),
            )  # fmt: skip

    def _ids(
        self, media: Sequence[str | os.PathLike[str]], on_progress: Listener | None, on_pull: OnPull | None
    ) -> list[str]:
        from seehear.media.source import find_media

        ids: list[str] = []
        for entry in media:
            path = Path(entry)
            if is_url(str(entry)):
                ids.append(self.resolve(entry, on_progress=on_progress, on_pull=on_pull))
            elif path.is_dir() or (glob.has_magic(str(entry)) and not path.exists()):
                ids += [self.resolve(p, on_progress=on_progress, on_pull=on_pull) for p in find_media([entry])]
            else:
                ids.append(self.resolve(entry, on_progress=on_progress, on_pull=on_pull))
        return list(dict.fromkeys(ids))

    def search(
        self,
        query: str,
        *,
        media: Sequence[str | os.PathLike[str]] | None = None,
        within: Span | None = None,
        route: Route | None = None,
        limit: int = 10,
        rerank: bool = True,
    ) -> Moments:
        """Find moments, and tell whether they fit; `route` limits them to what was `said` or `shown`.

        `within` limits them to a stretch of each recording; without `rerank` a reranker that is set is not asked.
        Raises InputError for an empty query, BackendError from the models, and what `resolve` raises.
        """
        from seehear.answer.refusal import fits
        from seehear.answer.translate import understand
        from seehear.search import find
        from seehear.search.route import read_question
        from seehear.search.spelling import mend
        from seehear.search.terms import terms_of

        if not query.strip():
            raise InputError("the query is empty", hint='seehear search "recursion"')
        ids = None if media is None else self._ids(media, None, None)
        embedder, reranker = self.models.embedder_for_search(), self.models.reranker() if rerank else None
        with self.models.charged_to(), self.store.read() as seen:
            rows = [row for row in seen.media() if ids is None or row.id in ids]
            query = mend(query, terms_of(query), seen, rows).text
            intent = replace(read_question(query, route=route), within=within)
            found = find(seen, embedder, intent, query=query, media=ids, limit=limit, reranker=reranker)
            across = bool(understand(query, store=seen, media=ids, embedder=embedder, writer=None).compared_by)
        return Moments(found.moments, fits(found.signal, embedder=found.compared_by, across=across))

    def timeline(self, media: str | os.PathLike[str]) -> Timeline:
        """The timeline of a recording given by path, id or title. Raises what `resolve` raises."""
        return self.store.timeline(self.resolve(media))

    def chapters(self, media: str | os.PathLike[str]) -> list[Chapter]:
        """The chapters of a recording: those of the file, else by slides and topics. Raises what `resolve` raises."""
        from seehear.answer.outline import chapters_of

        return chapters_of(self.store, self._row_of(self.resolve(media)), self.models.embedder_for_search())

    def frame_at(self, media: str | os.PathLike[str], time_s: float) -> Frame:
        """The picture displayed at `time_s`: from the file, or where that is gone the kept one that fits.

        Raises MediaError when the recording has no picture.
        """
        from seehear.media.decode import frames_at
        from seehear.media.picture import load_picture

        timeline = self.timeline(media)
        lies = lies_at(self.store, timeline.media.id, timeline.media.path)
        try:
            return next(iter(frames_at(timeline.media.path, [time_s]) if lies else ()))
        except (NotFoundError, StopIteration):
            kept = [event for event in timeline.of_kind("visual") if event.frame]
            if not kept:
                raise NotFoundError(f"{timeline.media.title} has no picture at {clock(time_s)}",
                                    hint="put the file back where it was, or index it again") from None  # fmt: skip
            before = [event for event in kept if event.span.start_s <= time_s] or kept[:1]
            folder = self.store.frames_folder(timeline.media.id)
            return Frame(before[-1].span.start_s, load_picture(folder / before[-1].frame))

    # ---- keeping -------------------------------------------------------------------------------------------------

    def media(self) -> list[MediaRow]:
        """Everything that is indexed."""
        return self.store.media()

    def remove(self, media: str | os.PathLike[str]) -> MediaRow:
        """Forget one recording; its file is not touched. Raises NotFoundError when it is not indexed."""
        row = self._row_of(self.known(media))
        self.store.remove(row.id)
        self.kept.delete(row.id)
        return row

    def keep(self, path: Path, *, title: str, url: str = "", suffix: str = "") -> str:
        """Move a file into the library's own folder, to be deleted with its recording; returns the media's id.

        It is named by its content and the `suffix`, an ending of media files or nothing. A recording whose file lies
        elsewhere keeps that one. Raises InputError when it cannot be read, StorageError when it cannot be moved.
        """
        return self._indexer.keep(path, title=title, url=url, suffix=suffix)

    def fetch(self, url: str, *, on_progress: Listener | None = None, playlists: bool = True) -> list[Fetched]:
        """Fetch the recording at an address into the library; the entries of a playlist are only listed.

        An address that leads to a page needs the `web` extra; captions of its own come along. Raises InputError for
        what is private, wants a login, is too large or no recording, MissingPackageError, StorageError.
        """
        return self._indexer.fetch(url, on_progress=on_progress, playlists=playlists)

    def _row_of(self, media_id: str) -> MediaRow:
        return row_of(self.store.media(), media_id)

    @property
    def kept(self) -> Kept:
        """The library's own files: what was uploaded or fetched."""
        return Kept(self.settings.home)


class Recording:
    """One recording of a library; it is indexed when something is first asked of it."""

    def __init__(self, library: Library, media: str | os.PathLike[str]) -> None:
        self._library = library
        self._media = media

    @property
    def id(self) -> str:
        """The SHA-256 of the file's bytes. Raises what `Library.resolve` raises."""
        return self._library.resolve(self._media)

    @property
    def timeline(self) -> Timeline:
        """What was seen and heard, by time. Raises what `Library.timeline` raises."""
        return self._library.timeline(self._media)

    @property
    def media(self) -> Media:
        """Title, duration and kind. Raises what `Library.timeline` raises."""
        return self.timeline.media

    @property
    def chapters(self) -> list[Chapter]:
        """The file's chapters, else chapters by slides and topics. Raises what `Library.chapters` raises."""
        return self._library.chapters(self._media)

    def ask(
        self,
        question: str,
        *,
        within: Span | None = None,
        history: Sequence[Turn] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Answer:
        """Answer a question from this recording, or from a stretch of it; `history` and errors as in `Library.ask`."""
        return self._library.ask(question, media=[self._media], within=within, history=history, on_text=on_text)

    def search(self, query: str, *, within: Span | None = None, route: Route | None = None, limit: int = 10) -> Moments:
        """Find moments in this recording, or in a stretch of it. Raises what `Library.search` raises."""
        return self._library.search(query, media=[self._media], within=within, route=route, limit=limit)
