"""Bad input gets one clear line: what is wrong, whose fault, what to type; an exit code; nothing stored is harmed.

Of each kind one is `started` as a user's command is: by the time of an error not everything has been imported there.
"""

import os
import re
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from seehear import errors, weights
from seehear.media.picture import save_picture
from tests.conftest import HEARS_QUICKLY, Ran, Run, run_seehear
from tests.media import synth

PROGRESS = re.compile(r": \d+ %")
EXTRACTIVE = ("--answer", "extractive")


def assert_clear(done: Ran, error: type[errors.SeehearError], *words: str) -> None:
    assert done.code == error.exit_code, (done.code, done.err)
    lines = [line for line in done.err.strip().splitlines() if line and not PROGRESS.search(line)]
    assert len(lines) <= 2, done.err
    assert lines[0].startswith("seehear: "), done.err
    for word in words:
        assert word in done.err, (word, done.err)


def test_a_missing_file(run: Run, tmp_path: Path) -> None:
    assert_clear(run("index", tmp_path / "nowhere.mp4", started=True), errors.NotFoundError, "nowhere.mp4")
    assert_clear(run("ask", tmp_path / "nowhere.mp4", "what is it?"), errors.NotFoundError, "nowhere.mp4")


def test_an_empty_name_is_not_the_current_folder(run: Run, lesson: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As where a variable of the shell is empty.
    monkeypatch.chdir(lesson.parent)
    for command in (("index", ""), ("ask", "", "what is a loop?", *EXTRACTIVE), ("timeline", "")):
        assert_clear(run(*command), errors.InputError, "name of a file is empty")
    assert run("library", "--json").json["media"] == []


def test_a_name_that_begins_with_a_dash_is_told_how_to_be_given(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_picture(synth.numbered(1), tmp_path / "-slide.png")
    done = run("read", "-slide.png")
    assert done.code == 2 and "./-slide.png" in done.err
    assert run("read", "./-slide.png").code == 0
    assert "./" not in run("read", "--slide").err
    assert run("read", "-" + 300 * "s").code == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are Unix's")
@pytest.mark.parametrize("command", ["index", "timeline", "transcribe", "read", "frames"])
@pytest.mark.parametrize("name", ["pipe", "pipe.ts", "pipe.mp4", "pipe.png", "pipe.srt"])
def test_a_pipe_is_refused_and_not_waited_for(command: str, name: str, tmp_path: Path, run: Run) -> None:
    os.mkfifo(tmp_path / name)
    done = run(command, tmp_path / name, started=(command, name) == ("index", "pipe"))
    assert done.code == errors.InputError.exit_code
    assert "is a pipe or a device" in done.err


def test_captions_too_large_to_be_any(run: Run, tmp_path: Path) -> None:
    with (tmp_path / "notes.srt").open("wb") as file:
        file.truncate(200_000_000)
    done = run("index", tmp_path / "notes.srt")
    assert done.code != 0 and "too large for captions" in done.err


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be there")
def test_the_name_of_a_described_picture_cannot_command_the_terminal(run: Run, tmp_path: Path) -> None:
    pictures = [tmp_path / "red\x1b[31m.png", tmp_path / "plain.png"]
    for picture in pictures:
        save_picture(synth.numbered(1), picture)
    done = run("describe", *pictures, "--see", "fake")
    assert done.code == 0 and "plain.png: " in done.out
    assert "\x1b" not in done.out


def test_a_folder_for_frames_that_is_a_file_already(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    save_picture(synth.numbered(1), tmp_path / "slide.png")
    done = run("frames", tmp_path / "slide.png", "-o", tmp_path / "taken")
    assert_clear(done, errors.StorageError, "taken cannot be made")


def test_a_folder_without_media(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert_clear(run("index", tmp_path / "empty"), errors.NotFoundError, "empty")


def test_the_question_forgotten(run: Run, lesson: Path) -> None:
    assert_clear(run("ask", lesson), errors.InputError, "question is missing")


@pytest.mark.parametrize("there", [True, False])
def test_the_question_in_front(run: Run, lesson: Path, tmp_path: Path, there: bool) -> None:
    file = lesson if there else tmp_path / "nope.mp4"
    done = run("ask", "what is a loop?", file)
    assert_clear(done, errors.InputError, "the question comes last", f'seehear ask {file} "what is a loop?"')


def test_an_empty_library_asked(run: Run) -> None:
    assert_clear(run("ask", "what is recursion about?"), errors.NotFoundError, "seehear index")


@pytest.mark.parametrize("command", ["ask", "timeline", "transcribe", "frames"])
def test_zero_bytes_and_text_renamed(run: Run, tmp_path: Path, command: str) -> None:
    question = ["what?", *EXTRACTIVE] if command == "ask" else []
    for name, content in (("zero.mp4", b""), ("text.mp4", b"these are words, not a film\n" * 50)):
        (tmp_path / name).write_bytes(content)
        done = run(command, tmp_path / name, *question, started=name == "zero.mp4")
        assert_clear(done, errors.MediaError, name)


def test_a_truncated_video_is_indexed_up_to_where_it_ends(
    run: Run, lesson: Path, tmp_path: Path, small_weights: None
) -> None:
    half = tmp_path / "half.mp4"
    raw = lesson.read_bytes()
    half.write_bytes(raw[: len(raw) // 2])
    done = run("index", half, "--json", env=HEARS_QUICKLY)
    # The lesson's table of contents stands at the front or at the end: half of it plays, or nothing does.
    if done.code:
        assert done.code == errors.MediaError.exit_code
        assert done.json[0]["status"] == "failed"
    else:
        assert done.json[0]["events"] > 0


def test_of_a_recording_that_was_cut_off_one_is_told_so(run: Run, tmp_path: Path, small_weights: None) -> None:
    film = synth.write(tmp_path / "film.mp4", [n / 10 for n in range(300)], options={"movflags": "faststart"}, gop=10)
    film.write_bytes(film.read_bytes()[: film.stat().st_size * 6 // 10])
    for command in ("index", "timeline"):
        done = run(command, film)
        assert done.code == 0
        assert "film: cut off: it should last 29.9 s" in done.err


def test_a_video_without_sound_and_sound_without_speech(run: Run, tmp_path: Path, small_weights: None) -> None:
    silent = tmp_path / "silent.mp4"
    synth.write(silent, [n / 10 for n in range(30)])
    hum = tmp_path / "hum.wav"
    synth.write(hum, sounds=[synth.Sound(synth.tone(5.0))])
    rows = run("index", silent, hum, "--json").json
    assert [row["status"] for row in rows] == ["indexed", "indexed"]
    assert rows[1]["events"] == 0
    assert_clear(run("transcribe", silent), errors.InputError, "no sound")


def test_one_picture_odd_sizes_and_five_seconds(run: Run, tmp_path: Path, small_weights: None) -> None:
    one, odd, short = tmp_path / "one.mp4", tmp_path / "odd.mkv", tmp_path / "short.mp4"
    synth.write(one, [0.0])
    synth.write(odd, [n / 5 for n in range(10)], size_px=(321, 179))
    synth.write(short, [n / 10 for n in range(50)])
    rows = run("index", one, odd, short, "--json").json
    assert [row["status"] for row in rows] == ["indexed"] * 3


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are not Unicode")
def test_names_that_are_emoji_or_not_unicode(run: Run, tmp_path: Path, small_weights: None) -> None:
    folder = tmp_path / "names"
    folder.mkdir()
    cue = b"1\n00:00:01,000 --> 00:00:04,000\nRecursion calls itself.\n"
    (folder / "🐍 lesson.srt").write_bytes(cue)
    raw = os.fsencode(folder) + b"/caf\xe9.srt"
    Path(os.fsdecode(raw)).write_bytes(cue + b"\n")
    rows = run("index", folder, "--json", started=True).json
    assert sorted(row["status"] for row in rows) == ["indexed", "indexed"]
    assert run("library").code == 0
    assert run("ask", "what does recursion call?", *EXTRACTIVE).code == 0
    assert run("remove", os.fsdecode(raw)).code == 0


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs users")
def test_a_file_that_may_not_be_read(run: Run, tmp_path: Path, lesson: Path) -> None:
    locked = tmp_path / "locked.mp4"
    shutil.copyfile(lesson, locked)
    locked.chmod(0)
    if os.access(locked, os.R_OK):
        # Nobody can lock the superuser out of a file; a folder in the file's place is as unreadable to everyone.
        locked.unlink()
        locked.symlink_to(locked)
    done = run("index", locked)
    assert done.code in (errors.InputError.exit_code, errors.NotFoundError.exit_code), done.err
    assert "locked.mp4" in done.err


def test_a_library_folder_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "talk.srt").write_text("1\n00:00:01,000 --> 00:00:04,000\nHello.\n")
    (tmp_path / "file").write_text("in the way")
    done = run("index", tmp_path / "talk.srt", "--home", tmp_path / "file" / "home")
    assert_clear(done, errors.StorageError, "--home")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists() or sys.platform != "linux", reason="needs a small file system")
def test_a_full_disk(lesson: Path, tmp_path: Path, small_weights: None) -> None:
    import resource

    # A limit on file size fails a write just as a full disk does, without needing to fill one.
    home = tmp_path / "home"
    run_seehear("library", home=home)
    before = (home / "library.db").stat().st_size

    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({before + 50_000}, {before + 50_000}));"
        "from seehear.surfaces.cli import main; main(sys.argv[1:])"
    )
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", code, "index", str(lesson), "--home", str(home)],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert resource.RLIM_INFINITY  # the limit was the child's alone
    assert "Traceback" not in done.stderr
    assert done.returncode == errors.StorageError.exit_code, done.stderr
    with closing(sqlite3.connect(home / "library.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert run_seehear("index", lesson, "--captions", "never", home=home).code == 0


def test_an_index_from_a_newer_version(library_home: Path, lesson: Path) -> None:
    with closing(sqlite3.connect(library_home / "library.db")) as db:
        db.execute("PRAGMA user_version = 9999")
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = (library_home / "library.db").read_bytes()
    for command in (("library",), ("ask", lesson, "what?"), ("index", lesson)):
        assert_clear(run_seehear(*command, home=library_home, started=True), errors.LibraryVersionError, "upgrade")
    assert (library_home / "library.db").read_bytes() == raw


def test_a_library_file_that_is_none(tmp_path: Path, run: Run) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "library.db").write_bytes(b"not a database, but somebody's diary" * 100)
    assert_clear(run("library", started=True), errors.StorageError, "library.db")
    assert b"diary" in (tmp_path / "home" / "library.db").read_bytes()


def test_weights_damaged_on_disk_are_refused_by_name(
    run: Run, lesson: Path, tmp_path: Path, small_weights: None
) -> None:
    shelf = tmp_path / "shelf"
    for name in ("whisper-base", "minilm"):
        shutil.copytree(weights.locate(name), shelf / name, ignore=shutil.ignore_patterns("model.bin"))
    raw = bytearray((weights.locate("whisper-base") / "model.bin").read_bytes())
    raw[1000] ^= 1
    (shelf / "whisper-base" / "model.bin").write_bytes(raw)
    done = run("index", lesson, "--captions", "never", env={"SEEHEAR_WEIGHTS": str(shelf)}, started=True)
    assert_clear(done, errors.WeightsError, "model.bin", "seehear models pull")


def test_a_library_that_may_only_be_read_can_still_be_asked(library_home: Path, lesson: Path) -> None:
    (library_home / "library.db").chmod(0o444)
    done = run_seehear("ask", lesson, "what is a function?", *EXTRACTIVE, home=library_home, started=True)
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("index", "x.srt", "--sample", "sometimes"),
        ("index", "x.srt", "--hear", "elephant"),
        ("index", "x.srt", "--language", "english"),
        ("transcribe", "x.srt", "--language", "xx"),
        ("library", "--home", ""),
        ("ask", "what is recursion about?", "--answer", "oracle"),
    ],
)
def test_a_wrong_setting_names_the_right_ones(run: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    cue = tmp_path / "x.srt"
    cue.write_text("1\n00:00:01,000 --> 00:00:04,000\nHello.\n")
    done = run(*[str(cue) if word == "x.srt" else word for word in arguments], started=arguments[0] == "ask")
    assert done.code in (errors.ConfigError.exit_code, errors.NotFoundError.exit_code), done.err
    assert "→" in done.err


def test_an_unknown_command_is_answered_with_help(run: Run) -> None:
    done = run("aks", started=True)
    assert done.code == 2
    assert "aks" in done.err


def test_numbers_out_of_range(run: Run, lesson: Path) -> None:
    assert run("frames", lesson, "--every", "0").code == errors.InputError.exit_code
    assert run("frames", lesson, "--scenes", "7").code == errors.InputError.exit_code
    assert run("frames", lesson, "--scenes", "0.3", "--slides").code == errors.InputError.exit_code
