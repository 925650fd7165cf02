"""A lecture script: Markdown read into slides, what appears on them and what is said meanwhile.

The convention is one sentence: paragraphs are spoken, everything else is shown. Order is time: an element appears
when all that stands before it has been said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from seehear.errors import InputError, MissingPackageError, NotFoundError

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

Style = Literal["plain", "bold", "code"]
ElementKind = Literal["bullet", "heading", "note", "code", "output", "table", "picture"]

MAX_BYTES = 2_000_000
MAX_PAUSE_S = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one style."""

    text: str
    style: Style = "plain"


@dataclass(frozen=True, slots=True)
class Element:
    """One thing that appears on a slide; `line` is where the script writes it, counted from 1.

    `marker` and `level` belong to bullets, `language` and `typed` to code, `rows` to tables (the first is the header),
    `path` to pictures; `column` counts from 0.
    """

    kind: ElementKind
    line: int
    runs: tuple[Run, ...] = ()
    body: str = ""
    marker: str = ""
    level: int = 0
    language: str = ""
    typed: bool = False
    rows: tuple[tuple[tuple[Run, ...], ...], ...] = ()
    path: Path | None = None
    column: int = 0

    @property
    def text(self) -> str:
        """All that can be read in it; table cells are separated by tabs, rows and lines by newlines."""
        if self.rows:
            return "\n".join("\t".join(plain(cell) for cell in row) for row in self.rows)
        return self.body or plain(self.runs)


@dataclass(frozen=True, slots=True)
class Show:
    """From here on the element at `index` of the slide is on screen."""

    index: int


@dataclass(frozen=True, slots=True)
class Say:
    """One spoken sentence; `ends_paragraph` asks for a longer breath after it."""

    text: str
    ends_paragraph: bool
    line: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence of `length_s` seconds."""

    length_s: float


Step = Show | Say | Pause


@dataclass(frozen=True, slots=True)
class Slide:
    """One slide: its title, what will be on it in the end, and the steps that lead there."""

    title: tuple[Run, ...]
    front: bool
    line: int
    elements: tuple[Element, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def title_text(self) -> str:
        """The title without styles."""
        return plain(self.title)


@dataclass(frozen=True, slots=True)
class Script:
    """A whole lecture, and the file it was read from."""

    path: Path
    slides: tuple[Slide, ...]

    @property
    def title(self) -> str:
        """The title of the first slide."""
        return self.slides[0].title_text


def plain(runs: tuple[Run, ...]) -> str:
    """The text of styled runs."""
    return "".join(run.text for run in runs)


def read_script(path: Path) -> Script:
    """Read a Markdown script.

    Raises NotFoundError when the file is missing, InputError with the line when it cannot be a lecture,
    MissingPackageError without markdown-it-py.
    """
    try:
        data = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFoundError(f"there is no script {path}", hint="give the path of a Markdown file") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint="check the file's permissions") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"{path} is too long for a script: {len(data):,} bytes", hint="split it into several lectures")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}: this is not UTF-8 text", hint="save the script as UTF-8") from error
    return parse_script(text, path)


def parse_script(text: str, path: Path) -> Script:
    """Parse the Markdown `text` of the script at `path`; pictures are looked for in its folder only.

    Raises InputError with the line when it cannot be a lecture, MissingPackageError without markdown-it-py.
    """
    try:
        from markdown_it import MarkdownIt
        from markdown_it.tree import SyntaxTreeNode
    except ImportError as error:
        raise MissingPackageError(
            "rendering a lecture needs the package markdown-it-py", hint="pip install 'seehear[local]'"
        ) from error
    markdown = MarkdownIt("commonmark").enable("table")
    # By default a link such as file:/x is taken for words and would be read aloud; here it gets its error. The parser
    # has no setting for it, only this method to replace, which mypy takes for a slip.
    markdown.validateLink = lambda url: True  # type: ignore[method-assign]
    tree = SyntaxTreeNode(markdown.parse(text))
    reader = _Reader(path)
    for node in tree.children:
        reader.block(node)
    return reader.script()


_ABBREVIATIONS = frozenset({"e.g.", "i.e.", "dr.", "mr.", "mrs.", "ms.", "prof.", "vs.", "cf.", "fig.", "no.", "st."})
_BOUNDARY = re.compile(r"[.!?…]+[\"”’)\]]*\s+")


def sentences(text: str) -> tuple[str, ...]:
    """Split running text into sentences, at `.`, `!`, `?` or `…` before a space and no lower-case letter."""
    found, start = [], 0
    for match in _BOUNDARY.finditer(text):
        last = text[start : match.end()].split()[-1].lstrip('("“‘').lower()
        if last in _ABBREVIATIONS or re.fullmatch(r"[a-z]\.", last) or text[match.end() :][:1].islower():
            continue
        found.append(text[start : match.end()].strip())
        start = match.end()
    return tuple(part for part in (*found, text[start:].strip()) if any(c.isalnum() for c in part))


def keystrokes(code: str) -> tuple[int, ...]:
    """How much of `code` is on screen after each key: one length per key, indentation coming with its line."""
    lengths, indent = [], True
    for i, char in enumerate(code, start=1):
        indent = (indent or code[i - 2] == "\n") and char == " "
        if not indent:
            lengths.append(i)
    return tuple(lengths)


_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)


@dataclass(slots=True)
class _Reader:
    path: Path
    slides: list[Slide] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    column: int = 0

    def fail(self, node: SyntaxTreeNode, problem: str, hint: str) -> InputError:
        return InputError(f"{self.path}, line {_line(node)}: {problem}", hint=hint)

    def script(self) -> Script:
        self.end_slide()
        if not self.slides:
            raise InputError(f"{self.path} holds no slide", hint="begin with a line such as '# My lecture'")
        return Script(self.path, tuple(self.slides))

    def end_slide(self) -> None:
        if self.slides:
            self.slides[-1] = replace(self.slides[-1], elements=tuple(self.elements), steps=tuple(self.steps))
        self.elements, self.steps, self.column = [], [], 0

    def block(self, node: SyntaxTreeNode, *, level: int = 0) -> None:
        if node.type == "heading" and node.tag in ("h1", "h2"):
            self.heading(node)
            return
        if node.type == "html_block":
            self.comments(node)
            return
        if node.type == "hr":
            return
        if not self.slides:
            raise self.fail(node, "this stands before the first slide", "begin with a line such as '# My lecture'")
        if node.type == "heading":
            self.show(Element("heading", _line(node), runs=_runs(node)))
        elif node.type in ("bullet_list", "ordered_list"):
            self.items(node, level)
        elif node.type in ("fence", "code_block"):
            self.fence(node)
        elif node.type == "blockquote":
            texts = [_runs(child) for child in node.children if child.type == "paragraph"]
            if len(texts) != len(node.children):
                raise self.fail(node, "a quote box can hold text only", "put lists and code outside of it")
            joined = tuple(run for i, runs in enumerate(texts) for run in ((Run("\n"), *runs) if i else runs))
            self.show(Element("note", _line(node), runs=joined))
        elif node.type == "table":
            rows = tuple(tuple(_runs(cell) for cell in row.children) for part in node.children for row in part.children)
            self.show(Element("table", _line(node), rows=rows))
        elif node.type == "paragraph":
            self.paragraph(node)
        else:
            raise self.fail(
                node, f"a lecture cannot show {node.type!r}", "see docs/generate-lecture.md for what it can"
            )

    def heading(self, node: SyntaxTreeNode) -> None:
        self.end_slide()
        title = _runs(node)
        if not plain(title).strip():
            raise self.fail(node, "this slide has no title", "write one after the '#'")
        self.slides.append(Slide(title, node.tag == "h1", _line(node)))

    def show(self, element: Element) -> None:
        self.steps.append(Show(len(self.elements)))
        self.elements.append(replace(element, column=self.column))

    def items(self, node: SyntaxTreeNode, level: int) -> None:
        first = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else 0
        for number, item in enumerate(node.children, start=first):
            marker = f"{number}." if node.type == "ordered_list" else "•"
            blocks = list(item.children)
            if blocks and blocks[0].type == "paragraph":
                head = blocks.pop(0)
                self.show(Element("bullet", _line(head), runs=_runs(head), marker=marker, level=level))
            for block in blocks:
                self.block(block, level=level + 1)

    def fence(self, node: SyntaxTreeNode) -> None:
        body = node.content.rstrip("\n").expandtabs(4)
        if not body.strip():
            raise self.fail(node, "this code block is empty", "write code between the fences, or remove them")
        words = node.info.split()
        language = words[0].lower() if words else "text"
        if language == "output":
            self.show(Element("output", _line(node), body=body))
            return
        still = "still" in words[1:] or node.type == "code_block"
        self.show(Element("code", _line(node), body=body, language=language, typed=not still))

    def paragraph(self, node: SyntaxTreeNode) -> None:
        for image in _of_type(node, "image"):
            source = str(image.attrs.get("src", ""))
            path = self.picture_path(node, source)
            self.show(Element("picture", _line(node), body=plain(_runs(image)), path=path))
        spoken = sentences(" ".join(plain(_runs(node, images=False)).split()))
        for i, sentence in enumerate(spoken):
            self.steps.append(Say(sentence, i == len(spoken) - 1, _line(node)))

    def picture_path(self, node: SyntaxTreeNode, source: str) -> Path:
        from urllib.parse import unquote

        # A script may come from someone else: it can show what was put beside it and nothing more of this machine.
        folder = self.path.parent.resolve()
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+:|//", source):
            raise self.fail(node, f"the picture {source!r} is not a local file", "save it beside the script")
        path = (folder / unquote(source)).resolve()
        if not path.is_relative_to(folder):
            raise self.fail(
                node, f"the picture {source!r} lies outside the script's folder", "copy it beside the script"
            )
        if not path.is_file():
            raise self.fail(
                node, f"there is no picture {source!r}", "check the name; it is looked for beside the script"
            )
        return path

    def comments(self, node: SyntaxTreeNode) -> None:
        if _COMMENT.sub("", node.content).strip():
            raise self.fail(node, "HTML is not drawn", "write Markdown instead; see docs/generate-lecture.md")
        for comment in _COMMENT.findall(node.content):
            words = comment.split()
            if words[:1] == ["pause"]:
                self.steps.append(Pause(self.pause_s(node, words)))
            elif words == ["column"]:
                self.column += 1

    def pause_s(self, node: SyntaxTreeNode, words: list[str]) -> float:
        try:
            length_s = float(words[1])
        except (IndexError, ValueError):
            length_s = -1.0
        if not 0 < length_s <= MAX_PAUSE_S:
            raise self.fail(
                node, f"a pause lasts up to {MAX_PAUSE_S:.0f} seconds", "write for example '<!-- pause 2 -->'"
            )
        return length_s


def _line(node: SyntaxTreeNode) -> int:
    return node.map[0] + 1 if node.map else 1


def _of_type(node: SyntaxTreeNode, kind: str) -> Iterator[SyntaxTreeNode]:
    return (child for child in node.walk() if child.type == kind)


def _runs(node: SyntaxTreeNode, *, style: Style = "plain", images: bool = True) -> tuple[Run, ...]:
    runs: list[Run] = []
    for child in node.children:
        if child.type == "text":
            runs.append(Run(child.content, style))
        elif child.type == "code_inline":
            runs.append(Run(child.content, "code"))
        elif child.type in ("softbreak", "hardbreak"):
            runs.append(Run(" " if child.type == "softbreak" else "\n", style))
        elif child.type == "image" and not images:
            continue
        elif child.type != "html_inline":
            runs.extend(_runs(child, style="bold" if child.type == "strong" else style, images=images))
    return tuple(run for run in runs if run.text)
