"""From the text found on a picture to the line that tells what is on screen, or what is new on it: pure functions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from seehear.ingest.layout import Block, blocks_of, heading, join_fragments
from seehear.values import Screen, TextLine

SAME = 0.88
"""Two readings of one line are at least this alike; numbers must agree as well."""

SLACK_S = 3.0
"""What a clock on screen and the times of two pictures may be apart."""

_CLOCK = re.compile(r"(?<![\d:.])\d{1,2}(?::[0-5]\d){1,2}(?![\d:])")
_PAGE_NUMBER = re.compile(r"(?:page |slide |folie |seite )?\d{1,3}(?:\s*(?:/|of|von|\|)\s*\d{1,3})?", re.IGNORECASE)
# Glyphs that recognisers take for one another, folded into one.
_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l", "5": "s", "8": "b"})


@dataclass(frozen=True, slots=True)
class Page:
    """What is readable on one picture: its heading, and all text in reading order (heading first, code indented).

    `blocks` is the text below the heading, by kind.
    """

    title: str
    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class VisualLine:
    """What to print about a picture: `text` tells what is new, `screen` is all that is readable.

    `new` is False, and `text` empty, where the picture shows nothing that the one before did not show.
    """

    title: str
    text: str
    screen: str
    new: bool


def arrange(screen: Screen) -> Page:
    """Put the lines of a picture into reading order: heading, columns, tables, code, wrapped bullets joined.

    A page number at the foot is left out; everything else that was read is kept, word for word.
    """
    lines = [line for line in map(_clean, screen.lines) if line.text]
    foot = 0.88 * screen.height_px
    lines = [line for line in lines if not (line.box_px[1] > foot and _PAGE_NUMBER.fullmatch(line.text))]
    if not lines:
        return Page("", "")
    lines = join_fragments(lines)
    head = heading(lines, height_px=screen.height_px)
    title = " ".join(line.text for line in head)
    above = [line for line in lines if head and line not in head and line.box_px[3] <= head[0].box_px[1]]
    below = [line for line in lines if line not in head and line not in above]
    blocks = (*blocks_of(above), *blocks_of(below))
    text = "\n".join(([title] if title else []) + [line for block in blocks for line in block.lines])
    return Page(title, text, blocks)


def visual_line(
    page: Page, previous: Page | None, *, elapsed_s: float | None = None, following: Page | None = None
) -> VisualLine:
    """Say what a picture shows: all of it for a new slide, else only the lines that the previous picture did not have.

    Small differences between two readings of one line are not news, nor is a counter beside other text, nor a clock
    that moved on by the `elapsed_s` since the previous picture. A line that the `following` picture, seconds later,
    has longer is still being typed: it is told there.
    """
    if not page.text:
        return VisualLine("", "", "", previous is not None and bool(previous.text))
    typed = _typed_on(page, following)
    if previous is None or not _same_slide(page, previous, elapsed_s):
        return VisualLine(page.title, _say(page.title, _only(page.blocks, lambda x: x not in typed)), page.text, True)
    known = _Known(previous, elapsed_s)
    title = "" if known.has(page.title) else page.title
    fresh = _only(page.blocks, lambda line: line.strip() != "" and line not in typed and not known.has(line))
    news = [line for block in fresh for line in block.lines] + ([title] if title else [])
    if not any(known.is_news(line) for line in news):
        return VisualLine(page.title, "", page.text, False)
    return VisualLine(page.title, _say(title, fresh), page.text, True)


def _only(blocks: Sequence[Block], wanted: Callable[[str], bool]) -> tuple[Block, ...]:
    kept = (replace(block, lines=tuple(line for line in block.lines if wanted(line))) for block in blocks)
    return tuple(block for block in kept if any(line.strip() for line in block.lines))


def _typed_on(page: Page, following: Page | None) -> set[str]:
    """The lines of a page that are the beginning of a longer one on the page that follows, where that is new."""
    if following is None or not _same_slide(following, page, None):
        return set()
    here, later = _Known(page), _Known(following)
    longer = [_fold(line).translate(_ALIKE) for line in _lines(following) if not here.has(line)]

    def goes_on(line: str) -> bool:
        # A caret may be read as a letter.
        begun = {_fold(text).translate(_ALIKE) for text in (line, re.sub(r"[|lI]$", "", line))} - {""}
        return any(more.startswith(start) and more != start for more in longer for start in begun)

    return {line for line in _lines(page) if line != page.title and not later.has(line) and goes_on(line)}


def without_furniture(screens: Sequence[Screen]) -> list[Screen]:
    """Tell footers, dates, logos and the name of the course once, not on every slide; `screens` in order of time.

    A line goes when it lies in the upper or lower eighth, apart from its digits reads the same on slides with four or
    more different headings, these are most of the headings there are, and an earlier slide has shown it.
    """
    pages = [arrange(screen) for screen in screens]
    titles = {_fold(page.title) for page in pages}
    seen: dict[tuple[str, int, int], set[str]] = {}
    for screen, page in zip(screens, pages, strict=True):
        for line in screen.lines:
            if _on_rim(line, screen):
                seen.setdefault(_place(line, screen), set()).add(_fold(page.title))
    furniture = {place for place, heads in seen.items() if len(heads) >= 4 and len(heads) > 0.5 * len(titles)}
    told: set[tuple[str, int, int]] = set()
    cleared: list[Screen] = []
    for screen in screens:
        here = {_place(line, screen) for line in screen.lines if _on_rim(line, screen)} & furniture
        gone = here & told
        kept = (line for line in screen.lines if not (_on_rim(line, screen) and _place(line, screen) in gone))
        cleared.append(replace(screen, lines=tuple(kept)))
        told |= here
    return cleared


def _on_rim(line: TextLine, screen: Screen) -> bool:
    return line.box_px[3] < 0.125 * screen.height_px or line.box_px[1] > 0.875 * screen.height_px


def _place(line: TextLine, screen: Screen) -> tuple[str, int, int]:
    words = re.sub(r"\d+", "#", _fold(line.text))
    return words, round(16 * line.box_px[0] / screen.width_px), round(16 * line.box_px[1] / screen.height_px)


def _clean(line: TextLine) -> TextLine:
    # Control and invisible formatting signs could hide text or turn a terminal; nothing else is touched.
    kept = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs") else " " for c in line.text)
    return replace(line, text=" ".join(kept.split()))


def _fold(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def _digits(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def _lines(page: Page) -> list[str]:
    return [line for line in (page.title, *(x for block in page.blocks for x in block.lines)) if line.strip()]


def _moved_on(now: str, before: str, elapsed_s: float) -> bool:
    """Tell whether two strings are one line with clocks in it, which went on, or back, by the time in between."""
    clocks, were = _CLOCK.findall(now), _CLOCK.findall(before)
    if not clocks or len(clocks) != len(were) or _fold(_CLOCK.sub("", now)) != _fold(_CLOCK.sub("", before)):
        return False

    def fits(one: str, other: str) -> bool:
        a, b = ([int(part) for part in clock.split(":")] for clock in (one, other))
        if len(a) != len(b):
            return False
        passed = abs(sum((x - y) * 60**place for place, (x, y) in enumerate(zip(a[::-1], b[::-1], strict=True))))
        # "10:15" may be minutes and seconds or hours and minutes.
        return passed == 0 or abs(passed - elapsed_s) <= SLACK_S or (len(a) == 2 and abs(60 * passed - elapsed_s) <= 60)

    return all(map(fits, clocks, were))


def _alike(a: str, b: str) -> bool:
    """Tell whether two strings are readings of one line."""
    folded_a, folded_b = _fold(a), _fold(b)
    if folded_a.translate(_ALIKE) == folded_b.translate(_ALIKE):
        return bool(folded_a) or " ".join(a.split()) == " ".join(b.split())
    if _digits(a) != _digits(b) or min(len(folded_a), len(folded_b)) < 0.8 * max(len(folded_a), len(folded_b)):
        return False
    matcher = SequenceMatcher(None, folded_a, folded_b, autojunk=False)
    return matcher.quick_ratio() >= SAME and matcher.ratio() >= SAME


class _Known:
    """The lines of a page, to look another page's lines up in."""

    def __init__(self, page: Page, elapsed_s: float | None = None) -> None:
        self._lines = _lines(page)
        self._elapsed_s = elapsed_s
        self._folded = {_fold(line).translate(_ALIKE) for line in self._lines} - {""}
        self._whole = _fold(page.text).translate(_ALIKE)
        self._only = len(self._lines) == 1

    def has(self, line: str) -> bool:
        """Tell whether the line was there, alone or within a longer one that has been wrapped differently since."""
        folded = _fold(line).translate(_ALIKE)
        if folded in self._folded or (len(folded) >= 12 and folded in self._whole):
            return True
        if self._elapsed_s is not None and any(_moved_on(line, known, self._elapsed_s) for known in self._lines):
            return True
        return any(_alike(line, known) for known in self._lines)

    def is_news(self, line: str) -> bool:
        """Tell whether a line that was not there says something: a counter that moved on beside other text does not."""
        if re.search(r"[^\W\d_]", line) or self._only:
            return bool(re.search(r"\w", line)) or len(line.strip()) > 1
        shape = re.sub(r"\d+", "#", line)
        return not any(re.sub(r"\d+", "#", known) == shape for known in self._lines)


def _same_slide(page: Page, previous: Page, elapsed_s: float | None) -> bool:
    """Tell whether one page goes on from the other: much of the shorter one stands on both."""
    known = _Known(previous, elapsed_s)
    lines = [line for block in page.blocks for line in block.lines if line.strip()]
    if page.title and previous.title and not _alike(page.title, previous.title) and not known.has(page.title):
        lines = [page.title, *lines]
        least = 0.5
    else:
        least = 0.3 if page.title and known.has(page.title) else 0.5
    kept = sum(len(_fold(line)) for line in lines if known.has(line))
    smaller = min(sum(len(_fold(line)) for line in lines), len(_fold(previous.text)) - len(_fold(previous.title)))
    if page.title and page.title == previous.title and not smaller:
        return True
    return kept > 0 and kept >= least * max(1, smaller)


def _say(title: str, blocks: Sequence[Block]) -> str:
    """The text to print: `title:` and the lines, each entry of prose closed so that it reads well on one line too."""
    said: list[str] = []
    for block in blocks:
        for line in block.lines:
            closed = block.kind == "code" or line.rstrip().endswith((".", ",", ";", ":", "!", "?"))
            said.append(line if closed or not line.strip() else f"{line};")
    if said and said[-1].endswith(";") and blocks[-1].kind != "code":
        said[-1] = said[-1][:-1]
    head = f"{title}:" if said and not title.endswith((":", "?", "!", ".")) else title
    return "\n".join(([head] if title else []) + said)
