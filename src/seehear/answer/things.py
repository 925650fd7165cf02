"""Things a recording holds, found by rule: slides, functions, classes, imports, examples, exercises, questions, links.

What is announced in words ("for example", "your turn") is found by those words, so that a list tells what was found,
not what there is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from seehear.answer.evidence import cut_off
from seehear.answer.wording import glimpse
from seehear.fences import plain
from seehear.search.terms import content_stems
from seehear.spans import Span
from seehear.units import Unit

SAME_S = 20.0
BEFORE_S = 60.0
NAME_WORDS = 14


@dataclass(frozen=True, slots=True)
class Item:
    """One thing: what it is called and the units that hold it, the first one first."""

    name: str
    units: tuple[Unit, ...]

    @property
    def start_s(self) -> float:
        """When it first comes up."""
        return self.units[0].span.start_s


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of thing: its names (a pattern for questions), and how it is found among units in order of time."""

    one: str
    many: str
    asked: re.Pattern[str]
    find: Callable[[Sequence[Unit]], list[Item]]
    by_words: bool = False


def _named(pattern: str) -> Callable[[Sequence[Unit]], list[Item]]:
    """Find what code on screen names; the same name counts once."""
    compiled = re.compile(pattern, re.MULTILINE)

    def find(units: Sequence[Unit]) -> list[Item]:
        names: dict[str, list[Unit]] = {}
        for unit in units:
            if unit.kind == "visual":
                for match in compiled.finditer(unit.text):
                    names.setdefault(next(group for group in match.groups() if group), []).append(unit)
        return [Item(name, tuple(held)) for name, held in names.items()]

    return find


def _announced(pattern: str) -> Callable[[Sequence[Unit]], list[Item]]:
    """Find what is announced in words, said or as a heading; what comes within seconds of it is the same."""
    compiled = re.compile(pattern, re.IGNORECASE)

    def find(units: Sequence[Unit]) -> list[Item]:
        items: list[Item] = []
        for unit in units:
            if not compiled.search(unit.text):
                continue
            if (
                items
                and unit.span.start_s - items[-1].units[-1].span.start_s < SAME_S
                and (items[-1].units[-1].kind != unit.kind)
            ):
                items[-1] = Item(items[-1].name, (*items[-1].units, unit))
            else:
                items.append(Item(glimpse(unit.text, NAME_WORDS), (unit,)))
        return items

    return find


_CALL = re.compile(r"(?<![\w.])((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)\(")
_NO_CALL = frozenset({"if", "while", "for", "switch", "catch", "return", "and", "or", "not", "in", "elif", "O"})


def _calls(units: Sequence[Unit]) -> list[Item]:
    """What code on screen calls: a name with a bracket right behind it, where it is not being defined."""
    names: dict[str, list[Unit]] = {}
    for unit in units:
        if unit.kind != "visual":
            continue
        for match in _CALL.finditer(unit.text):
            defines = re.search(r"\b(?:def|function|fn|func|fun|sub|class)\s+$", unit.text[: match.start()])
            if not defines and match.group(1) not in _NO_CALL:
                names.setdefault(match.group(1), []).append(unit)
    return [Item(name, tuple(held)) for name, held in names.items()]


def slides(units: Sequence[Unit]) -> list[Item]:
    """What stands on screen under one heading is one slide, however it builds up; without a heading, one picture is."""
    items: list[Item] = []
    for unit in units:
        if unit.kind != "visual":
            continue
        last = items[-1].units[-1] if items else None
        if last is not None and (last.span == unit.span or (unit.title and last.title == unit.title)):
            items[-1] = Item(items[-1].name, (*items[-1].units, unit))
        else:
            items.append(Item(plain(unit.title or cut_off(unit.text, 6)), (unit,)))
    return items


def _questions(units: Sequence[Unit]) -> list[Item]:
    asked = (u for u in units if u.kind == "transcript" and u.text.rstrip(' "”').endswith("?"))
    return [Item(glimpse(u.text, 2 * NAME_WORDS), (u,)) for u in asked]


_IMPORT = r"^\s*(?:import\s+([\w.]+)|from\s+([\w.]+)\s+import|#include\s*[<\"]([\w./]+))"
_FUNCTION = r"^\s*(?:(?:async\s+)?def|function|fn|func|fun|sub)\s+([A-Za-z_]\w*)\s*[(<]"
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"'()]+[^\s<>\"'().,;:]", re.IGNORECASE)


def _links(units: Sequence[Unit]) -> list[Item]:
    found: dict[str, list[Unit]] = {}
    for unit in units:
        for match in _LINK.finditer(unit.text):
            found.setdefault(plain(match.group()), []).append(unit)
    return [Item(name, tuple(held)) for name, held in found.items()]


THINGS = (
    Thing("slide", "slides", re.compile(r"\bslides?\b", re.IGNORECASE), slides),
    Thing("called function", "called functions",
          re.compile(r"\bfunctions?\s+(?:(?:are|is|were|was|get|gets)\s+(?:\w+\s+)?(?:called|used|invoked)\b"
                     r"|(?:does|do|did)\s+(?:\w+\s+){1,3}(?:call|use)\b)|\bfunction calls?\b|\bcalled functions?\b",
                     re.IGNORECASE), _calls),
    Thing("function", "functions", re.compile(r"\b(?:functions?|methods?)\b", re.IGNORECASE), _named(_FUNCTION)),
    Thing("class", "classes", re.compile(r"\bclass(?:es)?\b", re.IGNORECASE), _named(r"^\s*class\s+([A-Za-z_]\w*)")),
    Thing("import", "imports",
          re.compile(r"\b(?:imports?|imported|librar(?:y|ies)|modules?|packages?)\b", re.IGNORECASE), _named(_IMPORT)),
    Thing("example", "examples", re.compile(r"\bexamples?\b", re.IGNORECASE),
          _announced(r"\bfor (?:example|instance)\b|\b(?:an?|the|this|first|second|third|next|another|last|classic|our|"
                     r"one more|simple)\s+(?:\w+\s+)?example\b|^\W*example\b"), by_words=True),
    Thing("exercise", "exercises", re.compile(r"\b(?:exercises?|tasks?|assignments?|homework)\b", re.IGNORECASE),
          _announced(r"\b(?:exercise|assignment|homework|your turn|try (?:it|this|that|the \w+)\b.{0,20}(?:yourself|at"
                     r" home)|pause the video)\b|^\W*(?:task|exercise)\b"), by_words=True),
    Thing("question", "questions", re.compile(r"\bquestions?\b", re.IGNORECASE), _questions),
    Thing("link", "links", re.compile(r"\b(?:links?|urls?|web ?sites?|web addresses)\b", re.IGNORECASE), _links),
    Thing("definition", "definitions", re.compile(r"\bdefinitions?\b", re.IGNORECASE),
          _announced(r"\b(?:is|are) (?:called|defined as|known as)\b|\bwe call\b|\bby definition\b|\bdefinition of\b"),
          by_words=True),
)  # fmt: skip


def find_items(thing: Thing, units: Sequence[Unit], stems: Iterable[str] = ()) -> list[Item]:
    """All things of a kind in order of time; with `stems` only those whose words or heading hold them."""
    items = sorted(thing.find(units), key=lambda item: item.start_s)
    sought = set(stems)
    if not sought:
        return items

    def held(item: Item) -> str:
        around = _around(item.units[0], units) if thing.by_words else ""
        return " ".join([item.name, around, *(unit.title for unit in item.units)])

    return [item for item in items if sought <= set(content_stems(held(item)))]


def _around(first: Unit, units: Sequence[Unit]) -> str:
    """What is said and shown before and after it: an example of a thing rarely names it in the same sentence."""
    near = Span(max(0.0, first.span.start_s - BEFORE_S), first.span.start_s + SAME_S)
    return " ".join(f"{u.title} {u.text}" for u in units if near.contains(u.span.start_s))
