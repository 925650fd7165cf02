"""Files are renamed, swapped, edited and still being written; what is shown of a recording is of that recording."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from seehear.errors import InputError
from seehear.ingest.progress import Progress
from seehear.library import Library
from tests.conftest import Run
from tests.media import synth

SLOW, FAST = 5, 20


def film(path: Path, fps: int) -> Path:
    """Four seconds, each picture of which tells its number: that at 0:02 tells how many there are each second."""
    return synth.write(path, [n / fps for n in range(4 * fps)])


def fps_of(library: Library, media: str) -> int:
    return synth.number_of(library.frame_at(media, 2.0).rgb) // 2


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "home", hear="fake", embed="fake", read="fake", answer="extractive") as library:
        yield library


def indexed(library: Library, path: Path) -> str:
    (done,) = library.index([path])
    return done.media


def test_a_renamed_file_is_called_by_its_new_name(library: Library, tmp_path: Path) -> None:
    path = film(tmp_path / "VID_0001.mp4", SLOW)
    media = indexed(library, path)
    renamed = path.rename(tmp_path / "Recursion.mp4")
    assert indexed(library, renamed) == media
    assert [(row.title, row.path) for row in library.media()] == [("Recursion", renamed)]
    assert library.timeline("recursion").media.title == "Recursion"


def test_a_second_copy_does_not_take_the_name_of_the_first(library: Library, tmp_path: Path) -> None:
    path = film(tmp_path / "lecture.mp4", SLOW)
    copy = tmp_path / "backup.mp4"
    copy.write_bytes(path.read_bytes())
    assert indexed(library, path) == indexed(library, copy)
    assert [(row.title, row.path) for row in library.media()] == [("lecture", path)]


def test_two_files_that_swapped_names_keep_their_own_pictures(library: Library, tmp_path: Path) -> None:
    first, second = film(tmp_path / "first.mp4", SLOW), film(tmp_path / "second.mp4", FAST)
    one, other = indexed(library, first), indexed(library, second)
    aside = first.rename(tmp_path / "aside.mp4")
    second.rename(first)
    aside.rename(second)
    assert indexed(library, first) == other
    assert indexed(library, second) == one
    assert {row.id: row.path for row in library.media()} == {one: second, other: first}
    assert (fps_of(library, one), fps_of(library, other)) == (SLOW, FAST)


def test_of_a_recording_that_another_replaced_no_picture_of_the_other_is_given(
    library: Library, tmp_path: Path
) -> None:
    path = film(tmp_path / "lecture.mp4", SLOW)
    media = indexed(library, path)
    film(path, FAST)
    assert fps_of(library, media) <= SLOW


def test_a_file_that_grows_while_it_is_read_is_not_indexed_as_what_it_was(library: Library, tmp_path: Path) -> None:
    path = film(tmp_path / "live.mp4", SLOW)

    def grow(progress: Progress) -> None:
        if progress.stage == "find" and progress.done == progress.total:
            with path.open("ab") as file:
                file.write(b"\0\0\0\x08free")

    (done,) = library.index([path], on_progress=grow)
    assert isinstance(done.error, InputError)
    assert "changed while it was read" in done.error.message
    assert library.media() == []
    assert [again.status for again in library.index([path])] == ["indexed"]


def test_whoever_replaces_a_file_is_told_how_to_forget_what_it_was(
    run: Run, tmp_path: Path, small_weights: None
) -> None:
    path = film(tmp_path / "lecture.mp4", SLOW)
    before = run("index", path, "--json").json[0]["media"]
    film(path, FAST)
    assert f"seehear remove {before[:10]}" in run("index", path).err
    assert "seehear remove" not in run("index", path).err


def test_a_recording_sent_again_is_kept_where_another_lies_under_its_name(library: Library, tmp_path: Path) -> None:
    path = film(tmp_path / "lecture.mp4", SLOW)
    media = indexed(library, path)
    original = path.read_bytes()
    film(path, FAST)
    sent = tmp_path / "sent"
    sent.write_bytes(original)
    assert library.keep(sent, title="lecture", suffix=".mp4") == media
    kept = library.kept.find(media)
    assert kept is not None and kept.read_bytes() == original
