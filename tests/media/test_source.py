"""What users rely on when they name files: what is meant is found, in order, once, and what is missing is said."""

import hashlib
import os
from pathlib import Path

import pytest

from seehear.errors import InputError, NotFoundError
from seehear.media.source import caption_language, find_media, identify, kind_of, sidecar_captions, title_of
from tests.media.synth import Sound, tone, write

# The first bytes of a transport stream, so that `.ts` is not taken for TypeScript.
SYNC = b"\x47" * 200


def made(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(SYNC)
    return folder


def found(*inputs: str | Path, below: Path) -> list[str]:
    return [path.relative_to(below).as_posix() for path in find_media(inputs)]


def test_a_folder_is_searched_to_the_bottom_in_natural_order(tmp_path: Path) -> None:
    made(
        tmp_path, "lecture 10.mp4", "lecture 2.mp4", "Lecture 1.MKV", "notes.txt", "a/talk.mp3", "a/.hidden.mp4",
        ".cache/old.mp4", "slide.png", "b/c/d.ts",
    )  # fmt: skip
    assert found(tmp_path, below=tmp_path) == [
        "a/talk.mp3", "b/c/d.ts", "Lecture 1.MKV", "lecture 2.mp4", "lecture 10.mp4", "slide.png",
    ]  # fmt: skip


def test_typescript_is_not_a_film(tmp_path: Path) -> None:
    made(tmp_path, "film.ts", "film.mp4")
    (tmp_path / "index.ts").write_text("export const a = 1\n", encoding="utf-8")
    assert found(tmp_path, below=tmp_path) == ["film.mp4", "film.ts"]
    assert kind_of(tmp_path / "index.ts") is None


def test_patterns_work_where_the_shell_left_them(tmp_path: Path) -> None:
    made(tmp_path, "a1.mp4", "a2.mp4", "b.mp4", "a3.txt", "deep/er/a4.mp4")
    assert found(tmp_path / "a*", below=tmp_path) == ["a1.mp4", "a2.mp4"]
    assert found(f"{tmp_path}/**/a?.mp4", below=tmp_path) == ["a1.mp4", "a2.mp4", "deep/er/a4.mp4"]


def test_a_file_whose_name_looks_like_a_pattern_is_itself(tmp_path: Path) -> None:
    made(tmp_path, "talk [2024].mp4", "talk 2.mp4")
    assert found(tmp_path / "talk [2024].mp4", below=tmp_path) == ["talk [2024].mp4"]


def test_each_file_comes_once_in_the_order_given(tmp_path: Path) -> None:
    made(tmp_path, "a.mp4", "b.mp4", "readme.txt")
    names = found(tmp_path / "b.mp4", tmp_path, tmp_path / "b.mp4", tmp_path / "readme.txt", below=tmp_path)
    assert names == ["b.mp4", "a.mp4", "readme.txt"]


def test_captions_of_a_film_are_no_media_of_their_own(tmp_path: Path) -> None:
    made(tmp_path, "lecture.mp4", "lecture.srt", "lecture.en.vtt", "LECTURE.de.SRT", "lecture.mp4.srt", "alone.srt")
    assert found(tmp_path, below=tmp_path) == ["alone.srt", "lecture.mp4"]
    assert found(tmp_path / "lecture.srt", below=tmp_path) == ["lecture.srt"]


def test_captions_beside_a_film_are_found_with_their_language(tmp_path: Path) -> None:
    made(
        tmp_path, "lecture.mp4", "lecture.srt", "lecture.en-US.vtt", "LECTURE.ger.SRT", "lecture.mp4.fr.srt",
        "lecture.en.forced.srt", "lecture.part2.srt", "lecture 2.srt", "lectures.vtt", "lecture.txt",
    )  # fmt: skip
    captions = sidecar_captions(tmp_path / "lecture.mp4")
    assert captions[0].name == "lecture.srt"
    assert captions[-1].name == "lecture.en.forced.srt"
    assert {path.name: caption_language(path) for path in captions} == {
        "lecture.srt": "", "lecture.en-US.vtt": "en", "LECTURE.ger.SRT": "de", "lecture.mp4.fr.srt": "fr",
        "lecture.en.forced.srt": "en",
    }  # fmt: skip


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    made(tmp_path, "notes/todo.txt")
    for given, reason in [
        (tmp_path / "no.mp4", "no file or folder"), (tmp_path / "notes", "holds no"), (f"{tmp_path}/*.mp4", "pattern"),
    ]:  # fmt: skip
        with pytest.raises(NotFoundError, match=reason) as caught:
            find_media([given])
        assert caught.value.hint
    with pytest.raises(InputError, match="address"):
        find_media(["https://example.org/talk.mp4"])
    with pytest.raises(NotFoundError):
        identify(tmp_path / "no.mp4")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_said(tmp_path: Path) -> None:
    made(tmp_path, "locked/talk.mp4")
    (tmp_path / "locked").chmod(0)
    try:
        with pytest.raises(InputError, match="may not be read"):
            find_media([tmp_path / "locked"])
    finally:
        (tmp_path / "locked").chmod(0o700)


def test_identity_is_the_content_and_not_the_name(tmp_path: Path) -> None:
    made(tmp_path, "a.mp4", "b.mp4")
    assert identify(tmp_path / "a.mp4") == identify(tmp_path / "b.mp4") == hashlib.sha256(SYNC).hexdigest()
    (tmp_path / "b.mp4").write_bytes(SYNC + b"\0")
    assert identify(tmp_path / "a.mp4") != identify(tmp_path / "b.mp4")


def test_titles_can_be_printed_whatever_the_name(tmp_path: Path) -> None:
    assert title_of(Path("Lecture 3 – Bäume 🎓.mp4")) == "Lecture 3 – Bäume 🎓"
    assert title_of(Path(os.fsdecode(b"caf\xe9.mp4"))) == "caf?"
    assert title_of(Path("red\x1b[31m\nalert.mp4")) == "red?[31m?alert"
    assert title_of(Path(" .mp4"))


@pytest.mark.parametrize("name", ["🎓.mp4".encode(), b"caf\xe9.mp4"])
def test_any_file_name_is_found(tmp_path: Path, name: bytes) -> None:
    path = os.fsencode(tmp_path) + b"/" + name
    try:
        Path(os.fsdecode(path)).write_bytes(SYNC)
    except OSError:
        pytest.skip("this file system refuses such names")
    assert [os.fsencode(p) for p in find_media([tmp_path])] == [path]
    assert identify(find_media([tmp_path])[0])


def test_a_file_without_ending_is_known_by_what_is_inside(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mp4", [0.0, 0.1])
    radio = write(tmp_path / "radio.wav", sounds=[Sound(tone(0.2))])
    assert kind_of(film.rename(tmp_path / "film")) == "video"
    assert kind_of(radio.rename(tmp_path / "radio.dat")) == "audio"
    (tmp_path / "notes").write_text("nothing to see", encoding="utf-8")
    assert kind_of(tmp_path / "notes") is None


@pytest.mark.parametrize(
    ("name", "kind"), [("a.MP4", "video"), ("a.flac", "audio"), ("a.JPEG", "image"), ("a.webvtt", "captions")]
)
def test_the_ending_tells_the_kind(name: str, kind: str) -> None:
    assert kind_of(Path(name)) == kind
