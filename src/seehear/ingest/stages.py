"""The stages of ingest, as plain functions of values: find, read, hear, and the events they make.

Order, threads and progress belong to `seehear.ingest.run`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seehear.backends.protocols import Reader, Transcriber
from seehear.errors import BackendError, MediaError
from seehear.ingest.band import band_to_read
from seehear.ingest.cache import POINTS, SCREEN, TRANSCRIPT, Codec, StageCache
from seehear.ingest.gallery import Gallery
from seehear.ingest.lines import frame_name
from seehear.ingest.signature import COLUMNS, ROWS, signature
from seehear.spans import Span
from seehear.values import Event, Frames, Gap, Media, SamplePoint, Screen, Segment, Transcript

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILM_FPS = 2.0
FILM_FRAMES = 16
FILM_PX = 512
OnTime = Callable[[float], None]
OnCount = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Look:
    """What was read on one sampled picture, with the signature that tells whether another picture is the same."""

    screen: Screen
    signature: NDArray[np.uint8]


def _look_in(row: Any) -> Look:
    cells = np.frombuffer(base64.b64decode(row["signature"]), dtype=np.uint8)
    return Look(SCREEN.decode(row["screen"]), cells.reshape(ROWS, COLUMNS))


LOOK: Codec[Look] = Codec(
    encode=lambda look: {
        "screen": SCREEN.encode(look.screen),
        "signature": base64.b64encode(look.signature.tobytes()).decode("ascii"),
    },
    decode=_look_in,
)


def choose_points(media: Media, sampler: tuple[str, float | None], *, on_progress: OnTime) -> Iterable[SamplePoint]:
    """Choose the times worth looking at: `sampler` is (`slides`, None), (`scenes`, threshold), (`uniform`, seconds)."""
    from seehear.media import sample
    from seehear.media.slides import scenes, slides

    name, number = sampler
    if media.kind == "image":
        return [SamplePoint(0.0, Span(0.0, 0.0), "start")]
    if name == "uniform":
        return sample.uniform(media.path, every_s=10.0 if number is None else number, on_progress=on_progress)
    if name == "scenes":
        return scenes(media.path, threshold=0.3 if number is None else number, on_progress=on_progress)
    return slides(media.path, on_progress=on_progress)


def find_points(
    media: Media, sampler: tuple[str, float | None], *, cache: StageCache, on_progress: OnTime
) -> tuple[SamplePoint, ...]:
    """The chosen points of one media, from the cache where they were chosen before."""
    key = cache.key("points", sampler=sampler)
    if (cached := cache.get(key, POINTS)) is not None:
        return cached
    return cache.put(key, tuple(choose_points(media, sampler, on_progress=on_progress)), POINTS)


def pictures(
    media: Media, times_s: Sequence[float], *, on_gap: Callable[[Gap], None]
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Decode the picture shown at each time, with the time it was asked for; what cannot be decoded is left out."""
    from seehear.media.decode import shown_at

    for time_s, frame in shown_at(media.path, times_s, on_gap=on_gap):
        yield time_s, frame.rgb


def film(media: Media, span: Span) -> Frames | None:
    """A shot as evenly spaced small pictures, two a second, 16 at most; None where they cannot be decoded."""
    from seehear.media.picture import thumbnail

    count = max(2, min(FILM_FRAMES, round(span.duration_s * FILM_FPS)))
    # The last moment of a shot may already show the next one.
    times_s = [span.start_s + span.duration_s * (n + 0.5) / count for n in range(count)]
    shown = [
        (time_s, thumbnail(rgb, width_px=FILM_PX)) for time_s, rgb in pictures(media, times_s, on_gap=lambda g: None)
    ]
    if len(shown) < 2 or len({rgb.shape for _, rgb in shown}) > 1:
        return None
    return Frames(np.stack([rgb for _, rgb in shown]), np.asarray([time_s for time_s, _ in shown], np.float64))


def read_points(
    media: Media,
    points: Sequence[SamplePoint],
    reader: Reader,
    *,
    cache: StageCache,
    folder: Path,
    on_progress: OnCount,
) -> tuple[dict[float, Screen], list[Gap]]:
    """Read the text at each point, keeping each picture in `folder`; none twice, and only what is new."""
    from seehear.media.picture import save_picture

    gaps: list[Gap] = []
    span_at = {point.time_s: point.span for point in points}
    keys = {time_s: cache.key("read", time_s=time_s, backend=reader.card.name) for time_s in span_at}
    looks: dict[float, Look] = {}
    gallery = Gallery(span_at)
    for time_s, key in keys.items():
        if (cached := cache.get(key, LOOK)) is not None:
            looks[time_s] = cached
            gallery.add(time_s, cached.signature)
    missing = [time_s for time_s in span_at if time_s not in looks]
    on_progress(len(looks), len(points))
    for time_s, rgb in pictures(media, missing, on_gap=gaps.append):
        mark = signature(rgb)
        # Only earlier pictures are compared with, so that a resumed run decides as an undisturbed one does.
        twin, before = gallery.twin(time_s, mark), gallery.before(time_s)
        save_picture(rgb, folder / frame_name(time_s))
        try:
            screen = (
                looks[twin].screen if twin is not None
                else _read(rgb, mark, None if before is None else looks[before], reader)
            )  # fmt: skip
        except BackendError as error:
            gaps.append(Gap(span_at[time_s], "read", error.message))
            continue
        looks[time_s] = cache.put(keys[time_s], Look(screen, mark), LOOK)
        gallery.add(time_s, mark)
        on_progress(len(looks), len(points))
    reported = {gap.span.start_s for gap in gaps}
    for time_s, span in span_at.items():
        if time_s not in looks and span.start_s not in reported and not any(g.span.contains(time_s) for g in gaps):
            gaps.append(Gap(span, "decode", "the picture could not be decoded"))
    return {time_s: looks[time_s].screen for time_s in sorted(looks)}, gaps


def _read(rgb: NDArray[np.uint8], mark: NDArray[np.uint8], before: Look | None, reader: Reader) -> Screen:
    """Read a picture, of one that goes on from the picture before only the rows that changed."""
    if before is None or (before.screen.height_px, before.screen.width_px) != rgb.shape[:2]:
        return reader.read(rgb)
    band = band_to_read(mark, before.signature, before.screen)
    return reader.read(rgb) if band is None else band.read(rgb, before.screen, reader.read)


def hear(
    media: Media,
    transcriber: Transcriber,
    *,
    language: str | None,
    cache: StageCache,
    on_progress: OnTime,
) -> Transcript:
    """Transcribe the whole media in chunks cut at quiet places; the first language heard is kept for the rest."""
    from seehear.media.audio import audio_chunks

    segments: list[Segment] = []
    gaps: list[Gap] = []
    heard = language
    via = transcriber.card.name
    for chunk in audio_chunks(media.path, on_gap=gaps.append):
        span = chunk.span
        key = cache.key("hear", start_s=span.start_s, end_s=span.end_s, language=heard, backend=transcriber.card.name)
        part = cache.get(key, TRANSCRIPT)
        if part is None:
            try:
                part = transcriber.transcribe(chunk, language=heard, on_progress=on_progress)
            except BackendError as error:
                gaps.append(Gap(span, "hear", error.message))
                continue
            cache.put(key, part, TRANSCRIPT)
        if part.segments:
            heard, via = heard or part.language, part.via
        segments += part.segments
        gaps += part.gaps
        on_progress(span.end_s)
    return Transcript(heard or "", tuple(segments), via, tuple(gaps))


def captions_of(media: Media, sidecars: Sequence[tuple[str, Path]], *, language: str | None) -> Transcript | None:
    """Read what somebody already wrote down: the sidecar in the wanted language, else the track inside the file.

    What begins after the media's end is left out, and a Gap: no player gets there. Raises MediaError when a sidecar is
    there but holds no caption that can be read, or all of them do, InputError when it cannot be read.
    """
    from seehear.captions import parse_captions
    from seehear.media.source import content_of
    from seehear.media.subtitles import embedded_captions

    wanted = (language or "en", "")
    ranked = sorted(sidecars, key=lambda s: wanted.index(s[0]) if s[0] in wanted else len(wanted))
    if ranked:
        code, path = ranked[0]
        transcript = parse_captions(content_of(path), via=f"captions:{path.suffix[1:].lower()}")
        if not transcript.segments:
            raise MediaError(f"the captions beside the media hold no cue: {path.name}", hint="use --captions never")
        return _until_the_end(replace(transcript, language=code or transcript.language), media)
    found = embedded_captions(media.path, language=language) if media.kind in ("video", "audio") else None
    return None if found is None else _until_the_end(found, media)


def _until_the_end(transcript: Transcript, media: Media) -> Transcript:
    kept = tuple(s for s in transcript.segments if s.span.start_s < media.duration_s)
    late = len(transcript.segments) - len(kept)
    if not late or not media.duration_s:
        return transcript
    count = f"{late} of {len(transcript.segments)}" if kept else "all"
    reason = f"{count} captions begin after its end: they belong to another recording, or to a longer cut of this one"
    if not kept:
        raise MediaError(reason, hint="use --captions never")
    gap = Gap(Span(media.duration_s, media.duration_s), "captions", reason)
    return replace(transcript, segments=kept, gaps=(*transcript.gaps, gap))


def transcript_events(transcript: Transcript) -> list[Event]:
    """Turn segments into transcript events."""
    return [
        Event(s.span, "transcript", s.text, transcript.via, words=s.words, speaker=s.speaker)
        for s in transcript.segments
        if s.text.strip()
    ]
