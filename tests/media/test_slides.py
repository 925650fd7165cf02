"""What users rely on: every new slide, bullet and piece of code gets a frame; what merely moves gets none."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from seehear.errors import CancelledError, InputError, MediaError, NotFoundError
from seehear.media.slides import scenes, slides
from seehear.values import SamplePoint
from tests.media import moving
from tests.media.moving import Canvas, Scene

DATA = Path(__file__).parents[3] / "shared" / "data"
CANVAS = Canvas(640, 360)
PLAN = [(0, 1, 1), (3.3, 1, 2), (6.7, 2, 1), (9.2, 2, 2), (12.5, 3, 3), (15.4, 4, 2)]
DURATION_S = 18.0


def real(path: str) -> Path:
    if not (DATA / path).exists():
        pytest.skip(f"{path} is not among the shared test data")
    return DATA / path


def assert_found(points: list[SamplePoint], scene: Scene, *, within_s: float = 0.5) -> None:
    """Each true change has its point, near enough, and there is no other."""
    found = [point.span.start_s for point in points[1:]]
    assert len(found) == len(scene.truth), (found, scene.truth)
    for time_s, truth in zip(found, scene.truth, strict=True):
        assert truth.time_s - within_s <= time_s <= truth.until_s + within_s


def assert_tiled(points: list[SamplePoint], start_s: float, end_s: float) -> None:
    """The spans follow each other without a hole, and each time lies in its span."""
    assert points[0].reason == "start"
    assert points[0].span.start_s == pytest.approx(start_s, abs=1e-3)
    assert points[-1].span.end_s == pytest.approx(end_s, abs=0.1)
    for left, right in pairwise(points):
        assert left.span.end_s == right.span.start_s
    assert all(
        point.span.start_s <= point.time_s < max(point.span.end_s, point.span.start_s + 1e-9) for point in points
    )


def test_every_slide_and_bullet_of_a_rendered_deck_is_found_once(tmp_path: Path) -> None:
    scene = moving.deck(CANVAS, PLAN, DURATION_S)
    points = list(slides(moving.encode(tmp_path / "deck.mp4", scene)))
    assert_found(points, scene, within_s=0.15)
    assert_tiled(points, 0.0, DURATION_S)
    assert [point.reason for point in points[1:]] == [truth.kind for truth in scene.truth]


def test_the_time_of_a_point_shows_the_finished_picture_not_the_fade(tmp_path: Path) -> None:
    scene = moving.deck(CANVAS, PLAN, DURATION_S, fade_s=0.8)
    points = list(slides(moving.encode(tmp_path / "fades.mp4", scene)))
    assert_found(points, scene)
    for point, (_, seed, shown) in zip(points, PLAN, strict=True):
        finished = moving.slide(CANVAS, seed, shown=shown)
        assert np.abs(scene.paint(point.time_s).astype(int) - finished).mean() < 0.5, point


@pytest.mark.parametrize(
    ("name", "around", "options"),
    [
        ("presenter", lambda s: moving.with_presenter(s, CANVAS), {"noise": 3.0, "crf": 28, "fps": 8}),
        ("drifting light", lambda s: moving.with_light(moving.with_presenter(s, CANVAS)), {"gop": 60, "fps": 8}),
        ("cursor", lambda s: moving.with_cursor(s, CANVAS), {"bframes": 0}),
        ("inset camera", lambda s: moving.with_inset(s, CANVAS), {"gop": 40}),
        ("clock", lambda s: moving.with_clock(s, CANVAS), {}),
        ("grain", lambda s: s, {"noise": 5.0, "crf": 28, "gop": 30, "fps": 6}),
    ],
)  # fmt: skip
def test_what_merely_moves_beside_the_slides_is_no_change(
    tmp_path: Path, name: str, around: Callable[[Scene], Scene], options: dict[str, float]
) -> None:
    scene = around(moving.deck(CANVAS, PLAN, DURATION_S))
    points = list(slides(moving.encode(tmp_path / f"{name}.mp4", scene, **options)))  # type: ignore[arg-type]
    assert_found(points, scene)


def test_typing_gives_a_point_per_pause_that_shows_all_that_was_typed(tmp_path: Path) -> None:
    scene = moving.typing(CANVAS, lines=6, keys_per_s=14, pause_s=2.5)
    points = list(slides(moving.encode(tmp_path / "typing.mp4", scene, fps=12)))
    assert_found(points, scene)
    for point, truth in zip(points[1:], scene.truth, strict=True):
        assert point.time_s >= truth.until_s - 0.1


def test_scrolling_text_is_found_and_called_scrolling(tmp_path: Path) -> None:
    scene = moving.scrolling(CANVAS, [(3.2, 1.0, 150), (8.1, 0, 320)], 12.0)
    points = list(slides(moving.encode(tmp_path / "scroll.mp4", scene, fps=12)))
    assert_found(points, scene)
    assert [point.reason for point in points] == ["start", "scroll", "scroll"]


def test_typing_is_not_pictured_half_way_though_a_caret_blinks_and_the_mouse_moves(tmp_path: Path) -> None:
    scene = moving.with_cursor(moving.typing(CANVAS, lines=6, keys_per_s=14, pause_s=2.5), CANVAS)
    points = list(slides(moving.encode(tmp_path / "typing.mp4", scene, fps=5, gop=9999)))
    assert_found(points, scene)


@pytest.fixture(scope="module")
def writing() -> Scene:
    """Written code: what it looks like after each key is drawn once for all rates."""
    return moving.writing(CANVAS, [1.0, 12.0, 24.5, 36.5])


@pytest.mark.parametrize(("fps", "bframes"), [(12, 0), (25, 3)])
def test_writing_without_a_pause_is_pictured_when_complete_and_little_of_it_is_looked_at(
    tmp_path: Path, writing: Scene, fps: float, bframes: int
) -> None:
    path = moving.encode(tmp_path / "writing.mp4", writing, fps=fps, bframes=bframes, gop=int(6 * fps))
    looked: list[float] = []
    points = list(slides(path, on_progress=looked.append))
    assert_found(points, writing)
    for point, truth in zip(points[1:], writing.truth, strict=True):
        assert point.span.start_s <= truth.time_s + 1.0
        assert point.time_s >= truth.until_s - 0.1
    inside = sum(truth.time_s < time_s < truth.until_s for time_s in looked for truth in writing.truth)
    assert inside < 1.5 * sum(truth.until_s - truth.time_s for truth in writing.truth), "two looks a second are all"


def test_a_panel_with_output_is_found_though_a_new_slide_soon_takes_it_away(tmp_path: Path) -> None:
    before, after = moving.slide(CANVAS, 1, shown=2), moving.slide(CANVAS, 2, shown=1)
    panel = before.copy()
    panel[200:330, 40:600] = (30, 32, 40)
    panel[215:235, 60:200] = moving.slide(CANVAS, 3, dark=True)[20:40, 30:170]
    scene = Scene(
        lambda t: before if t < 3 else panel if t < 6.2 else after, 10.0, [moving.change(3.0), moving.change(6.2)]
    )
    assert_found(list(slides(moving.encode(tmp_path / "panel.mp4", scene, fps=10, bframes=0))), scene)


@pytest.mark.parametrize("bframes", [0, 3])
@pytest.mark.parametrize("fps", [6, 25, 50])
def test_packets_that_say_as_before_can_be_left_out_without_losing_a_change(
    tmp_path: Path, fps: float, bframes: int
) -> None:
    """The counters by which H.264 tells its pictures apart start over every few pictures."""
    plan = [(0, 1, 1), (5.3, 1, 2), (11.7, 1, 3), (14.3, 2, 2), (19.5, 2, 3)]
    scene = moving.deck(Canvas(320, 180), plan, 24.0)
    points = list(slides(moving.encode(tmp_path / "deck.mp4", scene, fps=fps, bframes=bframes, gop=9999)))
    assert_found(points, scene, within_s=0.2)


def test_a_talking_head_gives_the_start_and_nothing_else(tmp_path: Path) -> None:
    scene = moving.talking_head(CANVAS, 14.0)
    points = list(slides(moving.encode(tmp_path / "head.mp4", scene, noise=3.0, fps=8)))
    assert [point.reason for point in points] == ["start"]


def test_a_screencast_that_stores_a_frame_only_when_something_changes(tmp_path: Path) -> None:
    scene = moving.deck(CANVAS, PLAN, DURATION_S)

    def only_changes(duration_s: float) -> list[float]:
        return [row[0] for row in PLAN] + [duration_s - 0.1]

    path = moving.encode(tmp_path / "sparse.mp4", scene, gop=9999, times_s=only_changes, start_s=5.0)  # type: ignore[arg-type]
    points = list(slides(path))
    assert [p.span.start_s for p in points] == pytest.approx([5.0 + row[0] for row in PLAN], abs=0.05)


def test_points_arrive_while_the_video_is_still_being_read(tmp_path: Path) -> None:
    path = moving.encode(tmp_path / "deck.mp4", moving.deck(CANVAS, PLAN, DURATION_S))
    reached: list[float] = []
    points = slides(path, on_progress=reached.append)
    next(points)
    assert reached[-1] < 10.0
    list(points)
    assert reached == sorted(reached)


def test_progress_can_cancel(tmp_path: Path) -> None:
    path = moving.encode(tmp_path / "deck.mp4", moving.deck(CANVAS, PLAN[:2], 6.0))

    def stop(time_s: float) -> None:
        raise CancelledError("stopped")

    for sampler in (slides, scenes):
        with pytest.raises(CancelledError):
            list(sampler(path, on_progress=stop))


def test_a_truncated_file_is_followed_to_its_last_picture(tmp_path: Path) -> None:
    whole = moving.encode(tmp_path / "whole.ts", moving.deck(CANVAS, PLAN, DURATION_S), gop=30)
    cut = tmp_path / "cut.ts"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    points = list(slides(cut))
    assert 1 < len(points) < len(PLAN) + 1
    assert [point.reason for point in scenes_of(cut)][:1] == ["start"]


def scenes_of(path: Path) -> list[SamplePoint]:
    return list(scenes(path, threshold=0.1))


@pytest.mark.parametrize("size", [(64, 48), (322, 182), (38, 1000)])
def test_odd_sizes_and_a_single_frame_work(tmp_path: Path, size: tuple[int, int]) -> None:
    scene = Scene(lambda time_s: moving.texture(1, size[1], size[0], 5), 0.1)
    path = moving.encode(tmp_path / "one.mp4", scene, fps=10)
    for points in (list(slides(path)), list(scenes(path))):
        assert [point.reason for point in points] == ["start"]


def test_what_is_no_video_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    for sampler in (slides, scenes):
        with pytest.raises(NotFoundError):
            list(sampler(tmp_path / "missing.mp4"))
        with pytest.raises(MediaError):
            list(sampler(tmp_path / "empty.mp4"))
    with pytest.raises(InputError):
        list(scenes(tmp_path / "empty.mp4", threshold=2))


def test_the_lecture_clip_changes_once_at_twelve_seconds() -> None:
    points = list(slides(real("scenes/opencast/scene-change.mov")))
    assert [point.span.start_s for point in points] == [0.0, pytest.approx(12.0, abs=0.05)]


def test_each_slide_of_the_real_talk_is_found_once() -> None:
    points = list(slides(real("videos/laion400m_talk.mp4")))
    true_s = [0.0, 7.1, 50.767, 69.867, 89.933, 92.833, 100.5, 113.7]
    assert [point.span.start_s for point in points] == pytest.approx(true_s, abs=0.2)


def test_slides_around_an_embedded_video_are_about_five_segments() -> None:
    points = list(slides(real("scenes/opencast/test-optimization.mp4")))
    assert 4 <= sum(point.reason in ("start", "slide") for point in points) <= 6


def test_a_video_of_keyframes_alone_is_read_to_its_end() -> None:
    assert list(slides(real("scenes/pyscenedetect/fades.mp4")))[-1].span.end_s == pytest.approx(10.0, abs=0.1)


def test_a_running_clock_alone_is_no_change() -> None:
    assert len(list(slides(real("videos/auto_editor_example_speech_timecode.mp4")))) == 1


@pytest.mark.parametrize("threshold", [0.05, 0.3])
@pytest.mark.parametrize("name", ["fades.mp4", "delayed_start.mp4", "counter.mp4"])
def test_the_scene_threshold_means_what_ffmpeg_means(name: str, threshold: float) -> None:
    path = real(f"scenes/pyscenedetect/{name}")
    assert [point.time_s for point in scenes(path, threshold=threshold)][1:] == _scored_above(path, threshold)


def _scored_above(path: Path, threshold: float) -> list[float]:
    """The scene score computed apart: mean absolute luma difference, or its own change when that is smaller."""
    times: list[float] = []
    with av.open(str(path)) as container:
        before, mafd_before = None, 0.0
        for frame in container.decode(video=0):
            luma = np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(-1, frame.planes[0].line_size)
            luma = luma[: frame.height, : frame.width].astype(np.int16)
            if before is not None:
                mafd = float(np.abs(luma - before).mean())
                score = min(mafd, abs(mafd - mafd_before)) / 100
                mafd_before = mafd
                if score > threshold:
                    times.append(float(frame.pts * frame.time_base))
            before = luma
    return times
