"""`seehear library` and `seehear remove`: what is indexed, and forgetting it."""

from __future__ import annotations

import click

from seehear.spans import clock
from seehear.surfaces.cli.console import common, counted, flat, note, print_json, say, size


@click.command(short_help="List what is indexed and how large it is.")
@common
def library(as_json: bool, home: str | None) -> None:
    """List every indexed recording: id, length, events, gaps, title."""
    from seehear.library import Library

    with Library(home) as opened:
        rows, sizes = opened.media(), opened.store.sizes()
        spent = {row.id: opened.spent(row.id) for row in rows}
        folder = opened.settings.home
    if as_json:
        print_json(
            {
                "home": str(folder),
                "media": [
                    {
                        "id": row.id,
                        "title": row.title,
                        "kind": row.kind,
                        "duration_s": round(row.duration_s, 3),
                        "path": str(row.path),
                        "size_bytes": row.size_bytes,
                        "events": row.events,
                        "spent_usd": round(spent[row.id], 6),
                        "gaps": row.gaps,
                    }
                    for row in rows
                ],
                "passages": sizes.passages,
                "database_bytes": sizes.database_bytes,
                "frames_bytes": sizes.frames_bytes,
                "cache_bytes": sizes.cache_bytes,
            }
        )
        return
    for row in rows:
        events = f"{row.events:>5} {'event' if row.events == 1 else 'events'}"
        gaps = counted(row.gaps, "gap") if row.gaps else ""
        paid = f"  {spent[row.id]:.4f} USD" if spent[row.id] else ""
        say(f"{row.id[:10]}  {clock(row.duration_s):>8}  {events:<12}  {gaps:<8} {flat(row.title, width=70)}{paid}")
    total = size(sizes.database_bytes + sizes.frames_bytes)
    note(f"{counted(len(rows), 'recording')}, {counted(sizes.passages, 'passage')}, {total} in {folder}")


@click.command(short_help="Forget recordings (their files stay).")
@click.argument("media", nargs=-1, required=True, metavar="MEDIA...")
@common
def remove(media: tuple[str, ...], as_json: bool, home: str | None) -> None:
    """Forget MEDIA, given by path, id or title: timeline, index, pictures and cache. The files are not touched."""
    from seehear.library import Library

    with Library(home) as opened:
        gone = [opened.remove(entry) for entry in media]
    if as_json:
        print_json([{"id": row.id, "title": row.title} for row in gone])
        return
    for row in gone:
        say(f"removed {row.id[:10]}  {flat(row.title)}")
