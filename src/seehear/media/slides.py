"""Shots and slides: where a video shows something new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import av.error
from av.filter import Graph
from av.video.frame import VideoFrame

from seehear.errors import InputError
from seehear.media.changes import ChangeFinder
from seehear.media.glance import Glancer
from seehear.spans import Span
from seehear.values import SamplePoint

if TYPE_CHECKING:
    from av.video.stream import VideoStream

Progress = Callable[[float], None]


def slides(path: str | Path, *, on_progress: Progress | None = None) -> Iterator[SamplePoint]:
    """Yield one point per slide, added bullet, settled piece of typing or scrolling; the spans tile the whole video.

    Reasons: `start`, `slide`, `build`, `scroll`, and `scene` for a cut into a picture that never rests.
    `on_progress` gets the time reached in seconds and may raise CancelledError to stop.
    Raises NotFoundError without the file, MediaError when no picture can be decoded.
    """
    with closing(Glancer(path)) as glancer:
        finder = ChangeFinder()
        for glance in glancer.look(finder):
            yield from finder.feed(glance)
            if on_progress is not None:
                on_progress(glance.time_s)
        yield from finder.finish(glancer.end_s)


def scenes(path: str | Path, *, threshold: float = 0.3, on_progress: Progress | None = None) -> Iterator[SamplePoint]:
    """Yield the first picture and each one whose scene score is above `threshold` (0 to 1), as ffmpeg's `select` does.

    The score is libavfilter's own: the smaller of how much the picture changed and how much that change changed.
    `on_progress` gets the time reached in seconds and may raise CancelledError to stop.
    Raises NotFoundError without the file, MediaError when no picture can be decoded, InputError for a bad threshold.
    """
    if not 0 <= threshold <= 1:
        raise InputError(f"a scene threshold lies between 0 and 1, not {threshold}", hint="--scenes 0.3 is usual")
    with closing(Glancer(path)) as glancer:
        start_s: float | None = None
        last_s = reported_s = 0.0
        reason = "start"
        graph: Graph | None = None
        shape: tuple[int, int, str] | None = None
        for frame in glancer.frames():
            time_s = glancer.frame_time_s(frame)
            if time_s is None:
                continue
            last_s = time_s
            if start_s is None:
                start_s = reported_s = time_s
            if graph is None or shape != (frame.width, frame.height, frame.format.name):
                shape = (frame.width, frame.height, frame.format.name)
                graph = _scene_graph(glancer.stream, frame, threshold)
            graph.push(frame)
            for changed in _pulled(graph):
                changed_s = glancer.frame_time_s(changed)
                if changed_s is not None and changed_s > start_s:
                    yield SamplePoint(start_s, Span(start_s, changed_s), reason)
                    start_s, reason = changed_s, "scene"
            if on_progress is not None and time_s - reported_s >= 1.0:
                reported_s = time_s
                on_progress(time_s)
        if start_s is None:
            raise glancer.undecodable()
        yield SamplePoint(start_s, Span(start_s, max(start_s, last_s, glancer.end_s)), reason)


def _scene_graph(stream: VideoStream, frame: VideoFrame, threshold: float) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or stream.time_base
    )
    select = graph.add("select", f"gt(scene,{threshold!r})")
    sink = graph.add("buffersink")
    source.link_to(select)
    select.link_to(sink)
    graph.configure()
    return graph


def _pulled(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        if isinstance(frame, VideoFrame):
            yield frame
