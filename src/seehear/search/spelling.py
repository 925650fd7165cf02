"""Words of a question that nobody says or shows, taken for the word they were meant to be: "jason" for JSON.

Only a word that occurs nowhere in the library is touched, and only where another one sounds the same and is spelt
nearly so; a real word that merely looks alike ("break", "bread") is left alone, and so is a short one that differs in a
vowel ("date", "data"), of which most are words. The sound of a word is its consonants
in classes, after Russell's Soundex (US patent 1,261,167, 1918).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seehear.scripts import parted
from seehear.search.route import ASKING
from seehear.search.terms import FRAME, STOP, Terms
from seehear.store import MediaRow, Store

SHORTEST = 4
LONG = 8
MOST_MEDIA = 60
_WORD = re.compile(r"[^\W\d_]{3,}")
_SOUNDS = (("ph", "f"), ("ck", "k"), ("qu", "k"), ("sh", "s"), ("ch", "k"), ("ti", "s"), ("x", "ks"))
_CLASSES = str.maketrans("bfpvcgjkqszdtlmnr", "bfpfkkjkksstt" + "lmmr")
_SILENT = re.compile(r"(?<!^)[aeiouyhw]+")


@dataclass(frozen=True, slots=True)
class Mended:
    """A question with its slips mended, and what was taken for what."""

    text: str
    taken: tuple[tuple[str, str], ...] = ()


def mend(text: str, terms: Terms, store: Store, rows: Sequence[MediaRow]) -> Mended:
    """Take words that occur nowhere for those they sound like; strings wanted as typed stay as typed."""
    exact = " ".join(terms.exact).lower()
    doubtful = [
        word for word in terms.words
        if len(word) >= SHORTEST and word.isalpha() and word not in STOP | FRAME | ASKING and word not in exact
    ]  # fmt: skip
    if not doubtful:
        return Mended(text)
    _, counts = store.counts([f'{{title said shown}} : "{word}"' for word in doubtful])
    unknown = [word for word, count in zip(doubtful, counts, strict=True) if not count]
    if not unknown:
        return Mended(text)
    vocabulary: Counter[str] = Counter()
    for row in rows[:MOST_MEDIA]:
        told = " ".join(unit.text for unit in store.units(row.number).values())
        vocabulary.update(_WORD.findall(parted(told).lower()))
    taken = []
    for word in unknown:
        meant = _meant(word, vocabulary)
        if meant:
            text = re.sub(rf"\b{re.escape(word)}\b", meant, parted(text), flags=re.IGNORECASE)
            taken.append((word, meant))
    return Mended(text, tuple(taken))


def _meant(word: str, vocabulary: Counter[str]) -> str:
    sound, most = sound_of(word), 2 if len(word) >= LONG else 1
    near = [
        (distance, -count, other) for other, count in vocabulary.items()
        if abs(len(other) - len(word)) <= most and sound_of(other) == sound
        and (distance := slips(word, other)) <= most and not _swaps_vowel(word, other)
    ]  # fmt: skip
    return min(near)[2] if near else ""


def _swaps_vowel(word: str, other: str) -> bool:
    """Tell whether two short words of one length differ by another letter, rather than by letters changing places."""
    return len(word) == len(other) == SHORTEST and sorted(word) != sorted(other)


def alike(word: str, words: Iterable[str]) -> list[str]:
    """Which of these words a word may have been misheard as; none for short ones, which sound like too much."""
    if len(word) < SHORTEST or not word.isalpha():
        return []
    sound, most = sound_of(word), 2 if len(word) >= LONG else 1
    near = (other for other in words if abs(len(other) - len(word)) <= most and sound_of(other) == sound)
    return [other for other in near if slips(word, other) <= most]


def sound_of(word: str) -> str:
    """How a word sounds, roughly: its first letter and its consonants in classes, none twice in a row."""
    for written, heard in _SOUNDS:
        word = word.replace(written, heard)
    classes = _SILENT.sub("", word.translate(_CLASSES))
    return re.sub(r"(.)\1+", r"\1", classes)


def slips(one: str, other: str) -> int:
    """Letters put in, left out, changed or swapped with a neighbour that make one word of another (Damerau 1964)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, above, row = row, before, [i]
        for j, b in enumerate(other, start=1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, above[j - 2] + 1)
            row.append(best)
    return row[-1]
