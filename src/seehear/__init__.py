"""seehear: ask your videos, and get answers with timestamps that are true.

import seehear

talk = seehear.open("lecture.mp4")
answer = talk.ask("when are functions explained?")
print(answer.text, answer.moments[0].start_s)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from seehear.errors import SeehearError
from seehear.spans import Span, clock
from seehear.timeline import Timeline
from seehear.values import Answer, Citation, Event, Gap, Media, Moment, Turn

if TYPE_CHECKING:
    from seehear.library import Library, Recording

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "Citation",
    "Event",
    "Gap",
    "Library",
    "Media",
    "Moment",
    "Recording",
    "SeehearError",
    "Span",
    "Timeline",
    "Turn",
    "ask",
    "clock",
    "open",
]


def open(media: str | os.PathLike[str], *, home: str | os.PathLike[str] | None = None, **settings: Any) -> Recording:
    """Hold one recording in the hand; settings are those of `seehear.Library`."""
    from seehear.library import Library

    return Library(home, **settings).open(media)


def ask(
    media: str | os.PathLike[str], question: str, *, home: str | os.PathLike[str] | None = None, **settings: Any
) -> Answer:
    """Ask one recording one question."""
    from seehear.library import Library

    with Library(home, **settings) as library:
        return library.open(media).ask(question)


def __getattr__(name: str) -> Any:
    # Only who asks for the Library pays for what it needs.
    if name in ("Library", "Recording"):
        from seehear import library

        return getattr(library, name)
    raise AttributeError(f"module 'seehear' has no attribute {name!r}")
