"""Captions in the language that is spoken are used, and those of another recording give no time that this has not."""

from collections.abc import Iterator
from pathlib import Path

import av
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


def in_two_languages(tmp_path: Path) -> Path:
    """Sound with two tracks of subtitles, the German one first."""
    sound = [synth.Sound(synth.tone(4.0))]
    texts = {"ger": "Bienen tanzen.", "eng": "Bees dance."}
    singles = [
        av.open(str(synth.write(tmp_path / f"{code}.mkv", sounds=sound, subtitles=[(1.0, 2.0, text)])))
        for code, text in texts.items()
    ]
    path = tmp_path / "talk.mkv"
    with av.open(str(path), "w") as out:
        tracks = [(single, single.streams.subtitles[0]) for single in singles]
        tracks.append((singles[0], singles[0].streams.audio[0]))
        copies = [out.add_stream_from_template(stream) for _, stream in tracks]
        for code, copy in zip(texts, copies, strict=False):
            copy.metadata["language"] = code
        for (single, stream), copy in zip(tracks, copies, strict=True):
            single.seek(0)
            for packet in single.demux(stream):
                if packet.dts is not None:
                    packet.stream = copy
                    out.mux(packet)
    return path


@pytest.mark.parametrize(("language", "said"), [("en", "Bees dance."), ("de", "Bienen tanzen.")])
def test_of_two_tracks_of_subtitles_the_one_in_the_language_asked_for_is_used(
    tmp_path: Path, language: str, said: str
) -> None:
    settings = {"hear": "fake", "embed": "fake", "answer": "extractive", "language": language}
    with Library(tmp_path / "home", **settings) as library:
        found = library.timeline(in_two_languages(tmp_path))
        assert [event.text for event in found.events] == [said]
