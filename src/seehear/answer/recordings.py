"""The recordings that a question is asked of: those it is given, those it names by their title, or by who speaks.

"The video on dynamic padding" is that one alone; "what does Ada say about loops?" asks what is said, for nobody says
her name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from seehear.answer.numbers import ORDINALS
from seehear.errors import NotFoundError
from seehear.search.terms import EMPTY, stem
from seehear.store import MediaRow, Store
from seehear.words import words_of

LONGEST = 8
_ONE = r"(?:video|lecture|talk|recording|presentation|clip|lesson|session|episode|film)"
_AFTER = re.compile(rf"\b(?:the|this|that)\s+{_ONE}\s+(?:about|on|called|titled|named|entitled|of)\s+", re.IGNORECASE)
_BEFORE = re.compile(
    rf"\b(?:the|this|that)\s+((?:(?!(?:the|this|that)\b)[\w'’-]+\s+){{1,{LONGEST}}}?){_ONE}\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+")
_CARDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBER = {word: n for words in (_CARDINALS, ORDINALS) for n, word in enumerate(words, start=1)}
_COUNTED = r"(?P<what>video|lecture|talk|recording|presentation|lesson|session|episode|week|class|unit)"
_ALSO_TAUGHT = ("class", "unit", "week", "session")
"""What a lecture may speak of itself: only a title that says so is meant."""
_NTH = (
    re.compile(rf"\b(?:the|my|our)\s+(?P<number>{'|'.join(ORDINALS)}|\d{{1,3}}(?:st|nd|rd|th))\s+{_COUNTED}\b", re.I),
    re.compile(
        rf"\b(?:the\s+)?{_COUNTED}\s+(?:number\s+|no\.?\s*)?(?P<number>\d{{1,3}}|{'|'.join(_CARDINALS)})\b(?!:)", re.I
    ),
)
MOST_MEDIA = 60
_NAME = re.compile(r"(?<=\s)[A-Z][\w'’-]+(?:\s+[A-Z][\w'’.-]+){0,3}")


def rows_of(store: Store, media: Sequence[str] | None) -> tuple[MediaRow, ...]:
    """The recordings with these ids, each once, all of them where None. Raises NotFoundError when one is not there."""
    rows = store.media()
    if media is None:
        return tuple(rows)
    known = {row.id: row for row in rows}
    if missing := [one for one in media if one not in known]:
        raise NotFoundError(f"no media {missing[0][:12]} in this library", hint="seehear library lists what is")
    return tuple(known[one] for one in dict.fromkeys(media))


def read_title(text: str, rows: Sequence[MediaRow]) -> tuple[str, tuple[MediaRow, ...]]:
    """The question without the title it names, and the recordings with that title; as it is with all where none is.

    A title counts as named where it holds all the words that stand for it, as many as there are, or the number: "the
    second lecture" is the one titled "Lecture 2", "lec02", "02 Functions" or with no other number than 2.
    """
    if len(rows) < 2:
        return text, tuple(rows)
    counted = [match for pattern in _NTH for match in pattern.finditer(text)]
    # Of two that are compared neither is the only one asked.
    for match in counted if len(counted) == 1 else ():
        found = _numbered(rows, match["what"].lower(), match["number"].lower())
        if found and len(found) < len(rows):
            return f"{text[: match.start()]}the recording{text[match.end() :]}", found
    titles = {row.id: {stem(word) for word in words_of(row.title.replace("_", " "))} for row in rows}
    for start, end, words in _named(text):
        sought = {stem(word) for word in words}
        found = tuple(row for row in rows if sought <= titles[row.id])
        if found and len(found) < len(rows):
            return f"{text[:start]}the recording{text[end:]}", found
    return text, tuple(rows)


def _numbered(rows: Sequence[MediaRow], what: str, number: str) -> tuple[MediaRow, ...]:
    """The recordings that are titled as that number of its kind: by the kind's name, at the front, else anywhere."""
    count = _NUMBER.get(number) or int(re.sub(r"\D", "", number))

    def is_called(row: MediaRow) -> bool:
        names = re.findall(r"([a-z]+)[\W_]*0*(\d+)", row.title.lower())
        return any(what.startswith(name) and int(n) == count for name, n in names)

    called = tuple(row for row in rows if is_called(row))
    if called or what in _ALSO_TAUGHT:
        return called
    first = {row.id: int(match[1]) for row in rows if (match := re.match(r"\W*(\d{1,3})(?!\d)", row.title))}
    # Where they are counted from 0, the first lecture is not lecture 1.
    at = count - 1 if 0 in first.values() and not number.isdigit() and number not in _CARDINALS else count
    if begins := tuple(row for row in rows if first.get(row.id) == at):
        return begins
    return tuple(row for row in rows if [int(n) for n in re.findall(r"\d+", row.title)] == [count])


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
