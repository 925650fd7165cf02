"""What a speaker says is coming: "let's look at attention", "in this lesson we learn how to bake bread"."""

from __future__ import annotations

import re

from seehear.answer.phrases import own_stems
from seehear.search.terms import STOP

MOST_WORDS = 6
_ANNOUNCES = re.compile(
    r"\b(?:let(?:['’]?s| us| me)|we(?:['’]ll|['’]re| will| are| shall)|i(?:['’]ll|['’]m| will| want| would)|now|next"
    r"|today|(?:this|the next|in this) (?:video|lesson|section|part|chapter|lecture))\b[^.?!,;:]{0,30}?"
    r"\b(?:talk(?:ing)? about|look(?:ing)? at|discuss(?:ing)?|cover(?:ing)?|learn(?:ing)? (?:about|how to)"
    r"|explor(?:e|ing)|turn(?:ing)? to|mov(?:e|ing) on to|introduc(?:e|ing)|focus(?:ing)? on|start(?:ing)? with"
    r"|begin(?:ning)? with|see how to|show(?:ing)? you how to|is about|come to|go(?:ing)? over)\s+([^.?!,;:]{3,90})",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\s+(?:and then|and see|so|because|which|that|who|where|when|while|if|in this|in order|today|now|together|first"
    r"|as well|right|okay|before|after|here|from|but|or)\b.*$",
    re.IGNORECASE,
)
_LEADS = re.compile(r"^(?:(?:the|a|an|some|our|your|how we can|how you can|what is|what are)\s+)+", re.IGNORECASE)
_POINTS = re.compile(
    r"^(?:its?|this|that|these|those|one|what|how|why|something|another)\b|\b(?:i|it|them|they|you|we|him|her|me)\b",
    re.IGNORECASE,
)


def announced(text: str) -> list[str]:
    """The subjects that a sentence announces by name, at most `MOST_WORDS` words each."""
    found = []
    for match in _ANNOUNCES.finditer(text):
        words = _LEADS.sub("", _ENDS.sub("", match.group(1).strip())).split()
        while words and words[-1].lower() in STOP:
            words.pop()
        subject = " ".join(words)
        if (
            words
            and len(words) <= MOST_WORDS
            and words[0].lower() not in STOP
            and own_stems(subject)
            and not _POINTS.search(subject)
        ):
            found.append(subject)
    return found
