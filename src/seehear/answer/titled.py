"""The recording that a question names by its title, "the video on dynamic padding": only that one is then asked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from seehear.search.terms import EMPTY, stem
from seehear.store import MediaRow
from seehear.words import words_of

LONGEST = 8
_ONE = r"(?:video|lecture|talk|recording|presentation|clip|lesson|session|episode|film)"
_AFTER = re.compile(rf"\b(?:the|this|that)\s+{_ONE}\s+(?:about|on|called|titled|named|entitled|of)\s+", re.IGNORECASE)
_BEFORE = re.compile(
    rf"\b(?:the|this|that)\s+((?:(?!(?:the|this|that)\b)[\w'’-]+\s+){{1,{LONGEST}}}?){_ONE}\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+")


def read_title(text: str, rows: Sequence[MediaRow]) -> tuple[str, tuple[MediaRow, ...]]:
    """The question without the title it names, and the recordings with that title; as it is with all where none is.

    A title counts as named where it holds all the words that stand for it, as many as there are.
    """
    if len(rows) < 2:
        return text, tuple(rows)
    titles = {row.id: {stem(word) for word in words_of(row.title.replace("_", " "))} for row in rows}
    for start, end, words in _named(text):
        sought = {stem(word) for word in words}
        found = tuple(row for row in rows if sought <= titles[row.id])
        if found and len(found) < len(rows):
            return f"{text[:start]}the recording{text[end:]}", found
    return text, tuple(rows)


def _named(text: str) -> list[tuple[int, int, list[str]]]:
    """What may be a title, the longest first: where it stands in the text, and its words."""
    found = []
    for match in _AFTER.finditer(text):
        held = list(_WORD.finditer(text, match.end()))[:LONGEST]
        for count in range(len(held), 0, -1):
            words = [word.group().lower() for word in held[:count]]
            if not any(word in EMPTY for word in (words[0], words[-1])) or words[0] in ("the", "a", "an"):
                found.append((match.start(), held[count - 1].end(), [w for w in words if w not in EMPTY]))
    for match in _BEFORE.finditer(text):
        words = [word.lower() for word in _WORD.findall(match.group(1))]
        found.append((match.start(), match.end(), [word for word in words if word not in EMPTY]))
    return [(start, end, words) for start, end, words in found if words]
