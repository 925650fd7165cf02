"""Narrated slides from a Markdown script, and the exact times of all that is shown and said in them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seehear.errors import BackendError, InputError, StorageError
from seehear.generate.script import Element, Pause, Say, Script, Show, Slide, keystrokes, read_script
from seehear.spans import Span
from seehear.values import Audio, Chapter, Segment

if TYPE_CHECKING:
    from seehear.backends.protocols import Speaker

VERSION = 1

# The rhythm of the lecture, in seconds.
_LEAD_S, _TAIL_S, _SILENT_SLIDE_S = 0.8, 0.7, 4.0
_AFTER_BUILD_S, _AFTER_TYPING_S = 0.35, 0.4
_BETWEEN_SENTENCES_S, _BETWEEN_PARAGRAPHS_S = 0.5, 0.9
_KEYS_PER_S = (8.0, 20.0)
# Below a hundredth of the loudest sample nothing is heard.
_AUDIBLE = 0.01
_PREROLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Build:
    """Something that appears on a slide at `time_s`; typed code is complete at `end_s`, the rest at once."""

    time_s: float
    end_s: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownSlide:
    """When a slide is on screen, and what appears on it."""

    span: Span
    title: str
    builds: tuple[Build, ...]


@dataclass(frozen=True, slots=True)
class LectureTruth:
    """The exact times of a rendered lecture: pictures to the frame, sentences from first to last audible sample."""

    duration_s: float
    slides: tuple[ShownSlide, ...]
    sentences: tuple[Segment, ...]
    chapters: tuple[Chapter, ...]

    def to_dict(self) -> dict[str, Any]:
        """The documented JSON shape, version 1."""
        return {
            "version": VERSION,
            "duration_s": round(self.duration_s, 3),
            "slides": [
                {
                    **_span_dict(slide.span), "title": slide.title,
                    "builds": [
                        {"time_s": round(b.time_s, 3), "end_s": round(b.end_s, 3), "kind": b.kind, "text": b.text}
                        for b in slide.builds
                    ],
                }
                for slide in self.slides
            ],
            "sentences": [{**_span_dict(s.span), "text": s.text} for s in self.sentences],
            "chapters": [{**_span_dict(c.span), "title": c.title} for c in self.chapters],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Change:
    """From `frame` on the picture of slide number `slide` shows these elements; `typed` is (element, characters)."""

    frame: int
    slide: int
    visible: tuple[int, ...]
    typed: tuple[int, int] | None = None


@dataclass(slots=True)
class _Plan:
    rate_fps: int
    slides: list[ShownSlide] = field(default_factory=list)
    changes: list[_Change] = field(default_factory=list)
    clips: list[Audio] = field(default_factory=list)
    sentences: list[Segment] = field(default_factory=list)
    end_frame: int = 0


def generate_lecture(
    script_path: Path,
    output_path: Path,
    *,
    speaker: Speaker,
    size_px: tuple[int, int] = (1280, 720),
    rate_fps: int = 12,
    on_progress: Callable[[int, int], None] | None = None,
) -> LectureTruth:
    """Render the Markdown script to an mp4 at `output_path`, with its truth in a JSON file beside it.

    `size_px` is (width, height), even, from 320x180; `rate_fps` is 5 to 60. `on_progress(done, total)` is called
    after each step. A file appears only when it is complete.

    Raises InputError (with the line) when the script or an option is wrong, NotFoundError without a script,
    BackendError when the voice fails, StorageError when the files cannot be written.
    """
    _check(output_path, size_px, rate_fps)
    script = read_script(script_path)
    # Pictures are drawn before anything is spoken: a mistake in the script is told at once, not after minutes.
    drawings = _drawings(script, size_px)
    say = [step for slide in script.slides for step in slide.steps if isinstance(step, Say)]
    done, total = 0, 2 * len(say) + len(script.slides)

    def step_done(count: int = 1) -> None:
        nonlocal done
        done += count
        if on_progress is not None:
            on_progress(done, total)

    plan = _plan(script, speaker, rate_fps, step_done)
    truth = _truth(script, plan)
    _write_film(output_path, plan, truth, drawings, script, size_px=size_px, step_done=step_done)
    _replace_text(output_path.with_suffix(".json"), json.dumps(truth.to_dict(), indent=1, ensure_ascii=False) + "\n")
    return truth


def _check(output_path: Path, size_px: tuple[int, int], rate_fps: int) -> None:
    if output_path.suffix.lower() != ".mp4":
        raise InputError(f"a lecture is written as .mp4, not {output_path.name!r}", hint="try -o lecture.mp4")
    if not output_path.absolute().parent.is_dir():
        raise InputError(f"there is no folder {output_path.parent}", hint="create it first, or choose another with -o")
    width, height = size_px
    if width < 320 or height < 180 or width % 2 or height % 2 or max(size_px) > 7680:
        raise InputError(f"a picture of {width}x{height} is not possible", hint="use even sizes, such as 1280x720")
    if not 5 <= rate_fps <= 60:
        raise InputError(f"{rate_fps} frames per second is not possible", hint="use 5 to 60")


def _drawings(script: Script, size_px: tuple[int, int]) -> list[Any]:
    from seehear.generate.slide import SlideDrawing

    return [
        SlideDrawing(slide, size_px=size_px, page=number, script_path=script.path)
        for number, slide in enumerate(script.slides, start=1)
    ]


def _plan(script: Script, speaker: Speaker, rate_fps: int, step_done: Callable[[], None]) -> _Plan:
    plan = _Plan(rate_fps)
    for number, slide in enumerate(script.slides):
        spoken = {}
        for i, step in enumerate(slide.steps):
            if isinstance(step, Say):
                spoken[i] = _speak(speaker, step, script.path)
                step_done()
        _SlidePlan(plan, number, slide, spoken).run()
    rates = {clip.rate_hz for clip in plan.clips}
    if len(rates) > 1:
        raise BackendError(
            f"the voice {speaker.card.name} changes its rate: {sorted(rates)} Hz", hint="use another voice"
        )
    return plan


@dataclass(frozen=True, slots=True)
class _Speech:
    """Trimmed sound, and which of its samples are the first and last audible ones."""

    audio: Audio
    first: int
    last: int

    @property
    def audible_s(self) -> float:
        return (self.last - self.first) / self.audio.rate_hz


def _speak(speaker: Speaker, step: Say, path: Path) -> _Speech:
    import numpy as np

    audio = speaker.speak(step.text)
    size = np.abs(audio.samples)
    heard = np.flatnonzero(size > _AUDIBLE * max(float(size.max(initial=0.0)), 1e-4))
    if not len(heard):
        raise InputError(
            f"{path}, line {step.line}: the voice cannot pronounce {step.text[:60]!r}",
            hint=f"the voice {speaker.card.name} speaks {', '.join(speaker.card.languages) or 'no such text'}",
        )
    margin = round(_PREROLL_S * audio.rate_hz)
    begin, end = max(0, int(heard[0]) - margin), int(heard[-1]) + 1 + margin
    trimmed = Audio(audio.samples[begin:end], audio.rate_hz)
    return _Speech(trimmed, int(heard[0]) - begin, int(heard[-1]) + 1 - begin)


@dataclass(slots=True)
class _SlidePlan:
    """Lays the steps of one slide on the clock; `now_s` is the earliest time for what comes next."""

    plan: _Plan
    number: int
    slide: Slide
    spoken: dict[int, _Speech]
    start: int = 0
    now_s: float = 0.0
    typed_until: int = 0
    said: bool = False
    visible: list[int] = field(default_factory=list)
    builds: list[Build] = field(default_factory=list)

    def run(self) -> None:
        self.start = self.typed_until = self.plan.end_frame
        self.now_s = self.start / self.plan.rate_fps + _LEAD_S
        self.change(self.start)
        for i, step in enumerate(self.slide.steps):
            if isinstance(step, Show):
                self.show(i, step)
            elif isinstance(step, Say):
                self.say(self.spoken[i], step)
            else:
                self.pause(step)
        typed_s = self.typed_until / self.plan.rate_fps + _AFTER_TYPING_S
        shortest_s = self.start / self.plan.rate_fps + (0.0 if self.said else _SILENT_SLIDE_S)
        end = self.frame_at(max(self.now_s + _TAIL_S, typed_s + _TAIL_S, shortest_s))
        span = Span(self.start / self.plan.rate_fps, end / self.plan.rate_fps)
        self.plan.slides.append(ShownSlide(span, self.slide.title_text, tuple(self.builds)))
        self.plan.end_frame = end

    def frame_at(self, time_s: float) -> int:
        return math.ceil(time_s * self.plan.rate_fps - 1e-6)

    def change(self, frame: int, typed: tuple[int, int] | None = None) -> None:
        change = _Change(frame, self.number, tuple(self.visible), typed)
        if self.plan.changes and self.plan.changes[-1].frame == frame:
            self.plan.changes[-1] = change
        else:
            self.plan.changes.append(change)

    def show(self, position: int, step: Show) -> None:
        element = self.slide.elements[step.index]
        rate_fps = self.plan.rate_fps
        typed_s = self.typed_until / rate_fps
        if element.typed:
            frame = self.frame_at(max(self.now_s, typed_s))
        elif self.stands_with_the_last(position):
            frame = self.frame_at(self.builds[-1].time_s)
        elif self.said or self.typed_until > self.start:
            frame = self.frame_at(max(self.now_s, typed_s + _AFTER_TYPING_S))
        else:
            frame = self.start
        self.visible.append(step.index)
        end = self.type(element, step.index, frame, self.narration_s(position)) if element.typed else frame
        if not element.typed:
            self.change(frame)
        self.builds.append(Build(frame / rate_fps, end / rate_fps, element.kind, element.text))
        self.now_s = max(self.now_s, frame / rate_fps + _AFTER_BUILD_S)

    def stands_with_the_last(self, position: int) -> bool:
        before = self.slide.steps[position - 1] if position else None
        return isinstance(before, Show) and not self.slide.elements[before.index].typed

    def narration_s(self, position: int) -> float:
        total_s = 0.0
        for i in range(position + 1, len(self.slide.steps)):
            step = self.slide.steps[i]
            if isinstance(step, Show):
                break
            total_s += step.length_s if isinstance(step, Pause) else self.spoken[i].audible_s
        return total_s

    def type(self, element: Element, index: int, frame: int, narration_s: float) -> int:
        keys = keystrokes(element.body)
        slowest, fastest = _KEYS_PER_S
        length_s = min(max(0.8 * narration_s, len(keys) / fastest), len(keys) / slowest)
        count = max(1, math.ceil(length_s * self.plan.rate_fps))
        shown = 0
        for k in range(count):
            length = keys[max(1, round((k + 1) * len(keys) / (count + 1))) - 1]
            if length != shown:
                self.change(frame + k, (index, length))
            shown = length
        self.typed_until = frame + count
        self.change(self.typed_until)
        return self.typed_until

    def say(self, speech: _Speech, step: Say) -> None:
        rate_hz = speech.audio.rate_hz
        first = round(self.now_s * rate_hz)
        start_s, end_s = first / rate_hz, (first + speech.last - speech.first) / rate_hz
        self.plan.clips.append(replace(speech.audio, start_s=(first - speech.first) / rate_hz))
        self.plan.sentences.append(Segment(Span(start_s, end_s), step.text))
        self.now_s = end_s + (_BETWEEN_PARAGRAPHS_S if step.ends_paragraph else _BETWEEN_SENTENCES_S)
        self.said = True

    def pause(self, step: Pause) -> None:
        self.now_s += step.length_s
        self.said = True


def _truth(script: Script, plan: _Plan) -> LectureTruth:
    chapters = tuple(Chapter(slide.span, slide.title) for slide in plan.slides)
    return LectureTruth(plan.end_frame / plan.rate_fps, tuple(plan.slides), tuple(plan.sentences), chapters)


def _write_film(
    path: Path, plan: _Plan, truth: LectureTruth, drawings: list[Any], script: Script, *,
    size_px: tuple[int, int], step_done: Callable[[int], None],
) -> None:  # fmt: skip
    import numpy as np

    from seehear.generate.film import Film

    with Film(
        path, size_px=size_px, rate_fps=plan.rate_fps, title=script.title,
        clips=plan.clips, cues=truth.sentences, chapters=truth.chapters,
    ) as film:  # fmt: skip
        starts = [sentence.span.start_s for sentence in truth.sentences]
        slide, passed = -1, 0
        for i, change in enumerate(plan.changes):
            image = drawings[change.slide].draw(change.visible, dict([change.typed]) if change.typed else None)
            film.show(np.asarray(image), key=change.slide != slide)
            slide = change.slide
            film.run_to(plan.changes[i + 1].frame if i + 1 < len(plan.changes) else plan.end_frame)
            reached = sum(1 for start_s in starts if start_s * plan.rate_fps < change.frame) + slide
            if reached > passed:
                step_done(reached - passed)
                passed = reached
    step_done(len(starts) + len(plan.slides) - passed)


def _replace_text(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror}", hint="choose another place with -o"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _span_dict(span: Span) -> dict[str, float]:
    return {"start_s": round(span.start_s, 3), "end_s": round(span.end_s, 3)}
