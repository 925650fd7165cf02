"""The smallest thing that can be pointed at: one sentence that was said, or one block of text that was shown."""

from __future__ import annotations

from dataclasses import dataclass

from seehear.spans import Span
from seehear.values import EventKind, Passage


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence (`transcript`) or a block of screen text (`visual`) with its true span.

    `title` is the heading on screen at that time, `frame` the name of the kept picture.
    """

    kind: EventKind
    span: Span
    text: str
    title: str = ""
    frame: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """One timeline cut up for retrieval: units in order of time, passages, and per passage the units it holds."""

    units: tuple[Unit, ...]
    passages: tuple[Passage, ...]
    members: tuple[tuple[int, ...], ...]


def clean(text: str) -> str:
    """Text as it may be stored, printed and put into a prompt: no control characters, no lone surrogates."""
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text  # as nearly all are: letter by letter takes fifteen times as long
    kept = (c if c in "\n\t" or (c.isprintable() or c == "\u200d") else " " for c in text)
    return "".join(kept).encode("utf-8", "replace").decode("utf-8")
