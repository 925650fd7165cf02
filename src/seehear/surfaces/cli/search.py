"""`seehear search`: moments across the library."""

from __future__ import annotations

from typing import Any

import click

from seehear.fences import plain
from seehear.surfaces.cli.ask import print_moment
from seehear.surfaces.cli.console import announce, common, note, print_json
from seehear.surfaces.cli.options import choosing, stretch
from seehear.values import Route


@click.command(short_help="Find moments across the whole library.")
@click.argument("query")
@click.option("--in", "media", multiple=True, metavar="MEDIA", help="Only in this file, id or title (repeatable).")
@click.option("--said", is_flag=True, help="Only what was said.")
@click.option("--shown", is_flag=True, help="Only what was on screen.")
@click.option("--limit", type=click.IntRange(1, 200), default=10, show_default=True, help="How many moments at most.")
@choosing("begin", "end", "embed", "rerank", "local")
@common
def search(
    query: str,
    media: tuple[str, ...],
    said: bool,
    shown: bool,
    limit: int,
    begin: str | None,
    end: str | None,
    as_json: bool,
    home: str | None,
    **settings: Any,
) -> None:
    """Find moments that fit QUERY, the best first.

    \b
    seehear search "recursion"
    seehear search "def fib" --shown --in lecture.mp4
    seehear search "recursion" --from 10:00 --to 20:00
    """
    from seehear.library import Library

    within = stretch(begin, end)
    route: Route | None = None
    if said != shown:
        route = "said" if said else "shown"
    with Library(home, **settings) as library:
        announce(library, "embed", "rerank", media=media)
        moments = library.search(query, media=media or None, within=within, route=route, limit=limit)
    if as_json:
        print_json([moment.as_json() for moment in moments])
        return
    if moments and not moments.fits:
        note(f"Nothing here seems to be about “{plain(query)}”. The nearest:")
    for moment in moments:
        print_moment(moment, several=True)
    if not moments:
        note("nothing found")
