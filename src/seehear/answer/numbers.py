"""Numbers as they are written and as they are spoken: "1,200" and "one thousand two hundred" are the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_SMALL = {
    word: value
    for value, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen""".split()  # noqa: SIM905 - as text it wraps
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate(
        ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), start=2
    )
}
LARGEST = 10**15
"""Nobody speaks of more; who says "hundred" a thousand times says no number."""
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its `value` as digits and the lower-case words up to three places before and after it."""

    value: str
    words: tuple[str, ...]


def numbers_of(text: str) -> list[Number]:
    """The numbers of a text in order; a lone "one" is a pronoun more often than a number and is left out."""
    tokens = _TOKEN.findall(text)
    found: list[Number] = []
    at = 0
    while at < len(tokens):
        value, size = _read(tokens, at)
        if size:
            around = [*tokens[max(0, at - 3) : at], *tokens[at + size : at + size + 3]]
            found.append(Number(value, tuple(word.lower() for word in around if not word[0].isdigit())))
        at += max(size, 1)
    return found


def _read(tokens: list[str], at: int) -> tuple[str, int]:
    """The number that begins at a token and how many tokens it takes, 0 where none begins."""
    token = tokens[at]
    if token[0].isdigit():
        return _digits(token), 1
    total = part = 0
    size = 0
    for word in (t.lower() for t in tokens[at:]):
        if word in _SMALL and (not size or part % 10 == 0):
            part += _SMALL[word]
        elif word in _TENS and (not size or part % 100 == 0):
            part += _TENS[word]
        elif word in _SCALES and size and total + part * _SCALES[word] <= LARGEST:
            part = max(part, 1) * _SCALES[word]
            if word != "hundred":
                total, part = total + part, 0
        elif not (word == "and" and size and tokens[at + size - 1].lower() in _SCALES):
            break
        size += 1
    while size and tokens[at + size - 1].lower() == "and":
        size -= 1
    if not size or (size == 1 and token.lower() in ("one", "zero")):
        return "", 0
    if at + size + 1 < len(tokens) and tokens[at + size].lower() == "point":
        places = []
        for word in (t.lower() for t in tokens[at + size + 1 :]):
            if _SMALL.get(word, 10) > 9:
                break
            places.append(str(_SMALL[word]))
        if places:
            return f"{total + part}.{''.join(places)}", size + 1 + len(places)
    return str(total + part), size


def _digits(token: str) -> str:
    plain = re.sub(r",(?=\d{3}(?:\D|$))", "", token)
    return plain.lstrip("0") or "0" if plain.isdigit() else plain


def suffixed(place: int) -> str:
    """A place from 1 as it is written in digits: "1st", "22nd", "113th"."""
    teen = place % 100 in (11, 12, 13)
    return f"{place}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(place % 10, 'th')}"
