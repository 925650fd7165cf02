"""What lies beside the place of an answer: said before and after it, on screen meanwhile, given as its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence

from seehear.answer.evidence import cut_off
from seehear.answer.inquiry import Inquiry
from seehear.answer.place import mark, moment
from seehear.fences import plain
from seehear.search.terms import content_stems
from seehear.spans import Span
from seehear.store import MediaRow
from seehear.units import Unit
from seehear.values import Answer, Citation

SENTENCES = 3
REACH_S = 30.0
REASON_S = 45.0
WORDS = 60
_REASON = re.compile(
    r"\b(?:because|that(?:'s| is) why|the reason|so that|in order to|otherwise|therefore|if you (?:leave|do not|don't)"
    r"|without|this means|which means)\b",
    re.IGNORECASE,
)


def answer_beside(inquiry: Inquiry) -> Answer | None:
    """Answer from the neighbourhood of the place before; None where it is not asked for, or holds no reason."""
    follow = inquiry.follow
    row = next((row for row in inquiry.rows if row.id == follow.media), None)
    if row is None or follow.anchor is None or follow.beside is None:
        return None
    units = list(inquiry.store.units(row.number).values())
    anchor = follow.anchor
    kind = "visual" if inquiry.intent.route == "shown" else "transcript"
    if follow.beside == "why":
        reason = _reason(units, anchor, follow.read_as)
        return None if reason is None else _tell(inquiry, row, "", [reason], units)
    if follow.beside == "when":
        here = [u for u in units if u.span.overlap_s(anchor) > 0 or u.span.start_s == anchor.start_s]
        first = [u for u in here if abs(u.span.start_s - anchor.start_s) < 0.5] or here
        return _tell(inquiry, row, "That is at", first[:1], units)
    if follow.beside == "nth":
        here = [u for u in units if u.span.overlap_s(anchor) > 0 or u.span.start_s == anchor.start_s]
        first = [u for u in here if u.span == anchor] or here[:1]
        # What stands on screen is followed by what is said to it.
        said = [u for u in here if u.kind == "transcript" and u not in first]
        return _tell_nth(inquiry, row, f"The {follow.called} one is at", first, said, units)
    if follow.beside == "then":
        # Asked what was on screen while something was said, or what was said while something was on screen.
        here = [u for u in units if u.kind == kind and u.span.overlap_s(anchor) > 0]
        lead = "On screen meanwhile, from" if kind == "visual" else "Meanwhile, at"
        return _tell(inquiry, row, lead, here[-1:] if kind == "visual" else here[:SENTENCES], units)
    that = f"“{plain(follow.called)}” {mark(row, anchor.start_s, several=inquiry.several)}" if follow.called else "that"
    lead = {"before": f"Just before {that}, at", "after": f"After {that}, at"}[follow.beside]
    return _tell(inquiry, row, lead, _neighbours(units, anchor, kind, before=follow.beside == "before"), units)


def _neighbours(units: Sequence[Unit], anchor: Span, kind: str, *, before: bool) -> list[Unit]:
    mine = [u for u in units if u.kind == kind]
    if kind == "visual":
        # A screen may stand longer than what was said about it.
        edge = [u for u in mine if (u.span.start_s < anchor.start_s if before else u.span.start_s > anchor.start_s)]
        standing = [u for u in edge if u.span.contains(anchor.start_s)]
        edge = [u for u in edge if u not in standing]
        found = edge[-1:] if before else edge[:1]
        return [u for u in mine if found and u.span == found[0].span]
    if before:
        earlier = [u for u in mine if u.span.end_s <= anchor.start_s + 0.5 and u.span.start_s < anchor.start_s]
        near = [u for u in earlier if earlier[-1].span.end_s - u.span.start_s <= REACH_S] or earlier[-1:]
        return near[-SENTENCES:]
    later = [u for u in mine if u.span.start_s >= anchor.end_s - 0.2]
    near = [u for u in later if u.span.end_s - later[0].span.start_s <= REACH_S] or later[:1]
    return near[:SENTENCES]


def _reason(units: Sequence[Unit], anchor: Span, question: str) -> Unit | None:
    around = Span(max(0.0, anchor.start_s - REASON_S), anchor.end_s + REASON_S)
    asked = set(content_stems(question))
    near = [
        u for u in units
        if u.kind == "transcript" and u.span.overlap_s(around) > 0 and _REASON.search(u.text)
        # What was said before and names nothing of it gives the reason of something else.
        and (u.span.start_s >= anchor.start_s or asked & set(content_stems(u.text)))
    ]  # fmt: skip

    def fitness(unit: Unit) -> tuple[int, float]:
        return len(asked & set(content_stems(unit.text))), -abs(unit.span.start_s - anchor.start_s)

    return max(near, key=fitness, default=None)


def _tell_nth(
    inquiry: Inquiry, row: MediaRow, lead: str, first: Sequence[Unit], said: Sequence[Unit], units: Sequence[Unit]
) -> Answer:
    if not first:
        return _tell(inquiry, row, lead, (), units)
    later = [u for u in units if u.kind == "transcript" and u.span.start_s >= first[0].span.start_s]
    kept = list(said or later)[:SENTENCES]
    there = moment(row, [first[0]], units)
    inquiry.show([there])
    at = mark(row, there.start_s, several=inquiry.several)
    inquiry.say.say(f"{lead} {at}: “{plain(cut_off(there.text, WORDS))}”")
    citations = [Citation(row.id, there.span, there.text)]
    if kept:
        spoken = moment(row, kept, units)
        begins = mark(row, spoken.start_s, several=inquiry.several)
        inquiry.say.say(f"Said from {begins}: “{plain(cut_off(spoken.text, WORDS))}”")
        citations.append(Citation(row.id, spoken.span, spoken.text))
    return inquiry.done([there], citations)


def _tell(inquiry: Inquiry, row: MediaRow, lead: str, found: Sequence[Unit], units: Sequence[Unit]) -> Answer:
    if not found:
        inquiry.show(())
        side = "beginning" if lead.startswith("Just before") else "end" if lead.startswith("After") else "place"
        inquiry.say.say(
            "There is nothing on screen then." if side == "place" else f"Nothing: that is the {side} of the recording."
        )
        return inquiry.done((), (), supported=False)
    there = moment(row, found, units)
    inquiry.show([there])
    at = mark(row, there.start_s, several=inquiry.several)
    quote = f"“{plain(cut_off(there.text, WORDS))}”"
    inquiry.say.say(f"{lead} {at}: {quote}" if lead else f"{quote} {at}")
    return inquiry.done([there], [Citation(row.id, there.span, there.text)])
