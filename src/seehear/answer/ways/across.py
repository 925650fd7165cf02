"""Questions over several recordings: which one explains something best, which ones mention it, what each says of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from seehear.answer.evidence import cut_off
from seehear.answer.inquiry import Inquiry
from seehear.answer.refusal import features, fits, mode, probability, threshold
from seehear.answer.ways.mentions import Wanted, look_up
from seehear.fences import plain
from seehear.search import find
from seehear.search.matching import Asked
from seehear.search.route import Intent
from seehear.search.terms import EMPTY, stems_of, terms_of
from seehear.spans import clock
from seehear.store import MediaRow
from seehear.units import Unit, clean
from seehear.values import Answer, Citation, Moment, Weighed

MOST = 6
LOOKED_AT = 60
ABOUT_COSINE = 0.45
FITTING = 0.6
QUOTED_WORDS = 24
LONGEST_TOPIC = 60
_RECORDING = r"(?:lectures?|videos?|recordings?|talks?|episodes?|clips?|lessons?|sessions?|courses?|files?)"
_WHICH = re.compile(
    rf"\b(?:which|what)\s+(?:of\s+(?:the|these|those)\s+)?(?:\w+\s+)?{_RECORDING}\b|\bwhere else\b"
    rf"|\bin which\b.{{0,20}}\b{_RECORDING}\b",
    re.IGNORECASE,
)
_EACH = re.compile(
    rf"\b(?:compare|each|every|both|all(?: the)?)\b.{{0,40}}\b{_RECORDING}\b|\bcompare\b"
    rf"|\bdo the (?:\w+ )?{_RECORDING} (?:say|differ|explain|tell)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\b(?:mentions?|mentioned|says?|said|names?|named|contains?)\b", re.IGNORECASE)
_BULLET = re.compile(r"^\s*[-–•*]\s+")
_FRAME = re.compile(
    rf"\b(?:best|better|most|clearly|clearest|detail|details|detailed|thorough(?:ly)?|deepest|longest|compare[ds]?"
    rf"|comparison|where else|which|each|every|both|all|differ\w*|teach\w*|taught|{_RECORDING})\b",
    re.IGNORECASE,
)


How = Literal["best", "named", "each"]


@dataclass(frozen=True, slots=True)
class Across:
    """What is asked of all recordings: the best one, the ones that name it, or what each has on it."""

    how: How
    topic: str


def read_across(text: str) -> Across | None:
    """Whether recordings are to be compared, None where one answer is wanted."""
    which, each = _WHICH.search(text), _EACH.search(text)
    if which is None and each is None:
        return None
    words = [w for w in terms_of(_FRAME.sub(" ", text)).words if w not in EMPTY]
    if not words:
        return None
    how: How = "each" if each is not None else "named" if _NAMED.search(text) else "best"
    held = [m for m in re.finditer(r"[^\W_]+", text) if m.group().lower() in words]
    phrase = text[held[0].start() : held[-1].end()] if held else ""
    return Across(how, phrase if 0 < len(phrase) <= LONGEST_TOPIC else " ".join(words))


def answer_across(inquiry: Inquiry) -> Answer | None:
    """Compare recordings; None where nothing in them fits well enough to compare."""
    across = read_across(inquiry.read_as) if inquiry.several else None
    if across is None:
        return None
    if across.how == "named":
        stems = tuple(stems_of(across.topic))
        counted = look_up(inquiry, Wanted(across.topic, stems, "", "count"), refuse=False)
        if counted is not None:
            return counted
    # What is looked for is the topic; "which lecture" would be found in every introduction.
    intent = _about(inquiry.intent, across.topic)
    found = find(
        inquiry.store, inquiry.embedder, intent, query=across.topic, media=inquiry.media, limit=LOOKED_AT
    )  # fmt: skip
    trace, by = inquiry.trace, found.compared_by
    trace.likelihood, trace.threshold = probability(found.signal, embedder=by), threshold()
    trace.features = features(found.signal, mode=mode(found.signal, embedder=by))
    if not found.moments or not fits(found.signal, embedder=by):
        return None
    bar = FITTING * found.moments[0].score
    places: dict[str, list[Moment]] = {}
    for moment in found.moments:
        if moment.score >= bar:
            places.setdefault(moment.media, []).append(moment)
    spoken = {row.id: sentences_about(inquiry, row, across.topic) for row in inquiry.rows if row.id in places}
    every = sorted(places.values(), key=lambda held: (-len(spoken[held[0].media]), -held[0].score))
    order = every[:MOST]
    best = [held[0] for held in order]
    inquiry.show(best)
    trace.weighed = tuple(Weighed(m, p) for m, p in zip(found.moments, found.parts, strict=True) if m in best)
    trace.step(
        "Recordings are ordered by how many of their sentences are about it, by word, by meaning or by their heading."
    )
    several = len(order) > 1
    say = inquiry.say.say
    if across.how == "each":
        say(f"“{plain(across.topic)}” comes up in {len(every)} of {len(inquiry.rows)} recordings:")
    elif several:
        say(f"“{plain(across.topic)}” is treated best in “{plain(best[0].title)}”, by what was found:")
    else:
        say(f"Only “{plain(best[0].title)}” treats “{plain(across.topic)}”, by what was found:")
    for held in order:
        say(f"\n- {_line(held[0], spoken[held[0].media])}")
    if len(every) > MOST:
        say(f"\nAnd in {len(every) - MOST} more.")
    return inquiry.done(best, [_cite(moment) for moment in best])


def _about(intent: Intent, topic: str) -> Intent:
    return replace(intent, terms=terms_of(topic), first=False, want="what")


def sentences_about(inquiry: Inquiry, row: MediaRow, topic: str) -> list[Unit]:
    """What one recording says about a topic: sentences that name it, come near it in meaning, or stand under it."""
    stored = inquiry.store.units(row.number)
    ordinals = [o for o, unit in stored.items() if unit.kind == "transcript"]
    span, sought = inquiry.intent.span(row.duration_s), set(stems_of(topic))
    near: set[int] = set()
    vectors = inquiry.store.unit_vectors(row.number) if inquiry.embedder is not None else None
    if vectors is not None and inquiry.embedder is not None and row.embedder == inquiry.embedder.card.name:
        alike = vectors @ Asked(inquiry.embedder, [topic]).vectors()[0]
        near = {o for o in ordinals if float(alike[o]) >= ABOUT_COSINE}
    return [
        stored[o] for o in ordinals
        if (o in near or sought <= set(stems_of(stored[o].text)) or sought <= set(stems_of(stored[o].title)))
        and (span is None or span.contains(stored[o].span.start_s))
    ]  # fmt: skip


def _line(first: Moment, spoken: Sequence[Unit]) -> str:
    total_s = sum(unit.span.duration_s for unit in spoken)
    many = "one sentence" if len(spoken) == 1 else f"{len(spoken)} sentences"
    lasts = f"{total_s:.0f} s" if total_s < 100 else f"{total_s / 60:.0f} min"
    amount = f"{many} about it, {lasts} in all" if spoken else "on screen only"
    quote = plain(cut_off(_BULLET.sub("", clean(first.text)), QUOTED_WORDS))
    return f"{plain(first.title)} [{clock(first.start_s)}]: “{quote}” ({amount})"


def _cite(moment: Moment) -> Citation:
    return Citation(moment.media, moment.span, moment.text)
