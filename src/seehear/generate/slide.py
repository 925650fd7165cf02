"""Drawing slides: layout once for the complete slide, so that nothing moves while its elements appear."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from seehear.errors import InputError, MissingPackageError
from seehear.generate.script import Element, Run, Slide

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Face = Literal["plain", "bold", "code"]
Box = tuple[int, int, int, int]

_FONTS = Path(__file__).parent.parent / "data" / "fonts"
_PAPER, _INK, _QUIET, _ACCENT = "#fdfdfb", "#1d2433", "#6b7280", "#0b5cad"
_PANEL, _RULE, _NOTE = "#f0f2f5", "#c9ced6", "#fdf3d8"
_TERMINAL, _TERMINAL_INK = "#1e2430", "#e8edf2"
_MAX_PICTURE_PX = 50_000_000


@lru_cache(maxsize=64)
def _font(face: Face, size_px: int) -> FreeTypeFont:
    name = "IBMPlexMono-Regular.ttf" if face == "code" else "IBMPlexSans-Variable.ttf"
    try:
        # The basic layout engine is in every build of Pillow, so line breaks are the same everywhere.
        font = ImageFont.truetype(_FONTS / name, size_px, layout_engine=ImageFont.Layout.BASIC)
        if face != "code":
            font.set_variation_by_axes([600 if face == "bold" else 400, 100])
    except ImportError as error:
        raise MissingPackageError(
            "this build of Pillow cannot draw text", hint="pip install --force-reinstall pillow"
        ) from error
    return font


@dataclass(frozen=True, slots=True)
class _Placed:
    """An element with its box (left, top, right, bottom) in pixels and the scale its text is drawn at."""

    element: Element
    box_px: Box
    scale: float


class SlideDrawing:
    """One slide laid out for `size_px` (width, height); `page` is printed in its corner.

    Raises InputError with the line when a picture cannot be read or the slide cannot hold what the script puts on it.
    """

    def __init__(self, slide: Slide, *, size_px: tuple[int, int], page: int, script_path: Path) -> None:
        self._slide = slide
        self._size_px = size_px
        self._page = page
        self._script_path = script_path
        self._unit = size_px[1] / 720
        self._pictures = {e.path: self._picture(e) for e in slide.elements if e.path is not None}
        self._placed = self._layout()

    def draw(self, visible: Sequence[int], typed: Mapping[int, int] | None = None) -> Image.Image:
        """Draw the elements whose indexes are in `visible`; of those in `typed` only so many characters of code."""
        image = Image.new("RGB", self._size_px, _PAPER)
        canvas = ImageDraw.Draw(image)
        self._draw_frame(canvas)
        for index in visible:
            placed = self._placed[index]
            self._painters[placed.element.kind](self, image, canvas, placed, (typed or {}).get(index))
        return image

    def _px(self, length: float) -> int:
        return round(length * self._unit)

    def _fail(self, line: int, problem: str, hint: str) -> InputError:
        return InputError(f"{self._script_path}, line {line}: {problem}", hint=hint)

    def _picture(self, element: Element) -> Image.Image:
        assert element.path is not None
        try:
            with Image.open(element.path) as opened:
                if opened.width * opened.height > _MAX_PICTURE_PX:
                    raise self._fail(element.line, f"the picture {element.path.name} is too large", "make it smaller")
                return opened.convert("RGBA")
        except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise self._fail(
                element.line, f"the picture {element.path.name} cannot be read", "save it as PNG or JPEG"
            ) from error

    # -- layout

    def _draw_frame(self, canvas: ImageDraw.ImageDraw) -> None:
        width, height = self._size_px
        size, top = self._title_size_and_top()
        for i, line in enumerate(self._title_lines(size)):
            canvas.text((self._px(72), top + round(i * size * 1.2)), line, _INK, _font("bold", size))
        if self._slide.front:
            canvas.rectangle((0, 0, self._px(26), height), fill=_ACCENT)
        else:
            below = top + round(len(self._title_lines(size)) * size * 1.2) + self._px(8)
            canvas.rectangle((self._px(72), below, self._px(152), below + self._px(4)), fill=_ACCENT)
            page = str(self._page)
            font = _font("plain", self._px(20))
            canvas.text((width - self._px(48) - font.getlength(page), height - self._px(44)), page, _QUIET, font)

    def _title_size_and_top(self) -> tuple[int, int]:
        return (self._px(64), self._px(200)) if self._slide.front else (self._px(46), self._px(44))

    def _title_lines(self, size: int) -> list[str]:
        room = self._size_px[0] - 2 * self._px(72)
        return ["".join(run.text for run in line) for line in _wrap((Run(self._slide.title_text, "bold"),), room, size)]

    def _layout(self) -> tuple[_Placed, ...]:
        width, height = self._size_px
        size, top = self._title_size_and_top()
        top += round(len(self._title_lines(size)) * size * 1.2) + self._px(36)
        bottom = height - self._px(52)
        columns = sorted({element.column for element in self._slide.elements})
        gap = self._px(40)
        room = (width - 2 * self._px(72) - gap * max(0, len(columns) - 1)) // max(1, len(columns))
        scale = 1.2
        while scale > 0.5:
            boxes: dict[int, _Placed] = {}
            for order, column in enumerate(columns):
                boxes.update(self._stack(column, self._px(72) + order * (room + gap), top, room, scale))
            if all(p.box_px[3] <= bottom and p.box_px[2] - p.box_px[0] <= room for p in boxes.values()):
                return tuple(boxes[i] for i in range(len(boxes)))
            scale *= 0.94
        raise self._fail(
            self._slide.line, f"the slide {self._slide.title_text!r} is too full", "move some of it to another slide"
        )

    def _stack(self, column: int, left: int, top: int, room: int, scale: float) -> dict[int, _Placed]:
        stacked = {}
        for index, element in enumerate(self._slide.elements):
            if element.column == column:
                wide, high = self._measure(element, room, scale)
                stacked[index] = _Placed(element, (left, top, left + wide, top + high), scale)
                top += high + self._px(22 * scale)
        return stacked

    def _text_px(self, element: Element, scale: float) -> int:
        sizes = {"bullet": 34, "heading": 34, "note": 30, "table": 28, "code": 27, "output": 26, "picture": 20}
        return max(8, self._px((sizes[element.kind] - 3 * min(element.level, 2)) * scale))

    def _measure(self, element: Element, room: int, scale: float) -> tuple[int, int]:
        size = self._text_px(element, scale)
        if element.kind in ("code", "output"):
            rows = element.body.split("\n")
            wide = max(_font("code", size).getlength(row) for row in rows) + 2 * self._px(22)
            # The panel spans the column, so that its edge does not tell how long the line being typed will get.
            return max(room, round(wide)), round(len(rows) * size * 1.42) + 2 * self._px(16)
        if element.kind == "table":
            return sum(self._cell_widths(element, size)), round(len(element.rows) * size * 1.75)
        if element.kind == "picture":
            assert element.path is not None
            picture = self._pictures[element.path]
            shrink = min(room / picture.width, self._px(430 * scale) / picture.height)
            return max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink))
        inset = self._inset(element, size)
        lines = _wrap(element.runs, max(1, room - inset), size, bold=element.kind == "heading")
        pad = 2 * self._px(14) if element.kind == "note" else 0
        longest = max(
            sum(_length(run, size, bold=element.kind == "heading") for run in _stripped(line)) for line in lines
        )
        return max(room, round(longest) + inset), round(len(lines) * size * 1.36) + pad

    def _inset(self, element: Element, size: int) -> int:
        if element.kind == "note":
            return 2 * self._px(22)
        if element.kind != "bullet":
            return 0
        marker = _font("plain", size).getlength(element.marker + " ")
        return round(max(marker, size * 0.85)) + self._px(36) * element.level

    def _cell_widths(self, element: Element, size: int) -> list[int]:
        count = max(len(row) for row in element.rows)
        widths = [0.0] * count
        for number, row in enumerate(element.rows):
            for i, cell in enumerate(row):
                length = sum(_length(run, size, bold=number == 0) for run in cell)
                widths[i] = max(widths[i], length + 2 * self._px(22))
        return [round(width) for width in widths]

    # -- painting

    def _paint_text(self, image: Image.Image, canvas: ImageDraw.ImageDraw, placed: _Placed, typed: int | None) -> None:
        element, (left, top, right, bottom) = placed.element, placed.box_px
        size = self._text_px(element, placed.scale)
        inset = self._inset(element, size)
        x, y = left + inset, float(top)
        if element.kind == "note":
            canvas.rectangle((left, top, right, bottom), fill=_NOTE)
            canvas.rectangle((left, top, left + self._px(5), bottom), fill="#d99a06")
            x, y = left + inset // 2, top + self._px(14)
        if element.marker:
            canvas.text((left + self._px(36) * element.level, y), element.marker, _ACCENT, _font("plain", size))
        colour = _ACCENT if element.kind == "heading" else _INK
        for line in _wrap(element.runs, max(1, right - left - inset), size, bold=element.kind == "heading"):
            _draw_line(canvas, line, (x, y), size, colour, bold=element.kind == "heading")
            y += size * 1.36

    def _paint_code(self, image: Image.Image, canvas: ImageDraw.ImageDraw, placed: _Placed, typed: int | None) -> None:
        element, (left, top, right, bottom) = placed.element, placed.box_px
        output = element.kind == "output"
        size = self._text_px(element, placed.scale)
        canvas.rounded_rectangle((left, top, right, bottom), self._px(8), fill=_TERMINAL if output else _PANEL)
        if not output:
            canvas.rounded_rectangle((left, top, right, bottom), self._px(8), outline=_RULE)
        font = _font("code", size)
        x0, y = left + self._px(22), top + self._px(16)
        x, remaining = float(x0), len(element.body) if typed is None else typed
        pieces = ((element.body, _TERMINAL_INK),) if output else _highlighted(element.body, element.language)
        for text, colour in pieces:
            for i, part in enumerate(text[: max(0, remaining)].split("\n")):
                if i:
                    x, y = float(x0), y + round(size * 1.42)
                canvas.text((x, y), part, colour, font)
                x += font.getlength(part)
            remaining -= len(text)
        if typed is not None:
            canvas.rectangle((x + 1, y + size * 0.12, x + max(2, size * 0.1), y + size * 1.2), fill=_ACCENT)

    def _paint_table(self, image: Image.Image, canvas: ImageDraw.ImageDraw, placed: _Placed, typed: int | None) -> None:
        element, (left, top, right, bottom) = placed.element, placed.box_px
        size = self._text_px(element, placed.scale)
        widths = self._cell_widths(element, size)
        step = (bottom - top) / len(element.rows)
        canvas.rectangle((left, top, right, top + step), fill=_PANEL)
        for number, row in enumerate(element.rows):
            x, y = left, top + number * step
            for width, cell in zip(widths, row, strict=False):
                _draw_line(canvas, cell, (x + self._px(22), y + size * 0.2), size, _INK, bold=number == 0)
                x += width
            canvas.line((left, y + step, right, y + step), fill=_RULE, width=max(1, self._px(2)))

    def _paint_picture(
        self, image: Image.Image, canvas: ImageDraw.ImageDraw, placed: _Placed, typed: int | None
    ) -> None:
        element, (left, top, right, bottom) = placed.element, placed.box_px
        assert element.path is not None
        picture = self._pictures[element.path].resize((right - left, bottom - top), Image.Resampling.LANCZOS)
        image.paste(picture, (left, top), picture)

    _painters: Mapping[
        str, Callable[[SlideDrawing, Image.Image, ImageDraw.ImageDraw, _Placed, int | None], None]
    ] = {
        "bullet": _paint_text, "heading": _paint_text, "note": _paint_text, "code": _paint_code,
        "output": _paint_code, "table": _paint_table, "picture": _paint_picture,
    }  # fmt: skip


def _face(run: Run, *, bold: bool) -> Face:
    return "bold" if bold and run.style == "plain" else run.style


def _size(run: Run, size: int) -> int:
    # Monospaced letters look larger than proportional ones of the same size.
    return max(8, round(size * 0.92)) if run.style == "code" else size


def _length(run: Run, size: int, *, bold: bool = False) -> float:
    return _font(_face(run, bold=bold), _size(run, size)).getlength(run.text.replace("\n", " "))


def _wrap(runs: Sequence[Run], room: float, size: int, *, bold: bool = False) -> list[list[Run]]:
    """Break runs into lines at spaces; a word wider than the line is left whole for the caller to shrink."""
    lines: list[list[Run]] = [[]]
    used = 0.0
    for run in runs:
        for i, piece in enumerate(run.text.split("\n")):
            if i:
                lines.append([])
                used = 0.0
            words = piece.split(" ")
            for j, word in enumerate(words):
                part = Run(word + (" " if j < len(words) - 1 else ""), run.style)
                wide = _length(Run(word, run.style), size, bold=bold)
                if used and used + wide > room:
                    lines.append([])
                    used = 0.0
                lines[-1].append(part)
                used += _length(part, size, bold=bold)
    return lines


def _stripped(line: Sequence[Run]) -> tuple[Run, ...]:
    return (*line[:-1], Run(line[-1].text.rstrip(), line[-1].style)) if line else ()


def _draw_line(
    canvas: ImageDraw.ImageDraw, line: Sequence[Run], at: tuple[float, float], size: int, colour: str, *, bold: bool
) -> None:
    x, y = at
    for run in line:
        code = run.style == "code"
        fill = "#9a3412" if code else colour
        font = _font(_face(run, bold=bold), _size(run, size))
        # One baseline for all styles: the faces differ in ascent.
        canvas.text((x, y + size * 1.02), run.text, fill, font, anchor="ls")
        x += _length(run, size, bold=bold)


@lru_cache(maxsize=64)
def _highlighted(code: str, language: str) -> tuple[tuple[str, str], ...]:
    """Pieces of code with their colours; a language that pygments does not know stays plain."""
    try:
        from pygments.lexers import get_lexer_by_name
        from pygments.styles import get_style_by_name
        from pygments.util import ClassNotFound
    except ImportError as error:
        raise MissingPackageError(
            "colouring code needs the package pygments", hint="pip install 'seehear[local]'"
        ) from error
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return ((code, _INK),)
    style = get_style_by_name("friendly")
    pieces = []
    for token, text in lexer.get_tokens(code):
        shade = style.style_for_token(token)["color"]
        pieces.append((text, f"#{shade}" if shade else _INK))
    return tuple(pieces)
