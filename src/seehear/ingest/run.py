"""One media from file to timeline: order, threads, progress, cancellation, gaps."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from seehear.backends.protocols import ChecksSight, Describer, Reader, Transcriber
from seehear.errors import InputError, MissingPackageError
from seehear.ingest import stages
from seehear.ingest.cache import StageCache
from seehear.ingest.describe import describe
from seehear.ingest.lines import lines, visual_events
from seehear.ingest.progress import Reporter
from seehear.spans import Span
from seehear.timeline import Timeline
from seehear.values import Event, Gap, Media, Transcript

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with one media: `sampler` as in Settings, `sidecars` are (language, path) of captions to use first."""

    sampler: tuple[str, float | None]
    use_captions: bool
    language: str | None
    sidecars: tuple[tuple[str, Path], ...]
    folder: Path


@dataclass(frozen=True, slots=True)
class Ingested:
    """A timeline, the language heard, wall seconds per stage, and whether trying again could give no more."""

    timeline: Timeline
    language: str
    seconds: dict[str, float]
    complete: bool


@dataclass(frozen=True, slots=True)
class _Part:
    events: list[Event]
    gaps: list[Gap]
    language: str = ""
    seconds: float = 0.0
    complete: bool = True


def ingest(
    media: Media,
    plan: Plan,
    *,
    reader: Callable[[], Reader],
    transcriber: Callable[[], Transcriber],
    describer: Callable[[], Describer | None] = lambda: None,
    cache: StageCache,
    reporter: Reporter,
) -> Ingested:
    """See and hear one media side by side and merge both by time; backends are opened only when they are needed.

    Whether pictures can be described at all is found out first. Raises ConfigError when the model that shall see takes
    no pictures, CancelledError when the reporter was told to stop, SetupError when weights are missing; what single
    pictures or stretches of sound could not give is a Gap of the timeline.
    """
    seeing = describer() if media.has_video else None
    if isinstance(seeing, ChecksSight):
        seeing.check_sight()
    parts = _side_by_side(
        lambda: _see(media, plan, reader, seeing, cache, reporter),
        lambda: _hear(media, plan, transcriber, cache, reporter),
        reporter=reporter,
    )
    timeline = Timeline.build(media, [e for p in parts for e in p.events], [g for p in parts for g in p.gaps])
    seconds = {"see": parts[0].seconds, "hear": parts[1].seconds}
    return Ingested(timeline, parts[1].language, seconds, all(part.complete for part in parts))


def _side_by_side(*tasks: Callable[[], T], reporter: Reporter) -> list[T]:
    """Run every task in a thread of its own; the first error, or Ctrl-C, stops the others before it is raised."""
    with ThreadPoolExecutor(max_workers=len(tasks), thread_name_prefix="seehear") as pool:
        futures = [pool.submit(task) for task in tasks]
        try:
            # Waiting in short turns lets Ctrl-C through on Windows too.
            pending = set(futures)
            while pending:
                done, pending = wait(pending, timeout=0.2)
                if any(future.exception() for future in done):
                    break
        except KeyboardInterrupt:
            reporter.stop()
            raise
        if any(future.done() and future.exception() for future in futures):
            reporter.stop()
        wait(futures)
        first = [f for f in futures if f.exception()]
        # Stopping makes the other tasks raise CancelledError: the one that raised something else was first.
        first.sort(key=lambda f: type(f.exception()).__name__ == "CancelledError")
        return [first[0].result()] if first else [future.result() for future in futures]


def _whole(media: Media) -> Span:
    return Span(0.0, media.duration_s)


def _see(
    media: Media,
    plan: Plan,
    reader: Callable[[], Reader],
    seeing: Describer | None,
    cache: StageCache,
    reporter: Reporter,
) -> _Part:
    began = time.perf_counter()
    if not media.has_video:
        return _Part([], [])
    points = stages.find_points(
        media, plan.sampler, cache=cache, on_progress=lambda at: reporter("find", at, media.duration_s)
    )
    reporter("find", media.duration_s, media.duration_s)
    try:
        opened = reader()
        screens, gaps = stages.read_points(
            media, points, opened, cache=cache, folder=plan.folder, on_progress=lambda n, of: reporter("read", n, of)
        )
    except MissingPackageError as error:
        return _Part([], [Gap(_whole(media), "read", str(error))], complete=False)
    shown = lines(points, screens)
    complete = True
    if seeing is None:
        events = visual_events(shown, via=opened.card.name)
    else:
        descriptions, refused = describe(
            shown,
            seeing,
            cache=cache,
            folder=plan.folder,
            on_progress=lambda n, of: reporter("describe", n, of),
            film=lambda span: stages.film(media, span),
        )
        gaps += refused
        # What a server could not do now it may do later: the next index asks again for these pictures alone.
        complete = not refused
        events = visual_events(shown, descriptions, via=f"{opened.card.name}+{seeing.card.name}")
    return _Part(events, gaps, seconds=time.perf_counter() - began, complete=complete)


def will_hear(media: Media, plan: Plan) -> bool:
    """Tell whether a model would have to hear this media: it has sound, and no captions that say what is said."""
    if not media.has_audio or not plan.use_captions:
        return media.has_audio
    try:
        return stages.captions_of(media, plan.sidecars, language=plan.language) is None
    except InputError:
        return True


def _hear(
    media: Media, plan: Plan, transcriber: Callable[[], Transcriber], cache: StageCache, reporter: Reporter
) -> _Part:
    began = time.perf_counter()
    gaps: list[Gap] = []
    transcript: Transcript | None = None
    if plan.use_captions:
        try:
            transcript = stages.captions_of(media, plan.sidecars, language=plan.language)
        except InputError as error:
            gaps.append(Gap(_whole(media), "captions", error.message))
    if transcript is None and media.has_audio:
        try:
            transcript = stages.hear(
                media, transcriber(), language=plan.language, cache=cache,
                on_progress=lambda at: reporter("hear", at, media.duration_s),
            )  # fmt: skip
        except MissingPackageError as error:
            return _Part([], [*gaps, Gap(_whole(media), "hear", str(error))], complete=False)
    reporter("hear", media.duration_s, media.duration_s)
    if transcript is None:
        return _Part([], gaps, seconds=time.perf_counter() - began)
    events = stages.transcript_events(transcript)
    return _Part(events, gaps + list(transcript.gaps), transcript.language, time.perf_counter() - began)
