"""How near a written answer comes to a reference in words."""

from __future__ import annotations

import re
from collections import Counter

_MARK = re.compile(r"\[\d{1,3}:\d{2}(?::\d{2})?\]|\([^()]*\[\d{1,3}:\d{2}(?::\d{2})?\]\)|\(unconfirmed\)")
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = re.compile(r"[^\w\s]|_")


def bare(text: str) -> str:
    """An answer without the times and titles that are printed beside its sentences."""
    return " ".join(_MARK.sub(" ", text).split())


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
