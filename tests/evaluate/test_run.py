"""`seehear eval` as people use it, on a lesson that was really seen and heard."""

import json
from pathlib import Path

import pytest

from tests.conftest import Run, run_seehear

QUESTIONS = [
    {"question": "what is a function?", "kind": "what", "answer": "A named piece of work.", "place": "Functions"},
    {"question": "when are loops explained?", "kind": "when", "place": "Loops"},
    {"question": "who won the world cup in 1998?", "kind": "absent", "answerable": False},
]


@pytest.fixture
def questions(tmp_path: Path, lesson: Path) -> Path:
    slides = {s["title"]: s for s in json.loads(lesson.with_suffix(".json").read_text())["slides"]}
    lines = []
    for row in QUESTIONS:
        line = {**row, "media": str(lesson)}
        if place := line.pop("place", None):
            line["spans"] = [[slides[place]["start_s"], slides[place]["end_s"]]]
        lines.append(json.dumps(line))
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_questions_are_asked_and_counted(questions: Path, indexed_home: Path, tmp_path: Path) -> None:
    saved = tmp_path / "run.json"
    done = run_seehear("eval", questions, "--answer", "extractive", "--each", "-o", saved, home=indexed_home)
    assert done.code == 0, done.err
    assert "right moment at 1" in done.out
    assert "who won the world cup" in done.out
    run = json.loads(saved.read_text())
    assert {"version", "questions", "drafts", "recordings", "settings", "backends", "summary", "kinds", "rows"} <= set(
        run
    )
    assert run["summary"]["recording.moment@1"] == 1.0
    assert run["summary"]["refusal.recall"] == run["summary"]["refusal.precision"] == 1.0
    assert run["summary"]["answer.sentences_supported"] == 1.0
    assert "library.moment@1" not in run["summary"], "with one recording there is nothing to tell apart"
    assert list(run["kinds"]) == ["what", "when", "absent"]
    assert run["rows"][0]["scores"]["answer.recall"] > 0.5
    assert run["rows"][0]["sentences"][0]["quotes"]

    again = run_seehear("eval", questions, "--answer", "extractive", "--against", saved, home=indexed_home)
    assert again.code == 0, again.err
    assert "on 3 questions of both" in again.out

    both = run_seehear("eval", questions, "--answer", "extractive", "--against", "answer=extractive", "--json",
                       home=indexed_home)  # fmt: skip
    assert both.code == 0, both.err
    compared = both.json["against"]["numbers"]["recording.moment@1"]
    assert (compared["difference"], compared["p"], compared["pairs"]) == (0.0, 1.0, 2)


def test_wrong_input_is_told_before_anything_is_asked(questions: Path, indexed_home: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text(questions.read_text() + "\n{oops\n")
    for arguments, told in (
        ([bad], "line 4: not JSON"),
        ([questions, "--against", "nonsense"], "neither settings nor a saved run"),
        ([questions, "--against", "colour=blue"], "unknown setting 'colour'"),
        ([questions, "--against", str(questions.with_suffix(".json"))], "no such saved run"),
        ([questions, "--against", "answer=bogus"], "bogus"),
        ([questions, "--against", "language=english"], "language is 'english'"),
        ([], "one file of questions"),
        (["--make", "--each"], "--make goes with"),
        ([questions, "--count", "3"], "--count goes with --make"),
    ):
        done = run_seehear("eval", *arguments, "--answer", "extractive", home=indexed_home)
        assert done.code in (2, 3, 5), done
        assert told in done.err and "asking" not in done.err


def test_a_place_beyond_the_end_of_its_recording_is_told_with_its_line(indexed_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(
        '{"question": "a?", "media": "lesson", "spans": [[1, 2]]}\n'
        '{"question": "b?", "media": "lesson", "spans": [[1000, 2000]]}\n'
        '{"question": "c?", "media": "lesson", "spans": [[1, 2000]]}\n'
    )
    done = run_seehear("eval", path, "--answer", "extractive", home=indexed_home)
    assert done.code == 2
    assert "line 2: 16:40–33:20 lies beyond the end" in done.err and "line 3: " in done.err
    assert "line 1: " not in done.err and "asking" not in done.err


def test_a_recording_that_is_nowhere_is_told_with_its_line(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"question": "q?", "media": "nowhere.mp4", "spans": [[1, 2]]}')
    done = run("eval", path, "--answer", "extractive")
    assert done.code == 3
    assert "line 1: " in done.err


def test_drafts_are_made_and_evaluation_warns_of_them(indexed_home: Path, lesson: Path, tmp_path: Path) -> None:
    path = tmp_path / "drafts.jsonl"
    made = run_seehear(
        "eval", "--make", lesson, "-o", path, "--count", "6", "--answer", "extractive", home=indexed_home
    )
    assert made.code == 0, made.err
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert "When does the lecture cover functions?" in [row["question"] for row in rows]
    assert all(row["draft"] and row["spans"] for row in rows)
    done = run_seehear("eval", path, "--answer", "extractive", home=indexed_home)
    assert done.code == 0, done.err
    assert "drafts that nobody has read" in done.err
