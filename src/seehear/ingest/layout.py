"""Where lines of text stand on a picture, and what that says: rows, columns, tables, headings, code, wrapped bullets.

Columns are found by cutting along empty gutters, first across, then down (the recursive X-Y cut, Nagy and Seth, 1984).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Literal

from seehear.values import TextLine

BlockKind = Literal["prose", "code", "table"]

_BULLET = re.compile(r"^(?:[•●▪■◦○‣∙·►▶➢➤✓*»–—-]|o(?=\s+[A-Z]))\s*(?=\S)")
_NUMBERED = re.compile(r"^(?:\d{1,2}[.)]|[a-z]\)|\(\d{1,2}\))\s+\S")
_KEYWORD = re.compile(
    r"^(?:def |class |import |from \w+ import|return\b|for \w+.* in |while .*:$|if .*:$|elif .*:$|else:$|try:$|"
    r"except\b.*:$|with .*:$|print\(|async |await |yield\b|assert |raise |lambda |var |let |const |function\b|public |"
    r"private |static |void |int |#include|using |package |func |fn |SELECT |INSERT |UPDATE |echo |export |sudo |pip |"
    r"git |npm |cd |@\w+|>>> |\.\.\. |\$ |#!|//|/\*)"
)
_SYMBOLS = re.compile(
    r"\w\([^)]*\)?|\w\[[^\]]*\]|[{};]\s*$|^\s*[\]})]+[,;]?$|[=!<>+*/%-]=|\w = |->|=>|::|\w_\w|\w\.\w+\(|^\s*#|\"\"\"|"
    r"^\s*[\"']\w+[\"']:\s"
)
_SINKS = re.compile(r"[gjpqyQ,;(){}\[\]|@$/\\_çµ]")
_PROSE = re.compile(r"(?:^|\s)[A-Za-z]{2,}(?:\s+[A-Za-z]{2,}){3,}")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together, as text: one entry per paragraph, bullet, table row or line of code."""

    kind: BlockKind
    lines: tuple[str, ...]


def size_px(line: TextLine) -> float:
    """Size of the type in pixels, guessed from the height of the box and from how far the line's letters reach.

    In common faces capitals rise about 0.73 of the size above the base line, small letters 0.54, and tails sink 0.22.
    """
    rises = re.search(r"[A-Z0-9bdfhklt!?/\\|(){}\[\]\"'#&%@$À-ÞΑ-ΩА-Я\u3040-\u9fff]", line.text)
    return (line.box_px[3] - line.box_px[1]) / ((0.73 if rises else 0.54) + (0.22 if _SINKS.search(line.text) else 0.0))


def _base(line: TextLine) -> float:
    """Where the line's letters stand."""
    return line.box_px[3] - (0.22 * size_px(line) if _SINKS.search(line.text) else 0.0)


def _top(line: TextLine) -> float:
    return line.box_px[1]


def _left(line: TextLine) -> float:
    return line.box_px[0]


def _glyph_px(line: TextLine) -> float:
    return (line.box_px[2] - line.box_px[0]) / max(1, len(line.text))


def _same_row(a: TextLine, b: TextLine) -> bool:
    shared = min(a.box_px[3], b.box_px[3]) - max(a.box_px[1], b.box_px[1])
    return shared > 0.5 * min(a.box_px[3] - a.box_px[1], b.box_px[3] - b.box_px[1])


def rows_of(lines: Sequence[TextLine]) -> list[list[TextLine]]:
    """Group lines into rows from the top, each from the left."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda one: (one.box_px[1] + one.box_px[3]) / 2):
        if rows and _same_row(rows[-1][-1], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=_left) for row in rows]


def join_fragments(lines: Sequence[TextLine]) -> list[TextLine]:
    """Join boxes of one row that stand no further apart than words do: a detector sometimes cuts a line in two."""
    joined: list[TextLine] = []
    for row in rows_of(lines):
        current = row[0]
        for line in row[1:]:
            gap = line.box_px[0] - current.box_px[2]
            alike = 0.7 < size_px(line) / max(1.0, size_px(current)) < 1.4
            if alike and gap < 0.8 * min(size_px(line), size_px(current)):
                a, b = current.box_px, line.box_px
                box = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
                text = f"{current.text} {line.text}"
                current = TextLine(text, box, min(current.confidence, line.confidence))
            else:
                joined.append(current)
                current = line
        joined.append(current)
    return joined


def heading(lines: Sequence[TextLine], *, height_px: int) -> list[TextLine]:
    """The lines that make the title, from the top: the largest writing in the upper part; [] where there is none."""
    upper = [
        line
        for line in lines
        if line.box_px[1] < 0.45 * height_px and re.search(r"\w\w", line.text) and not _BULLET.match(line.text)
    ]
    if not upper:
        return []
    if len(lines) == 1:
        return upper
    rest_px = median(size_px(line) for line in lines)
    words = [line for line in upper if not is_code_line(line.text)] or upper
    tallest_px = max(size_px(line) for line in words)
    # Boxes are a little higher round letters that reach up and down, so nearly the tallest will do: the topmost.
    large = [line for line in words if size_px(line) > max(1.18 * rest_px, 0.82 * tallest_px)]
    # What ends in a colon heads a list on the slide; the slide's own heading stands higher.
    large = [line for line in large if not line.text.endswith(":") or _top(line) <= min(map(_top, lines)) + rest_px]
    largest = min(large, key=_top, default=None)
    if largest is None or sum(line.box_px[3] <= _top(largest) for line in lines) > max(2, 0.15 * len(lines)):
        # No larger writing on top: a first line that stands clear of the others, and is not code, still heads them.
        row = rows_of(lines)[0]
        first = max(row, key=lambda line: line.box_px[2] - line.box_px[0])
        gap = min((_top(line) for line in lines if line not in row), default=float(height_px)) - first.box_px[3]
        clear = gap > 0.9 * size_px(first) and not is_code_line(first.text) and not _BULLET.match(first.text)
        return [first] if clear and size_px(first) > 0.85 * rest_px and _top(first) < 0.3 * height_px else []
    title = [largest]
    for direction in (1, -1):
        edge = largest
        for line in sorted(upper, key=_top, reverse=direction < 0):
            if line in title or (_top(line) - _top(edge)) * direction <= 0:
                continue
            between = line.box_px[1] - edge.box_px[3] if direction > 0 else edge.box_px[1] - line.box_px[3]
            alike = 0.8 < size_px(line) / size_px(largest) < 1.25
            overlap = min(line.box_px[2], edge.box_px[2]) - max(line.box_px[0], edge.box_px[0])
            if _BULLET.match(line.text) or not (alike and between < 0.8 * size_px(largest) and overlap > 0):
                break
            title.append(line)
            edge = line
    return sorted(title, key=_top)


def blocks_of(lines: Sequence[TextLine]) -> list[Block]:
    """Lines in reading order, as blocks of prose, code and tables."""
    found: list[Block] = []
    for part in _cut(list(lines)):
        table = _table(part)
        found += [table] if table else _column(part)
    return found


def _cut(lines: list[TextLine]) -> list[list[TextLine]]:
    rows = rows_of(lines)
    if all(len(row) == 1 for row in rows) or _table(lines):
        return [[line for row in rows for line in row]]
    line_px = median(size_px(line) for line in lines)
    gutter = _gap(lines, 0, 1.0 * line_px)
    if gutter is not None:
        left = [line for line in lines if line.box_px[2] <= gutter]
        right = [line for line in lines if line.box_px[2] > gutter]
        return _cut(left) + _cut(right)
    valley = _gap(lines, 1, 0.0)
    if valley is not None:
        upper = [line for line in lines if line.box_px[3] <= valley]
        lower = [line for line in lines if line.box_px[3] > valley]
        return _merge(_cut(upper), _cut(lower))
    return [[line for row in rows for line in row]]


def _merge(upper: list[list[TextLine]], lower: list[list[TextLine]]) -> list[list[TextLine]]:
    """Put a cut that did not separate columns back together, so that paragraphs and code stay whole."""
    if upper and lower:
        a, b = upper[-1], lower[0]
        single = all(len(row) == 1 for row in rows_of(a + b))
        if single and abs(min(map(_left, a)) - min(map(_left, b))) < 12 * max(map(size_px, a + b)):
            return [*upper[:-1], a + b, *lower[1:]]
    return upper + lower


def _gap(lines: Sequence[TextLine], axis: int, least_px: float) -> float | None:
    """The middle of the widest empty stretch along `axis` (0 across, 1 down) that has text on both sides."""
    edges = sorted((line.box_px[axis], line.box_px[axis + 2]) for line in lines)
    reach, best, at = edges[0][1], least_px, None
    for start, end in edges[1:]:
        if start - reach > best or (axis == 1 and at is None and start >= reach):
            best, at = start - reach, (start + reach) / 2
        reach = max(reach, end)
    return at


def _table(lines: Sequence[TextLine]) -> Block | None:
    """A table: at least two rows of the same three or more cells, or three rows of two short ones, in line."""
    rows = rows_of(lines)
    widest = max((len(row) for row in rows), default=0)
    full = [row for row in rows if len(row) == widest]
    if widest < 2 or len(full) < (2 if widest > 2 else 3) or len(full) < 0.6 * len(rows):
        return None
    if widest == 2 and (
        any(_BULLET.match(line.text) for line in lines)
        or median(len(line.text) for row in full for line in row) > 14
        or not any(re.search(r"\d", row[-1].text) for row in full)
    ):
        return None
    line_px = median(size_px(line) for line in lines)
    for column in range(widest):
        lefts = [row[column].box_px[0] for row in full]
        middles = [(row[column].box_px[0] + row[column].box_px[2]) / 2 for row in full]
        rights = [row[column].box_px[2] for row in full]
        if min(max(edge) - min(edge) for edge in (lefts, middles, rights)) > 1.5 * line_px:
            return None
    return Block("table", tuple(" | ".join(line.text for line in row) for row in rows))


def is_code_line(text: str) -> bool:
    """Tell whether a line by itself looks like a line of program text or a shell command."""
    return _signs(text) >= (3 if _PROSE.search(text) else 1) and not _BULLET.match(text)


def _signs(text: str) -> int:
    return len(_SYMBOLS.findall(text)) + (2 if _KEYWORD.match(text.strip()) else 0)


def _column(lines: Sequence[TextLine]) -> list[Block]:
    """One column, from the top: runs of code, and prose between them."""
    lines = _without_line_numbers(sorted(lines, key=_top))
    code = [is_code_line(line.text) for line in lines]
    if sum(code) >= 2 or (any(code) and any(_signs(line.text) >= 2 for line in lines)):
        glyph = median(_glyph_px(line) for line, is_code in zip(lines, code, strict=True) if is_code)
        tall = median(size_px(line) for line, is_code in zip(lines, code, strict=True) if is_code)
        for i, line in enumerate(lines):
            # In a fixed-width face short words of code ("pass", "else", a name) fit the grid of their neighbours.
            beside = any(code[j] for j in (i - 1, i + 1) if 0 <= j < len(code))
            grid = abs(_glyph_px(line) - glyph) < 0.12 * glyph and 0.7 < size_px(line) / tall < 1.4
            code[i] = code[i] or (beside and grid and not _BULLET.match(line.text))
    else:
        code = [False] * len(lines)
    blocks: list[Block] = []
    start = 0
    for i in range(1, len(lines) + 1):
        if i == len(lines) or code[i] != code[start]:
            run = lines[start:i]
            blocks.append(_code(run) if code[start] else _prose(run))
            start = i
    return blocks


def _without_line_numbers(lines: list[TextLine]) -> list[TextLine]:
    """Take an editor's line numbers off the lines they were read with."""
    numbered = [re.match(r"(\d{1,4})\s+(?=\S)", line.text) for line in lines]
    values = [int(match.group(1)) for match in numbered if match]
    steps = sum(b - a in (1, 2) for a, b in pairwise(values))
    if len(values) < 4 or len(values) < 0.7 * len(lines) or steps < 0.7 * (len(values) - 1):
        return lines
    bare: list[TextLine] = []
    for line, match in zip(lines, numbered, strict=True):
        if match is None:
            bare.append(line)
            continue
        left, top, right, bottom = line.box_px
        share = match.end() / len(line.text)
        bare.append(
            replace(line, text=line.text[match.end() :], box_px=(left + share * (right - left), top, right, bottom))
        )
    return bare


def _code(lines: Sequence[TextLine]) -> Block:
    long = [_glyph_px(line) for line in lines if len(line.text) >= 6] or [_glyph_px(line) for line in lines]
    glyph = max(1.0, median(long))
    left = min(map(_left, lines))
    columns = [round((_left(line) - left) / glyph) for line in lines]
    for step in (4, 2):
        if all(min(c % step, step - c % step) <= (1 if step == 4 else 0) for c in columns):
            columns = [step * round(c / step) for c in columns]
            break
    pitches = [_base(b) - _base(a) for a, b in pairwise(lines)]
    pitch = median(pitches) if pitches else 0.0
    text: list[str] = []
    for i, (line, column) in enumerate(zip(lines, columns, strict=True)):
        if i and pitches[i - 1] > 1.6 * pitch:
            text.append("")
        text.append(" " * column + line.text)
    return Block("code", tuple(text))


def _prose(lines: Sequence[TextLine]) -> Block:
    right_px = max(line.box_px[2] for line in lines)
    gaps = [_base(b) - _base(a) - size_px(b) for a, b in pairwise(lines)]
    items: list[str] = []
    body_left = 0.0
    for i, line in enumerate(lines):
        bullet = _BULLET.match(line.text)
        if (
            i
            and not bullet
            and not _NUMBERED.match(line.text)
            and _goes_on(lines[i - 1], line, right_px, gaps[i - 1], min(gaps), max(gaps), body_left)
        ):
            items[-1] = f"{items[-1]} {line.text}"
            continue
        items.append(f"- {line.text[bullet.end() :]}" if bullet else line.text)
        body_left = line.box_px[0] + (bullet.end() * _glyph_px(line) if bullet else 0.0)
    return Block("prose", tuple(items))


def _goes_on(
    before: TextLine, line: TextLine, right_px: float, gap: float, least: float, most: float, body_left: float
) -> bool:
    """Tell whether `line` continues the paragraph or bullet that `before` belongs to."""
    tall = size_px(before)
    first_word_px = len(line.text.split()[0]) * _glyph_px(line)
    would_have_fitted = before.box_px[2] + first_word_px + 0.3 * tall < right_px
    spread_out = most - least > 0.5 * tall and gap > least + 0.5 * (most - least)
    in_line = abs(line.box_px[0] - body_left) < 1.2 * tall or abs(line.box_px[0] - before.box_px[0]) < 1.2 * tall
    alike = 0.75 < size_px(line) / tall < 1.33
    closed = before.text.rstrip().endswith((".", "!", "?", ":", ";")) and not line.text[:1].islower()
    # Short lines that each begin with a capital are a list, not a paragraph; an address stands by itself.
    listed = not line.text[:1].islower() and len(before.text) < 40
    address = re.fullmatch(r"\S+@\S+|https?:\S+|www\.\S+", line.text) is not None
    apart = would_have_fitted or spread_out or closed or listed or address
    return not apart and in_line and alike and gap < 0.9 * tall
