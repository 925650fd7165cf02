"""`seehear timeline`: the merged timeline in every format."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import quote

import click

from seehear.errors import StorageError
from seehear.spans import clock
from seehear.surfaces.cli.console import announce, common, note, plain, print_json, remark, say
from seehear.surfaces.cli.progress import Live

FORMATS = ("text", "json", "srt", "vtt", "md", "chapters")


@click.command(short_help="Print what was seen and heard: text, JSON, subtitles, notes, chapters.")
@click.argument("media")
@click.option(
    "--format", "style", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print it."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file; notes get their pictures.")
@common
def timeline(media: str, style: str, output: Path | None, as_json: bool, home: str | None) -> None:
    """Print the merged timeline of MEDIA (a file, id or title), indexing it first when that is still to do.

    \b
    seehear timeline lecture.mp4
    seehear timeline lecture.mp4 --format md -o notes.md
    """
    from seehear.library import Library

    with Library(home) as library:
        announce(library, media=[media])
        with Live(quiet=as_json) as live:
            media_id = library.resolve(media, on_progress=live.progress, on_pull=live.pull)
        found = library.store.timeline(media_id)
        folder = library.store.frames_folder(media_id)
        if as_json or style == "json":
            text = ""
        elif style in ("chapters", "md"):
            chapters = library.chapters(media_id)
            if style == "chapters":
                text = "\n".join(f"{clock(c.span.start_s)} {' '.join(c.title.split())}" for c in chapters)
            else:
                from seehear.notes import to_markdown

                pictures = _Pictures(folder, output)
                text = to_markdown(found, chapters, picture=pictures.link)
                pictures.copy()
        else:
            text = {"text": found.to_text, "srt": found.to_srt, "vtt": found.to_vtt}[style]()
    if output is not None:
        _write(output, found.to_json() if not text and (as_json or style == "json") else text)
    elif as_json or style == "json":
        print_json(found.to_dict())
    else:
        say(plain(text))
    if style != "text" or as_json:
        return
    remark(found.media)
    for gap in found.gaps:
        note(f"gap {clock(gap.span.start_s)}–{clock(gap.span.end_s)} ({gap.stage}): {plain(gap.reason)}", fg="yellow")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plain(text), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", hint="choose another file with -o") from error


class _Pictures:
    """The pictures of study notes: copied beside the notes, or linked where they lie when notes go to the terminal."""

    def __init__(self, folder: Path, output: Path | None) -> None:
        self._folder = folder
        self._output = output
        self._beside = None if output is None else output.with_name(output.stem + "_pictures")
        self._names: list[str] = []

    def link(self, name: str) -> str:
        self._names.append(name)
        if self._beside is None:
            return quote(os.fsencode((self._folder / name).as_posix()))
        return quote(os.fsencode(f"{self._beside.name}/{name}"))

    def copy(self) -> None:
        if self._beside is None or not self._names:
            return
        try:
            self._beside.mkdir(parents=True, exist_ok=True)
            for name in self._names:
                if (self._folder / name).is_file():
                    shutil.copyfile(self._folder / name, self._beside / name)
        except OSError as error:
            raise StorageError(
                f"{self._beside} cannot be written: {error.strerror}", hint="choose another -o"
            ) from error
