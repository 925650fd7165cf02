"""`seehear index`: make recordings searchable."""

from __future__ import annotations

import click

from seehear.spans import clock
from seehear.surfaces.cli.console import common, flat, note, plain, print_json, say
from seehear.surfaces.cli.progress import Live


@click.command(short_help="See and hear files and folders, so that they can be asked.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--sample", metavar="HOW", help="Which frames: slides (default), scenes:0.3, uniform:10.")
@click.option("--captions", type=click.Choice(["first", "never"]), help="Use captions that are there (first), or not.")
@click.option("--hear", metavar="NAME", help="Who transcribes: auto, whisper:tiny.en, whisper:base.")
@click.option("--language", metavar="CODE", help="Spoken language, ISO 639-1 (default: detected).")
@common
def index(
    paths: tuple[str, ...],
    sample: str | None,
    captions: str | None,
    hear: str | None,
    language: str | None,
    as_json: bool,
    home: str | None,
) -> None:
    """See and hear videos, audio, pictures and captions (.srt, .vtt); folders and globs are searched for them.

    Runs that were stopped go on where they were; one bad file does not stop the others.

    \b
    seehear index lecture.mp4 talks/ "recordings/*.mkv" notes.vtt
    """
    from seehear.library import Library

    rows = []
    with (
        Library(home, sample=sample, captions=captions, hear=hear, language=language) as library,
        Live(quiet=as_json) as live,
    ):
        for done in library.index(paths, on_start=live.start, on_progress=live.progress, on_pull=live.pull):
            rows.append(done)
            if as_json:
                continue
            name = flat(done.path.name, width=60)
            if done.error is not None:
                note(f"failed     {name}: {plain(str(done.error))}", fg="red")
                continue
            length = clock(library.store.timeline(done.media).media.duration_s)
            gaps = f", {done.gaps} gaps" if done.gaps else ""
            say(f"{done.status:<10} {name} ({length}, {done.events} events{gaps}) in {done.seconds:.1f} s")
    if as_json:
        print_json([row.as_json() for row in rows])
    failed = [row.error for row in rows if row.error is not None]
    if failed:
        raise click.exceptions.Exit(failed[0].exit_code if len(failed) == len(rows) else 1)
