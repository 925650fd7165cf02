"""Indexing again does what is not done yet, whatever a recording is called by, and nothing that is done already."""

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from seehear.backends.fake import Fake
from seehear.errors import InputError
from seehear.ingest import stages
from seehear.ingest.cache import STAGE_VERSIONS
from seehear.library import Library
from seehear.spans import Span
from seehear.store.sources import Source, Sources

URL = "https://example.org/talk.wav"
CUES = "1\n00:00:00,000 --> 00:00:01,000\nBees dance.\n\n2\n00:00:01,000 --> 00:00:02,000\nThey like flowers.\n"


def sound(path: Path, *, pitch: int = 20) -> Path:
    """Two seconds of a tone at 16 kHz."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes((np.sin(np.arange(32_000) / pitch) * 8000).astype("<i2").tobytes())
    return path


def opened(home: Path, **settings: str) -> Library:
    return Library(home, **{"hear": "fake", "embed": "fake", "read": "fake", "answer": "extractive", **settings})


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with opened(tmp_path / "home") as library:
        yield library


def statuses(library: Library, what: Path | str) -> list[str]:
    return [done.status for done in library.index([what])]


def known_by_its_address(library: Library, path: Path) -> str:
    (done,) = library.index([path])
    Sources(library.store).note(done.media, Source("Talk", URL))
    return done.media


def test_what_was_not_complete_is_done_again_by_its_address_too(library: Library, tmp_path: Path) -> None:
    media = known_by_its_address(library, sound(tmp_path / "talk.wav"))
    assert statuses(library, URL) == ["unchanged"]
    with library.store.write() as db:
        # As after a run during which a server was away.
        db.execute("DELETE FROM stage_cache WHERE key=?", (f"ingested:{media}",))
    assert statuses(library, URL) == ["indexed"]
    assert statuses(library, URL) == ["unchanged"]


def test_other_settings_hold_for_an_address_too(library: Library, tmp_path: Path) -> None:
    known_by_its_address(library, sound(tmp_path / "talk.wav"))
    with opened(tmp_path / "home", language="de") as other:
        assert statuses(other, URL) == ["indexed"]


def test_an_address_whose_file_is_gone_or_another_stays_as_it_was_indexed(library: Library, tmp_path: Path) -> None:
    path = sound(tmp_path / "talk.wav")
    known_by_its_address(library, path)
    with opened(tmp_path / "home", language="de") as other:
        sound(path, pitch=30)
        assert statuses(other, URL) == ["unchanged"]
        path.unlink()
        assert statuses(other, URL) == ["unchanged"]
        assert len(other.media()) == 1


def test_captions_that_may_not_be_read_fail_alone(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, pitch in (("a", 20), ("b", 30)):
        sound(tmp_path / f"{name}.wav", pitch=pitch)
    (tmp_path / "a.srt").write_text(CUES)
    read = Path.read_bytes

    def refused(path: Path) -> bytes:
        if path.suffix == ".srt":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refused)
    first, second = library.index([tmp_path / "a.wav", tmp_path / "b.wav"])
    assert (first.status, second.status) == ("failed", "indexed")
    assert isinstance(first.error, InputError) and "a.srt" in str(first.error) and "chmod" in first.error.hint


def test_a_recording_that_another_process_removes_just_then_fails_alone(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sound(tmp_path / "a.wav"), sound(tmp_path / "b.wav", pitch=30)
    index_one = library._indexer.file

    def removed(path: Path, **options: object) -> tuple[str, object]:
        media, status = index_one(path, **options)  # type: ignore[arg-type]
        if path == first:
            library.store.remove(media)
        return media, status

    monkeypatch.setattr(library._indexer, "file", removed)
    assert [done.status for done in library.index([first, second])] == ["failed", "indexed"]


def test_a_better_cut_reaches_old_libraries_without_any_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sound(tmp_path / "talk.wav")
    (tmp_path / "talk.srt").write_text(
        "1\n00:00:00,000 --> 00:00:01,000\n我们今天讲递归。\n\n2\n00:00:01,000 --> 00:00:02,000\n递归就是调用自己。\n"
    )
    monkeypatch.setitem(STAGE_VERSIONS, "place", STAGE_VERSIONS["place"] - 1)
    with opened(tmp_path / "home") as library:
        assert statuses(library, path) == ["indexed"]
        with library.store.write() as db:
            # As it was cut before.
            db.execute("UPDATE units SET start_s=0.0")
    monkeypatch.undo()

    def refuse(*given: object, **named: object) -> object:
        raise AssertionError("a finished stage was done again")

    for name in ("transcribe", "read", "embed"):
        monkeypatch.setattr(Fake, name, refuse)
    monkeypatch.setattr(stages, "captions_of", refuse)
    with opened(tmp_path / "home") as library:
        assert statuses(library, path) == ["indexed"]
        (row,) = library.media()
        assert [unit.span for unit in library.store.units(row.number).values()] == [Span(0.0, 1.0), Span(1.0, 2.0)]
        assert library.store.unit_vectors(row.number) is not None
        assert statuses(library, path) == ["unchanged"]


def place_of(library: Library) -> Path:
    (row,) = library.media()
    assert library.timeline(row.id).media.path == row.path
    return row.path


def test_a_recording_given_by_a_name_of_one_folder_is_found_from_every_other(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound(tmp_path / "talk.wav")
    monkeypatch.chdir(tmp_path)
    list(library.index(["talk.wav"]))
    monkeypatch.chdir("/")
    assert place_of(library) == tmp_path / "talk.wav"


def test_a_recording_that_was_moved_is_found_where_it_lies_once_it_is_named_there(
    library: Library, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    before, now = sound(tmp_path / "talk.wav"), tmp_path / "elsewhere" / "renamed.wav"
    list(library.index([before]))
    before.rename(now)
    assert statuses(library, now) == ["unchanged"]
    assert place_of(library) == now


def test_a_copy_does_not_take_the_place_of_a_recording_that_is_still_there(library: Library, tmp_path: Path) -> None:
    first, copy = sound(tmp_path / "talk.wav"), sound(tmp_path / "copy.wav")
    assert statuses(library, first) + statuses(library, copy) == ["indexed", "unchanged"]
    assert place_of(library) == first
    first.unlink()
    assert statuses(library, copy) == ["unchanged"]
    assert place_of(library) == copy


def test_a_library_from_before_finds_the_folder_that_its_names_were_given_in(tmp_path: Path) -> None:
    path = sound(tmp_path / "talk.wav")
    with opened(tmp_path / "home") as library:
        list(library.index([path]))
        with library.store.write() as db:
            db.execute("UPDATE media SET path=?", (b"talk.wav",))
    with opened(tmp_path / "home") as library:
        assert place_of(library) == path
