"""Titles for stretches of speech: what is announced at their beginning, else the phrase nearest to what is said.

Choosing the phrase whose vector is nearest to that of the text follows Bennani-Smires et al., "EmbedRank" (2018);
taking off how near it is to the other stretches makes titles tell them apart.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seehear.backends.protocols import Embedder
from seehear.scripts import is_paired, pieces
from seehear.search.cues import kernels
from seehear.search.evidence import weights_of
from seehear.search.terms import FRAME, STOP, stem
from seehear.units import Cut, Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CANDIDATES = 30
LONGEST_WORDS = 4
LONGEST_SIGNS = 8
"""Longer runs without a space are clauses rather than names."""
FIRST_WORDS = 6
ANNOUNCED_WORDS = 7
ANNOUNCED_S = 40.0
OTHERS = 0.5
OFTEN = 0.08
LONGER = 0.12
_FILLER = frozenset(
    """actually anything back bit
    come comes coming course different end ends essentially etc everything gonna good going
    great important kind know later let little long look looking lot lots maybe new nice okay ok
    alright instead mostly therefore problem put quite
    reason right simply something sort sure take takes talk today tomorrow try two three video want way ways whatever
    whole word words work works yeah yes yet""".split()  # noqa: SIM905 - as text it wraps
)
_DULL = STOP | FRAME | _FILLER
_INNER = frozenset({"a", "an", "and", "for", "in", "of", "on", "the", "to", "with"})
_WORD = re.compile(r"[^\W_][\w'’+#.-]*[^\W_]|[^\W_]", re.UNICODE)
_CLAUSE = re.compile(r"[,.;:!?()\n、。，；：！？]")
_ANNOUNCED = re.compile(
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
    r"^(?:its?|this|that|these|those|one|what|something|another)\b|\b(?:i|it|them|they|you|we|him|her|me)\b",
    re.IGNORECASE,
)


def titles(
    made: Cut, parts: Sequence[Sequence[int]], vectors: NDArray[np.float32] | None, embedder: Embedder | None
) -> list[str]:
    """One title per part, whose units are given by their ordinals; no two alike where that can be had."""
    tables = [_phrases([made.units[i] for i in part]) for part in parts]
    near = _nearness(tables, parts, vectors, embedder)
    spread = Counter(phrase for table in tables for phrase in table)
    used: set[str] = set()
    found = []
    for part, table, cosines in zip(parts, tables, near, strict=True):

        def worth(
            phrase: tuple[str, ...],
            table: Counter[tuple[str, ...]] = table,
            cosines: dict[tuple[str, ...], float] = cosines,
        ) -> float:
            if cosines:
                return cosines.get(phrase, -1.0) + OFTEN * math.log(table[phrase]) + LONGER * (len(phrase) > 1)
            return _rarity(phrase, table, spread, len(parts))

        title = _announced([made.units[i] for i in part], used)
        if not title:
            best = sorted(table, key=lambda p: (-worth(p), p))
            fresh = [p for p in best if not used & _stems(p)] or best
            title = " ".join(fresh[0]) if fresh else _beginning(made.units[part[0]].text)
            if len(fresh) > 1 and len(title.split()) == 1:
                # One word alone says little: the next best that is another joins it.
                second = next((p for p in fresh[1:] if not _stems(p) & _stems(fresh[0])), ())
                title = f"{title}, {' '.join(second)}" if second else title
        used |= _stems(_WORD.findall(title))
        found.append(title[:1].upper() + title[1:])
    return found


def _beginning(text: str) -> str:
    line = " ".join(text.split())
    return line[: pieces(line)[:FIRST_WORDS][-1].end()] if line else ""


def _stems(words: Sequence[str]) -> set[str]:
    return {stem(word.lower()) for word in words if word.lower() not in _DULL}


def _announced(units: Sequence[Unit], used: set[str]) -> str:
    """What the first sentences say they come to, where it names something and was not said before."""
    start_s = units[0].span.start_s
    for unit in units:
        if unit.span.start_s - start_s > ANNOUNCED_S:
            break
        for match in _ANNOUNCED.finditer(unit.text):
            phrase = _LEADS.sub("", _ENDS.sub("", match.group(1).strip())).strip()
            words = phrase.split()
            while words and words[-1].lower() in STOP:
                words.pop()
            own = _stems(_WORD.findall(" ".join(words)))
            raw = [word.lower() for word in _WORD.findall(" ".join(words))]
            names = not own <= used and any(word not in _DULL and not word.endswith("ly") for word in raw)
            if names and len(words) <= ANNOUNCED_WORDS and not _POINTS.search(" ".join(words)):
                return " ".join(words)
    return ""


def _rarity(
    phrase: tuple[str, ...], table: Counter[tuple[str, ...]], spread: Counter[tuple[str, ...]], n: int
) -> float:
    idf = weights_of(n, [float(spread[phrase])])[0] + 0.2
    named = 1.3 if phrase[0][:1].isupper() else 1.0
    return float(table[phrase]) * idf * (1.0 + 0.9 * (len(phrase) - 1)) * named


def _rarest(table: Counter[tuple[str, ...]], spread: Counter[tuple[str, ...]], n: int) -> list[tuple[str, ...]]:
    """The best phrases of one part, of which nearness is worth working out."""
    return sorted(table, key=lambda phrase: (-_rarity(phrase, table, spread, n), phrase))[:CANDIDATES]


def _nearness(
    tables: Sequence[Counter[tuple[str, ...]]],
    parts: Sequence[Sequence[int]],
    vectors: NDArray[np.float32] | None,
    embedder: Embedder | None,
) -> list[dict[tuple[str, ...], float]]:
    """Per part, how near its best phrases come to its sentences, less how near to the nearest other part."""
    import numpy as np

    if vectors is None or embedder is None or not parts:
        return [{} for _ in parts]
    means = np.stack([vectors[list(part)].mean(axis=0) for part in parts])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    spread = Counter(phrase for table in tables for phrase in table)
    chosen = [_rarest(table, spread, len(parts)) for table in tables]
    every = list(dict.fromkeys(phrase for some in chosen for phrase in some))
    if not every:
        return [{} for _ in parts]
    rows = dict(zip(every, embedder.embed([" ".join(phrase) for phrase in every]), strict=True))
    found = []
    for place, some in enumerate(chosen):
        others = np.delete(means, place, axis=0)
        found.append({
            p: float(rows[p] @ means[place]) - (OTHERS * float((others @ rows[p]).max()) if len(others) else 0.0)
            for p in some
        })  # fmt: skip
    return found


def _phrases(units: Sequence[Unit]) -> Counter[tuple[str, ...]]:
    """Runs of up to four words that begin and end with a telling one, in the words of the part, with their counts."""
    counts: Counter[tuple[str, ...]] = Counter()
    for unit in units:
        for clause in _CLAUSE.split(unit.text):
            if is_paired(clause):
                counts.update((piece,) for piece in kernels(clause) if 2 <= len(piece) <= LONGEST_SIGNS)
                continue
            words = _WORD.findall(clause)
            for start in range(len(words)):
                for size in range(1, LONGEST_WORDS + 1):
                    run = words[start : start + size]
                    if len(run) == size and _telling(run):
                        counts[tuple(w.lower() if w[1:].islower() else w for w in run)] += 1
    return Counter({p: n for p, n in counts.items() if n > 1 or len(p) < LONGEST_WORDS})


def _telling(run: Sequence[str]) -> bool:
    def tells(word: str) -> bool:
        return (
            word.lower() not in _DULL and len(word) > 2 and "'" not in word and "’" not in word and not word.isdigit()
        )

    return tells(run[0]) and tells(run[-1]) and all(tells(w) or w.lower() in _INNER for w in run[1:-1])
