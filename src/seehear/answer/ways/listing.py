"""Lists, counts and ordinals: "which functions are defined?", "how many slides?", "the second example"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from seehear.answer.evidence import cut_off
from seehear.answer.inquiry import Inquiry
from seehear.answer.numbers import ORDINALS, suffixed
from seehear.answer.place import citation, mark, moment, units_of
from seehear.answer.screens import text_during
from seehear.answer.things import THINGS, Item, Thing, find_items
from seehear.fences import plain, verbatim
from seehear.search.route import ASKING, LISTS
from seehear.search.terms import EMPTY, Terms, content_stems, named
from seehear.store import MediaRow
from seehear.units import Unit
from seehear.values import Answer
from seehear.words import words_of

MOST_LISTED = 40
SAID_WORDS = 40
MEANWHILE_S = 30.0
_ORDINALS = {name: number for number, ordinal in enumerate(ORDINALS, 1) for name in (ordinal, suffixed(number))}
_ORDINALS |= {"last": -1, "final": -1}
_NAMED = "|".join(_ORDINALS)
_FROM_END = (
    rf"(?:({_NAMED}|next)[\s-]+(?:to|from)[\s-]+(?:the[\s-]+)?last|(second|2nd|third|3rd)[\s-]+last"
    r"|last[\s-]+but[\s-]+(one|two|three)|penultimate)"
)
_NUMBERED = re.compile(r"\b(slide|example|exercise|task|question)\s+(?:number\s+|no\.?\s*)?(\d{1,3})\b", re.IGNORECASE)
_COUNTED = re.compile(r"\bhow many\b|\bnumber of\b", re.IGNORECASE)
_LISTED = re.compile(
    r"\b(?:list|enumerate|name|show(?: me)?|give(?: me)?|find)\s+(?:me\s+)?(?:all|every|each|the different)\b"
    r"|\blist of (?:all )?(?:the )?(?:{many})\b"
    r"|\b(?:which|what)\s+(?:different\s+|other\s+)?(?:{many})\s+(?:are|is|were|was|do|does|did|has|have|can|he|she|they|you)\b"
    r"|\ball (?:the )?(?:{many})\b|\bwhat (?:are|is) (?:all )?the (?:{many}) (?:called|named)$"
    r"|\bnames of (?:all )?(?:the )?(?:{many})\b"
    r"|\b(?:list|the|which|what|many) (?:function calls|called functions)\b".replace(
        "{many}", "slides|functions|methods|classes|imports|librar(?:y|ies)|modules|packages|examples|exercises|tasks"
        "|assignments|questions|links|urls|web ?sites|definitions"
    ),
    re.IGNORECASE,
)  # fmt: skip
_COMMANDED = re.compile(LISTS, re.IGNORECASE | re.VERBOSE)
_HEADED = re.compile(r"\bslide\b|\bbullet(?:s|\s+points?)?\b|\bpoints\b", re.IGNORECASE)
_NOT_HEADED = re.compile(rf"\bhow many\b|\b(?:{_NAMED}|next|previous)\b|\bnumber\b|\d", re.IGNORECASE)
_OTHER = EMPTY | frozenset(
    """are defined define there list all every each enumerate many shown show used use asked ask given occur
    contain have imported imports invoked invoke call calls names get gets
    solve solved does please different made first second third last half part early late
    section middle end beginning penultimate next""".split()  # noqa: SIM905 - as text it wraps
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A kind of thing, and whether all, their number, any, the one that is headed so, or the one at `place` is wanted.

    Places count from 1; -1 is the last.

    `about` are words that narrow it down, "examples of recursion", and `stems` what is compared of them.
    """

    thing: Thing
    how: Literal["list", "count", "ordinal", "any", "headed"]
    place: int = 0
    stems: tuple[str, ...] = ()
    about: str = ""


def read_listing(text: str, terms: Terms) -> Listed | None:
    """What is to be listed or counted, None where the question asks for something else."""
    bare = text.rstrip("?.! ")
    for thing in THINGS:
        match = thing.asked.search(bare)
        if match is None:
            continue
        own = [w for w in terms.words if w not in _OTHER and w not in _ORDINALS and w not in words_of(match.group())]
        ordinal = re.search(rf"\b({_NAMED}|\d{{1,3}}(?:st|nd|rd|th))\s+(?:{thing.asked.pattern})", bare, re.IGNORECASE)
        if thing.by_words and re.search(
            rf"\b(?:an|any|one)\s+{thing.one}\s+(?:of|for|about|with)\b", bare, re.IGNORECASE
        ):
            return _listed(thing, "any", own, place=1)
        numbered = _NUMBERED.search(bare)
        if numbered is not None and thing.asked.fullmatch(numbered.group(1)):
            return _listed(thing, "ordinal", own, numbered.group(2), place=int(numbered.group(2)))
        if counted := re.search(rf"\b{_FROM_END}\s+(?:{thing.asked.pattern})", bare, re.IGNORECASE):
            return _listed(thing, "ordinal", own, place=-_from_end(counted))
        if ordinal is not None:
            word = ordinal.group(1).lower()
            return _listed(thing, "ordinal", own, word, place=_ORDINALS.get(word) or int(word[:-2]))
        if _COUNTED.search(bare) and re.search(rf"(?:how many|number of)\s+(?:\w+\s+)?(?:{thing.asked.pattern})", bare,
                                               re.IGNORECASE):  # fmt: skip
            return _listed(thing, "count", own)
        if (_LISTED.search(bare) or _COMMANDED.search(bare)) and not _is_about(thing, bare):
            return _listed(thing, "list", own)
    return _headed(bare, terms)


def _headed(text: str, terms: Terms) -> Listed | None:
    """The slide that is called by its heading, "what is on the slide about recursion?"."""
    if not _HEADED.search(text) or _NOT_HEADED.search(text):
        return None
    frame = (
        _OTHER | ASKING | {"bullet", "bullets", "listed", "titled", "headed", "headline", "title", "heading", "read"}
    )
    own = [word for word in terms.words if word not in frame or word in named(text)]
    return _listed(THINGS[0], "headed", own, place=1) if own and not terms.exact else None


def _is_about(thing: Thing, text: str) -> bool:
    # "List the bullets on the recursion slide" lists no slides, "which slide …" wants one of them.
    return thing.one == "slide" and re.search(r"\bslide\b", text, re.IGNORECASE) is not None


def _from_end(counted: re.Match[str]) -> int:
    """Which one from the end is meant: 2 for the second to last."""
    to_last, last, but = (group.lower() if group else "" for group in counted.groups())
    if but:
        return {"one": 2, "two": 3, "three": 4}[but]
    return _ORDINALS.get(to_last or last, 2)


def _listed(
    thing: Thing,
    how: Literal["list", "count", "ordinal", "any", "headed"],
    own: Sequence[str],
    *but: str,
    place: int = 0,
) -> Listed:
    words = " ".join(word for word in own if word not in but)
    return Listed(thing, how, place, tuple(content_stems(words)), words)


def answer_listing(inquiry: Inquiry) -> Answer | None:
    """List, count or pick by rule; None where no recording holds such a thing and others may know."""
    listed = read_listing(inquiry.read_as, inquiry.intent.terms)
    if listed is None:
        return None
    thing = listed.thing
    works: list[tuple[MediaRow, list[Unit], list[Item]]] = []
    for row in inquiry.rows:
        units = units_of(inquiry, row)
        works.append((row, units, find_items(thing, units, listed.stems)))
    held = [work for work in works if work[2]]
    if listed.how == "headed":
        # The heading of the fewest other words is the one that is meant.
        rank = {id(item): len(content_stems(item.name)) for _, _, items in held for item in items}
        held = sorted(
            ((row, units, sorted(items, key=lambda item: rank[id(item)])) for row, units, items in held),
            key=lambda work: rank[id(work[2][0])],
        )
    if not held:
        inquiry.trace.step(f"No {thing.many} were found by rule.")
        if listed.how in ("ordinal", "any", "headed") or listed.stems:
            return None
        inquiry.show(())
        how = " by the words that announce them" if thing.by_words else ""
        inquiry.say.say(f"No {thing.many} were found{how}{inquiry.where}.")
        return inquiry.done((), (), supported=False)
    how = "the words that announce them" if thing.by_words else "rule"
    inquiry.trace.step(f"{thing.many.capitalize()} were found by {how}: {sum(len(work[2]) for work in held)}.")
    if listed.how in ("ordinal", "any", "headed"):
        return _pick(inquiry, listed, thing, held)
    return _list(inquiry, thing, held)


def _pick(
    inquiry: Inquiry, listed: Listed, thing: Thing, held: Sequence[tuple[MediaRow, list[Unit], list[Item]]]
) -> Answer:
    row, units, items = held[0]
    if listed.place == 0:
        inquiry.show(())
        inquiry.say.say(f"There is no {thing.one} 0: the first one is {_at(row, items[0], inquiry)}.")
        return inquiry.done((), (), supported=False)
    if abs(listed.place) > len(items):
        inquiry.show(())
        be = f"is only one {thing.one}" if len(items) == 1 else f"are only {len(items)} {thing.many}"
        lies = "near by" if thing.by_words else "in the heading" if thing.one == "slide" else "in the name"
        about = f" with “{plain(listed.about)}” {lies}" if listed.stems else ""
        one, end = (items[-1], "last") if listed.place > 0 else (items[0], "first")
        inquiry.say.say(f"There {be}{about}: {_at(row, one, inquiry)} is the {end} one found.")
        return inquiry.done((), (), supported=False)
    item = _called(thing, items, listed.place) or items[listed.place - 1 if listed.place > 0 else listed.place]
    first = item.units[0]
    own = _held(thing, item)
    picked = moment(row, own, units)
    # An announcement is followed by what it announces, a slide by what is said about it.
    end_s = max(picked.end_s, first.span.start_s + MEANWHILE_S) if thing.by_words else picked.end_s
    spoken = [u for u in units if u.kind == "transcript" and picked.start_s - 1.0 <= u.span.start_s < end_s]
    text = text_during(inquiry, row, {u.span for u in own})
    inquiry.show([picked])
    lead = {"any": f"An {thing.one}", "headed": f"The {thing.one}"}.get(listed.how)
    lead = lead or f"The {_ordinal(listed.place)} {thing.one}"
    told = cut_off(" ".join(u.text for u in spoken), SAID_WORDS)
    at = mark(row, item.start_s, several=inquiry.several)
    citations = [citation(row, first), *(citation(row, unit) for unit in spoken[:3])]
    if thing.by_words and first.kind == "transcript":
        inquiry.say.say(f"{lead} is at {at}: “{plain(told)}”")
        return inquiry.done([picked], citations)
    inquiry.say.say(f"{lead} is at {at}: {item.name}.")
    if first.kind == "visual" and len(text.split()) > len(first.title.split()):
        inquiry.say.say(f"On screen: “{verbatim(cut_off(text, SAID_WORDS))}”.")
    if told and inquiry.intent.route != "shown":
        since = mark(row, spoken[0].span.start_s, several=inquiry.several)
        inquiry.say.say(f"Said there, from {since}: “{plain(told)}”")
    return inquiry.done([picked], citations)


def _held(thing: Thing, item: Item) -> Sequence[Unit]:
    """The units to show of a thing: all of a slide, else those of the first picture or sentence that holds it."""
    first = item.units[0]
    if first.kind == "transcript":
        return item.units[:1]
    return item.units if thing.one == "slide" else [u for u in item.units if u.span == first.span]


def _called(thing: Thing, items: Sequence[Item], place: int) -> Item | None:
    """The one that is announced by its number, where one is: counting may miss some. The last one has none."""
    if place < 1 or not thing.by_words:
        return None
    names = {_ordinal(place), suffixed(place)}
    called = re.compile(
        rf"\b(?:{'|'.join(names)})\s+{thing.one}\b|\b{thing.one}\s+(?:number\s+)?{place}\b", re.IGNORECASE
    )
    return next((item for item in items if any(called.search(u.text) for u in item.units)), None)


def _ordinal(place: int) -> str:
    """The name of a place from 1, or from the last one, which is -1: "second", "21st", "second to last"."""
    if place < -1:
        return f"{_ordinal(-place)} to last"
    return next((name for name, number in _ORDINALS.items() if number == place), suffixed(place))


def _at(row: MediaRow, item: Item, inquiry: Inquiry) -> str:
    return f"{item.name} {mark(row, item.start_s, several=inquiry.several)}"


def _list(inquiry: Inquiry, thing: Thing, held: Sequence[tuple[MediaRow, list[Unit], list[Item]]]) -> Answer:
    total = sum(len(items) for _, _, items in held)
    # What is not named carries no moment either: each looks through all that lies beside it.
    named = list(islice(((row, units, item) for row, units, items in held for item in items), MOST_LISTED))
    moments = [moment(row, item.units[:1], units) for row, units, item in named]
    inquiry.show(moments)
    word = thing.one if total == 1 else thing.many
    found = "announced in words" if thing.by_words else "found"
    inquiry.say.say(f"{total} {word} {found}{inquiry.where}:")
    for row, _, item in named:
        inquiry.say.say(f"\n- {_at(row, item, inquiry)}")
    if total > MOST_LISTED:
        inquiry.say.say(f"\nAnd {total - MOST_LISTED} more.")
    return inquiry.done(moments, [citation(row, item.units[0]) for row, _, item in named])
