"""Words that tell no subject: of the language itself, and of a question about the recording."""

from __future__ import annotations

from seehear.search.terms import FRAME, STOP, stem

EMPTY = STOP | FRAME
FRAME_STEMS = frozenset(stem(word) for word in FRAME)
