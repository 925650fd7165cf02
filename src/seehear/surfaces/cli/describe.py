"""`seehear describe`: pictures, film and sound put straight before a model, without indexing them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seehear.errors import ConfigError
from seehear.surfaces.cli.console import announce, common, flat, note, plain, print_json, say
from seehear.surfaces.cli.options import choosing

if TYPE_CHECKING:
    from seehear.library import Library


@click.command(short_help="Tell what pictures, film or sound hold, with a model that sees or hears.")
@click.argument("words", nargs=-1, required=True, metavar="FILE... [QUESTION]")
@choosing("see", "hear", "answer", "language", "local", "budget_usd")
@common
def describe(words: tuple[str, ...], as_json: bool, home: str | None, **settings: Any) -> None:
    """Describe each picture in a line; with a QUESTION at the end, answer it from all FILEs together.

    Film goes to the model as film where it takes it, else as pictures in their order; sound goes to a model that hears,
    else it is transcribed first. Nothing is stored in the library.

    \b
    seehear describe photo.jpg "What is on the board?" --see ollama:qwen2.5vl
    seehear describe before.jpg after.jpg "What differs?" --see openai:gpt-4o
    seehear describe voice.mp3 "How does she sound?"
    """
    from seehear.library import Library
    from seehear.media.source import kind_of

    question = "" if Path(words[-1]).exists() or len(words) == 1 else words[-1]
    paths = [Path(word) for word in (words[:-1] if question else words)]
    with Library(home, **settings) as library:
        if not question and all(not path.is_file() or kind_of(path) == "image" for path in paths):
            _print_lines(library, paths, as_json=as_json)
        else:
            _print_look(library, paths, question, as_json=as_json)


def _print_lines(library: Library, paths: list[Path], *, as_json: bool) -> None:
    """A line for each picture, several in one request where the model takes them."""
    from seehear.ingest.screen import arrange
    from seehear.media.picture import load_picture
    from seehear.spans import Span
    from seehear.values import Gap, Sight

    announce(library, "describe")
    describer = library.models.describer()
    if describer is None:
        raise ConfigError(
            "no model that sees was found, so pictures can only be read",
            hint=f"seehear read {paths[0]}, or choose one: --see ollama:qwen2.5vl, --see openai:gpt-4o",
        )
    sights = []
    for number, path in enumerate(paths):
        rgb = load_picture(path)
        text = arrange(library.read(rgb)).text
        sights.append(Sight(float(number), Span(number, number + 1), rgb, text))
    with library.models.charged_to():
        told = describer.describe(sights)
    if as_json:
        print_json(
            [
                {
                    "path": str(path),
                    "text": None if isinstance(one, Gap) else one.text,
                    "read": sight.read,
                    "gap": one.reason if isinstance(one, Gap) else None,
                }
                for path, one, sight in zip(paths, told, sights, strict=True)
            ]
        )
        return
    for path, one in zip(paths, told, strict=True):
        prefix = f"{flat(path.name)}: " if len(paths) > 1 else ""
        if isinstance(one, Gap):
            note(f"{prefix}not described: {plain(one.reason)}", fg="yellow")
        else:
            say(f"{prefix}{plain(one.text)}")


def _print_look(library: Library, paths: list[Path], question: str, *, as_json: bool) -> None:
    """One answer about all files, printed as it is written."""
    from seehear.look import Looker

    looker = Looker(
        library.models,
        read=library.read,
        transcribe=library.transcribe,
        note=lambda told: note(flat(told), fg="yellow"),
    )
    printed: list[str] = []

    def on_text(piece: str) -> None:
        printed.append(piece)
        say(plain(piece), newline=False)

    with library.models.charged_to():
        looked = looker.look(paths, question, on_text=None if as_json else on_text)
    if as_json:
        print_json(looked.as_json())
        return
    say("" if printed else plain(looked.text))
    note(f"({looked.via})", dim=True)
