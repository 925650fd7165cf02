"""Captions that belong to another recording give no time that this one does not have."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from seehear.library import Library
from seehear.timeline import Timeline
from tests.media import synth

WITHIN, AFTER = (
    "1\n00:00:01,000 --> 00:00:02,000\nBees dance.\n",
    "2\n01:10:00,000 --> 01:10:05,000\nThey like flowers.\n",
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "home", hear="fake", embed="fake", read="fake", answer="extractive") as library:
        yield library


def indexed(library: Library, path: Path, captions: str) -> Timeline:
    synth.write(path, sounds=[synth.Sound(synth.tone(4.0))])
    path.with_suffix(".srt").write_text(captions)
    (done,) = library.index([path])
    return library.timeline(done.media)


def test_captions_after_the_end_are_left_out_and_told(library: Library, tmp_path: Path) -> None:
    found = indexed(library, tmp_path / "talk.wav", f"{WITHIN}\n{AFTER}")
    assert [event.text for event in found.events] == ["Bees dance."]
    assert [gap.stage for gap in found.gaps] == ["captions"]
    assert "1 of 2 captions begin after its end" in found.gaps[0].reason


def test_a_recording_is_heard_where_all_its_captions_come_after_its_end(library: Library, tmp_path: Path) -> None:
    found = indexed(library, tmp_path / "talk.wav", AFTER)
    assert {event.via for event in found.events} == {"fake"}
    assert all(event.span.start_s < found.media.duration_s for event in found.events)
    assert "all captions begin after its end" in found.gaps[0].reason
