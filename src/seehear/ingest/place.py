"""Putting a timeline into the library: cut up, embedded, with its corrections; one process per recording at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from seehear.backends.protocols import Embedder
from seehear.errors import InputError, LibraryBusyError, MissingPackageError, NotFoundError, StorageError
from seehear.ingest.progress import Reporter
from seehear.search.matching import TokenIndexer
from seehear.search.passages import cut_up, texts_to_embed, unit_text
from seehear.search.windows import windows
from seehear.store import Store
from seehear.store.corrections import Correction, apply
from seehear.store.tokens import pack
from seehear.timeline import Timeline
from seehear.units import clean
from seehear.values import Event

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EMBED_BATCH = 64
LOCK_WAIT_S = 3600.0
TELL_EVERY_S = 0.5


@contextmanager
def only_one(home: Path, media_id: str, reporter: Reporter) -> Iterator[None]:
    """A lock that the system frees with the process, so that two of them never index the same media at once.

    Raises LibraryBusyError after an hour, StorageError when the folder cannot be written, CancelledError when stopped.
    """
    folder = home / "locks"
    lock = FileLock(folder / f"{media_id[:32]}.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _wait_for(lock, reporter)
    except OSError as error:
        raise StorageError(
            f"the library folder {home} cannot be written: {error.strerror}",
            hint="make it writable, or choose another with --home DIR",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _wait_for(lock: FileLock, reporter: Reporter) -> None:
    began_s = time.monotonic()
    while True:
        try:
            lock.acquire(timeout=TELL_EVERY_S)
            return
        except Timeout as error:
            if time.monotonic() - began_s > LOCK_WAIT_S:
                raise LibraryBusyError(
                    "another process has been indexing this file for an hour", hint="stop it"
                ) from error
            reporter("wait", 0, 0)


def place(
    store: Store, timeline: Timeline, *, embedder: Callable[[], Embedder], reporter: Reporter, language: str = ""
) -> None:  # fmt: skip
    """Put a timeline into all that is searched, with the corrections that were made by hand.

    Without the package for vectors the recording is found by its words alone. Raises BackendError, StorageError.
    """
    while True:
        seen = store.corrections(timeline.media.id)
        if _place(store, timeline, seen, seen, embedder=embedder, reporter=reporter, language=language):
            return


def correct(
    store: Store, media_id: str, number: int, text: str | None, *, embedder: Callable[[], Embedder],
    was: str | None = None,
) -> Event:  # fmt: skip
    """Put a text on one event of a timeline, None for what was heard or read; search sees it at once.

    Raises NotFoundError when there is no such recording or event, InputError when it reads otherwise than `was`:
    whoever corrects it looks at something that was corrected or indexed anew meanwhile.
    """
    while True:
        with store.read() as now:
            timeline, seen = now.uncorrected(media_id), now.corrections(media_id)
            language = next(row.language for row in now.media() if row.id == media_id)
        if not 0 <= number < len(timeline.events):
            raise NotFoundError(f"this recording has no event {number}", hint="its timeline numbers them")
        event = timeline.events[number]
        corrected = apply(timeline, seen)
        if was is not None and was != corrected.timeline.events[number].text:
            raise InputError("this line reads otherwise by now", hint="look at it again, then correct it")
        gone = corrected.used.get(number)
        wanted = [correction for correction in seen if correction is not gone]
        if text is not None and text != event.text:
            wanted.append(Correction(event.kind, event.span, clean(event.text), text))
        if _place(
            store, timeline, seen, wanted, embedder=embedder, reporter=Reporter(), language=language, held=True
        ):  # fmt: skip
            return store.timeline(media_id).events[number]


def _place(
    store: Store, timeline: Timeline, seen: Sequence[Correction], wanted: Sequence[Correction], *,
    embedder: Callable[[], Embedder], reporter: Reporter, language: str, held: bool = False,
) -> bool:  # fmt: skip
    """Store a timeline with the `wanted` corrections, unless others than `seen` were made meanwhile.

    One that is `held` is stored only while the library still holds it; texts that are embedded already keep their
    vectors.
    """
    import numpy as np

    cut = cut_up(apply(timeline, wanted).timeline)
    corrections: dict[str, Any] = {"corrections": seen, "corrected": wanted, "language": language, "held": held}
    try:
        opened = embedder()
    except MissingPackageError:
        return store.put_timeline(timeline, cut, **corrections)
    texts, around = texts_to_embed(cut), windows(cut.units)
    known, tokens = _vectors_of(store, timeline.media.id, opened.card.name)
    if isinstance(opened, TokenIndexer):
        # A recording from before tokens were kept is embedded anew, all at once.
        known = {text: known[text] for text in known if text in tokens or text not in texts}
    single = [text for text in dict.fromkeys(texts) if text not in known]
    wide = [text for text in dict.fromkeys(around.values()) if text not in known and text not in set(single)]
    done, total = 0, len(single) + len(wide)
    for some in (*_batches(single), *_batches(wide)):
        reporter("embed", done, total)
        if isinstance(opened, TokenIndexer) and done < len(single):
            rows, found = opened.embed_with_tokens(some)
            tokens.update((text, pack(made)) for text, (_, made) in zip(some, found, strict=True))
        else:
            rows = opened.embed(some)
        known.update(zip(some, rows, strict=True))
        done += len(some)
    vectors = np.stack([known[t] for t in texts]) if texts else np.zeros((0, opened.card.dimensions), np.float32)
    packed = [tokens[text] for text in texts] if all(text in tokens for text in texts) else None
    stored = store.put_timeline(
        timeline, cut, embedder=opened.card.name, unit_vectors=vectors, unit_tokens=packed,
        window_vectors={number: known[text] for number, text in around.items()}, **corrections,
    )  # fmt: skip
    reporter("embed", total, total)
    return stored


def _batches(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[at : at + EMBED_BATCH] for at in range(0, len(texts), EMBED_BATCH)]


def _vectors_of(store: Store, media_id: str, space: str) -> tuple[dict[str, NDArray[np.float32]], dict[str, bytes]]:
    """The vectors of one recording's units and windows in that space, and packed tokens, by what was embedded."""
    with store.read() as now:
        row = next((row for row in now.media() if row.id == media_id and row.embedder == space), None)
        vectors = None if row is None else now.unit_vectors(row.number)
        if row is None or vectors is None:
            return {}, {}
        units = now.units(row.number)
        packed, wide = now.unit_tokens(row.number), now.window_vectors(row.number)
    texts = {ordinal: unit_text(unit) for ordinal, unit in units.items()}
    around = windows([units[ordinal] for ordinal in sorted(units)])
    known = {around[number]: vector for number, vector in wide.items() if number in around}
    known |= {text: vectors[ordinal] for ordinal, text in texts.items()}
    return known, {texts[ordinal]: tokens for ordinal, tokens in packed.items()}
