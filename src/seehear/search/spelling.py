"""Words of a question that nobody says or shows, taken for the word they were meant to be: "jason" for JSON.

Only a word that occurs nowhere in the library is touched, and only where another one sounds the same and is spelt
nearly so, or differs by two neighbouring letters that changed places in a longer word; a real word that merely looks
alike ("break", "bread") is left alone, and so is a short one that differs in a vowel ("date", "data"; "peru",
"per"), of which most are words. What is written apart or together, "wait pid", is looked for the other way, too. The
sound of a word is its consonants in classes, after Russell's Soundex (US patent 1,261,167, 1918).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from seehear.search.route import ASKING
from seehear.search.terms import EMPTY, Terms
from seehear.store import MediaRow, Store
from seehear.words import parted

SHORTEST = 4
SWAPPED = 6
"""Letters of the shortest word of which two may have changed places, whatever it sounds like then."""
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
        if len(word) >= SHORTEST - 1 and word.isalpha() and word not in EMPTY | ASKING and word not in exact
    ]  # fmt: skip
    if not doubtful:
        return Mended(text)
    _, counts = store.counts([f'{{title said shown}} : "{word}"' for word in doubtful])
    unknown = [word for word, count in zip(doubtful, counts, strict=True) if not count]
    if not unknown:
        return Mended(text)
    told = " ".join(
        parted(" ".join(unit.text for unit in store.units(row.number).values())).lower() for row in rows[:MOST_MEDIA]
    )
    vocabulary = Counter(_WORD.findall(told))
    taken = []
    for word in unknown:
        if joined := _joined(word, text, vocabulary):
            text = re.sub(re.escape(joined), joined.replace(" ", ""), text, flags=re.IGNORECASE)
            taken.append((joined, joined.replace(" ", "")))
            continue
        if len(word) < SHORTEST:
            continue
        meant = _meant(word, vocabulary) or _parted(word, told, vocabulary)
        if meant:
            text = re.sub(rf"\b{re.escape(word)}\b", meant, parted(text), flags=re.IGNORECASE)
            taken.append((word, meant))
    return Mended(text, tuple(taken))


def _meant(word: str, vocabulary: Counter[str]) -> str:
    sound, most = sound_of(word), 2 if len(word) >= LONG else 1
    near = [
        (distance, -count, other) for other, count in vocabulary.items()
        if abs(len(other) - len(word)) <= most and (sound_of(other) == sound or _swapped(word, other))
        and (distance := slips(word, other)) <= most and not _swaps_vowel(word, other)
    ]  # fmt: skip
    return min(near)[2] if near else ""


def _swaps_vowel(word: str, other: str) -> bool:
    """Tell whether two short words differ by another letter or one less, rather than by letters changing places."""
    return len(word) == SHORTEST >= len(other) and sorted(word) != sorted(other)


def _swapped(word: str, other: str) -> bool:
    return len(word) >= SWAPPED and sorted(word) == sorted(other) and slips(word, other) == 1


def _joined(word: str, text: str, vocabulary: Counter[str]) -> str:
    """The word and its neighbour in the question, where the two together are a word that occurs: "wait pid"."""
    words = [found.lower() for found in re.findall(r"[^\W\d_]+", text)]
    for one, other in pairwise(words):
        if word in (one, other) and one + other in vocabulary and re.search(rf"\b{one} {other}\b", text, re.IGNORECASE):
            return f"{one} {other}"
    return ""


def _parted(word: str, told: str, vocabulary: Counter[str]) -> str:
    """The two words that stand side by side in what is told and make this one: "forkbomb"."""
    for cut in range(3, len(word) - 2):
        one, other = word[:cut], word[cut:]
        if one in vocabulary and other in vocabulary and re.search(rf"\b{one}[\s-]+{other}\b", told):
            return f"{one} {other}"
    return ""


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
