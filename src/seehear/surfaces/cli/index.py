"""`seehear index`: make recordings searchable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seehear.spans import clock
from seehear.surfaces.cli.console import INDEXING, announce, common, counted, flat, note, plain, print_json, remark, say
from seehear.surfaces.cli.options import choosing
from seehear.surfaces.cli.progress import Live

if TYPE_CHECKING:
    from seehear.library import Library

ASKING = {"answer": "one question", "rerank": "its moments"}
"""What is quoted for asking once, not for indexing."""


@click.command(short_help="See and hear files and folders, so that they can be asked.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH_OR_URL...")
@click.option("--quote", is_flag=True, help="Say what it would take and cost, send nothing, index nothing.")
@choosing("sample", "see", "hear", "embed", "answer", "captions", "language", "local", "budget_usd")
@common
def index(paths: tuple[str, ...], quote: bool, as_json: bool, home: str | None, **settings: Any) -> None:
    """See and hear videos, audio, pictures and captions (.srt, .vtt); folders and globs are searched for them.

    An address (https://…) of a media file, or with the web extra of a page that plays one, is fetched first.

    Runs that were stopped go on where they were; one bad file does not stop the others.

    \b
    seehear index lecture.mp4 talks/ "recordings/*.mkv" notes.vtt
    """
    from seehear.library import Library

    rows = []
    with (
        Library(home, **settings) as library,
        Live(quiet=as_json) as live,
    ):
        if quote:
            _quote(library, paths, as_json, live)
            return
        announce(library, *INDEXING)
        for done in library.index(paths, on_start=live.start, on_progress=live.progress, on_pull=live.pull):
            rows.append(done)
            if as_json:
                continue
            name = flat(done.title if done.url else done.path.name, width=60)
            if done.error is not None:
                note(f"failed     {name}: {plain(str(done.error))}", fg="red")
                continue
            media = library.store.timeline(done.media).media
            length = clock(media.duration_s)
            gaps = f", {counted(done.gaps, 'gap')}" if done.gaps else ""
            say(f"{done.status:<10} {name} ({length}, {counted(done.events, 'event')}{gaps}) in {done.seconds:.1f} s")
            remark(media)
            before = [row.id for row in library.media() if row.path == media.path and row.id != done.media]
            for gone in before if done.status == "indexed" else ():
                note(f"{name} was another recording before: seehear remove {gone[:10]} forgets that one", fg="yellow")
    if as_json:
        print_json([row.as_json() for row in rows])
    failed = [row.error for row in rows if row.error is not None]
    if failed:
        raise click.exceptions.Exit(failed[0].exit_code if len(failed) == len(rows) else 1)


def _quote(library: Library, paths: tuple[str, ...], as_json: bool, live: Live) -> None:
    from seehear.media.source import find_media

    quotes = {path: library.quote(path, on_progress=live.progress) for path in find_media(list(paths))}
    live.stop()
    if as_json:
        print_json([{"path": str(path), "quotes": [one.as_json() for one in rows]} for path, rows in quotes.items()])
        return
    for path, rows in quotes.items():
        say(flat(path.name), bold=True)
        for one in rows:
            price = "price unknown" if one.usd is None else f"{one.usd:.4f} USD"
            amounts = ", ".join(
                text for count, text in (
                    (one.images, counted(one.images, "picture")), (one.audio_s, f"{one.minutes:.1f} min of sound"),
                    (one.input_tokens, f"{one.input_tokens + one.output_tokens} tokens"),
                ) if count
            )  # fmt: skip
            if one.capability == "hear" and not one.audio_s:
                amounts = "nothing to hear: captions tell what is said, or there is no sound"
            what = ASKING.get(one.capability, one.capability)
            say(f"  {what:<13} {one.backend:<28} {price:<14} {one.seconds:>6.0f} s  {amounts}")
            if one.leaves:
                say(f"  {'':<13} leaves this machine: {one.leaves}", fg="yellow")
    total = [one.usd for rows in quotes.values() for one in rows]
    known = sum(usd for usd in total if usd is not None)
    unknown = "" if None not in total else ", and what has no known price"
    note(f"in all {known:.4f} USD{unknown} (prices of {rows[0].as_of})" if quotes else "nothing to quote")
