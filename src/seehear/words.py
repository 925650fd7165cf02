"""Words of a text, also where its script puts no spaces between them: Chinese, Japanese and Korean.

A run of Han, kana or Hangul signs is cut into overlapping pairs, as Lucene's CJKAnalyzer does. What is looked up and
what it is looked up in must be cut alike, so that this happens here and nowhere else. Text without such signs stays as
it is, byte for byte.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
KANA = "\u3041-\u3096\u309d\u309e\u30a1-\u30fa\u30fc-\u30fe"
HANGUL = "\uac00-\ud7a3"
_SIGN = f"{HAN}{KANA}{HANGUL}"
# Half-width kana and single jamo become the signs above when text is normalised.
_ANY = f"[{_SIGN}\u1100-\u11ff\u3131-\u318e\uff66-\uff9f]"
_WORD = re.compile(r"[^\W_]+")
_PART = f"[{_SIGN}]+|[^{_SIGN}]+"
_SEAM = f"(?<=[{_SIGN}])(?=[^\\W_{_SIGN}])|(?<=[^\\W_{_SIGN}])(?=[{_SIGN}])"
_PIECE = f"[{HAN}{KANA}]{{1,2}}[^\\s\\w]*|[^\\s{HAN}{KANA}]+"
_SPACED = re.compile(r"\S+")
_FIRST_EDGE = "\u3001"
_EDGE = f"[{HAN}{KANA}{_FIRST_EDGE}-\u3003\u3008-\u3011\uff01-\uff1f]"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # Sets of thousands of signs take milliseconds each to compile: most texts and questions need none of them.
    return re.compile(pattern)


def is_paired(text: str) -> bool:
    """Tell whether any of a text is cut into pairs of signs."""
    return not text.isascii() and _compiled(_ANY).search(text) is not None


def normal(text: str) -> str:
    """Text with one form for each sign: half-width kana made wide, wide Latin made plain, jamo joined (NFKC)."""
    return unicodedata.normalize("NFKC", text) if is_paired(text) else text


def words_of(text: str) -> list[str]:
    """Every word of a text in order, in lower case: runs of such signs as overlapping pairs, a lone sign as it is."""
    return _words(text, single=False)


def indexed_words(text: str) -> list[str]:
    """Every word that a text can be found by: what `words_of` returns, and each sign of a run alone."""
    return _words(text, single=True)


def as_indexed(text: str) -> str:
    """Text for an index that parts words at spaces: it finds what `indexed_words` returns; pairs stand in a row."""
    if not is_paired(text):
        return text
    return _compiled(_PART).sub(lambda part: f" {' '.join(_signs(part.group(), single=True))} ", normal(text))


def parted(text: str) -> str:
    """Text with a space wherever such signs meet Latin letters or digits: "len은" is `len` and a particle."""
    return _compiled(_SEAM).sub(" ", text) if is_paired(text) else text


def pieces(text: str) -> list[re.Match[str]]:
    """What stands for a word where lengths are counted: words between spaces; of Han and kana, two signs."""
    return list(_pieces_in(text).finditer(text))


def count(text: str) -> int:
    """How many words a text has, two signs of Han or kana for one."""
    return len(_pieces_in(text).findall(text))


def _pieces_in(text: str) -> re.Pattern[str]:
    return _compiled(_PIECE) if is_paired(text) else _SPACED


def joint(before: str, after: str) -> str:
    """What stands between two lines of captions: a space, but none within Chinese and Japanese."""
    edges = before[-1:], after[:1]
    return "" if all(edge >= _FIRST_EDGE and _compiled(_EDGE).match(edge) for edge in edges) else " "


def joined(texts: Iterable[str]) -> str:
    """Sentences in a row, with what `joint` puts between them."""
    whole = ""
    for text in texts:
        whole += joint(whole, text) + text if whole else text
    return whole


def _words(text: str, *, single: bool) -> list[str]:
    if not is_paired(text):
        return _WORD.findall(text.lower())
    parts = (part for word in _WORD.findall(normal(text).lower()) for part in _compiled(_PART).findall(word))
    return [word for part in parts for word in _signs(part, single=single)]


def _signs(part: str, *, single: bool) -> list[str]:
    if len(part) == 1 or _compiled(_ANY).match(part) is None:
        return [part]
    return [part[i : i + 2] for i in range(len(part) - 1)] + (list(part) if single else [])
