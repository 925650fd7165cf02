"""A run that was killed goes on where it was, and ends as if nothing had happened."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from seehear.search.windows import windows
from tests import forked
from tests.conftest import HEARS_QUICKLY, run_seehear

KILLS = 30


def start(film: Path, home: Path, env: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "SEEHEAR_HOME": str(home), **(env or {})}
    return subprocess.Popen(
        [sys.executable, "-m", "seehear", "index", str(film), "--captions", "never"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def outcome(film: Path, home: Path) -> dict[str, Any]:
    timeline: dict[str, Any] = run_seehear("timeline", film, "--json", home=home).json
    found = run_seehear("search", "function", "--json", home=home).json
    return {"events": timeline["events"], "gaps": timeline["gaps"], "found": found}


def kill_at(delays_s: list[float], film: Path, home: Path, env: Mapping[str, str] | None = None) -> None:
    for delay_s in delays_s:
        process = start(film, home, env)
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        process.wait()


@pytest.fixture(scope="module")
def undisturbed(brief: Path, tmp_path_factory: pytest.TempPathFactory, small_weights: None) -> dict[str, Any]:
    """What comes of the brief lecture where nothing happens."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    done = run_seehear("index", brief, "--captions", "never", home=home, env=HEARS_QUICKLY)
    assert done.code == 0, done.err
    return outcome(brief, home)


def test_killed_and_started_again_ends_as_an_undisturbed_run(
    brief: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    home = tmp_path / "killed"
    kill_at([0.4, 1.2, 2.0], brief, home, HEARS_QUICKLY)
    done = run_seehear("index", brief, "--captions", "never", home=home, env=HEARS_QUICKLY)
    assert done.code == 0, done.err
    assert outcome(brief, home) == undisturbed


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_thirty_random_moments(lesson: Path, indexed_home: Path, tmp_path: Path, small_weights: None) -> None:
    undisturbed = tmp_path / "undisturbed"
    began = time.monotonic()
    start(lesson, undisturbed).wait()
    whole_s = time.monotonic() - began
    dice = random.Random(20)
    for round_ in range(3):
        home = tmp_path / f"killed{round_}"
        kill_at([dice.uniform(0.1, whole_s) for _ in range(KILLS // 3)], lesson, home)
        assert run_seehear("index", lesson, "--captions", "never", home=home).code == 0
        assert outcome(lesson, home) == outcome(lesson, indexed_home)


def test_finished_stages_are_not_done_again(
    lesson: Path, indexed_home: Path, tmp_path: Path, small_weights: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil
    import sqlite3

    from seehear.backends.ocr import PPOcr
    from seehear.backends.whisper import Whisper
    from seehear.library import Library

    home = tmp_path / "home"
    shutil.copytree(indexed_home, home)
    with sqlite3.connect(home / "library.db") as db:
        # As if the run had been killed just before it was reported done: the stages stand in the cache only.
        db.execute("DELETE FROM stage_cache WHERE key LIKE 'ingested:%'")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a finished stage was done again")

    monkeypatch.setattr(PPOcr, "read", refuse)
    monkeypatch.setattr(Whisper, "transcribe", refuse)
    with Library(home, captions="never") as library:
        (row,) = library.index([lesson])
    assert row.status == "indexed"
    assert row.events > 0
    assert json.dumps(row.as_json())


def test_a_recording_from_before_tokens_and_windows_were_kept_gains_them(
    lesson: Path, library_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seehear.ingest.cache import STAGE_VERSIONS
    from seehear.library import Library

    monkeypatch.setitem(STAGE_VERSIONS, "place", STAGE_VERSIONS["place"] - 1)
    with Library(library_home, captions="never") as library:
        assert [row.status for row in library.index([lesson])] == ["indexed"]
        (row,) = library.store.media()
        with library.store.write() as db:
            db.execute("DELETE FROM tokens")
            db.execute("DELETE FROM windows")
        assert library.store.unit_tokens(row.number) == library.store.window_vectors(row.number) == {}
    monkeypatch.undo()
    with Library(library_home, captions="never") as library:
        assert [done.status for done in library.index([lesson])] == ["indexed"]
        units = library.store.units(row.number)
        assert set(library.store.unit_tokens(row.number)) == set(units)
        assert set(library.store.window_vectors(row.number)) == set(windows(list(units.values())))


def test_two_processes_index_the_same_file_at_once(brief: Path, undisturbed: dict[str, Any], tmp_path: Path) -> None:
    home = tmp_path / "shared"
    environment = {**os.environ, "SEEHEAR_HOME": str(home), "SEEHEAR_CONFIG": os.devnull, **HEARS_QUICKLY}
    command = ["index", str(brief), "--captions", "never"]
    one, other = (
        forked.begin(command, env=environment, out=tmp_path / f"{name}.out", err=tmp_path / f"{name}.err")
        for name in ("one", "other")
    )
    assert (one.wait(), other.wait()) == (0, 0)
    rows = run_seehear("library", "--json", home=home).json["media"]
    assert len(rows) == 1
    assert rows[0]["events"] > 0
    assert outcome(brief, home) == undisturbed


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_ctrl_c_stops_cleanly_and_keeps_what_is_done(lesson: Path, tmp_path: Path, small_weights: None) -> None:
    home = tmp_path / "stopped"
    environment = {**os.environ, "SEEHEAR_HOME": str(home)}
    process = subprocess.Popen(
        [sys.executable, "-m", "seehear", "index", str(lesson), "--captions", "never"],
        env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    time.sleep(2.0)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert b"Traceback" not in err
    assert run_seehear("index", lesson, "--captions", "never", home=home).code == 0
