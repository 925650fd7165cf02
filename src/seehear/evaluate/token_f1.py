"""How near a written answer comes to a reference in words."""

from __future__ import annotations

import re
from collections import Counter

_TIMES = re.compile(r"\[\d{1,3}:\d{2}(?::\d{2})?\](?:(?:, \[[\d:]+\])*(?: and \d+ more)?\))?")
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = re.compile(r"[^\w\s]|_")


def bare(text: str) -> str:
    """An answer without the times and titles that are printed beside its sentences."""
    kept = ""
    at = 0
    for times in _TIMES.finditer(text):
        kept += text[at : times.start()]
        at = times.end()
        if times.group().endswith(")"):
            opened = _opened(kept)
            kept, at = (kept[:opened], at) if opened >= 0 else (kept, at - 1)
    return " ".join((kept + text[at:]).replace("(unconfirmed)", " ").split())


def _opened(text: str) -> int:
    """Where the bracket stands that is still open at the end of a text, -1 where none is: titles hold some, too."""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] == ")") - (text[at] == "(")
        if depth < 0:
            return at
    return -1


def tokens(text: str) -> list[str]:
    """Words as SQuAD counts them: lower case, no punctuation, no articles (Rajpurkar et al. 2016)."""
    return _ARTICLE.sub(" ", _PUNCTUATION.sub(" ", bare(text).lower())).split()


def token_f1(text: str, reference: str) -> float:
    """Harmonic mean of the precision and the recall of shared tokens, in [0, 1] (Rajpurkar et al. 2016)."""
    shared = _shared(text, reference)
    if not shared:
        return 0.0
    precision, recall = shared / len(tokens(text)), shared / len(tokens(reference))
    return 2 * precision * recall / (precision + recall)


def token_recall(text: str, reference: str) -> float:
    """The share of the reference's tokens that the answer holds, in [0, 1]: a long answer costs nothing here."""
    return _shared(text, reference) / max(1, len(tokens(reference)))


def _shared(text: str, reference: str) -> int:
    return sum((Counter(tokens(text)) & Counter(tokens(reference))).values())
