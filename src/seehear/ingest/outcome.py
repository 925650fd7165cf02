"""What becomes of what was asked to be indexed or fetched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from seehear.errors import SeehearError

Status = Literal["indexed", "unchanged", "failed"]


@dataclass(frozen=True, slots=True)
class Indexed:
    """What became of one input of `Library.index`; `error` is set exactly when `status` is `failed`."""

    path: Path
    media: str
    title: str
    status: Status
    seconds: float
    events: int
    gaps: int
    error: SeehearError | None = None
    url: str = ""

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of one indexed input."""
        return {
            "path": str(self.path), "media": self.media, "title": self.title, "status": self.status,
            "seconds": round(self.seconds, 2), "events": self.events, "gaps": self.gaps,
            "error": None if self.error is None else str(self.error), "url": self.url or None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fetched:
    """A recording at an address; `path` and `media` are there once it is fetched."""

    title: str
    url: str
    path: Path | None = None
    media: str = ""
