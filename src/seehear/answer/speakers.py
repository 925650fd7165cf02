"""Speakers that captions name: "what does Ada say about loops?" asks what is said, for nobody says her name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from seehear.store import MediaRow, Store

MOST_MEDIA = 60
_NAME = re.compile(r"(?<=\s)[A-Z][\w'’-]+(?:\s+[A-Z][\w'’.-]+){0,3}")


def read_speaker(text: str, store: Store, rows: Sequence[MediaRow]) -> tuple[str, tuple[MediaRow, ...], str]:
    """The question with a speaker's name as "the speaker", the recordings where only that one speaks, and the name.

    Where several speak, who says which sentence is not told apart, so nothing is ascribed to one of them. The question
    as it is, all recordings and no name where none is named, and where the name itself is said or shown.
    """
    for match in _NAME.finditer(text):
        asked = re.findall(r"[^\W_]+", match.group().lower())
        _, counts = store.counts([f'{{said shown}} : "{word}"' for word in asked])
        if all(counts):
            continue
        for name, found in _speakers(store, rows).items():
            if set(asked) <= set(re.findall(r"[^\W_]+", name.lower())):
                return f"{text[: match.start()]}the speaker{text[match.end() :]}", tuple(found), name
    return text, tuple(rows), ""


def _speakers(store: Store, rows: Sequence[MediaRow]) -> dict[str, list[MediaRow]]:
    found: dict[str, list[MediaRow]] = {}
    for row in rows[:MOST_MEDIA]:
        names = {event.speaker for event in store.timeline(row.id).of_kind("transcript") if event.speaker}
        if len(names) == 1:
            found.setdefault(names.pop(), []).append(row)
    return found
