"""Asking on the command line: within a stretch, with reasons, and as a conversation."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import NOBODY, run_seehear

EXTRACTIVE = ("--answer", "extractive")


def test_a_question_can_be_limited_to_a_stretch(indexed_home: Path, lesson: Path) -> None:
    everywhere = run_seehear("ask", lesson, "what is named?", *EXTRACTIVE, "--json", home=indexed_home).json
    first_s = everywhere["moments"][0]["start_s"]
    later = run_seehear(
        "ask", lesson, "what is named?", "--from", "20", *EXTRACTIVE, "--json", home=indexed_home
    ).json  # fmt: skip
    assert first_s < 20
    assert later["moments"]
    assert all(moment["end_s"] > 20 for moment in later["moments"])
    found = run_seehear("search", "Python", "--to", "0:05", "--json", home=indexed_home).json
    assert found
    assert all(moment["start_s"] < 5 for moment in found)


def test_a_stretch_that_nothing_reaches_is_told(indexed_home: Path, lesson: Path) -> None:
    done = run_seehear("ask", lesson, "what is a loop?", "--from", "1:00:00", *EXTRACTIVE, home=indexed_home)
    assert done.code == 0
    assert re.search(r"the recording ends at 0:\d\d", done.out)


def test_a_stretch_that_ends_before_it_begins_is_an_error(indexed_home: Path, lesson: Path) -> None:
    done = run_seehear("ask", lesson, "what?", "--from", "9:00", "--to", "8:00", home=indexed_home)
    assert done.code != 0
    assert "8:00" in done.err
    assert "soon" in run_seehear("search", "what", "--to", "soon", home=indexed_home).err


def test_why_tells_how_an_answer_came_about(indexed_home: Path, lesson: Path) -> None:
    ask = ("ask", lesson, "when are functions explained?", *EXTRACTIVE)
    printed = run_seehear(*ask, "--why", home=indexed_home).out
    assert "How this answer came about" in printed
    assert "threshold" in printed
    why = run_seehear(*ask, "--why", "--json", home=indexed_home).json["why"]
    assert why["likelihood"] >= why["threshold"]
    assert why["terms"] == ["functions"]
    best = why["weighed"][0]
    assert abs(sum(best["parts"].values()) - best["score"]) < 0.01
    assert "why" not in run_seehear(*ask, "--json", home=indexed_home).json


def test_a_reranker_that_is_named_has_the_last_word_and_is_told(indexed_home: Path, lesson: Path) -> None:
    ask = ("ask", lesson, "when are functions explained?", *EXTRACTIVE, "--rerank", "fake", "--why")
    done = run_seehear(*ask, "--json", home=indexed_home).json
    assert done["backends"]["rerank"] == "fake"
    scores = [moment["reranked"] for moment in done["why"]["weighed"]]
    assert scores == sorted(scores, reverse=True)
    assert re.search(r"score \d\.\d\d, reranked \d", run_seehear(*ask, home=indexed_home).out)
    assert run_seehear("search", "functions", "--rerank", "fake", home=indexed_home).code == 0


def test_judging_needs_a_model_that_answers(indexed_home: Path, lesson: Path) -> None:
    done = run_seehear("ask", lesson, "what is a loop?", *EXTRACTIVE, "--rerank", "answer", home=indexed_home)
    assert done.code != 0
    assert "there is none" in done.err and "--rerank" in done.err


def test_a_missing_question_is_an_error_where_nobody_can_be_asked(indexed_home: Path, lesson: Path) -> None:
    for words in ((lesson,), ()):
        done = run_seehear("ask", *words, home=indexed_home)
        assert done.code != 0
        assert "question is missing" in done.err


def test_without_a_question_a_conversation_begins_on_a_terminal(indexed_home: Path, lesson: Path) -> None:
    told = _talk(
        [sys.executable, "-m", "seehear", "ask", str(lesson), *EXTRACTIVE], indexed_home,
        "what is a function?", "what does she say after that?", "why", "which chess opening was played?",
    )  # fmt: skip
    assert "named piece of work" in told
    assert re.search("as often as you like|doubles|repeats", told.split("after that?")[1])
    assert "How this answer came about" in told
    assert "does not seem to cover" in told


def _talk(command: list[str], home: Path, *lines: str) -> str:
    """Type lines one by one at a terminal, each when the prompt stands, then Ctrl-D; all that was printed."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "SEEHEAR_HOME": str(home), "OLLAMA_HOST": NOBODY, "TERM": "dumb"}
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    printed, pending, ends = "", [*lines, "\x04"], time.monotonic() + 60
    seen = 0
    while time.monotonic() < ends:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                piece = os.read(ours, 4096)
            except OSError:
                break
            if not piece:
                break
            printed += piece.decode("utf-8", "replace")
        if pending and printed[seen:].endswith("? "):
            line = pending.pop(0)
            seen = len(printed)
            os.write(ours, line.encode() if line == "\x04" else f"{line}\n".encode())
    child.wait(10)
    os.close(ours)
    assert child.returncode == 0, printed
    return printed


def test_another_embedder_than_the_library_s_is_told_and_not_claimed(indexed_home: Path, lesson: Path) -> None:
    question = ("ask", lesson, "what is a function?", "--answer", "extractive")
    usual = run_seehear(*question, home=indexed_home)
    done = run_seehear(*question, "--embed", "e5", home=indexed_home)
    assert done.code == 0, done.err
    assert done.out == usual.out
    assert "--embed e5 --home DIR" in done.err
    assert "embed: minilm" in done.err and "embed: e5" not in done.err
    assert "--home DIR" not in usual.err
    found = run_seehear("search", "function", "--embed", "e5", home=indexed_home)
    assert found.code == 0 and "--embed e5 --home DIR" in found.err


def test_a_model_elsewhere_that_cannot_compare_is_sent_nothing(indexed_home: Path, lesson: Path) -> None:
    # Nothing answers there: whatever was sent would fail.
    done = run_seehear(
        "ask", lesson, "what is a function?", "--answer", "extractive", "--embed", "openai:text-embedding-3-small",
        home=indexed_home, env={"OPENAI_API_KEY": "sk-none", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "embed: minilm" in done.err and "leaves this machine" not in done.err


def test_indexing_with_another_embedder_is_refused_before_anything_is_sent(indexed_home: Path, tmp_path: Path) -> None:
    cues = tmp_path / "other.srt"
    cues.write_text("1\n00:00:01,000 --> 00:00:04,000\nSomething that was never indexed.\n")
    # Nothing answers there: whatever was sent would fail in another way.
    done = run_seehear(
        "index", cues, "--embed", "openai:text-embedding-3-small", home=indexed_home,
        env={"OPENAI_API_KEY": "sk-none", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
    )  # fmt: skip
    assert done.code == 5, done.err
    assert "embedded with minilm" in done.err and "--home DIR" in done.err
