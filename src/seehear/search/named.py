"""Things that a question calls by their name ("the break statement", `len()`): does anybody say or show them?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from seehear.search.spelling import alike
from seehear.search.terms import EMPTY, stem
from seehear.units import Unit
from seehear.words import parted

_NAME = r"([A-Za-z_][\w.]*)"
_CALLED = re.compile(rf"\b(?:the|an?)\s+{_NAME}\s+(?:statement|keyword)s?\b", re.IGNORECASE)
_CALLS = re.compile(rf"(?<![\w.]){_NAME}\(\)|`{_NAME}(?:\(\))?`")
_DESCRIBES = re.compile(r"(?:ing|[ts]ion|ment|al|ive|ous|ed|ic|able|ary|est|ly|ch|less|ful)$")
"""Endings of words that tell of what kind a thing is, rather than what it is called."""
_KINDS = frozenset(
    """main same new old first second third next last other only simple single whole given right wrong whatever python
    java javascript sql shell program code jump block loop thesis mission problem key search query test
    empty nested default secret magic word type data topic opening closing summary true false good bad best clear
    short long big small important common basic special reserved access storage class top bottom mathematical
    """.split()  # noqa: SIM905
)
_LONGEST = 40
_WORD = re.compile(r"[^\W\d_]{3,}")


def names(question: str) -> tuple[str, ...]:
    """The names of things in a question, in lower case: what stands before "statement" or "keyword", or as a call."""
    found = [
        match.group(1) for match in _CALLED.finditer(question)
        if match.group(1).lower() not in _KINDS | EMPTY and not _DESCRIBES.search(match.group(1).lower())
    ]  # fmt: skip
    found += [a or b for a, b in _CALLS.findall(question)]
    # Of "numpy.random.rand" people say the end.
    ends = (name.lower().strip("_.").rpartition(".")[2].strip("_") for name in found)
    return tuple(name for name in dict.fromkeys(ends) if 1 < len(name) <= _LONGEST)


def missing(wanted: Iterable[str], units: Iterable[Unit]) -> bool:
    """Tell whether one of these names occurs in no unit: as that very word, misheard, or in code run together.

    An inflection is not the thing: who says "see what breaks" has not told of `break`.
    """
    left = set(wanted)
    if not left:
        return False
    words: set[str] = set()
    for unit in units:
        left = {name for name in left if not _pattern(name, unit.kind == "visual").search(parted(unit.text))}
        if not left:
            return False
        words.update(_WORD.findall(parted(unit.text).lower()))
    return any(not any(stem(word) != stem(name) for word in alike(name, words)) for name in left)


# Names come from questions, of which a server sees any number.
@lru_cache(maxsize=256)
def _pattern(name: str, shown: bool) -> re.Pattern[str]:
    # People say "max length" for max_length, and reading pictures puts spaces in.
    spaced = r"[\s_.-]?".join(re.escape(letter) for letter in name.replace("_", ""))
    return re.compile(rf"{spaced}(?![^\W_])" if shown else rf"(?<![^\W_]){spaced}(?![^\W_])", re.IGNORECASE)
