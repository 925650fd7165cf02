"""What the command line prints and how: results to stdout, progress and errors to stderr."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from seehear.backends.protocols import Capability
    from seehear.library import Library
    from seehear.values import Media

F = TypeVar("F", bound=Callable[..., Any])

INDEXING: tuple[Capability, ...] = ("describe", "hear", "embed")
"""What indexing a recording asks of models that may be elsewhere."""

# C0 and C1 controls, terminal escapes and the marks that turn the direction of text around: media may hold any of them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def common(function: F) -> F:
    """Add the options that every command has: `--json` and `--home`."""
    function = click.option("--home", metavar="DIR", help="The library's folder (SEEHEAR_HOME).")(function)
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")(function)


def plain(text: str) -> str:
    """Text from media, safe to print on a terminal: no control characters, line breaks and tabs kept."""
    return _UNPRINTABLE.sub("\ufffd", text)


def flat(text: str, *, width: int = 0) -> str:
    """Text from media on one line, cut at `width` characters with an ellipsis (0: not cut)."""
    line = plain(" ".join(text.split()))
    return line[: width - 1].rstrip() + "…" if width and len(line) > width else line


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 recording", "2 recordings"."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def say(text: str = "", *, newline: bool = True, **style: Any) -> None:
    """Print a result; colours are left out when stdout is no terminal, or when its user wants none."""
    click.echo(_styled(text, style), nl=newline)


def note(text: str, **style: Any) -> None:
    """Print something about the work, not a result."""
    click.echo(_styled(text, style), err=True)


def remark(media: Media) -> None:
    """Print what is odd about a recording as a whole, such as that its file was cut off."""
    for warning in media.warnings:
        note(f"{flat(media.title, width=60)}: {plain(warning)}", fg="yellow")


def _styled(text: str, style: dict[str, Any]) -> str:
    return click.style(text, **style) if style and colourful() else text


def colourful() -> bool:
    """Tell whether escapes may be printed at all: `NO_COLOR` (no-color.org) and `TERM=dumb` say no."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_json(value: Any) -> None:
    """Print one JSON document; a name that is not Unicode stays readable as an escape."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    click.echo(text.encode("utf-8", "backslashreplace").decode("utf-8"))


def wrapped(text: str, *, indent: int, lines: int) -> str:
    """Text from media on at most `lines` lines of the terminal's width, all but the first indented."""
    width = max(40, shutil.get_terminal_size((100, 24)).columns) - indent
    return f"\n{' ' * indent}".join(textwrap.wrap(flat(text), width, max_lines=lines, placeholder=" …"))


class Placeholder:
    """A dim line that says what is being waited for, on a terminal only, until it is cleared."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._shown = False

    def show(self) -> None:
        """Print it where the cursor is."""
        if sys.stdout.isatty() and colourful():
            say(self._text, newline=False, dim=True)
            self._shown = True

    def clear(self) -> None:
        """Take it away; what is printed next begins where it stood."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False)
            self._shown = False


def announce(library: Library, *capabilities: Capability, media: Sequence[str] = ()) -> None:
    """Say what will leave this machine, before it does, and where another embedder was named than the library's.

    Those of the `media` that are not in the library yet will be seen, heard and indexed first.
    """
    models = library.models
    if not all(_is_held(library, entry) for entry in media):
        capabilities = tuple(dict.fromkeys((*INDEXING, *capabilities)))
    for told in models.leaving(*capabilities):
        note(f"leaves this machine: {told}", fg="yellow")
    # What reranks is asked when something is looked for; indexing with another embedder is an error by itself.
    if "rerank" in capabilities and (told := models.unlike()):
        note(told, fg="yellow")


def _is_held(library: Library, entry: str) -> bool:
    from seehear.errors import SeehearError
    from seehear.media.source import find_media

    try:
        for one in find_media([entry]) if Path(entry).is_dir() else [entry]:
            library.known(one)
    except SeehearError:
        return False
    return True


def size(count: float) -> str:
    """Print bytes as people read them."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def interactive() -> bool:
    """Tell whether a person watches stderr."""
    return sys.stderr.isatty()
