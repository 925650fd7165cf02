"""What users rely on when a picture is asked for: it is the one a player shows then, upright, or it is said why not."""

import os
import random
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seehear.errors import InputError, MediaError, NotFoundError
from seehear.media.clock import origin_s
from seehear.media.container import open_media
from seehear.media.decode import frames_at, probe, shown_at
from seehear.media.picture import save_picture
from seehear.values import Gap
from tests.media import synth
from tests.media.synth import Sound, number_of, write

DATA = Path(__file__).parents[3] / "shared" / "data"
TENTHS_S = [n / 10 for n in range(30)]
UNEVEN_S = [0.0, 0.04, 0.9, 1.0, 2.6, 2.61, 7.5]
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no recordings beside the project (shared/data)")


def shown(path: Path, times_s: list[float]) -> list[tuple[float, int]]:
    return [(round(f.time_s, 4), number_of(f.rgb)) for f in frames_at(path, times_s)]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "mov"])
def test_the_picture_at_a_time_is_the_last_that_appeared_by_then(tmp_path: Path, suffix: str) -> None:
    film = write(tmp_path / f"film.{suffix}", TENTHS_S)
    assert shown(film, [0.0, 0.05, 0.1, 1.09, 2.9]) == [(0.0, 0), (0.0, 0), (0.1, 1), (1.0, 10), (2.9, 29)]


def test_variable_frame_rate_keeps_every_time_true(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mp4", UNEVEN_S)
    assert shown(film, [0.5, 0.95, 2.59, 2.605, 7.4, 7.5]) == [
        (0.04, 1), (0.9, 2), (1.0, 3), (2.6, 4), (2.61, 5), (7.5, 6),
    ]  # fmt: skip


def test_times_rounded_to_milliseconds_still_find_their_picture(tmp_path: Path) -> None:
    times_s = [n / 30 for n in range(60)]
    film = write(tmp_path / "film.mp4", times_s)
    assert [number for _, number in shown(film, [round(t, 3) for t in times_s])] == list(range(60))


def test_before_the_first_picture_comes_the_first_and_after_the_end_the_last(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mp4", [t + 5 for t in TENTHS_S])
    assert shown(film, [0.0, 99.0]) == [(5.0, 0), (7.9, 29)]


def test_times_may_come_in_any_order_and_each_tells_what_was_asked(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mp4", TENTHS_S)
    assert [(t, number_of(f.rgb)) for t, f in shown_at(film, [2.0, 0.25, 2.0])] == [(0.25, 2), (2.0, 20), (2.0, 20)]


@pytest.mark.parametrize(("suffix", "b_frames"), [("mp4", 2), ("mkv", 2), ("ts", 2), ("mp4", 0)])
def test_jumping_far_ahead_finds_the_same_pictures_as_reading_through(
    tmp_path: Path, suffix: str, b_frames: int
) -> None:
    times_s = [n / 4 for n in range(240)]
    film = write(tmp_path / f"film.{suffix}", times_s, gop=10, size_px=(160, 96), b_frames=b_frames)
    far = [3.1, 17.6, 17.9, 31.24, 31.26, 47.5, 59.75]
    assert shown(film, far) == [(int(t * 4) / 4, int(t * 4)) for t in far]


def test_one_key_frame_in_all_the_film_is_no_obstacle(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mp4", [n / 2 for n in range(120)], gop=1000)
    assert shown(film, [0.0, 30.2, 31.0, 59.0]) == [(0.0, 0), (30.0, 60), (31.0, 62), (59.0, 118)]


def test_a_transport_stream_that_starts_at_an_hour_starts_at_zero_for_the_user(tmp_path: Path) -> None:
    film = write(
        tmp_path / "film.ts", [t + 3600 for t in TENTHS_S], sounds=[Sound(synth.tone(3.0), codec="mp2", start_s=3600.2)]
    )
    with open_media(film) as container:
        assert origin_s(container) > 3599
    assert shown(film, [0.0, 1.0])[1][1] == 10
    assert probe(film).duration_s == pytest.approx(3.2, abs=0.05)


def test_a_picture_that_starts_after_the_sound_stays_late(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mkv", [t + 1.5 for t in TENTHS_S], sounds=[Sound(synth.tone(5.0))])
    assert shown(film, [1.5, 2.5]) == [(1.5, 0), (2.5, 10)]


@needs_data
def test_a_film_whose_edit_list_delays_the_picture_keeps_the_delay() -> None:
    film = DATA / "scenes/pyscenedetect/delayed_start.mp4"
    assert next(frames_at(film, [0.0])).time_s == pytest.approx(1.075)
    assert probe(film).duration_s == pytest.approx(2.035)


# Where one step right and one step down in the stored picture go on the screen.
TURNED = {
    "quarter clockwise": ([0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30], lambda p: np.rot90(p, -1)),
    "quarter back": ([0, -65536, 0, 65536, 0, 0, 0, 0, 1 << 30], lambda p: np.rot90(p)),
    "upside down": ([-65536, 0, 0, 0, -65536, 0, 0, 0, 1 << 30], lambda p: np.rot90(p, 2)),
    "mirrored": ([-65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30], lambda p: p[:, ::-1]),
}


@pytest.mark.parametrize("way", TURNED)
def test_pictures_are_upright_however_the_camera_was_held(tmp_path: Path, way: str) -> None:
    matrix, expected = TURNED[way]
    film = write(tmp_path / "film.mov", [0.0, 0.1], matrix=matrix)
    rgb = next(frames_at(film, [0.0])).rgb
    upright = expected(synth.numbered(0)).astype(int)
    assert rgb.shape == upright.shape
    assert np.abs(rgb - upright).mean() < 10
    assert (probe(film).height_px, probe(film).width_px) == upright.shape[:2]


def test_wide_pixels_are_made_square(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mp4", TENTHS_S, pixel_aspect=Fraction(2, 1))
    frame = next(frames_at(film, [1.0]))
    assert frame.rgb.shape == (96, 320, 3)
    assert number_of(frame.rgb) == 10


def test_odd_sizes_and_single_pictures_work(tmp_path: Path) -> None:
    odd = write(tmp_path / "odd.mp4", TENTHS_S, size_px=(321, 179))
    assert next(frames_at(odd, [0.5])).rgb.shape == (179, 321, 3)
    one = write(tmp_path / "one.mp4", [0.0])
    assert shown(one, [0.0, 9.0]) == [(0.0, 0), (0.0, 0)]
    assert probe(one).duration_s > 0


def test_memory_stays_flat_however_many_pictures_are_asked_for(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mp4", [n / 10 for n in range(200)], size_px=(320, 180))
    picture = 320 * 180 * 3
    tracemalloc.start()
    for _ in frames_at(film, [n / 10 for n in range(200)]):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * picture


def test_damage_is_told_and_what_follows_is_still_seen(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mkv", TENTHS_S, gop=10, size_px=(160, 96))
    with open_media(film) as container:
        packets = [(float(p.pts * p.time_base), p.pos, p.size) for p in container.demux(video=0) if p.pts is not None]
    data = bytearray(film.read_bytes())
    for time_s, position, size in packets:
        if 1.0 <= time_s < 1.95 and size > 60:
            # Block header and NAL length stay, so the container is sound and only the picture is not.
            data[position + 40 : position + size] = random.Random(position).randbytes(size - 40)
    film.write_bytes(data)
    gaps: list[Gap] = []
    seen = [(t, number_of(f.rgb)) for t, f in shown_at(film, [0.5, 1.5, 2.5], on_gap=gaps.append)]
    assert seen == [(0.5, 5), (2.5, 25)]
    assert len(gaps) == 1
    assert gaps[0].stage == "decode"
    assert gaps[0].span.contains(1.5)
    assert not gaps[0].span.contains(2.5)


def test_probe_tells_what_is_in_a_file(tmp_path: Path) -> None:
    film = write(
        tmp_path / "talk.mp4", TENTHS_S, sounds=[Sound(synth.tone(3.0), codec="aac")],
        chapters=[(0.0, 1.0, "Beginning"), (1.0, 3.0, "End")],
    )  # fmt: skip
    media = probe(film)
    assert (media.title, media.kind, media.has_video, media.has_audio) == ("talk", "video", True, True)
    assert (media.width_px, media.height_px) == (160, 96)
    assert media.duration_s == pytest.approx(3.0, abs=0.05)
    assert [(c.title, c.span.start_s, round(c.span.end_s)) for c in media.chapters] == [
        ("Beginning", 0.0, 1),
        ("End", 1.0, 3),
    ]
    assert media.warnings == ()
    assert probe(film, media_id="known").id == "known"


def test_a_film_without_sound_and_sound_without_film(tmp_path: Path) -> None:
    assert not probe(write(tmp_path / "mute.mp4", TENTHS_S)).has_audio
    radio = probe(write(tmp_path / "radio.m4a", sounds=[Sound(synth.tone(1.0), codec="aac")]))
    assert (radio.kind, radio.has_video, radio.has_audio) == ("audio", False, True)
    with pytest.raises(MediaError, match="no picture"):
        next(frames_at(tmp_path / "radio.m4a", [0.0]))


def test_the_cover_of_a_song_is_no_film(tmp_path: Path) -> None:
    song = probe(synth.write_song(tmp_path / "song.mp3", cover=True))
    assert (song.kind, song.has_video) == ("audio", False)
    assert song.duration_s == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "bmp", "tiff"])
def test_pictures_are_media_without_duration(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"slide.{suffix}"
    Image.fromarray(synth.numbered(5)).save(path)
    media = probe(path)
    assert (media.kind, media.duration_s, media.width_px, media.height_px) == ("image", 0.0, 160, 96)
    assert shown(path, [0.0]) == [(0.0, 5)]


def test_captions_alone_are_media(tmp_path: Path) -> None:
    path = tmp_path / "talk.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:02,500\nHello\n", encoding="utf-8")
    assert (probe(path).kind, probe(path).duration_s) == ("captions", 2.5)


def test_a_recording_that_was_cut_off_ends_where_its_data_ends(tmp_path: Path) -> None:
    times_s = [n / 10 for n in range(300)]
    film = write(tmp_path / "film.mp4", times_s, options={"movflags": "faststart"}, gop=10, size_px=(320, 180))
    data = film.read_bytes()
    film.write_bytes(data[: len(data) // 2])
    media = probe(film)
    assert 5 < media.duration_s < 25
    assert any("cut off" in warning for warning in media.warnings)
    assert len(list(frames_at(film, [media.duration_s / 2]))) == 1


def test_a_still_picture_at_the_end_is_not_taken_for_a_cut(tmp_path: Path) -> None:
    media = probe(write(tmp_path / "film.mkv", [0.0, 10.0, 30.0], last_s=20.0))
    assert media.warnings == ()
    assert media.duration_s >= 30.0


BAD = {
    "missing": (None, NotFoundError, "no file"),
    "empty": (b"", MediaError, "0 bytes"),
    "text": (b"Dear diary,\ntoday I recorded nothing.\n", MediaError, "text file"),
    "garbage": (bytes(range(256)) * 64, MediaError, "not a video"),
    "playlist": (b"#EXTM3U\n#EXTINF:3,\n/etc/passwd\n#EXT-X-ENDLIST\n", MediaError, "text file"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_media_is_refused_with_the_reason_and_what_to_do(tmp_path: Path, what: str) -> None:
    content, error, reason = BAD[what]
    path = tmp_path / "talk.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=reason) as caught:
        probe(path)
    assert caught.value.hint


def test_an_mp4_without_its_index_is_named_as_cut_off(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mp4", TENTHS_S)
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    with pytest.raises(MediaError, match="cut off"):
        probe(film)


def test_a_picture_file_with_garbage_in_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "slide.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"nothing" * 50)
    with pytest.raises(MediaError):
        probe(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_one_may_not_read_is_said_to_be_so(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mp4", TENTHS_S)
    film.chmod(0)
    with pytest.raises(InputError, match="may not be read"):
        probe(film)


@pytest.mark.parametrize("name", ["🎓 лекция.mp4".encode(), b"caf\xe9 \xff.mp4", b"concat:a|b.mp4", b"%d 100%.mp4"])
def test_any_file_name_works(tmp_path: Path, name: bytes) -> None:
    film = write(tmp_path / "plain.mp4", TENTHS_S)
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    try:
        film.rename(path)
    except OSError:
        pytest.skip("this file system refuses such names")
    media = probe(path)
    media.title.encode("utf-8")
    assert shown(path, [1.0]) == [(1.0, 10)]


def test_a_picture_with_too_many_pixels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    Image.new("1", (12_000, 12_000)).save(path)
    with pytest.raises(MediaError, match="100 megapixels"):
        probe(path)


def test_a_film_that_pixels_stretch_beyond_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A small file can ask for eight times the memory of the largest picture.
    monkeypatch.setattr("seehear.media.decode.MAX_PIXELS", 160 * 96 + 1)
    write(tmp_path / "square.mp4", TENTHS_S)
    assert probe(tmp_path / "square.mp4").width_px == 160
    film = write(tmp_path / "film.mp4", TENTHS_S, pixel_aspect=Fraction(7, 1))
    with pytest.raises(MediaError, match="1120×96"):
        probe(film)
    with pytest.raises(MediaError, match="1120×96"):
        next(frames_at(film, [1.0]))


def test_saved_pictures_come_back(tmp_path: Path) -> None:
    save_picture(synth.numbered(9), tmp_path / "new" / "slide.jpg")
    assert shown(tmp_path / "new" / "slide.jpg", [0.0]) == [(0.0, 9)]
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["slide.jpg"]
