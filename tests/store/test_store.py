import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from seehear.errors import ConfigError, LibraryBusyError, LibraryVersionError, NotFoundError, StorageError
from seehear.search.passages import cut_up
from seehear.store import FILE_NAME, Store
from tests.talks import talk


def put(store: Store, name: str = "bees") -> str:
    timeline = talk(name)
    store.put_timeline(timeline, cut_up(timeline))
    return timeline.media.id


def test_a_stored_timeline_comes_back_as_it_was(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        media = put(store)
    with Store(tmp_path) as store:
        assert store.timeline(media) == talk("bees")
        assert [row.title for row in store.media()] == ["bees"]


def test_storing_again_replaces_and_keeps_one_copy(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        put(store)
        before = store.sizes().passages
        put(store)
        assert len(store.media()) == 1
        assert store.sizes().passages == before
        assert len(store.match('"dance"', limit=50, weights=(1, 1, 1))) <= before


def test_vectors_of_another_space_are_refused_and_nothing_changes(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        first, second = talk("one"), talk("two")
        made = cut_up(first)
        rows = np.eye(len(made.units), 64, dtype=np.float32)
        store.put_timeline(first, made, embedder="a", unit_vectors=rows)
        with pytest.raises(ConfigError, match="embedded with a"):
            store.put_timeline(second, cut_up(second), embedder="b", unit_vectors=rows)
        assert [row.title for row in store.media()] == ["one"]
        assert np.allclose(store.unit_vectors(1), rows, atol=1e-3)
        found = store.vectors()
        assert len(found.rows) == len(found.passages) == len(made.passages)
        assert np.allclose(np.linalg.norm(found.passages, axis=1), 1.0, atol=1e-2)


def test_the_best_sentence_of_each_passage_is_told_for_all_of_them_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    with Store(tmp_path) as store:
        for name in ("one", "two"):
            made = cut_up(talk(name))
            rows = random.standard_normal((len(made.units), 16)).astype(np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            store.put_timeline(talk(name), made, embedder="a", unit_vectors=rows)
        vector = random.standard_normal(16).astype(np.float32)
        found, passages = store.vectors(), {p.row: p for p in store.passages(media_numbers=[1, 2])}
        peaks = found.peaks(vector)
        assert peaks is not None and len(peaks) == len(passages) > 2
        for row, peak in zip(found.rows, peaks, strict=True):
            inside = store.unit_vectors_at(passages[row].media_number, passages[row].units)
            assert inside is not None
            assert peak == pytest.approx(float((inside @ vector).max()), abs=1e-5)
    monkeypatch.setattr("seehear.store.vectors.MOST_SENTENCES", 3)
    with Store(tmp_path) as store:
        assert store.vectors().peaks(vector) is None, "a huge library does not keep them"
        assert store.vectors().rows == found.rows


def test_vectors_of_some_units_are_those_of_all(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        made = cut_up(talk())
        rows = np.eye(len(made.units), 64, dtype=np.float32)
        store.put_timeline(talk(), made, embedder="a", unit_vectors=rows)
        some = [0, 1, 4, 5, 9]
        assert np.array_equal(store.unit_vectors_at(1, some), rows[some])
        assert store.unit_vectors_at(7, [0]) is None


def test_vectors_must_match_the_units(tmp_path: Path) -> None:
    with Store(tmp_path) as store, pytest.raises(ConfigError):
        store.put_timeline(talk(), cut_up(talk()), embedder="a", unit_vectors=np.zeros((1, 4), np.float32))


def test_removing_takes_everything_of_that_media_and_nothing_else(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        one, two = put(store, "one"), put(store, "two")
        store.cache_put("ocr:1", b"x", media_id=one)
        store.cache_put("ocr:2", b"y", media_id=two)
        store.remember_file(tmp_path / "one.mp4", size_bytes=1, mtime_ns=2, inode=3, media_id=one)
        store.frames_folder(one).mkdir(parents=True)
        (store.frames_folder(one) / "0.jpg").write_bytes(b"jpg")
        store.remove(one)
        assert [row.id for row in store.media()] == [two]
        assert store.cache_get("ocr:1") is None
        assert store.cache_get("ocr:2") == b"y"
        assert store.lookup_file(tmp_path / "one.mp4", size_bytes=1, mtime_ns=2, inode=3) is None
        assert not store.frames_folder(one).exists()
        with pytest.raises(NotFoundError):
            store.remove(one)
        with pytest.raises(NotFoundError):
            store.timeline(one)


def test_a_file_is_known_until_it_changes(tmp_path: Path) -> None:
    path = Path(os.fsdecode(bytes(tmp_path) + b"/caf\xe9 \xf0\x9f\x90\x9d.mp4"))
    with Store(tmp_path) as store:
        store.remember_file(path, size_bytes=10, mtime_ns=20, inode=2**64 - 1, media_id="m")
        assert store.lookup_file(path, size_bytes=10, mtime_ns=20, inode=2**64 - 1) == "m"
        assert store.lookup_file(path, size_bytes=10, mtime_ns=21, inode=2**64 - 1) is None
        assert store.lookup_file(path, size_bytes=11, mtime_ns=20, inode=2**64 - 1) is None


def test_a_newer_library_is_left_alone(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        put(store)
        store._db.execute("PRAGMA user_version=99")
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(LibraryVersionError, match="newer"):
        Store(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"this is no database, only text\n" * 200, b"SQLite format 3\x00" + b"\xff" * 4096]
)
def test_a_file_that_is_no_library_is_named_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(StorageError) as caught:
        Store(tmp_path)
    assert caught.value.hint
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_another_programs_database_is_not_touched(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / FILE_NAME)
    other.execute("CREATE TABLE theirs(x)")
    other.close()
    with pytest.raises(StorageError, match="not a seehear library"):
        Store(tmp_path)


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError) as caught:
        Store(tmp_path / "file" / "home")
    assert "--home" in caught.value.hint


def test_a_library_can_be_asked_read_only_but_not_written(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        media = put(store)
    with Store(tmp_path, read_only=True) as store:
        assert store.timeline(media).media.title == "bees"
        with pytest.raises(StorageError, match="read-only"):
            store.cache_put("k", b"v")
    with pytest.raises(StorageError, match="no library"):
        Store(tmp_path / "elsewhere", read_only=True)


def test_a_full_disk_harms_nothing_that_was_stored(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        media = put(store)
        pages = store._db.execute("PRAGMA page_count").fetchone()[0]
        store._db.execute(f"PRAGMA max_page_count={pages + 2}")
        with pytest.raises(StorageError, match="full"):
            store.cache_put("big", b"x" * 10_000_000)
        assert store.timeline(media) == talk("bees")
        assert store.cache_get("big") is None


def test_a_writer_waits_for_another_and_says_so_when_it_takes_too_long(tmp_path: Path) -> None:
    with Store(tmp_path) as first, Store(tmp_path, busy_timeout_s=0.2) as second:
        first._db.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryBusyError):
            second.cache_put("k", b"v")
        first._db.execute("COMMIT")
        second.cache_put("k", b"v")
        assert first.cache_get("k") == b"v"


def test_threads_share_one_store(tmp_path: Path) -> None:
    with Store(tmp_path) as store:

        def work(n: int) -> None:
            for i in range(40):
                store.cache_put(f"{n}:{i}", bytes([n]))
                assert store.cache_get(f"{n}:{i}") == bytes([n])

        threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.sizes().cache_bytes == 120


def test_search_sees_what_another_process_put_in(tmp_path: Path) -> None:
    with Store(tmp_path) as reader, Store(tmp_path) as writer:
        assert reader.vectors().rows == []
        made = cut_up(talk())
        writer.put_timeline(talk(), made, embedder="a", unit_vectors=np.ones((len(made.units), 4), np.float32))
        assert len(reader.vectors().rows) == len(made.passages)


def test_nothing_reported_done_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from seehear.store import Store
        store = Store(Path(sys.argv[1]))
        for i in range(100000):
            store.cache_put(str(i), b"v" * 500)
            print(i, flush=True)
        """
    )
    for round_ in range(3):
        home = tmp_path / str(round_)
        process = subprocess.Popen([sys.executable, "-c", program, str(home)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05 * (round_ + 1))
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().split("\n")
        process.wait()
        process.stdout.close()
        # The last line may be cut; the one before it was reported whole.
        done = [int(line) for line in rest[:-1] if line]
        with Store(home) as store:
            assert all(store.cache_get(str(i)) is not None for i in done)
            assert json.loads(json.dumps(store._db.execute("PRAGMA integrity_check").fetchone()[0])) == "ok"
