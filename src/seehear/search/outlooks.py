"""Slides that name every topic and explain none: what will come, and what there was."""

from __future__ import annotations

import re
from functools import lru_cache

from seehear.search.terms import stem

STEMS = frozenset(
    stem(word)
    for word in ("agenda", "outline", "overview", "contents", "roadmap", "syllabus", "summary", "recap", "conclusion")
)
"""What such a slide is called, and what a question that asks for it names."""
_AHEAD = re.compile(
    r"""\b(?:agenda|outline|overview|contents|roadmap|syllabus)\b
    |^\W*(?:topics|today|plan|goals|objectives)\b
    |\b(?:learning|lesson|today['’]?s|our|course)\ (?:goals?|objectives?|outcomes?|topics|plan)\b
    |\bwhat\ (?:we|you|i)(?:['’]ll|['’]re|\ (?:will|shall|are|can))\ (?:be\ |going\ to\ )?
        (?:cover|learn|see|do|discuss|talk|look|study)\w*""",
    re.IGNORECASE | re.VERBOSE,
)
_BACK = re.compile(
    r"""\b(?:summary|recap|conclusions?|key\ takeaways)\b|^\W*takeaways\b
    |\bwhat\ (?:we|you)(?:['’]ve|\ have)?\ (?:covered|learn(?:ed|t)|seen|discussed|done)\b""",
    re.IGNORECASE | re.VERBOSE,
)


def looks_ahead(title: str) -> bool:
    """Tell by its title whether a slide names what will come: "Agenda", "What we will cover"."""
    return _AHEAD.search(title) is not None


@lru_cache(maxsize=4096)
def is_outlook(title: str) -> bool:
    """Tell by its title whether a slide looks ahead, or back as "Summary" does."""
    return looks_ahead(title) or _BACK.search(title) is not None
