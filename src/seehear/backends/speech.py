"""From recognised words to sentences, and the test of what was really said: pure functions, no model."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from statistics import fmean

from seehear.spans import Span
from seehear.values import Segment, Word
from seehear.words import count, is_paired

PAUSE_S = 1.6
"""A silence inside a sentence at least this long ends it, punctuation or not."""
LONG_WORDS = 40
"""A sentence longer than this is cut at its best inner pause."""
EDGE_WORDS = 5
"""No cut leaves fewer words than this on either side."""

_END = re.compile(r"[.!?…。！？]+[\"'”’»)\]]*$")
_NOT_AN_END = re.compile(
    r"(?:^|[\s(\"'“])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|vs|etc|e\.g|i\.e|cf|Fig|fig|No|Eq|approx|Jr|Sr|a\.m|p\.m)\.$"
)
# What Whisper writes into noise and music: sign-offs of the videos it was trained on.
_SIGN_OFF = re.compile(
    r"(?:thank(?:s| you)(?: (?:so|very) much)?(?: for (?:watching|listening|your attention))?|you|bye(?: bye)?|okay|oh|"
    r"no|yeah|yes|mmm?|ah|so|hmm|uh|um|the end|music|applause|please subscribe.*|(?:like and )?subscribe.*|"
    r"see you (?:next time|later).*|subtitles by.*|transcri(?:bed|ption) by.*|i'?m sorry|silence|amara org.*)"
)


def sentences(words: Sequence[Word]) -> list[Segment]:
    """Group words, in order of time, into sentences that span from their first word's start to their last word's end.

    A sentence ends at closing punctuation or before a silence of `PAUSE_S`; one of more than `LONG_WORDS` words is
    cut after a comma or at its longest inner pause.
    """
    groups: list[list[Word]] = []
    for word in words:
        if groups and not _ends(groups[-1]) and word.span.start_s - groups[-1][-1].span.end_s < PAUSE_S:
            groups[-1].append(word)
        else:
            groups.append([word])
    return [_segment(part) for group in groups for part in _cut_long(group)]


def _ends(group: Sequence[Word]) -> bool:
    text = group[-1].text.strip()
    return bool(_END.search(text)) and not (_NOT_AN_END.search(text) and len(text) > 1 and text != "I.")


def _cut_long(group: list[Word]) -> list[list[Word]]:
    # A recogniser without word times gives a whole line as one word: few of those are many signs, and stay together.
    if _length(group) <= LONG_WORDS or len(group) <= 2 * EDGE_WORDS:
        return [group]

    def worth(at: int) -> float:
        pause_s = group[at].span.start_s - group[at - 1].span.end_s
        comma = 0.35 if group[at - 1].text.rstrip().endswith((",", ";", ":", "，", "、")) else 0.0
        return pause_s + comma - abs(at / len(group) - 0.5) * 0.6

    cut = max(range(EDGE_WORDS, len(group) - EDGE_WORDS), key=worth)
    return _cut_long(group[:cut]) + _cut_long(group[cut:])


def _length(group: Sequence[Word]) -> int:
    """How many words a sentence has; of Chinese and Japanese, recognisers give every sign as one."""
    text = "".join(word.text for word in group)
    return count(text) if is_paired(text) else len(group)


def _segment(group: Sequence[Word]) -> Segment:
    text = " ".join("".join(word.text for word in group).split())
    words = tuple(Word(word.span, word.text.strip(), word.probability) for word in group)
    return Segment(Span(words[0].span.start_s, max(word.span.end_s for word in words)), text, words)


def repetitiveness(text: str) -> float:
    """Length over compressed length: 1 to 2 for speech, above 2.4 for a recogniser caught in a loop."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0


def is_sign_off(text: str) -> bool:
    """Tell whether the text is nothing but a phrase that recognisers invent where nobody speaks."""
    plain = re.sub(r"[^\w' ]+", " ", text.lower())
    return _SIGN_OFF.fullmatch(" ".join(plain.split())) is not None


def is_believable(segment: Segment, *, no_speech: float, logprob: float) -> bool:
    """Tell whether a sentence was really said, from the recogniser's own figures.

    `no_speech` in [0, 1] and `logprob` (mean per token, below 0) belong to the window the sentence came from. Word
    probabilities are those of the alignment. The thresholds were chosen on noise, tones, chords, drums and film music
    against real speech; docs/hearing.md lists what each one refuses.
    """
    words = segment.words
    trust = fmean(word.probability for word in words)
    if not re.search(r"\w", segment.text):
        return False
    if no_speech > 0.6 and (logprob < -0.7 or trust < 0.5):
        return False
    if trust < 0.25 or logprob < -1.3:
        return False
    if is_sign_off(segment.text) and (trust < 0.6 or no_speech > 0.3 or logprob < -0.8):
        return False
    # A loop of Hangul or Han signs may be a single word.
    if (len(words) >= 6 or is_paired(segment.text)) and repetitiveness(segment.text) > 2.8:
        return False
    # Nobody says ten words in a second: an alignment without time is text without sound.
    return len(words) < 4 or segment.span.duration_s >= 0.1 * len(words)
