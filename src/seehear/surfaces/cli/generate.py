"""`seehear generate lecture`: narrated slides from Markdown."""

from __future__ import annotations

from pathlib import Path

import click

from seehear.spans import clock
from seehear.surfaces.cli.console import common, note, print_json, say
from seehear.surfaces.cli.progress import Live


@click.group(short_help="Make a narrated lecture from Markdown.")
def generate() -> None:
    """Make media."""


@generate.command(short_help="Narrated slides from Markdown.")
@click.argument("script", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("lecture.mp4"), show_default=True)
@common
def lecture(script: Path, output: Path, as_json: bool, home: str | None) -> None:
    """Render SCRIPT as a video: slides with builds and typed code, spoken narration, chapters and subtitles inside.

    The exact times of every slide, build and sentence lie in a JSON file beside the video.

    \b
    seehear generate lecture examples/lecture/script.md -o lecture.mp4
    """
    from seehear.backends.registry import open_speaker
    from seehear.generate.lecture import generate_lecture

    with Live(quiet=as_json) as live:
        truth = generate_lecture(
            script, output, speaker=open_speaker(),
            on_progress=lambda done, total: live.show("rendering", done, total),
        )  # fmt: skip
    if as_json:
        print_json({"path": str(output), "truth": str(output.with_suffix(".json")), "duration_s": truth.duration_s})
        return
    say(f"{output} ({clock(truth.duration_s)})")
    note(f"times of slides, builds and sentences: {output.with_suffix('.json')}")
