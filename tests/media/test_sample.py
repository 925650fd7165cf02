"""Frames by the clock: at the times asked for, from the first picture to the last."""

from __future__ import annotations

from pathlib import Path

import pytest

from seehear.errors import CancelledError, InputError, MediaError
from seehear.media.sample import uniform
from tests.media import moving
from tests.media.moving import Canvas, Scene

CANVAS = Canvas(160, 90)


def video(path: Path, duration_s: float, *, start_s: float = 0.0) -> Path:
    picture = moving.texture(1, CANVAS.height_px, CANVAS.width_px, 8)
    return moving.encode(path, Scene(lambda time_s: picture, duration_s), fps=10, start_s=start_s)


def test_a_point_every_so_often_and_spans_without_holes(tmp_path: Path) -> None:
    points = list(uniform(video(tmp_path / "a.mp4", 10.0), every_s=3))
    assert [point.time_s for point in points] == pytest.approx([0, 3, 6, 9])
    assert [point.span.end_s for point in points] == pytest.approx([3, 6, 9, 10], abs=0.05)
    assert {point.reason for point in points} == {"uniform"}


def test_times_are_presentation_times_when_the_video_starts_late(tmp_path: Path) -> None:
    points = list(uniform(video(tmp_path / "late.mp4", 4.0, start_s=7.0), every_s=2))
    assert [point.time_s for point in points] == pytest.approx([7, 9], abs=0.01)


def test_a_video_shorter_than_the_distance_gives_its_first_picture(tmp_path: Path) -> None:
    points = list(uniform(video(tmp_path / "short.mp4", 0.1), every_s=10))
    assert [point.time_s for point in points] == [0.0]


@pytest.mark.parametrize("every_s", [0, -1, float("nan"), float("inf")])
def test_a_senseless_distance_is_refused(tmp_path: Path, every_s: float) -> None:
    with pytest.raises(InputError):
        list(uniform(tmp_path / "a.mp4", every_s=every_s))


def test_sound_alone_has_no_frames(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(b"\0" * 5000)
    with pytest.raises(MediaError):
        list(uniform(tmp_path / "noise.mp4", every_s=1))


def test_progress_can_cancel(tmp_path: Path) -> None:
    def stop(time_s: float) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        list(uniform(video(tmp_path / "a.mp4", 10.0), every_s=3, on_progress=stop))
