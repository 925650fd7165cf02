"""The command line as people and programs use it, on a lesson that was really seen and heard."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NOBODY, Run, run_seehear

MOMENT = {"media", "title", "start_s", "end_s", "clock", "kind", "text", "score"}


def test_ask_tells_when_something_is_explained_and_the_time_is_true(indexed_home: Path, lesson: Path) -> None:
    done = run_seehear(
        "ask", lesson, "when are functions explained?", "--answer", "extractive", home=indexed_home, started=True
    )  # fmt: skip
    assert done.code == 0, done.err
    truth = json.loads(lesson.with_suffix(".json").read_text())
    start_s = next(s["start_s"] for s in truth["slides"] if s["title"] == "Functions")
    printed = re.findall(r"\b(\d+):(\d\d)\b", done.out)
    assert printed, done.out
    assert abs(int(printed[0][0]) * 60 + int(printed[0][1]) - start_s) <= 5


def test_ask_json_has_the_documented_shape(indexed_home: Path, lesson: Path) -> None:
    done = run_seehear("ask", lesson, "what is a function?", "--answer", "extractive", "--json", home=indexed_home)
    answer = done.json
    assert {"question", "text", "supported", "routed", "moments", "citations", "backends"} <= set(answer)
    assert answer["supported"] is True
    assert answer["routed"] in ("said", "shown", "both")
    assert set(answer["moments"][0]) >= MOMENT
    assert {"media", "start_s", "end_s", "clock", "quote"} <= set(answer["citations"][0])


def test_what_was_only_shown_is_found(indexed_home: Path, lesson: Path) -> None:
    done = run_seehear("search", "room 42", "--shown", "--in", lesson, "--json", home=indexed_home)
    best = done.json[0]
    assert best["kind"] == "visual"
    assert "42" in best["text"]
    assert best["start_s"] < 5


def test_what_was_only_said_is_found(indexed_home: Path) -> None:
    done = run_seehear("search", "potassium in bananas", "--said", "--json", home=indexed_home)
    assert done.json[0]["kind"] == "transcript"
    assert "anana" in done.json[0]["text"]


def test_a_search_says_when_nothing_is_about_it(indexed_home: Path) -> None:
    strange = run_seehear("search", "photosynthesis", home=indexed_home)
    assert strange.code == 0
    assert "Nothing here seems to be about “photosynthesis”. The nearest:" in strange.err
    assert strange.out
    assert "seems to be about" not in run_seehear("search", "potassium", home=indexed_home).err


def test_what_is_not_in_it_is_refused_with_the_nearest_moments(indexed_home: Path, lesson: Path) -> None:
    done = run_seehear(
        "ask", lesson, "which chess opening did the grandmaster play?", "--answer", "extractive", "--json",
        home=indexed_home,
    )  # fmt: skip
    assert done.code == 0
    assert done.json["supported"] is False


def test_timeline_prints_the_documented_lines(indexed_home: Path, lesson: Path) -> None:
    lines = run_seehear("timeline", lesson, home=indexed_home).out.splitlines()
    assert all(re.match(r"\[(\d+:)?\d+:\d\d\] (visual|transcript): \S", line) for line in lines), lines
    assert any("visual" in line and "Functions" in line for line in lines)
    assert any("transcript" in line and "named piece of work" in line for line in lines)


def test_code_on_a_slide_keeps_its_lines_and_indentation(indexed_home: Path, lesson: Path) -> None:
    data = run_seehear("timeline", lesson, "--format", "json", home=indexed_home).json
    assert {"version", "media", "events", "gaps"} <= set(data)
    shown = [e for e in data["events"] if e["kind"] == "visual"]
    assert any("def double(x):\n    return 2 * x" in e["screen"] for e in shown), [e["screen"] for e in shown]


@pytest.mark.parametrize(
    ("style", "mark"), [("srt", "00:00:"), ("vtt", "WEBVTT"), ("md", "## Functions"), ("chapters", "0:00 ")]
)
def test_timeline_has_every_format(indexed_home: Path, lesson: Path, style: str, mark: str) -> None:
    done = run_seehear("timeline", lesson, "--format", style, home=indexed_home)
    assert done.code == 0, done.err
    assert mark in done.out


def test_notes_get_their_pictures(indexed_home: Path, lesson: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    assert run_seehear("timeline", lesson, "--format", "md", "-o", notes, home=indexed_home).code == 0
    linked = re.findall(r"\]\((notes_pictures/[^)]+)\)", notes.read_text())
    assert len(linked) >= 3
    assert all((tmp_path / name).is_file() for name in linked)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is Unicode")
def test_notes_may_lie_under_a_name_that_is_not_unicode(indexed_home: Path, lesson: Path, tmp_path: Path) -> None:
    notes = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md"))
    assert run_seehear("timeline", lesson, "--format", "md", "-o", notes, home=indexed_home).code == 0
    assert "](caf%E9_pictures/" in notes.read_text(encoding="utf-8")


def test_frames_are_saved_with_true_times_and_a_contact_sheet(run: Run, lesson: Path, tmp_path: Path) -> None:
    done = run("frames", lesson, "--every", "10", "-o", tmp_path / "frames", "--json")
    rows = done.json
    assert [row["time_s"] for row in rows][:3] == [0, 10, 20]
    assert all(Path(row["path"]).is_file() and row["reason"] for row in rows)
    assert (tmp_path / "frames" / "contact_sheet.jpg").is_file()


def test_indexing_again_changes_nothing_and_says_so(library_home: Path, lesson: Path) -> None:
    done = run_seehear("index", lesson, "--captions", "never", "--json", home=library_home)
    assert [row["status"] for row in done.json] == ["unchanged"]
    assert {"path", "media", "status", "seconds", "events", "gaps", "error"} <= set(done.json[0])


def test_a_moved_file_is_the_same_recording(library_home: Path, lesson: Path, tmp_path: Path) -> None:
    moved = tmp_path / "other name.mp4"
    moved.write_bytes(lesson.read_bytes())
    done = run_seehear("index", moved, "--captions", "never", "--json", home=library_home)
    assert done.json[0]["status"] == "unchanged"


def test_one_bad_file_does_not_stop_the_others(run: Run, tmp_path: Path, small_weights: None) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"")
    (tmp_path / "talk.srt").write_text("1\n00:00:01,000 --> 00:00:04,000\nRecursion calls itself.\n")
    done = run("index", tmp_path / "bad.mp4", tmp_path / "talk.srt", "--json")
    assert [row["status"] for row in done.json] == ["failed", "indexed"]
    assert done.json[0]["error"]
    assert done.code == 1
    found = run("ask", tmp_path / "talk.srt", "what does recursion call?", "--answer", "extractive", "--json").json
    assert found["moments"][0]["clock"] == "0:01"


def test_captions_beside_a_recording_are_used_first_unless_told_not_to(
    run: Run, brief: Path, tmp_path: Path, small_weights: None
) -> None:
    video = tmp_path / "talk.mp4"
    video.write_bytes(brief.read_bytes())
    (tmp_path / "talk.en.srt").write_text("1\n00:00:03,000 --> 00:00:05,000\nWritten by hand.\n")
    run("index", video)
    rows = run("timeline", video, "--json").json["events"]
    said = [row for row in rows if row["kind"] == "transcript"]
    assert [row["text"] for row in said] == ["Written by hand."]
    assert said[0]["via"].startswith("captions")


def test_a_picture_can_be_read_and_asked(run: Run, lesson: Path, tmp_path: Path, small_weights: None) -> None:
    frames = run("frames", lesson, "--slides", "-o", tmp_path / "f", "--format", "png", "--json").json
    last = frames[-1]["path"]
    assert "Loops" in run("read", last).out
    answer = run("ask", last, "what repeats once per item?", "--answer", "extractive", "--json").json
    assert answer["supported"] is True
    assert answer["moments"][0]["kind"] == "visual"


def test_remove_forgets_a_recording_and_its_pictures(library_home: Path, lesson: Path) -> None:
    assert any(library_home.joinpath("frames").rglob("*.jpg"))
    assert run_seehear("remove", lesson, home=library_home).code == 0
    assert run_seehear("library", "--json", home=library_home).json["media"] == []
    assert not any(library_home.joinpath("frames").rglob("*.jpg"))
    assert lesson.is_file()


@pytest.mark.parametrize("command", [("models",), ("backends",), ("library",)])
def test_lists_can_be_had_as_json(run: Run, command: tuple[str, ...]) -> None:
    assert run(*command, "--json").json is not None
    assert run(*command).code == 0


def test_doctor_names_the_command_that_mends_what_is_missing(run: Run, tmp_path: Path) -> None:
    done = run("doctor", "--json", env={"SEEHEAR_WEIGHTS": str(tmp_path / "none")})
    rows = {row["what"]: row for row in done.json["findings"]}
    assert rows["model minilm"]["ok"] is False
    assert rows["model minilm"]["mend"] == "seehear models pull minilm"


def test_every_command_takes_json_and_home() -> None:
    import click

    from seehear.surfaces.cli.app import cli

    def leaves(command: click.Command | None) -> list[click.Command]:
        assert command is not None
        if isinstance(command, click.Group):
            own = click.Context(command)
            return [leaf for name in command.list_commands(own) for leaf in leaves(command.get_command(own, name))]
        return [command]

    assert len(leaves(cli)) > 15
    for command in leaves(cli):
        names = {name for option in command.params for name in option.opts}
        assert {"--json", "--home"} <= names, command.name


def test_progress_in_a_log_says_which_recording_it_is_about(run: Run, tmp_path: Path, small_weights: None) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.srt").write_text(f"1\n00:00:01,000 --> 00:00:04,000\nThis is number {name}.\n")
    told = [line for line in run("index", tmp_path / "one.srt", tmp_path / "two.srt").err.splitlines() if " %" in line]
    assert any(line.startswith("one.srt: ") for line in told) and any(line.startswith("two.srt: ") for line in told)


@pytest.mark.parametrize(
    ("variable", "value", "coloured"), [("TERM", "xterm", True), ("NO_COLOR", "1", False), ("TERM", "dumb", False)]
)  # fmt: skip
def test_whoever_wants_no_colours_gets_none(indexed_home: Path, variable: str, value: str, coloured: bool) -> None:
    own = {name: text for name, text in os.environ.items() if name != "NO_COLOR"}
    environment = {
        **own,
        "TERM": "xterm",
        "SEEHEAR_HOME": str(indexed_home),
        "SEEHEAR_CONFIG": os.devnull,
        variable: value,
    }
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "seehear", "search", "function", "--limit", "1"]
    done = subprocess.run(command, stdout=theirs, stderr=theirs, env=environment, timeout=60, check=False)
    os.close(theirs)
    printed = os.read(ours, 100_000)
    os.close(ours)
    assert done.returncode == 0 and b"function" in printed
    assert (b"\x1b[" in printed) == coloured, printed


def test_a_reader_that_goes_away_is_no_failure(indexed_home: Path) -> None:
    environment = {**os.environ, "SEEHEAR_HOME": str(indexed_home), "SEEHEAR_CONFIG": os.devnull, "OLLAMA_HOST": NOBODY}
    ours, theirs = os.pipe()
    os.close(ours)
    command = [sys.executable, "-m", "seehear", "search", "function"]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, env=environment, timeout=60, check=False)
    os.close(theirs)
    assert (done.returncode, done.stderr) == (0, b"")


def test_text_from_a_recording_cannot_steer_the_terminal(run: Run, tmp_path: Path, small_weights: None) -> None:
    (tmp_path / "evil.srt").write_text(
        "1\n00:00:01,000 --> 00:00:04,000\nred \x1b[31malert\x1b]0;owned\x07 \u202eabc\n"
    )
    run("index", tmp_path / "evil.srt")
    printed = run("timeline", tmp_path / "evil.srt").out + run("search", "alert").out
    assert "alert" in printed
    assert not set("\x1b\x07\u202e") & set(printed)
