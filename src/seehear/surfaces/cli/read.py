"""`seehear read`: the text on one picture."""

from __future__ import annotations

from pathlib import Path

import click

from seehear.errors import InputError
from seehear.surfaces.cli.console import common, note, plain, print_json, say


@click.command(short_help="Read the text on a picture.")
@click.argument("picture", type=click.Path(path_type=Path))
@common
def read(picture: Path, as_json: bool, home: str | None) -> None:
    """Read the text on PICTURE in reading order, code with its line breaks.

    \b
    seehear read slide.png
    """
    from seehear.ingest.screen import arrange
    from seehear.library import Library
    from seehear.media.picture import load_picture
    from seehear.media.source import kind_of

    if picture.is_file() and kind_of(picture) in ("video", "audio"):
        raise InputError(f"{picture} is not a picture", hint=f"seehear timeline {picture}")
    with Library(home) as library:
        screen = library.read(load_picture(picture))
    page = arrange(screen)
    if as_json:
        print_json(
            {
                "title": page.title,
                "text": page.text,
                "width_px": screen.width_px,
                "height_px": screen.height_px,
                "lines": [
                    {
                        "text": line.text,
                        "box_px": [round(x, 1) for x in line.box_px],
                        "confidence": round(line.confidence, 3),
                    }
                    for line in screen.lines
                ],
            }
        )
        return
    say(plain(page.text))
    if not page.text:
        note("no text was found")
