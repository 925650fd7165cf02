"""What users rely on when sound is taken apart: each sample lies where it was heard, and no word is cut."""

import random
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from seehear.media.audio import audio_at, audio_chunks
from seehear.media.container import open_media
from seehear.spans import Span
from seehear.values import Audio, Gap
from tests.media.synth import Sound, clicks, tone, write

DATA = Path(__file__).parents[3] / "shared" / "data"
TRUE_S = 0.002


def click_times_s(chunks: list[Audio]) -> list[float]:
    """Where a click begins: loud after 50 ms of quiet."""
    found: list[float] = []
    for chunk in chunks:
        for index in np.flatnonzero(np.abs(chunk.samples) > 0.3):
            time_s = chunk.start_s + index / chunk.rate_hz
            if not found or time_s > found[-1] + 0.05:
                found.append(time_s)
    return found


def joined(chunks: list[Audio]) -> NDArray[np.float32]:
    return np.concatenate([chunk.samples for chunk in chunks])


@pytest.mark.parametrize(("suffix", "codec", "rate_hz"), [
    ("wav", "pcm_s16le", 44100), ("mkv", "pcm_s16le", 48000), ("mkv", "flac", 44100), ("mp4", "aac", 44100),
    ("m4a", "aac", 48000), ("ts", "aac", 48000), ("webm", "libopus", 48000), ("mp3", "libmp3lame", 44100),
])  # fmt: skip
def test_a_click_stays_where_it_was(tmp_path: Path, suffix: str, codec: str, rate_hz: int) -> None:
    times_s = [0.5, 1.25, 2.0]
    sound = Sound(clicks(3.0, times_s, rate_hz=rate_hz), rate_hz=rate_hz, codec=codec)
    chunks = list(audio_chunks(write(tmp_path / f"sound.{suffix}", sounds=[sound])))
    # A transport stream does not say that the encoder put 1024 samples before the sound.
    tolerance_s = 0.022 if suffix == "ts" else 0.003 if codec in ("aac", "libmp3lame") else TRUE_S
    assert click_times_s(chunks) == pytest.approx(times_s, abs=tolerance_s)


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "mov"])
def test_sound_that_starts_late_stays_late(tmp_path: Path, suffix: str) -> None:
    codec = "aac" if suffix == "mp4" else "pcm_s16le"
    film = write(
        tmp_path / f"film.{suffix}", [n / 10 for n in range(50)],
        sounds=[Sound(clicks(3.0, [0.5, 2.0]), start_s=1.3, codec=codec)],
    )  # fmt: skip
    chunks = list(audio_chunks(film))
    assert chunks[0].start_s == pytest.approx(1.3, abs=0.03)
    assert click_times_s(chunks) == pytest.approx([1.8, 3.3], abs=0.003)


def test_picture_and_sound_stay_together_when_the_file_starts_late(tmp_path: Path) -> None:
    film = write(
        tmp_path / "film.ts", [n / 10 + 100 for n in range(50)],
        sounds=[Sound(clicks(4.0, [1.0]), start_s=100.5, codec="mp2")],
    )  # fmt: skip
    assert click_times_s(list(audio_chunks(film))) == pytest.approx([1.5], abs=0.005)


def test_time_does_not_drift_over_two_hours(tmp_path: Path) -> None:
    times_s = [1.0, 3600.0, 7199.0]
    sound = Sound(clicks(7200.0, times_s, rate_hz=2000), rate_hz=2000)
    film = write(tmp_path / "long.mkv", sounds=[sound])
    chunks = list(audio_chunks(film, rate_hz=3000))
    assert click_times_s(chunks) == pytest.approx(times_s, abs=TRUE_S)
    assert chunks[-1].span.end_s == pytest.approx(7200.0, abs=TRUE_S)
    assert all(chunk.span.duration_s <= 300 for chunk in chunks)


def test_chunks_follow_each_other_without_loss(tmp_path: Path) -> None:
    path = write(tmp_path / "sound.wav", sounds=[Sound(tone(10.0, rate_hz=16000), rate_hz=16000)])
    whole = joined(list(audio_chunks(path)))
    chunks = list(audio_chunks(path, chunk_s=1.7))
    assert np.array_equal(joined(chunks), whole)
    assert len(whole) == 160000
    for before, after in pairwise(chunks):
        assert after.start_s == pytest.approx(before.span.end_s, abs=1e-6)


def test_a_chunk_ends_in_a_pause_and_not_in_a_word(tmp_path: Path) -> None:
    speech = tone(12.0)
    for start_s, end_s in [(3.2, 3.6), (6.9, 7.3), (10.5, 10.6)]:
        speech[round(start_s * 48000) : round(end_s * 48000)] *= 0.001
    chunks = list(audio_chunks(write(tmp_path / "talk.wav", sounds=[Sound(speech)]), chunk_s=4.0))
    assert [round(c.span.end_s, 1) for c in chunks[:2]] == [3.4, 7.1]


def test_a_hole_becomes_silence_and_what_follows_keeps_its_time(tmp_path: Path) -> None:
    sound = Sound(clicks(8.0, [1.0, 7.0]) + 0.1 * tone(8.0), lost=((2.0, 5.0),))
    chunks = list(audio_chunks(write(tmp_path / "hole.mkv", sounds=[sound])))
    assert click_times_s(chunks) == pytest.approx([1.0, 7.0], abs=TRUE_S)
    assert len(chunks) == 1
    assert not chunks[0].samples[round(2.2 * 16000) : round(4.8 * 16000)].any()


def test_a_very_long_hole_is_left_open(tmp_path: Path) -> None:
    sound = Sound(clicks(200.0, [1.0, 199.0], rate_hz=8000), rate_hz=8000, lost=((2.0, 198.0),))
    chunks = list(audio_chunks(write(tmp_path / "hole.mkv", sounds=[sound])))
    assert click_times_s(chunks) == pytest.approx([1.0, 199.0], abs=TRUE_S)
    assert sum(chunk.span.duration_s for chunk in chunks) < 10


def test_sound_is_mono_float_and_never_beyond_full_scale(tmp_path: Path) -> None:
    loud = np.stack([3 * tone(1.0), 3 * tone(1.0)])
    path = write(tmp_path / "loud.mkv", sounds=[Sound(loud, codec="pcm_f32le")])
    (chunk,) = audio_chunks(path)
    assert chunk.samples.dtype == np.float32
    assert chunk.samples.ndim == 1
    assert 0.99 < np.abs(chunk.samples).max() <= 1.0


def test_the_stream_marked_as_default_is_heard(tmp_path: Path) -> None:
    path = write(
        tmp_path / "two.mkv",
        sounds=[Sound(clicks(2.0, [0.5]), default=False), Sound(clicks(2.0, [1.5]), default=True)],
    )
    assert click_times_s(list(audio_chunks(path))) == pytest.approx([1.5], abs=TRUE_S)


@pytest.mark.parametrize("codec", ["pcm_s16le", "aac"])
def test_a_mute_stream_is_passed_over_for_one_that_is_not(tmp_path: Path, codec: str) -> None:
    mute = Sound(np.zeros(48000 * 40, np.float32), codec=codec)
    spoken = Sound(clicks(40.0, [0.5, 20.6, 36.0]) + 0.01 * tone(40.0), codec=codec, default=False)
    path = write(tmp_path / "two.mkv", [n / 5 for n in range(200)], sounds=[mute, spoken])
    assert click_times_s(list(audio_chunks(path))) == pytest.approx([0.5, 20.6, 36.0], abs=0.003)
    assert click_times_s([audio_at(path, Span(20.0, 21.0))]) == pytest.approx([20.6], abs=0.003)


def test_a_film_without_sound_yields_nothing(tmp_path: Path) -> None:
    film = write(tmp_path / "mute.mp4", [0.0, 0.1])
    assert list(audio_chunks(film)) == []
    assert len(audio_at(film, Span(0.0, 1.0)).samples) == 0


@pytest.mark.parametrize(("suffix", "codec"), [("mkv", "flac"), ("mp4", "aac"), ("mp3", "libmp3lame")])
def test_one_span_sounds_like_that_part_of_the_whole(tmp_path: Path, suffix: str, codec: str) -> None:
    path = write(tmp_path / f"sound.{suffix}", sounds=[Sound(clicks(20.0, [12.5, 15.0]), codec=codec)])
    part = audio_at(path, Span(12.0, 14.0))
    assert part.start_s == pytest.approx(12.0)
    assert len(part.samples) == 32000
    assert click_times_s([part]) == pytest.approx([12.5], abs=0.003)
    assert audio_at(path, Span(19.0, 25.0)).span.end_s == pytest.approx(20.0, abs=0.1)


def test_damaged_sound_is_told_and_what_follows_keeps_its_time(tmp_path: Path) -> None:
    path = write(tmp_path / "sound.mkv", sounds=[Sound(clicks(6.0, [1.0, 5.0]) + 0.2 * tone(6.0), codec="flac")])
    with open_media(path) as container:
        packets = [(float(p.pts * p.time_base), p.pos, p.size) for p in container.demux(audio=0) if p.pts is not None]
    data = bytearray(path.read_bytes())
    for time_s, position, size in packets:
        if 2.0 <= time_s < 4.0:
            data[position + 8 : position + size] = random.Random(position).randbytes(size - 8)
    path.write_bytes(data)
    gaps: list[Gap] = []
    chunks = list(audio_chunks(path, on_gap=gaps.append))
    assert click_times_s([c for c in chunks if c.start_s < 1.5])[0] == pytest.approx(1.0, abs=TRUE_S)
    assert click_times_s(chunks)[-1] == pytest.approx(5.0, abs=TRUE_S)
    assert [gap.stage for gap in gaps] == ["decode"] * len(gaps)
    assert any(gap.span.contains(3.0) for gap in gaps)


def test_sound_that_is_damaged_to_its_end_is_told_to_the_end(tmp_path: Path) -> None:
    path = write(tmp_path / "sound.mkv", sounds=[Sound(tone(6.0), codec="flac")])
    with open_media(path) as container:
        packets = [(float(p.pts * p.time_base), p.pos, p.size) for p in container.demux(audio=0) if p.pts is not None]
    data = bytearray(path.read_bytes())
    for time_s, position, size in packets:
        if time_s >= 4.0:
            data[position + 8 : position + size] = bytes(size - 8)
    path.write_bytes(data)
    gaps: list[Gap] = []
    heard_to_s = list(audio_chunks(path, on_gap=gaps.append))[-1].span.end_s
    assert [gap.span.start_s for gap in gaps] == pytest.approx([heard_to_s], abs=0.2)
    assert gaps[-1].span.end_s == pytest.approx(6.0, abs=0.2)


def test_memory_stays_flat_over_length(tmp_path: Path) -> None:
    peaks = []
    for seconds in (30, 120):
        silence = np.zeros(seconds * 8000, np.float32)
        path = write(tmp_path / f"{seconds}.wav", sounds=[Sound(silence, rate_hz=8000)])
        tracemalloc.start()
        for _ in audio_chunks(path, chunk_s=8.0):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2
