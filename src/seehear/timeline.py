"""The timeline: what was seen and heard in one media, by time. The lasting contract; everything else is rebuildable."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seehear.errors import InputError, LibraryVersionError
from seehear.spans import Span
from seehear.values import Chapter, Event, EventKind, Gap, Media, Word

VERSION = 1


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events ordered by start time, and the gaps: what could not be seen or heard."""

    media: Media
    events: tuple[Event, ...]
    gaps: tuple[Gap, ...] = ()

    @classmethod
    def build(cls, media: Media, events: Iterable[Event], gaps: Iterable[Gap] = ()) -> Timeline:
        """Merge what was seen and heard by time; on equal starts the picture comes before the words."""
        order = {"visual": 0, "transcript": 1}
        merged = sorted(events, key=lambda e: (e.span.start_s, order[e.kind], e.span.end_s, e.text))
        return cls(media, tuple(merged), tuple(sorted(gaps, key=lambda g: (g.span, g.stage, g.reason))))

    def of_kind(self, kind: EventKind) -> Iterator[Event]:
        """The events of one kind, in order."""
        return (event for event in self.events if event.kind == kind)

    def within(self, span: Span) -> tuple[Event, ...]:
        """The events that share time with `span`."""
        return tuple(e for e in self.events if e.span.overlap_s(span) > 0 or span.contains(e.span.start_s))

    def screen_at(self, time_s: float) -> Event | None:
        """The visual event that is on screen at `time_s`, None where nothing was seen."""
        shown = [e for e in self.of_kind("visual") if e.span.contains(time_s)]
        return shown[-1] if shown else None

    def to_text(self) -> str:
        """One line per event, `[m:ss] visual: …` or `[m:ss] transcript: …`."""
        return "\n".join(event.line for event in self.events)

    def to_dict(self) -> dict[str, Any]:
        """The documented JSON shape, version 1."""
        media = self.media
        return {
            "version": VERSION,
            "media": {
                "id": media.id, "title": media.title, "duration_s": round(media.duration_s, 3), "kind": media.kind,
                "path": str(media.path), "size_bytes": media.size_bytes, "has_video": media.has_video,
                "has_audio": media.has_audio, "width_px": media.width_px, "height_px": media.height_px,
                "chapters": [
                    {"start_s": c.span.start_s, "end_s": c.span.end_s, "title": c.title} for c in media.chapters
                ],
                "warnings": list(media.warnings),
            },
            "events": [_event_to_dict(event) for event in self.events],
            "gaps": [
                {"start_s": g.span.start_s, "end_s": g.span.end_s, "stage": g.stage, "reason": g.reason}
                for g in self.gaps
            ],
        }  # fmt: skip

    def to_json(self) -> str:
        """The timeline as JSON text, readable back by `from_json`."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Timeline:
        """Read what `to_json` wrote.

        Raises InputError when it is not a timeline, LibraryVersionError when a newer seehear wrote it.
        """
        try:
            data = json.loads(text)
            version = int(data["version"])
            if version > VERSION:
                raise LibraryVersionError(
                    f"this timeline has version {version}, this seehear reads up to {VERSION}",
                    hint="pip install --upgrade seehear",
                )
            return cls(_media(data["media"]), tuple(map(_event, data["events"])), tuple(map(_gap, data["gaps"])))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"this is not a seehear timeline: {error}") from error

    def to_srt(self) -> str:
        """What was said, as SubRip subtitles."""
        from seehear.captions import to_srt

        return to_srt(self.of_kind("transcript"))

    def to_vtt(self) -> str:
        """What was said, as WebVTT subtitles."""
        from seehear.captions import to_vtt

        return to_vtt(self.of_kind("transcript"))


def _event_to_dict(event: Event) -> dict[str, Any]:
    row: dict[str, Any] = {
        "start_s": event.span.start_s, "end_s": event.span.end_s, "kind": event.kind, "text": event.text,
        "via": event.via,
    }  # fmt: skip
    optional = {
        "title": event.title, "screen": event.screen, "frame": event.frame, "reason": event.reason,
        "speaker": event.speaker,
    }  # fmt: skip
    row.update({key: value for key, value in optional.items() if value})
    if event.words:
        row["words"] = [
            {"start_s": w.span.start_s, "end_s": w.span.end_s, "text": w.text, "probability": w.probability}
            for w in event.words
        ]
    return row


def _span(row: dict[str, Any]) -> Span:
    return Span(float(row["start_s"]), float(row["end_s"]))


def _event(row: dict[str, Any]) -> Event:
    if row["kind"] not in ("visual", "transcript"):
        raise ValueError(f"unknown kind {row['kind']!r}")
    words = tuple(Word(_span(w), str(w["text"]), float(w["probability"])) for w in row.get("words", ()))
    return Event(
        _span(row), row["kind"], str(row["text"]), str(row["via"]), words, row.get("speaker"),
        str(row.get("title", "")), str(row.get("screen", "")), str(row.get("frame", "")), str(row.get("reason", "")),
    )  # fmt: skip


def _gap(row: dict[str, Any]) -> Gap:
    return Gap(_span(row), str(row["stage"]), str(row["reason"]))


def _media(row: dict[str, Any]) -> Media:
    chapters = tuple(Chapter(_span(c), str(c["title"])) for c in row.get("chapters", ()))
    return Media(
        id=str(row["id"]), path=Path(row.get("path", "")), title=str(row["title"]), kind=row.get("kind", "video"),
        duration_s=float(row["duration_s"]), size_bytes=int(row.get("size_bytes", 0)),
        has_video=bool(row.get("has_video")), has_audio=bool(row.get("has_audio")),
        width_px=int(row.get("width_px", 0)), height_px=int(row.get("height_px", 0)),
        chapters=chapters, warnings=tuple(row.get("warnings", ())),
    )  # fmt: skip
