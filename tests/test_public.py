"""What `import seehear` promises, and nothing else."""

from pathlib import Path

import pytest

import seehear


def test_every_public_name_is_there_and_documented() -> None:
    for name in seehear.__all__:
        assert getattr(seehear, name).__doc__, name


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(AttributeError, match="nothing_like_it"):
        seehear.nothing_like_it  # noqa: B018


def test_a_recording_is_asked_in_three_lines(indexed_home: Path, lesson: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEHEAR_HOME", str(indexed_home))
    monkeypatch.setenv("SEEHEAR_ANSWER", "extractive")
    talk = seehear.open(lesson)
    answer = talk.ask("what is a function?")
    assert "[" in answer.text
    assert answer.moments[0].start_s >= 0
    assert "-->" in talk.timeline.to_srt()
    # Twice, since a module of the same name would have taken the function's place by then.
    for _ in range(2):
        assert seehear.ask(lesson, "what is a function?").supported
