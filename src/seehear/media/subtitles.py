"""Text subtitle tracks inside a media file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from seehear.captions import plain_text
from seehear.language import language_code
from seehear.media.clock import origin_s, presentation_s
from seehear.media.container import READ_ERRORS, opened
from seehear.spans import Span
from seehear.values import Segment, Transcript

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.subtitles.stream import SubtitleStream

_TEXT_CODECS = frozenset({"mov_text", "subrip", "srt", "webvtt", "ass", "ssa", "text"})
_FORCED = 0x0040
_DEFAULT = 0x0001
# The decoder hands every text format over as ASS: eight fields, then the text with its styling in braces.
_FIELDS_BEFORE_TEXT = 8
_STYLING = re.compile(r"\{[^{}]*\}")
_NO_LENGTH_S = 4.0


def embedded_captions(path: Path, *, language: str | None = None) -> Transcript | None:
    """Read the text subtitle track of a media file, None when it has none with text in it.

    Of several tracks the one in `language` (ISO 639-1) wins, then the one marked as default, then the first; forced
    tracks, which hold foreign-language lines only, and pictures of text are left aside.

    Raises NotFoundError when the file is missing, InputError when it may not be read, MediaError when it is no media.
    """
    with opened(path) as container:
        tracks = [s for s in container.streams.subtitles if _is_text(s)]
        tracks.sort(key=lambda s: (_language(s) != language, not s.disposition & _DEFAULT, s.index))
        if not tracks:
            return None
        segments = sorted(_segments(container, tracks[0]), key=lambda segment: segment.span)
        if not segments:
            return None
        return Transcript(_language(tracks[0]), tuple(segments), f"captions:{tracks[0].codec_context.name}")


def _is_text(stream: SubtitleStream) -> bool:
    context = stream.codec_context
    return context is not None and context.name in _TEXT_CODECS and not stream.disposition & _FORCED


def _language(stream: SubtitleStream) -> str:
    return language_code(stream.language or "")


def _segments(container: InputContainer, stream: SubtitleStream) -> list[Segment]:
    origin = origin_s(container)
    found: list[Segment] = []
    for packet in container.demux(stream):
        if packet.pts is None or not packet.size:
            continue
        try:
            lines = [line for part in packet.decode() if (line := _text(getattr(part, "ass", b"")))]
        except READ_ERRORS:
            continue
        start_s = max(0.0, presentation_s(packet.pts, packet.time_base, origin_s=origin))
        length_s = float((packet.duration or 0) * packet.time_base) or _NO_LENGTH_S
        if lines:
            found.append(Segment(Span(start_s, start_s + length_s), " ".join(lines)))
    return found


def _text(ass: bytes) -> str:
    fields = ass.decode("utf-8", "replace").split(",", _FIELDS_BEFORE_TEXT)
    if len(fields) <= _FIELDS_BEFORE_TEXT:
        return ""
    text = re.sub(r"\\[Nn]", "\n", _STYLING.sub("", fields[-1])).replace("\\h", " ")
    return plain_text(text)
