"""Several processes use one library: nobody sees half of what another one stores, and nothing newer is lost."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seehear.backends.fake import Fake
from seehear.backends.protocols import Card, Embedder
from seehear.errors import ConfigError, NotFoundError, StorageError
from seehear.ingest.place import correct, place
from seehear.ingest.progress import Reporter
from seehear.search import search
from seehear.store import FILE_NAME, Store
from seehear.timeline import Timeline
from tests.talks import speech, talk

LINES = [
    (0.0, "Whales have lungs, so they come up for air."),
    (8.0, "They breathe through blowholes on their backs."),
    (16.0, "The blue whale is the largest of them all."),
    (24.0, "This is what we have seen in the film today."),
]


class Other(Fake):
    """The same vectors under another name."""

    @property
    def card(self) -> Card:
        return replace(super().card, name="other")


def put(store: Store, timeline: Timeline, embedder: Callable[[], Embedder] = Fake) -> str:
    place(store, timeline, embedder=embedder, reporter=Reporter())
    return timeline.media.id


def test_what_is_read_in_one_block_belongs_together_and_keeps_nobody_from_writing(tmp_path: Path) -> None:
    with Store(tmp_path) as store, Store(tmp_path, busy_timeout_s=0.2) as other:
        media = put(store, talk())
        with store.read() as seen:
            other.remove(media)
            put(other, speech("whales", LINES))
            assert [row.title for row in store.media()] == ["whales"]
            assert [row.title for row in seen.media()] == ["bees"]
            assert seen.timeline(media) == talk()
            assert len(seen.passages(media_numbers=[1])) == len(seen.vectors().rows) > 1
            beside: list[Any] = []
            thread = threading.Thread(target=lambda: beside.append(seen.match('"dance"', limit=5, weights=(1, 1, 1))))
            thread.start()
            thread.join(timeout=20)
            assert beside and beside[0], "another thread reads the same"
            with pytest.raises(StorageError):
                seen.cache_put("k", b"v")
        with store.read() as seen:
            assert [row.title for row in seen.media()] == ["whales"]
            assert len(seen.vectors().rows) == len(seen.passages(media_numbers=[1]))
        with pytest.raises(NotFoundError):
            store.timeline(media)


def test_a_library_that_is_read_only_can_be_read_in_one_block(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        put(store, talk())
    with Store(tmp_path, read_only=True) as store, store.read() as seen:
        assert [row.title for row in seen.media()] == ["bees"]


def test_what_was_closed_is_not_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.close()
    with pytest.raises(StorageError, match="closed"), store.read():
        raise AssertionError("read on")


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    home = tmp_path / "what? 100% #1 caf\u00e9 \udce9"
    with Store(home) as store:
        put(store, talk())
        with store.read() as seen:
            assert len(seen.media()) == 1
    assert sorted(path.name for path in home.iterdir()) == [FILE_NAME]


def test_a_search_is_not_disturbed_by_a_recording_removed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(tmp_path) as store, Store(tmp_path) as other:
        names = ["one", "two", "three"]
        ids = [put(store, speech(name, LINES)) for name in names]
        match = Store.match

        def removing(self: Store, *given: Any, **named: Any) -> Any:
            found = match(self, *given, **named)
            if other.has(ids[1]):
                other.remove(ids[1])
            return found

        monkeypatch.setattr(Store, "match", removing)
        assert {moment.title for moment in search(store, Fake(), "lungs of whales")} == set(names)
        assert {moment.title for moment in search(store, Fake(), "lungs of whales")} == {"one", "three"}


def test_searches_beside_a_writer_end_well(tmp_path: Path) -> None:
    with Store(tmp_path) as store, Store(tmp_path) as other:
        for name in ("one", "two", "three"):
            put(store, speech(name, LINES))
        ended = threading.Event()

        def write() -> None:
            for i in range(40):
                put(other, speech("two", LINES[: 1 + i % 4]))
            ended.set()

        writer = threading.Thread(target=write)
        writer.start()
        searches = 0
        while not ended.is_set():
            assert search(store, Fake(), "whales lungs blowholes")
            searches += 1
        writer.join()
        assert searches > 5


def test_a_library_that_several_make_at_once_is_made_once(tmp_path: Path) -> None:
    together = threading.Barrier(4)

    def make(home: Path) -> int:
        together.wait(timeout=20)
        with Store(home) as store:
            return len(store.media())

    with ThreadPoolExecutor(4) as pool:
        for number in range(20):
            assert list(pool.map(make, [tmp_path / str(number)] * 4)) == [0] * 4


def test_a_correction_does_not_bring_back_the_timeline_from_before(tmp_path: Path) -> None:
    old = speech("talk", [(0.0, "Old transcript of the tiny model.")])
    new = speech("talk", [(0.0, "New transcript by the big model."), (10.0, "It hears a second sentence.")])
    with Store(tmp_path) as store, Store(tmp_path) as other:
        media = put(store, old)
        indexed: list[str] = []

        def slow() -> Embedder:
            if not indexed:
                # Another process indexes the recording anew while the correction is being embedded.
                indexed.append(put(other, new))
            return Fake()

        event = correct(store, media, 0, "New transcript by the large model.", embedder=slow)
        assert event.text == "New transcript by the large model."
        assert store.uncorrected(media) == new
        assert [e.text for e in store.timeline(media).events][1] == "It hears a second sentence."


def test_a_correction_of_what_is_removed_meanwhile_does_not_bring_it_back(tmp_path: Path) -> None:
    with Store(tmp_path) as store, Store(tmp_path) as other:
        media = put(store, talk())

        def slow() -> Embedder:
            if other.has(media):
                other.remove(media)
            return Fake()

        with pytest.raises(NotFoundError):
            correct(store, media, 0, "Bees and wasps", embedder=slow)
        assert store.media() == []


def test_vectors_of_two_models_never_meet_in_one_library(tmp_path: Path) -> None:
    class Late(Store):
        def write(self) -> Any:
            if not other.media():
                # Another process stores its recording just before this one does.
                put(other, speech("whales", LINES), Other)
            return super().write()

    with Store(tmp_path) as other, Late(tmp_path) as store:
        with pytest.raises(ConfigError, match="embedded with other"):
            put(store, talk())
        assert [(row.title, row.embedder) for row in store.media()] == [("whales", "other")]


def test_the_only_recording_may_be_embedded_by_another_model(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        media = put(store, talk())
        put(store, talk(), Other)
        assert [(row.id, row.embedder) for row in store.media()] == [(media, "other")]
        assert store.embedder() == "other"


@pytest.mark.parametrize("version", [1, 4, 99])
def test_another_programs_database_with_a_version_is_not_touched(tmp_path: Path, version: int) -> None:
    other = sqlite3.connect(tmp_path / FILE_NAME)
    other.execute("CREATE TABLE media(id INTEGER, artist TEXT)")
    other.execute(f"PRAGMA user_version={version}")
    other.commit()
    other.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(StorageError, match="not a seehear library"):
        Store(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_passages_come_in_order_of_row_however_many_are_asked_for(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        put(store, speech("long", [(20.0 * i, f"This is sentence number {i}.") for i in range(1300)]))
        rows = [passage.row for passage in store.passages(media_numbers=[1])]
        assert len(rows) > 550
        assert [passage.row for passage in store.passages(rows=rows[::-1])] == rows


def test_vectors_kept_in_memory_are_those_of_the_library_as_it_is(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        put(store, talk())
        with store.read() as seen:
            held = seen.vectors()
        assert store.vectors() is held, "what one search read is there for the next"
        assert np.isfinite(held.passages).all()


def test_vectors_of_a_recording_indexed_meanwhile_stay_with_their_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(tmp_path) as store, Store(tmp_path) as other:
        media = put(store, speech("talk", LINES[:2]))
        unit_vectors, late = Store.unit_vectors, speech("talk", LINES)

        def slow(self: Store, *given: Any, **named: Any) -> Any:
            found = unit_vectors(self, *given, **named)
            monkeypatch.setattr(Store, "unit_vectors", unit_vectors)
            put(other, late)
            return found

        monkeypatch.setattr(Store, "unit_vectors", slow)
        correct(store, media, 0, "Whales have lungs.", embedder=Fake)
        texts = [unit.text for unit in store.units(1).values()]
        assert texts == ["Whales have lungs.", *(text for _, text in LINES[1:])]
        found = store.unit_vectors(1)
        assert found is not None and np.allclose(found, Fake().embed(texts), atol=2e-3)
