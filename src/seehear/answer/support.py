"""Whether the evidence quoted beside a sentence supports it: told by rule, from the quotes alone.

This looks at an answer from outside, as a reader does who has the sentence and its quotes and nothing else. It is
stricter than `seehear.answer.evidence.examine`, which decides while an answer is written and sees all excerpts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from seehear.answer.evidence import support
from seehear.backends.protocols import Embedder
from seehear.fences import plain, rounded
from seehear.search.terms import FRAME_STEMS, content_stems

UNCONFIRMED = "(unconfirmed)"
"""What is printed behind a sentence that its citations do not bear out."""
ENOUGH_WORDS = 0.75
SOME_WORDS = 0.5
ENOUGH_COSINE = 0.65

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_QUOTE = re.compile(r"“([^”]+)”")
_NAME = re.compile(r"(?<![.!?:“\"]\s)(?<!^)\b(?:[A-Z][\w'’-]+|[A-Z]{2,}|\w*_\w+|\w+\(\))")
_NOT = re.compile(r"\b(?:not|never|no|none|nothing|nobody|cannot|without)\b|n['’]t\b", re.IGNORECASE)
_ELLIPSIS = " .,;:!?…"


@dataclass(frozen=True, slots=True)
class Support:
    """Whether quotes support a sentence, and `reason` why: what it rests on, or what is missing."""

    holds: bool
    reason: str


def judge(
    sentence: str, quotes: Sequence[str], *, question: str = "", embedder: Embedder | None = None
) -> Support:  # fmt: skip
    """Judge one sentence, without the times behind it, by the texts that it cites, in this order.

    No quote: not supported. A quotation inside “…” must stand word for word in the quotes, and then what frames it is
    taken from the question. Else every number and every name must occur in the quotes or in the question; no negation
    may be new in it; and of its content words, those of the question counting less, three quarters must be held by the
    quotes, or half when its vector is near theirs (`ENOUGH_COSINE`).
    """
    said = " ".join(sentence.split())
    if not quotes:
        return Support(False, "no citation")
    joined = plain(" ".join(quotes))
    quoted = _QUOTE.findall(said)
    if quoted:
        flat = _flat(rounded(joined))
        strange = [part for part in quoted if _flat(rounded(part)).strip(_ELLIPSIS) not in flat]
        return Support(False, f"not a quotation: {strange[0]}") if strange else Support(True, "quoted word for word")
    missing = _missing(_NUMBER, said, joined, question)
    if missing:
        return Support(False, f"number not in the quote: {missing}")
    missing = _missing(_NAME, said, joined, question)
    if missing:
        return Support(False, f"name not in the quote: {missing}")
    if _NOT.search(said) and not (_NOT.search(joined) or _NOT.search(question)):
        return Support(False, "a negation that the quote does not have")
    words = [s for s in dict.fromkeys(content_stems(said)) if s not in FRAME_STEMS]
    if not words:
        return Support(False, "says nothing")
    share = support(words, set(content_stems(question)), joined)
    if share >= ENOUGH_WORDS:
        return Support(True, f"{share:.0%} of its words are in the quote")
    near = _cosine(said, quotes, embedder) if share >= SOME_WORDS and embedder is not None else 0.0
    if near >= ENOUGH_COSINE:
        return Support(True, f"{share:.0%} of its words are in the quote, which means the same ({near:.2f})")
    return Support(False, f"only {share:.0%} of its words are in the quote")


def _missing(pattern: re.Pattern[str], said: str, joined: str, question: str) -> str:
    there = _flat(f"{joined} {question}")
    found = (re.sub(r"['’]s?$", "", part) for part in pattern.findall(said))
    return next((part for part in found if _flat(part) not in there), "")


def _flat(text: str) -> str:
    return " ".join(text.casefold().split())


def _cosine(said: str, quotes: Sequence[str], embedder: Embedder) -> float:
    rows = embedder.embed([said, *quotes])
    return float((rows[1:] @ rows[0]).max())
