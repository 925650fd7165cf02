"""Mentions: where a word or a string is first said or shown, where else, how often. Counted by code, never guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from seehear.answer.inquiry import Inquiry
from seehear.answer.place import citation, mark, marks, moment, squeezed, units_of
from seehear.fences import plain, verbatim_line
from seehear.search import cjk_cues as cues
from seehear.search.terms import EMPTY, FRAME, STOP, Terms, named, stems_of, terms_of
from seehear.store import MediaRow
from seehear.units import Unit
from seehear.values import Answer, Citation, Moment
from seehear.words import is_paired, normal, parted, pieces

Which = Literal["first", "last", "all", "count", "where"]

QUOTED_WORDS = 16
MOST_RECORDINGS = 8
MOST_LISTED = 100
"""Lines of an answer that lists every mention; of more it says how many."""
MOST_TIMES = 8
"""Times that are printed in a row beside a count."""
_COUNT = re.compile(rf"\bhow (?:often|many times|frequently)\b|{cues.COUNT}", re.IGNORECASE)
_OF_WORDS = re.compile(
    r"""\b(?:mention|sa(?:y|id)|word|term|phrase|name|talk|sp[eo]ak|spoke|occur|appear|show|see[ns]?\b|us(?:e|ed|es)\b
    |com(?:e|es|ing)\ up|hear|utter|pronounc|explain|discuss|refer|writ|repeat|describ|introduc|brought|bring)\w*""",
    re.IGNORECASE | re.VERBOSE,
)
"""What tells that words are to be counted: how often a loop runs is told in the recording, not by counting its name."""
_LAST = re.compile(
    r"\blast (?:mention|time|said|shown|seen|use|occur)\w*|\bfor the last time\b|\b(?:latest|most recent) mention\b"
    rf"|\b(?:mentioned|appears?|used|seen|shown|said|come up) last\b|{cues.LAST}",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"\b(?:every|each|all(?: the)?)\s+(?:\w+\s+)?(?:mentions?|times?|places?|occurrences?)\b|\bwherever\b"
    rf"|\ball(?: the)? (?:mentions|places|times)\b|^(?:and )?where else\b"
    rf"|\bwhere (?:does|do|is|are) the (?:word|term|name|phrase)\b|{cues.ALL}",
    re.IGNORECASE,
)
_WHETHER = re.compile(
    r"^(?:(?:do|does|did|has|have)\s+(?:\w+\s+){1,3}?(?:mention|mentioned)\b|who\s+(?:\w+\s+)?mention(?:s|ed)\b"
    r"|(?:is|are|was|were)\s+(?!there\b).{1,60}\bmentioned\b|(?:is|are) there (?:an?|any) mentions?\b)",
    re.IGNORECASE,
)
"""Whether or by whom something is mentioned is told by all its mentions."""
_BY_WORD = re.compile(r"\b(?:mention\w*|occurrences?|occurs?|appears?)\b", re.IGNORECASE)
"""What asks for the word itself: where it stands nowhere, that is the answer, and no meaning helps."""
_WHERE = re.compile(r"^(?:where|when|find|show me|search for|look for)\b", re.IGNORECASE)
_VERBS = re.compile(
    r"\b(?:how often|how many times|how frequently|every|each|mention\w*|occurrences?|occur\w*|sa(?:y|ys|id)"
    r"|us(?:e|es|ed)|shown?|shows|appear\w*|com(?:e|es) up|talk\w*|speak\w*|spoken|wherever|words?|terms?|places?"
    r"|times?|^(?:find|search|list)|all|uttered|pronounced|last|first|ever|yet|already|else|anywhere|somewhere|actually)\b",
    re.IGNORECASE,
)
_OTHERWISE = {"said": "shown", "shown": "said"}
_WORD = re.compile(r"[^\W_]+")
_BULLET = re.compile(r"^\s*[-–•*]\s+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A string and which of its mentions are wanted; `exact` strings are wanted as typed.

    Where there is none, a count says so; with `by_word` the others do, too.
    """

    name: str
    stems: tuple[str, ...]
    exact: str
    which: Which
    by_word: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    row: MediaRow
    units: tuple[Unit, ...]
    counts: tuple[int, ...]

    def of(self, kind: str) -> list[tuple[Unit, int]]:
        pairs = zip(self.units, self.counts, strict=True)
        return [(unit, count) for unit, count in pairs if unit.kind == kind]


def read_mentions(text: str, terms: Terms, *, first: bool) -> Wanted | None:
    """What is to be counted or located word by word, None where the question asks for something else."""
    counted = _COUNT.search(text)
    if counted is not None and counted.group().isascii() and not _OF_WORDS.search(text):
        return None
    which: Which | None = (
        "count" if counted is not None else "first" if first else "last" if _LAST.search(text)
        else "all" if _ALL.search(text) or _WHETHER.search(text) else None
    )  # fmt: skip
    exact = [text for text in terms.exact if not any(text != other and text in other for other in terms.exact)]
    left = [w for w in terms.words if w not in EMPTY]
    if which is None:
        # "Where is `def fib`?" is answered by the string alone; with a topic of its own it is a question like others.
        alone = len(exact) == 1 and set(left) <= set(_WORD.findall(exact[0].lower()))
        if not (alone and _WHERE.search(text)):
            return None
        which = "where"
    by_word = which == "all" and _BY_WORD.search(text) is not None
    if exact:
        return Wanted(exact[0], (), exact[0], which, by_word)
    words = [w for w in terms_of(_VERBS.sub(" ", text)).names if w not in STOP or w in named(text)]
    # "In the first five minutes" tells where to look, not what for.
    words = [w for w in words if w in terms.names] or words
    words = [w for w in words if w not in FRAME] or words
    if not words or len(words) > 4:
        return None
    name = " ".join(words)
    # Particles go with a word, and other words are made of it: in pairs of signs it is looked up as it is written.
    as_written = len(words) == 1 and is_paired(name)
    return Wanted(_as_typed(text, words), tuple(stems_of(name)), name if as_written else "", which, by_word)


def _as_typed(text: str, words: Sequence[str]) -> str:
    """The words as they stand in the question, "GPT-4"; one after the other where they stand apart."""
    held = re.search(r"[\W_]{1,3}".join(re.escape(word) for word in words), text, re.IGNORECASE)
    return held.group() if held else " ".join(words)


def answer_mentions(inquiry: Inquiry) -> Answer | None:
    """Locate or count; None where nothing is found word by word and meaning has to help."""
    wanted = read_mentions(inquiry.read_as, inquiry.intent.terms, first=inquiry.intent.first)
    if wanted is None:
        return None
    answer = look_up(inquiry, wanted)
    if answer is None and wanted.which in ("first", "last"):
        inquiry.trace.absent = wanted.name
    return answer


def look_up(inquiry: Inquiry, wanted: Wanted, *, refuse: bool = True) -> Answer | None:
    """Locate or count a string; None where it is nowhere.

    That the word itself stands nowhere is an answer where it is asked for, unless `refuse` is False.
    """
    held = [f for f in (_find(inquiry, row, wanted) for row in inquiry.rows) if f.units]
    route, otherwise = inquiry.intent.route, ""
    if not held and route != "both":
        both = replace(inquiry, intent=replace(inquiry.intent, route="both"))
        held = [f for f in (_find(both, row, wanted) for row in inquiry.rows) if f.units]
        if held and wanted.which == "count":
            otherwise = f"“{plain(wanted.name)}” is not {route}{inquiry.where}, but it is {_OTHERWISE[route]}."
    if not held:
        if (wanted.which == "count" or wanted.by_word) and refuse:
            inquiry.show(())
            inquiry.say.say(f"“{plain(wanted.name)}” is neither said nor shown{inquiry.where}.")
            return inquiry.done((), (), supported=False)
        inquiry.trace.step(f"“{wanted.name}” is nowhere word by word: the nearest in meaning is taken.")
        return None
    inquiry.trace.step(f"“{wanted.name}” was looked up word by word, not by meaning.")
    if wanted.which == "count":
        return _count(inquiry, wanted, held, otherwise)
    return _list(inquiry, wanted, held)


def _find(inquiry: Inquiry, row: MediaRow, wanted: Wanted) -> _Found:
    kind = {"shown": "visual", "said": "transcript"}.get(inquiry.intent.route)
    if kind == "transcript" and wanted.which == "first":
        kind = None  # "first mentioned" may be on a slide
    units = [u for u in units_of(inquiry, row) if kind in (None, u.kind)]
    counts = [_count_in(unit.text, wanted) for unit in units]
    if wanted.exact and not any(counts):
        counts = [_count_exact(unit.text.lower(), wanted.exact.lower()) for unit in units]
    if not wanted.exact and len(wanted.stems) > 1 and not any(counts):
        counts = [int(set(wanted.stems) <= set(stems_of(unit.text))) for unit in units]
    pairs = [(unit, count) for unit, count in zip(units, counts, strict=True) if count]
    return _Found(row, tuple(unit for unit, _ in pairs), tuple(count for _, count in pairs))


def _count_in(text: str, wanted: Wanted) -> int:
    if wanted.exact:
        return _count_exact(text, wanted.exact)
    stems, sought = stems_of(text), list(wanted.stems)
    return sum(stems[i : i + len(sought)] == sought for i in range(len(stems) - len(sought) + 1))


def _count_exact(text: str, sought: str) -> int:
    text, sought = normal(text), normal(sought)
    held, needle = squeezed(text), squeezed(sought)
    if not needle or needle not in held:
        return 0
    # A name is not found inside a longer one: `fib` not in `fibre`. Signs without spaces have no such edges.
    edged = re.escape(sought.strip()).replace(r"\ ", r"\s*")
    whole = rf"(?<![^\W_]){edged}" if sought[:1].isalnum() and not is_paired(sought[:1]) else edged
    whole += r"(?![^\W_])" if sought[-1:].isalnum() and not is_paired(sought[-1:]) else ""
    edgeless = is_paired(sought) or not sought.isalnum()
    return len(re.findall(whole, parted(text))) or (held.count(needle) if edgeless else 0)


def _list(inquiry: Inquiry, wanted: Wanted, held: Sequence[_Found]) -> Answer:
    name, ends = plain(wanted.name), wanted.which in ("first", "last")
    chosen = [(found, _at_the_end(found, wanted) if ends else found.units) for found in held]
    if ends:
        chosen = chosen[:MOST_RECORDINGS]
    elif wanted.which == "where":
        chosen = [(found, units[: inquiry.limit]) for found, units in chosen[:MOST_RECORDINGS]]
    else:
        chosen = _the_first(chosen, MOST_LISTED)
    moments: list[Moment] = []
    citations: list[Citation] = []
    lines: list[str] = []
    for found, units in chosen:
        among = units_of(inquiry, found.row)
        moments += [moment(found.row, [unit], among) for unit in units]
        citations += [citation(found.row, unit) for unit in units]
        lines += [_line(found.row, unit, wanted, several=inquiry.several) for unit in units]
    inquiry.show(moments)
    if ends:
        lines[0] = f"{_scope(inquiry)}“{name}” is {wanted.which} " + lines[0][:1].lower() + lines[0][1:]
        for line in lines:
            inquiry.say.say(line)
        if len(held) > MOST_RECORDINGS:
            inquiry.say.say(f"And in {len(held) - MOST_RECORDINGS} more recordings.")
        return inquiry.done(moments, citations)
    total = sum(len(found.units) for found in held)
    unsaid = all(unit.kind == "visual" for found in held for unit in found.units)
    unshown = inquiry.intent.route == "shown" and all(unit.kind == "transcript" for f in held for unit in f.units)
    stands = "is not said, but on screen" if unsaid and wanted.which == "all" else "stands"
    stands = "is not shown, but said" if unshown else stands
    inquiry.say.say(f"{_scope(inquiry)}“{name}” {stands} in {_places(total)}:")
    for line in lines:
        inquiry.say.say(f"\n- {line}")
    if total > len(lines):
        listed = {found.row.id: len(units) for found, units in chosen}
        left = sum(len(found.units) > listed.get(found.row.id, 0) for found in held)
        inquiry.say.say(f"\nAnd {total - len(lines)} more{f', in {left} recordings' if left > 1 else ''}.")
    return inquiry.done(moments, citations)


def _at_the_end(found: _Found, wanted: Wanted) -> tuple[Unit, ...]:
    """The first or the last mention, and the first or last of the other kind: said where that one is shown."""
    order = sorted(found.units, key=lambda u: u.span.start_s, reverse=wanted.which == "last")
    other = next((unit for unit in order if unit.kind != order[0].kind), None)
    return (order[0],) if other is None else (order[0], other)


def _the_first(held: Sequence[tuple[_Found, tuple[Unit, ...]]], count: int) -> list[tuple[_Found, tuple[Unit, ...]]]:
    """The first units, `count` at most, recording by recording."""
    kept = []
    for found, units in held:
        if count > 0:
            kept.append((found, units[:count]))
            count -= len(units)
    return kept


def _line(row: MediaRow, unit: Unit, wanted: Wanted, *, several: bool) -> str:
    verb = "Said" if unit.kind == "transcript" else "On screen"
    return f"{verb} at {mark(row, unit.span.start_s, several=several)}: {_around(unit.text, wanted)}"


def _around(text: str, wanted: Wanted) -> str:
    """The words around a mention in quotation marks, with an ellipsis where more stands."""
    line = " ".join(_BULLET.sub("", text).split())
    words = pieces(line)
    if len(words) <= QUOTED_WORDS:
        return f"“{verbatim_line(line)}”"
    at = _place(line, words, wanted)
    start = max(0, min(at - QUOTED_WORDS // 2, len(words) - QUOTED_WORDS))
    part = verbatim_line(line[words[start].start() : words[start + QUOTED_WORDS - 1].end()])
    return f"“{'…' if start else ''}{part}{'…' if start + QUOTED_WORDS < len(words) else ''}”"


def _place(line: str, words: Sequence[re.Match[str]], wanted: Wanted) -> int:
    """Which of the words of a line is the first that is wanted; the first of all where none is."""
    if is_paired(wanted.name):
        found = line.find(wanted.name)
        return next((i for i, word in enumerate(words) if found < word.end()), 0)
    sought = set(wanted.stems) or set(stems_of(wanted.exact))
    return next((i for i, word in enumerate(words) if sought & set(stems_of(word.group()))), 0)


def _count(inquiry: Inquiry, wanted: Wanted, held: Sequence[_Found], otherwise: str) -> Answer:
    several, name = inquiry.several, plain(wanted.name)
    moments: list[Moment] = []
    citations: list[Citation] = []
    lines = []
    for found in held[:MOST_LISTED]:
        among = units_of(inquiry, found.row)
        moments += [moment(found.row, [unit], among) for unit in found.units[: inquiry.limit]]
        parts = []
        for kind, verb in (("transcript", "said {}"), ("visual", "on screen in {}")):
            pairs = found.of(kind)
            if pairs:
                number = sum(count for _, count in pairs) if kind == "transcript" else len(pairs)
                much = _times(number) if kind == "transcript" else _places(number)
                at = marks(found.row, [unit.span.start_s for unit, _ in pairs], several=several, most=MOST_TIMES)
                citations += [citation(found.row, unit) for unit, _ in pairs[:MOST_TIMES]]
                parts.append(f"{verb.format(much)}: {at}")
        unsaid = inquiry.intent.route == "both" and not found.of("transcript")
        lines.append(("not said, but " if unsaid else "") + "; ".join(parts))
    inquiry.show(moments)
    if otherwise:
        inquiry.say.say(otherwise)
    inquiry.say.say(_scope(inquiry) + (f"“{name}” is {lines[0]}." if len(lines) == 1 else f"“{name}” is:"))
    for line in lines if len(lines) > 1 else ():
        inquiry.say.say(f"\n- {line}")
    if len(held) > MOST_LISTED:
        inquiry.say.say(f"\nAnd in {len(held) - MOST_LISTED} more recordings.")
    return inquiry.done(moments, citations)


def _scope(inquiry: Inquiry) -> str:
    """The stretch that was looked through, to begin a sentence with; empty for the whole recording."""
    where = inquiry.where.strip()
    return f"{where[:1].upper()}{where[1:]}, " if where else ""


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _places(count: int) -> str:
    return "one place" if count == 1 else f"{count} places"
