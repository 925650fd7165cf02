"""`seehear frames`: the sampled frames as pictures with true times, and a contact sheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seehear.errors import InputError, StorageError
from seehear.spans import clock
from seehear.surfaces.cli.console import common, counted, note, print_json, say
from seehear.surfaces.cli.progress import Live

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHEET_MOST = 60
SHEET_COLUMNS = 5


@click.command(short_help="Save sampled frames as pictures, with a contact sheet.")
@click.argument("media", type=click.Path(path_type=Path))
@click.option("--every", "every_s", type=float, metavar="SECONDS", help="One frame every so many seconds.")
@click.option(
    "--scenes", "threshold", type=float, metavar="THRESHOLD", help="At scene changes, as ffmpeg's scene score."
)
@click.option("--slides", is_flag=True, help="At slide changes and builds (default).")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("frames"), show_default=True,
              metavar="DIR", help="Where to put them.")  # fmt: skip
@click.option("--format", "suffix", type=click.Choice(["jpg", "png"]), default="jpg", show_default=True)
@common
def frames(
    media: Path,
    every_s: float | None,
    threshold: float | None,
    slides: bool,
    output: Path,
    suffix: str,
    as_json: bool,
    home: str | None,
) -> None:
    """Save the frames of MEDIA that a sampler chooses; each file is named by its time.

    \b
    seehear frames lecture.mp4 --slides -o slides/
    seehear frames lecture.mp4 --every 10
    """
    if sum((every_s is not None, threshold is not None, slides)) > 1:
        raise InputError("two samplers were asked for", hint="choose one of --every, --scenes and --slides")
    from seehear.ingest.progress import Reporter
    from seehear.ingest.stages import choose_points, pictures
    from seehear.media.decode import probe
    from seehear.media.picture import contact_sheet, save_picture, thumbnail

    found = probe(media)
    if not found.has_video:
        raise InputError(f"{media} holds no pictures", hint="choose a video or an image")
    sampler: tuple[str, float | None] = ("slides", None)
    if every_s is not None:
        sampler = ("uniform", every_s)
    elif threshold is not None:
        sampler = ("scenes", threshold)
    rows: list[dict[str, float | str]] = []
    small: list[tuple[float, NDArray[np.uint8]]] = []
    # Told before the work, which may take minutes.
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{output} cannot be made: {error.strerror}", hint="choose another folder with -o"
        ) from error
    with Live(quiet=as_json) as live:
        reporter = Reporter(live.progress)
        points = tuple(choose_points(found, sampler, on_progress=lambda at: reporter("find", at, found.duration_s)))
        reasons = {point.time_s: point.reason for point in points}
        gaps: list[str] = []
        for time_s, rgb in pictures(found, list(reasons), on_gap=lambda gap: gaps.append(gap.reason)):
            path = output / f"{len(rows) + 1:04d}_{_stamp(time_s)}.{suffix}"
            save_picture(rgb, path)
            rows.append({"time_s": round(time_s, 3), "path": str(path), "reason": reasons[time_s]})
            if len(small) < SHEET_MOST:
                small.append((time_s, thumbnail(rgb, width_px=320)))
            reporter("read", len(rows), len(points))
    if small:
        save_picture(contact_sheet(small, columns=SHEET_COLUMNS), output / "contact_sheet.jpg")
    if as_json:
        print_json(rows)
        return
    for row in rows:
        say(f"{clock(float(str(row['time_s']))):>8}  {row['reason']:<8} {row['path']}")
    for reason in gaps:
        note(f"gap: {reason}", fg="yellow")
    note(f"{counted(len(rows), 'frame')} in {output}{', and contact_sheet.jpg' if small else ''}")


def _stamp(time_s: float) -> str:
    """A time as a part of a file's name: `1m59s`, `1h02m03s`."""
    return clock(time_s).replace(":", "h", 1 if time_s >= 3600 else 0).replace(":", "m") + "s"
