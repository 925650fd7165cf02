"""A rendered lecture is what its script says, and its truth is true: to the frame, to the sample."""

import json
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from seehear.backends.hibari import Hibari
from seehear.backends.protocols import Speaker
from seehear.errors import BackendError, CancelledError, InputError, MissingPackageError, StorageError
from seehear.generate.lecture import LectureTruth, generate_lecture

SIZE_PX = (640, 360)
SCRIPT = """
# A short lecture

> Only shown: room 7

Good morning.

## Bullets and a picture

![a square](square.png)

- The first point

Look here, at the square.

- The second point with `code`

That is all.

## Typed

```python
def f(x):
    return x + 1

print(f(1))
```

A function is a name for work.

```output
2
```
"""


@dataclass(frozen=True)
class Rendered:
    path: Path
    truth: LectureTruth
    times_s: np.ndarray
    frames: np.ndarray
    keyframes_s: list[float]
    steps: list[tuple[int, int]]

    def at(self, time_s: float) -> np.ndarray:
        return self.frames[np.searchsorted(self.times_s, time_s + 1e-4) - 1].astype(int)

    def changed(self, time_s: float) -> int:
        """How many pixels differ between the frame shown from `time_s` on and the one before."""
        return int((np.abs(self.at(time_s) - self.at(time_s - 0.05)) > 60).sum())


@pytest.fixture(scope="module")
def voice() -> Speaker:
    return Hibari()


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory, voice: Speaker) -> Rendered:
    folder = tmp_path_factory.mktemp("lecture")
    Image.new("RGB", (200, 200), "#2266aa").save(folder / "square.png")
    (folder / "script.md").write_text(SCRIPT, encoding="utf-8")
    steps: list[tuple[int, int]] = []
    truth = generate_lecture(
        folder / "script.md", folder / "lecture.mp4", speaker=voice, size_px=SIZE_PX,
        on_progress=lambda done, total: steps.append((done, total)),
    )  # fmt: skip
    with av.open(str(folder / "lecture.mp4")) as container:
        decoded = [(f.time, f.key_frame, f.to_ndarray(format="gray")) for f in container.decode(video=0)]
    times_s = np.array([time_s for time_s, _, _ in decoded])
    keys = [time_s for time_s, key, _ in decoded if key]
    return Rendered(folder / "lecture.mp4", truth, times_s, np.stack([g for _, _, g in decoded]), keys, steps)


def write(folder: Path, text: str) -> Path:
    path = folder / "script.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_build_changes_the_picture_at_its_time(lecture: Rendered) -> None:
    builds = [build for slide in lecture.truth.slides for build in slide.builds]
    assert [b.kind for b in builds] == ["note", "picture", "bullet", "bullet", "code", "output"]
    starts = {slide.span.start_s for slide in lecture.truth.slides}
    for build in builds:
        if build.time_s in starts:
            continue
        assert lecture.changed(build.time_s) > 3, build


def test_every_slide_replaces_the_one_before_at_its_start(lecture: Rendered) -> None:
    spans = [slide.span for slide in lecture.truth.slides]
    assert spans[0].start_s == 0.0 and spans[-1].end_s == lecture.truth.duration_s
    for before, after in pairwise(spans):
        assert before.end_s == after.start_s
        assert lecture.changed(after.start_s) > 500


def test_nothing_changes_that_the_truth_does_not_tell(lecture: Rendered) -> None:
    told = [slide.span.start_s for slide in lecture.truth.slides]
    typing = []
    for slide in lecture.truth.slides:
        told += [build.time_s for build in slide.builds]
        typing += [(b.time_s, b.end_s) for b in slide.builds if b.kind == "code"]
    for time_s in lecture.times_s[1:]:
        if any(abs(time_s - t) < 1e-3 for t in told) or any(
            a <= time_s + 1e-3 and time_s - 1e-3 <= b for a, b in typing
        ):
            continue
        assert lecture.changed(time_s) <= 3, f"a change at {time_s:.3f} s"


def test_typed_code_grows_from_its_start_to_its_end(lecture: Rendered) -> None:
    (code,) = (b for slide in lecture.truth.slides for b in slide.builds if b.kind == "code")
    assert code.text.startswith("def f(x):\n    return x + 1")
    assert 1.0 < code.end_s - code.time_s < 6.0
    ink = [(lecture.at(t) < 150).sum() for t in np.linspace(code.time_s, code.end_s + 0.05, 8)]
    assert ink[0] < ink[3] < ink[7]
    output = next(b for slide in lecture.truth.slides for b in slide.builds if b.kind == "output")
    assert output.time_s >= code.end_s


def test_what_stands_together_appears_together(lecture: Rendered) -> None:
    picture, first, second = lecture.truth.slides[1].builds
    assert picture.time_s == first.time_s == lecture.truth.slides[1].span.start_s
    look = next(s for s in lecture.truth.sentences if s.text.startswith("Look here"))
    assert first.time_s < look.span.start_s < look.span.end_s < second.time_s


def test_a_player_can_jump_to_every_slide(lecture: Rendered) -> None:
    for slide in lecture.truth.slides:
        assert any(abs(slide.span.start_s - key_s) < 1e-3 for key_s in lecture.keyframes_s)


def test_a_sentence_starts_and_ends_where_it_can_be_heard(lecture: Rendered) -> None:
    with av.open(str(lecture.path)) as container:
        rate_hz = container.streams.audio[0].rate
        sound = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    assert len(sound) / rate_hz == pytest.approx(lecture.truth.duration_s, abs=0.1)
    loud = np.abs(sound) > 0.006
    assert len(lecture.truth.sentences) == 4
    for sentence in lecture.truth.sentences:
        start, end = round(sentence.span.start_s * rate_hz), round(sentence.span.end_s * rate_hz)
        margin = round(0.06 * rate_hz)
        assert not loud[max(0, start - round(0.3 * rate_hz)) : start - margin].any(), sentence
        assert loud[start - margin : start + margin].any(), sentence
        assert loud[end - 2 * margin : end + margin].any(), sentence
        assert not loud[end + margin : end + round(0.3 * rate_hz)].any(), sentence


def test_chapters_and_title_are_in_the_file(lecture: Rendered) -> None:
    with av.open(str(lecture.path)) as container:
        found = [(c["metadata"]["title"], float(c["start"] * c["time_base"])) for c in container.chapters()]
        assert container.metadata["title"] == "A short lecture"
    titles = ["A short lecture", "Bullets and a picture", "Typed"]
    assert found == [
        (t, pytest.approx(s.span.start_s, abs=1e-3)) for t, s in zip(titles, lecture.truth.slides, strict=True)
    ]


def test_subtitles_are_in_the_file(lecture: Rendered) -> None:
    with av.open(str(lecture.path)) as container:
        stream = container.streams.subtitles[0]
        found = [
            (float(packet.pts * packet.time_base), line.dialogue.decode())
            for packet in container.demux(stream) if packet.size
            for line in packet.decode()
        ]  # fmt: skip
    assert found == [(pytest.approx(s.span.start_s, abs=2e-3), s.text) for s in lecture.truth.sentences]


def test_the_truth_lies_beside_the_film(lecture: Rendered) -> None:
    told = json.loads(lecture.path.with_suffix(".json").read_text(encoding="utf-8"))
    assert told == lecture.truth.to_dict()
    assert set(told) == {"version", "duration_s", "slides", "sentences", "chapters"}
    assert set(told["slides"][0]) == {"start_s", "end_s", "title", "builds"}
    assert set(told["slides"][0]["builds"][0]) == {"time_s", "end_s", "kind", "text"}
    assert {p.name for p in lecture.path.parent.iterdir()} == {"lecture.mp4", "lecture.json", "script.md", "square.png"}


def test_progress_rises_to_its_total(lecture: Rendered) -> None:
    done = [d for d, _ in lecture.steps]
    assert done == sorted(set(done))
    assert lecture.steps[-1] == (11, 11)
    assert {total for _, total in lecture.steps} == {11}


def test_the_same_script_gives_the_same_file(tmp_path: Path, voice: Speaker) -> None:
    script = write(tmp_path, "# T\n\nOne two.\n\n```python\nx = 1\n```\n")
    for name in ("a.mp4", "b.mp4"):
        generate_lecture(script, tmp_path / name, speaker=voice, size_px=(320, 180))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_lecture_without_narration_has_no_sound(tmp_path: Path, voice: Speaker) -> None:
    script = write(tmp_path, "# Silent 日本 😀\n\n- only shown\n")
    truth = generate_lecture(script, tmp_path / "a.mp4", speaker=voice, size_px=(320, 180))
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert not container.streams.audio and not container.streams.subtitles
    assert truth.sentences == () and truth.duration_s >= 3.0


def test_stopping_leaves_nothing_behind_and_what_was_there_stays(tmp_path: Path, voice: Speaker) -> None:
    script = write(tmp_path, "# T\n\nOne.\n\n## U\n\nTwo.\n")
    (tmp_path / "a.mp4").write_bytes(b"older")

    def stop(done: int, total: int) -> None:
        if done > 3:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        generate_lecture(script, tmp_path / "a.mp4", speaker=voice, size_px=(320, 180), on_progress=stop)
    assert {p.name for p in tmp_path.iterdir()} == {"a.mp4", "script.md"}
    assert (tmp_path / "a.mp4").read_bytes() == b"older"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("# T\n\n" + "- one more\n" * 60, 1, "too full"),
        ("# T\n\n```python\n" + "x" * 400 + "\n```\n", 1, "too full"),
        ("# T\n\n- a\n\n日本\n", 5, "cannot pronounce"),
        ("# T\n\n![x](script.md)\n", 3, "cannot be read"),
    ],
)
def test_what_cannot_be_drawn_or_spoken_is_told_with_its_line(
    tmp_path: Path, voice: Speaker, text: str, line: int, problem: str
) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        generate_lecture(write(tmp_path, text), tmp_path / "a.mp4", speaker=voice)
    assert f"line {line}:" in str(caught.value)
    assert {p.name for p in tmp_path.iterdir()} == {"script.md"}


@pytest.mark.parametrize(
    ("output", "size_px", "rate_fps", "problem"),
    [
        ("a.avi", SIZE_PX, 12, "written as .mp4"),
        ("no/such/a.mp4", SIZE_PX, 12, "there is no folder"),
        ("a.mp4", (641, 360), 12, "is not possible"),
        ("a.mp4", SIZE_PX, 0, "is not possible"),
    ],
)
def test_wrong_options_are_refused_before_any_work(
    tmp_path: Path, voice: Speaker, output: str, size_px: tuple[int, int], rate_fps: int, problem: str
) -> None:
    script = write(tmp_path, "# T\n\nOne.\n")
    with pytest.raises(InputError, match=problem) as caught:
        generate_lecture(script, tmp_path / output, speaker=voice, size_px=size_px, rate_fps=rate_fps)
    assert caught.value.hint


def test_a_place_that_cannot_be_written_is_the_users_to_change(tmp_path: Path, voice: Speaker) -> None:
    script = write(tmp_path, "# T\n\nOne.\n")
    (tmp_path / "a.mp4").mkdir()
    with pytest.raises(StorageError, match="cannot be written"):
        generate_lecture(script, tmp_path / "a.mp4", speaker=voice, size_px=(320, 180))


def test_a_full_disk_is_told_and_leaves_nothing_behind(tmp_path: Path, voice: Speaker) -> None:
    resource = pytest.importorskip("resource", reason="file size limits stand in for a full disk, on POSIX only")
    script = write(tmp_path, "# T\n\n" + "One sentence after the other.\n" * 4)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(StorageError, match=r"a\.mp4 cannot be written") as caught:
            generate_lecture(script, tmp_path / "a.mp4", speaker=voice)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "-o" in caught.value.hint
    assert {p.name for p in tmp_path.iterdir()} == {"script.md"}


def test_the_voice_repeats_itself_exactly_and_never_clips(voice: Speaker) -> None:
    first, second = voice.speak("The same words."), voice.speak("The same words.")
    assert np.array_equal(first.samples, second.samples)
    assert first.samples.dtype == np.float32 and first.rate_hz == 24_000
    assert 0.1 < np.abs(first.samples).max() <= 0.9
    assert "speak" in voice.card.capabilities
    with pytest.raises(BackendError, match="characters at once"):
        voice.speak("word " * 2000)
    voice.close()
    voice.close()
    assert np.array_equal(voice.speak("The same words.").samples, first.samples)


def test_a_broken_voice_is_the_installations_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "voice.onnx").write_bytes(b"no model")
    monkeypatch.setattr("hibari.tts.voice_path", lambda name: str(tmp_path / "voice.onnx"))
    with pytest.raises(BackendError, match="cannot be loaded") as caught:
        Hibari().speak("Hello.")
    assert "pip install" in caught.value.hint


def test_a_missing_voice_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hibari", None)
    with pytest.raises(MissingPackageError) as caught:
        Hibari().speak("Hello.")
    assert "seehear[local]" in caught.value.hint
