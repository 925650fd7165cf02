"""What users rely on when captions lie inside the file: they are read with their times, and pictures are no text."""

from pathlib import Path

import pytest

from seehear.media.subtitles import embedded_captions
from tests.media.synth import Sound, tone, write

CUES = [(0.5, 1.2, "Hello <b>you</b>"), (1.5, 2.0, "two\nlines, with commas"), (2.2, 2.9, "bye")]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_text_track_is_read_with_its_times(tmp_path: Path, suffix: str) -> None:
    film = write(tmp_path / f"film.{suffix}", [n / 10 for n in range(30)], subtitles=CUES)
    transcript = embedded_captions(film)
    assert transcript is not None
    assert transcript.language == "en"
    assert [s.text for s in transcript.segments] == ["Hello you", "two lines, with commas", "bye"]
    for segment, (start_s, end_s, _) in zip(transcript.segments, CUES, strict=True):
        assert (segment.span.start_s, segment.span.end_s) == pytest.approx((start_s, end_s), abs=0.002)


def test_a_file_without_text_track_has_no_captions(tmp_path: Path) -> None:
    assert embedded_captions(write(tmp_path / "film.mp4", [0.0, 0.1])) is None
    assert embedded_captions(write(tmp_path / "radio.wav", sounds=[Sound(tone(0.2))])) is None
